import { expect, test } from "bun:test"
import { bundle, customCall, customOutput, userMessage } from "../../support/bundle.ts"
import { at, stateOf } from "../../support/reduced.ts"

test("an output of a cell was produced by its tool and by its cell, each named once, in the order of discovery", () => {
  const history = [customCall("x1", "text(1)"), customOutput("x1", "1")]
  const story = bundle().asks("I1", []).answers("I1", history.slice(0, 1)).cellStarts("1", "x1").asks("I2", history)
  const trace = stateOf(story.calls("x1", { type: "other", name: "exec" }).asks("I3", history))
  expect(at(trace.conversation_items, "conversation_item:2").produced_by).toEqual([
    { type: "code_cell", code_cell_id: "code_cell:x1" },
    { type: "tool", tool_call_id: "x1" }
  ])
})

test("the same item can be produced twice by calls, and by a compaction", () => {
  const story = bundle()
    .asks("I1", [])
    .answers("I1", [userMessage("a", "m1")])
    .asks("I2", [])
    .answers("I2", [userMessage("a", "m1")])
  expect(at(stateOf(story).conversation_items, "conversation_item:1").produced_by).toEqual([
    { type: "inference", inference_call_id: "I1" },
    { type: "inference", inference_call_id: "I2" }
  ])
  const compacted = stateOf(bundle().installs("C1", [], [userMessage("s")]))
  expect([...compacted.conversation_items.values()].map((item) => item.produced_by)).toEqual([
    [{ type: "compaction", compaction_id: "C1" }],
    [{ type: "compaction", compaction_id: "C1" }]
  ])
})
