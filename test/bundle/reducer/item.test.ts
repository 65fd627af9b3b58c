import { expect, test } from "bun:test"
import {
  assistantMessage,
  bundle,
  customCall,
  functionCall,
  functionOutput,
  reasoning,
  userMessage
} from "../../support/bundle.ts"
import { at, numbers, stateOf } from "../../support/reduced.ts"

test("an item is counted over the bundle, and known by its thread, turn and first time", () => {
  const trace = stateOf(
    bundle()
      .asks("I1", [userMessage("a", "m1")])
      .threadStarts("T2")
      .turnStarts("U2", "T2")
      .asks("I2", [userMessage("a", "m1")])
  )
  expect(at(trace.conversation_items, "conversation_item:2")).toMatchObject({
    responses_item_id: "m1",
    thread_id: "T2",
    codex_turn_id: "U2",
    first_seen_at_unix_ms: 1_700_000_007_000,
    produced_by: []
  })
})

test("an id that an item lacks is taken from a later sighting", () => {
  const trace = stateOf(
    bundle()
      .asks("I1", [userMessage("a")])
      .asks("I2", [userMessage("a", "m1")])
      .asks("I3", [userMessage("a", "m2")])
  )
  expect([...trace.conversation_items.values()].map((item) => item.responses_item_id)).toEqual(["m1", "m2"])
})

test("reasoning is the same by its secret, and keeps every readable form that was seen", () => {
  const trace = stateOf(
    bundle()
      .asks("I1", [])
      .answers("I1", [reasoning("s", "because")])
      .asks("I2", [reasoning("s", undefined)])
  )
  expect(trace.conversation_items.size).toBe(1)
  const later = stateOf(
    bundle()
      .asks("I1", [reasoning("s", undefined)])
      .asks("I2", [reasoning("s", "because")])
      .asks("I3", [reasoning("s", "otherwise")])
  )
  expect(at(later.conversation_items, "conversation_item:1").body.parts).toEqual([
    { type: "summary", text: "because" },
    { type: "encoded", label: "encrypted_content", value: "s" }
  ])
})

test("producers are named once, in the order in which they were found", () => {
  const story = bundle()
    .asks("I1", [functionOutput("c1", "out")])
    .calls("c1", "web")
  const trace = stateOf(story.asks("I2", [functionOutput("c1", "out")]).asks("I3", [functionOutput("c1", "out")]))
  expect(at(trace.conversation_items, "conversation_item:1").produced_by).toEqual([
    { type: "tool", tool_call_id: "c1" }
  ])
})

test("the items of a call are listed at its tool, also when a child thread repeats its parent's history", () => {
  const history = [functionCall("c1", {}), functionOutput("c1", "out")]
  const story = bundle().asks("I1", []).answers("I1", history.slice(0, 1)).calls("c1", "web").asks("I2", history)
  const trace = stateOf(story.threadStarts("T2").turnStarts("U2", "T2").asks("I3", history))
  const tool = at(trace.tool_calls, "c1")
  expect([numbers(tool.model_visible_call_item_ids), numbers(tool.model_visible_output_item_ids)]).toEqual([
    "1 3",
    "2 4"
  ])
})

test("messages and code belong to no function call", () => {
  const trace = stateOf(
    bundle()
      .calls("c1", "web")
      .asks("I1", [assistantMessage("a"), customCall("c1", "text(1)")])
  )
  expect(numbers(at(trace.tool_calls, "c1").model_visible_call_item_ids)).toBe("2")
})
