import { describe, expect, test } from "bun:test"
import { eventDecoder, eventTypeOf, eventTypes, payloadRefs } from "../../../src/wire/bundle/events.ts"
import { Malformed } from "../../../src/wire/bundle/fields.ts"
import { readJsonText } from "../../../src/wire/bundle/json.ts"
import { bundle } from "../../support/bundle.ts"

const newest = eventDecoder({ unknownTypes: [], runtimeKind: "required", receipts: true })
const lastOf = (story: { readonly lines: ReadonlyArray<string> }) => readJsonText(story.lines.at(-1) ?? "")

describe("events of the log", () => {
  test("every type that a story can tell is decoded, with its envelope", () => {
    const story = bundle().calls("c1", { type: "mcp", server: "s", tool: "t" }, {})
    const event = newest(lastOf(story))
    expect([event.seq, event.thread_id, event.codex_turn_id, event.payload.type]).toEqual([
      4,
      "T1",
      "U1",
      "tool_call_started"
    ])
    expect(payloadRefs(event.payload).map(({ path }) => path)).toEqual(["payloads/1.json"])
  })

  test("the references of an event come in the order of its fields", () => {
    const story = bundle().event("inference_completed", {
      inference_call_id: "I1",
      response_payload: { path: "p", kind: { type: "inference_response" }, raw_payload_id: "x" }
    })
    expect(payloadRefs(newest(lastOf(story)).payload)).toHaveLength(1)
    expect(payloadRefs(newest(lastOf(bundle())).payload)).toHaveLength(0)
  })

  test("an unknown type, a missing field and an unknown payload kind are malformed", () => {
    const wrong = [
      bundle().event("other", {}),
      bundle().event("thread_ended", { thread_id: "T1" }),
      bundle().event("rollout_ended", { status: "cancelled" }),
      bundle().event("protocol_event_observed", {
        event_type: "x",
        event_payload: { raw_payload_id: "x", kind: { type: "odd" }, path: "p" }
      })
    ]
    for (const story of wrong) expect(() => newest(lastOf(story))).toThrow(Malformed)
    expect(eventTypeOf(lastOf(bundle().event("odd", {})))).toBe("odd")
  })

  test("an older release does not know later types, and ignores fields that came later", () => {
    const older = eventDecoder({ unknownTypes: ["recording_completed"], runtimeKind: "ignored", receipts: false })
    expect(() => older(lastOf(bundle().recordingCompletes()))).toThrow('unknown event type "recording_completed"')
    const begin = older(lastOf(bundle().runtimeBegins("c1", "nonsense", {}))).payload
    expect(begin).toMatchObject({ type: "tool_call_runtime_started", kind: null })
    const receipt = older(lastOf(bundle().accepts("m1", {}))).payload
    expect(payloadRefs(receipt)).toHaveLength(0)
    expect(() => newest(lastOf(bundle().runtimeBegins("c1", "nonsense", {})))).toThrow(Malformed)
  })

  test("the table has every type of schema 1 and 2", () => {
    expect(Object.keys(eventTypes)).toHaveLength(28)
  })
})
