import { expect, test } from "bun:test"
import { anchorKey, atlasOf, itemsOf } from "../../../src/bundle/explain/atlas.ts"
import { assistantMessage, bundle, functionCall, userMessage } from "../../support/bundle.ts"
import { stateOf } from "../../support/reduced.ts"

const atlas = () => {
  const story = bundle()
    .asks("I2", [userMessage("a")])
    .answers("I2", [functionCall("c1", {}), assistantMessage("b")])
  return atlasOf(stateOf(story.calls("c1", "web").asks("I1", [userMessage("a"), functionCall("c1", {})])))
}
const callIds = (calls: ReadonlyArray<{ readonly inference_call_id: string }> | undefined) =>
  calls?.map((call) => call.inference_call_id)

test("an item knows its requests by time, its responses and its tool", () => {
  expect(callIds(atlas().shownIn.get("conversation_item:1"))).toEqual(["I2", "I1"])
  expect(callIds(atlas().answeredIn.get("conversation_item:2"))).toEqual(["I2"])
  expect(atlas().toolOfItem.get("conversation_item:2")?.tool_call_id).toBe("c1")
  expect(callIds(atlas().startedBy.get("c1"))).toEqual(["I2"])
})

test("ends of edges of different kinds have different keys; ids without an item are passed over", () => {
  const keys = [
    { type: "tool_call", tool_call_id: "x" },
    { type: "thread", thread_id: "x" },
    { type: "conversation_item", item_id: "x" }
  ] as const
  expect(new Set(keys.map(anchorKey)).size).toBe(3)
  expect(itemsOf(atlas(), ["conversation_item:1", "conversation_item:99"])).toHaveLength(1)
})
