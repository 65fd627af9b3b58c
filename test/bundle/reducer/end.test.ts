import { expect, test } from "bun:test"
import { type BundleStory, bundle } from "../../support/bundle.ts"
import { refusalOf, stateOf } from "../../support/reduced.ts"

const observed = (schema: 1 | 2, content: string) => {
  const story = bundle(schema)
  return story.event(
    "protocol_event_observed",
    { event_type: "x", event_payload: story.payload("protocol_event", content) },
    null
  )
}
const without = (story: BundleStory, path: string) => {
  story.payloads.delete(path)
  return story
}

test("every payload must be there and JSON, in schema 2; nesting and surrogates do not matter where nobody looks", () => {
  expect(refusalOf(observed(2, "{"))).toMatchObject({
    rule: "payload",
    what: "payload raw_payload:1 is not JSON",
    file: "payloads/1.json"
  })
  expect(refusalOf(without(observed(2, "{}"), "payloads/1.json")).rule).toBe("payload")
  expect(stateOf(observed(2, `"\\ud800"`)).raw_payloads.size).toBe(1)
  expect(stateOf(observed(2, "[".repeat(500) + "]".repeat(500))).raw_payloads.size).toBe(1)
  expect(stateOf(without(observed(1, "{"), "payloads/1.json")).raw_payloads.size).toBe(1)
})

test("of several lost payloads the first by the bytes of its id is named", () => {
  const story = bundle()
  for (let n = 1; n <= 10; n++)
    story.event(
      "protocol_event_observed",
      { event_type: "x", event_payload: story.payload("protocol_event", {}) },
      null
    )
  expect(refusalOf(without(without(story, "payloads/2.json"), "payloads/10.json")).file).toBe("payloads/10.json")
})
