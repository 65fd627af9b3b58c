import { expect, test } from "bun:test"
import { atlasOf } from "../../../src/bundle/explain/atlas.ts"
import { itemText, listed, quote, threadPhrase, windowStatement } from "../../../src/bundle/explain/words.ts"
import { bundle, customCall, reasoning } from "../../support/bundle.ts"
import { at, stateOf } from "../../support/reduced.ts"

test("a text is quoted on one line, and cut", () => {
  expect(quote(' a\n  "b" ')).toBe('"a \\"b\\""')
  expect(quote("x".repeat(300))).toHaveLength(163)
})

test("a long list says how many more there are", () => {
  expect(listed(["a", "b", "c"], 3)).toBe("a, b, c")
  expect(listed(["a", "b", "c"], 1)).toBe("a and 2 more")
})

test("a window without an end says so", () => {
  const trace = stateOf(bundle())
  const { execution } = at(trace.codex_turns, "U1")
  expect(windowStatement(atlasOf(trace), execution).text).toBe(
    "running: began 3.000 s after the trace (event 3), and no end was recorded"
  )
})

test("an item's text is what the graph keeps of it: what stayed elsewhere is named", () => {
  const image = { type: "message", role: "user", content: [{ type: "input_image" }] }
  const trace = stateOf(
    bundle().asks("I1", [reasoning("s", "because"), customCall("x1", "text(1)"), image, { type: "web_search_call" }])
  )
  expect([...trace.conversation_items.values()].map(itemText)).toEqual([
    "because <encrypted_content>",
    "text(1)",
    "<input_image in raw_payload:1>",
    '{"type":"web_search_call"}'
  ])
})

test("an agent is named by its path, its nickname and its thread", () => {
  const atlas = atlasOf(stateOf(bundle().threadStarts("T2", "/root/a", { nickname: "Ada" })))
  expect(threadPhrase(atlas, "T2")).toBe("agent /root/a, Ada (thread T2)")
  expect(threadPhrase(atlas, "T9")).toBe("thread T9")
})
