import { describe, expect, test } from "bun:test"
import { assistantMessage, bundle, userMessage } from "../../support/bundle.ts"
import { at, numbers, refusalOf, stateOf } from "../../support/reduced.ts"

const asked = () => bundle().asks("I1", [userMessage("hi")])
const usage = { input_tokens: 9, cached_input_tokens: -4, output_tokens: 2, reasoning_output_tokens: 1 }

describe("inference calls", () => {
  test("a call has the items of its request and of its response, and its usage", () => {
    const trace = stateOf(asked().answers("I1", [assistantMessage("yes")], { token_usage: usage }))
    const call = at(trace.inference_calls, "I1")
    expect([numbers(call.request_item_ids), numbers(call.response_item_ids)]).toEqual(["1", "2"])
    expect(call).toMatchObject({
      response_id: "r-I1",
      execution: { status: "completed", started_seq: 4, ended_seq: 5 }
    })
    expect(call.usage).toEqual({ ...usage, cached_input_tokens: 0, cache_write_input_tokens: 0 })
  })

  test("usage counts only if all four counts are integers, and cache writes only from 0.155 on", () => {
    const usageOf = (token_usage: object, version?: string) =>
      at(
        stateOf(
          bundle(version === undefined ? 2 : 1)
            .asks("I1", [])
            .answers("I1", [], { token_usage }),
          version
        ).inference_calls,
        "I1"
      ).usage
    expect(usageOf({ ...usage, output_tokens: 1.5 })).toBeNull()
    expect(usageOf({ ...usage, output_tokens: undefined })).toBeNull()
    expect(usageOf({ ...usage, cache_write_input_tokens: 7 })?.cache_write_input_tokens).toBe(7)
    expect(usageOf(usage, "0.142.0")?.cache_write_input_tokens).toBeUndefined()
  })

  test("an end without ids takes them away again, but an upstream id stays", () => {
    const trace = stateOf(asked().answers("I1", []).breaksOff("I1", "failed"))
    expect(at(trace.inference_calls, "I1")).toMatchObject({
      response_id: null,
      execution: { status: "completed", ended_seq: 5 }
    })
  })

  test("a turn's end closes the call that nobody saw the end of, and a late end brings its answer only", () => {
    for (const [turn, call] of [
      ["completed", "cancelled"],
      ["cancelled", "cancelled"],
      ["failed", "failed"],
      ["aborted", "aborted"]
    ] as const) {
      const trace = stateOf(
        asked()
          .turnEnds(turn)
          .breaksOff("I1", "cancelled", [assistantMessage("half")])
      )
      expect(at(trace.inference_calls, "I1")).toMatchObject({
        execution: { status: call, ended_seq: 5 },
        response_item_ids: ["conversation_item:2"]
      })
    }
    expect(at(stateOf(asked().turnEnds("running")).inference_calls, "I1").execution.status).toBe("running")
  })

  test("a call starts once, in a turn of its thread, and ends only if it started", () => {
    expect(refusalOf(asked().asks("I1", [])).what).toBe("inference call I1 starts a second time")
    expect(refusalOf(bundle().inside("T1", "U9").asks("I1", [])).rule).toBe("turn")
    expect(refusalOf(bundle().threadStarts("T2").inside("T2", "U1").asks("I1", [])).rule).toBe("turn")
    expect(refusalOf(bundle().answers("I9", [])).what).toContain("never started")
  })

  test("a request without input and a response without output are refused, with their files", () => {
    expect(refusalOf(bundle().asks("I1", { input: "text" }))).toMatchObject({
      rule: "inference",
      file: "payloads/1.json"
    })
    const story = asked()
    story.event("inference_completed", {
      inference_call_id: "I1",
      response_payload: story.payload("inference_response", {})
    })
    expect(refusalOf(story)).toMatchObject({ rule: "inference", file: "payloads/2.json" })
  })
})
