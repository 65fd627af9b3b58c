import { describe, expect, test } from "bun:test"
import { bundle, functionCall, functionOutput } from "../../support/bundle.ts"
import { at, numbers, refusalOf, stateOf } from "../../support/reduced.ts"

const wait = (args: unknown) => ({ tool_name: "wait", payload: { type: "function", arguments: args } })

describe("tool calls", () => {
  test("a call keeps what was dispatched, and starts running", () => {
    const tool = at(stateOf(bundle().calls("c1", { type: "other", name: "x" }, {})).tool_calls, "c1")
    expect(tool).toMatchObject({
      model_visible_call_id: "c1",
      requester: { type: "model" },
      kind: { type: "other", name: "x" },
      summary: { type: "generic", label: "a tool" },
      raw_invocation_payload_id: "raw_payload:1",
      execution: { status: "running" }
    })
  })

  test("the response that holds its call asked for it; one that was recorded later is linked at the next sighting", () => {
    const early = bundle()
      .asks("I1", [])
      .answers("I1", [functionCall("c1", {})])
      .calls("c1", "web")
    expect(at(stateOf(early).inference_calls, "I1").tool_call_ids_started_by_response).toEqual(["c1"])
    const late = bundle()
      .asks("I1", [])
      .calls("c1", "web")
      .answers("I1", [functionCall("c1", {})])
    expect(at(stateOf(late).inference_calls, "I1").tool_call_ids_started_by_response).toEqual([])
    late.asks("I2", [functionCall("c1", {})])
    expect(at(stateOf(late).inference_calls, "I1").tool_call_ids_started_by_response).toEqual(["c1"])
  })

  test("items that were there before the call are its items: by creation, in older reducers by bytes", () => {
    const story = (schema: 1 | 2) => {
      const told = bundle(schema)
      for (let n = 1; n <= 8; n++) told.asks(`I${n}`, [functionCall(`x${n}`, {})])
      for (let n = 1; n <= 2; n++)
        told.asks(`J${n}`, [functionOutput("c1", "out"), functionOutput("c1", "out")].slice(0, n))
      return told.calls("c1", "web")
    }
    const outputs = (schema: 1 | 2, version: string) =>
      numbers(at(stateOf(story(schema), version).tool_calls, "c1").model_visible_output_item_ids)
    expect(outputs(2, "0.169.0")).toBe("9 10")
    expect(outputs(1, "0.155.0")).toBe("10 9")
  })

  test("a call starts once, and one call id belongs to one call of the bundle", () => {
    expect(refusalOf(bundle().calls("c1", "web").calls("c1", "web")).what).toContain("a second time")
    const other = bundle().calls("c1", "web").threadStarts("T2").turnStarts("U2", "T2")
    expect(refusalOf(other.calls("c2", "web", undefined, { callId: "c1" })).what).toContain(
      "another tool call answers already"
    )
  })

  test("its thread is the event's, or the turn's; without either it is refused", () => {
    expect(at(stateOf(bundle().inside(null, "U1").calls("c1", "web")).tool_calls, "c1").thread_id).toBe("T1")
    expect(
      at(stateOf(bundle().inside("T1", null).calls("c1", "web")).tool_calls, "c1").started_by_codex_turn_id
    ).toBeNull()
    expect(refusalOf(bundle().inside(null, null).calls("c1", "web")).what).toContain("neither a thread nor a turn")
    expect(refusalOf(bundle().inside("T9", null).calls("c1", "web")).rule).toBe("thread")
    expect(refusalOf(bundle().inside("T1", "U9").calls("c1", "web")).rule).toBe("turn")
  })

  test("a wait names the cell that it waits for", () => {
    const story = bundle().asks("I1", []).cellStarts("1", "x1")
    expect(refusalOf(story.calls("c1", "web", wait("{}"))).what).toContain("name no cell_id")
    expect(refusalOf(bundle().calls("c1", "web", wait(undefined))).rule).toBe("tool")
    expect(stateOf(bundle().calls("c1", "web", wait('{"cell_id":"9"}'))).tool_calls.size).toBe(1)
  })

  test("the runtime says what kind it really is", () => {
    const kindOf = (schema: 1 | 2, version: string) =>
      at(
        stateOf(
          bundle(schema)
            .calls("c1", { type: "other", name: "echo" })
            .runtimeBegins(
              "c1",
              { type: "mcp", server: "lab", tool: "echo" },
              { invocation: { server: "lab", tool: "echo" } }
            ),
          version
        ).tool_calls,
        "c1"
      ).kind
    expect(kindOf(2, "0.169.0")).toEqual({ type: "mcp", server: "lab", tool: "echo" })
    expect(kindOf(1, "0.164.0")).toEqual({ type: "mcp", server: "lab", tool: "echo" })
    expect(kindOf(1, "0.155.0")).toEqual({ type: "other", name: "echo" })
  })

  test("an end sets status and result, a second one replaces both", () => {
    const story = bundle().calls("c1", "web").toolEnds("c1", {}).toolEnds("c1", undefined, "failed")
    expect(at(stateOf(story).tool_calls, "c1")).toMatchObject({
      raw_result_payload_id: null,
      execution: { status: "failed", ended_seq: 6 }
    })
  })

  test("an MCP call is named once; nothing happens to a call that never started", () => {
    const named = () =>
      bundle().calls("c1", "web").event("mcp_tool_call_correlation_assigned", { tool_call_id: "c1", mcp_call_id: "m" })
    expect(at(stateOf(named()).tool_calls, "c1").mcp_call_id).toBe("m")
    expect(
      refusalOf(named().event("mcp_tool_call_correlation_assigned", { tool_call_id: "c1", mcp_call_id: "n" })).rule
    ).toBe("tool")
    const strangers = [bundle().runtimeBegins("c9", "web", {}), bundle().runtimeEnds("c9", {}), bundle().toolEnds("c9")]
    for (const story of strangers) expect(refusalOf(story).what).toContain("tool call c9, which never started")
  })
})
