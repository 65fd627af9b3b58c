import { expect, test } from "bun:test"
import { stateText } from "../../src/bundle/print.ts"
import { BundleStory, bundle, userMessage } from "../support/bundle.ts"
import { stateOf } from "../support/reduced.ts"

const textOf = (story: BundleStory, version?: string) => [...stateText(stateOf(story, version))].join("")

test("an empty state is pretty JSON without a final newline; what a schema lacks is left out", () => {
  const text = textOf(new BundleStory(1))
  expect(text).toStartWith('{\n  "schema_version": 1,\n  "trace_id": "TR",\n')
  expect(text).toEndWith('  "raw_payloads": {}\n}')
  expect(text).not.toContain("recording_complete")
  expect(textOf(new BundleStory(2))).toContain('"status": "running",\n  "recording_complete": false,\n')
})

test("maps are sorted by bytes, so that ten comes before two", () => {
  const story = bundle()
  for (let n = 1; n <= 10; n++) story.asks(`I${n}`, [userMessage(`message ${n}`)])
  const ids = [...textOf(story).matchAll(/^ {4}"(conversation_item:\d+)"/gm)].map(([, id]) => id)
  expect(ids.slice(0, 3)).toEqual(["conversation_item:1", "conversation_item:10", "conversation_item:2"])
})

test("null is written, empty lists and maps are closed at once, strings are escaped as JSON.stringify does", () => {
  const text = textOf(bundle().asks("I1", [userMessage("a\u007f\u0001é\u2028")]))
  expect(text).toContain('"response_item_ids": [],\n')
  expect(text).toContain('"response_id": null,\n')
  expect(text).toContain('"text": "a\u007f\\u0001é\u2028"')
})

test("integers of 64 bits keep their digits", () => {
  const story = bundle(1)
  story.lines[1] = (story.lines[1] ?? "").replace(/"wall_time_unix_ms":\d+/, '"wall_time_unix_ms":-9223372036854775808')
  expect(textOf(story)).toContain('"started_at_unix_ms": -9223372036854775808')
})

test("a large state comes in many pieces, which are its JSON", () => {
  const story = bundle().asks(
    "I1",
    Array.from({ length: 500 }, (_, n) => userMessage(`${n} ${"x".repeat(400)}`))
  )
  const pieces = [...stateText(stateOf(story))]
  expect(pieces.length).toBeGreaterThan(3)
  const parsed = JSON.parse(pieces.join(""))
  expect(Object.keys(parsed.conversation_items)).toHaveLength(500)
  expect(pieces.join("")).toBe(JSON.stringify(parsed, null, 2))
})

test("ids that look like numbers stand where their bytes say", () => {
  const story = bundle().calls("10", "web").calls("9", "web").calls("__proto__", "web").calls("a", "web")
  const ids = [...textOf(story).matchAll(/^ {4}"([^"]+)": \{\n {6}"tool_call_id"/gm)].map(([, id]) => id)
  expect(ids).toEqual(["10", "9", "__proto__", "a"])
})
