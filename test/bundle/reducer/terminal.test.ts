import { describe, expect, test } from "bun:test"
import { type BundleStory, bundle, functionCall, functionOutput } from "../../support/bundle.ts"
import { at, refusalOf, stateOf } from "../../support/reduced.ts"

const begin = (process_id: string | null = null) => ({ process_id, command: ["ls", "-l"], cwd: "/w" })
const end = (process_id: string | null = null) => ({
  process_id,
  exit_code: 3,
  aggregated_output: "all",
  stdout: "out",
  stderr: "err",
  formatted_output: "both"
})
const input = (session_id: unknown, more: object = {}) => ({
  tool_name: "write_stdin",
  payload: { type: "function", arguments: JSON.stringify({ session_id, chars: "y\n", yield_time_ms: 5 }) },
  ...more
})
const command = (story: BundleStory, tool: string, process: string | null) =>
  story.calls(tool, "exec_command").runtimeBegins(tool, "exec_command", begin(process))
const operations = (story: BundleStory, version?: string) => [...stateOf(story, version).terminal_operations.values()]

describe("terminal operations", () => {
  test("a command is what the runtime ran, and ends with what it reported", () => {
    const [operation] = operations(command(bundle(), "c1", "7").runtimeEnds("c1", end("7"), "failed"))
    expect(operation).toMatchObject({
      operation_id: "terminal_operation:1",
      request: { type: "exec_command", command: ["ls", "-l"], display_command: "ls -l", cwd: "/w" },
      result: { exit_code: 3, stdout: "all", stderr: "", formatted_output: null },
      execution: { status: "failed" },
      raw_payload_ids: ["raw_payload:1", "raw_payload:2"]
    })
    expect(operations(command(bundle(1), "c1", "7").runtimeEnds("c1", end("7")), "0.155.0")[0]?.result).toMatchObject({
      stdout: "out",
      stderr: "err",
      formatted_output: "both"
    })
  })

  test("its tool shows it, and it shows the items of its tool", () => {
    const story = bundle()
      .asks("I1", [])
      .answers("I1", [functionCall("c1", {})])
    const trace = stateOf(command(story, "c1", null).asks("I2", [functionOutput("c1", "out")]))
    expect(at(trace.tool_calls, "c1").summary).toEqual({ type: "terminal", operation_id: "terminal_operation:1" })
    expect(at(trace.terminal_operations, "terminal_operation:1").model_observations).toEqual([
      { call_item_ids: ["conversation_item:1"], output_item_ids: ["conversation_item:2"], source: "direct_tool_call" }
    ])
  })

  test("a second begin, a begin of another form and a process that changes are refused", () => {
    expect(refusalOf(command(bundle(), "c1", "7").runtimeBegins("c1", "exec_command", begin())).what).toContain(
      "starts a second one"
    )
    expect(refusalOf(bundle().calls("c1", "exec_command").runtimeBegins("c1", "exec_command", {})).what).toContain(
      "command: expected an array"
    )
    expect(refusalOf(command(bundle(), "c1", "7").runtimeEnds("c1", end("8"))).what).toContain(
      "began in process 7 and ends in process 8"
    )
    expect(refusalOf(command(bundle(), "c1", "7").runtimeEnds("c1", { exit_code: "3" })).what).toContain("exit_code")
  })

  test("a result ends an operation only where the runtime said nothing", () => {
    const result = { type: "error", error: "no" }
    const story = bundle().calls("c1", "write_stdin", input(7)).toolEnds("c1", result, "failed")
    expect(operations(story)[0]).toMatchObject({ result: { stderr: "no" }, execution: { status: "failed" } })
    expect(operations(command(bundle(), "c1", null).toolEnds("c1", result))[0]).toMatchObject({
      result: null,
      execution: { status: "running" }
    })
    expect(operations(bundle().calls("c1", "write_stdin", input(7)).toolEnds("c1"))[0]).toMatchObject({
      result: null,
      execution: { status: "completed" }
    })
  })

  test("an input that names no session is no operation; older reducers refuse it", () => {
    const wrong = { tool_name: "write_stdin", payload: { type: "function", arguments: "{}" } }
    expect(operations(bundle().calls("c1", "write_stdin", wrong))).toEqual([])
    expect(refusalOf(bundle(1).calls("c1", "write_stdin", wrong), "0.155.0").rule).toBe("terminal")
    expect(operations(bundle().calls("c1", "write_stdin", input(7, { tool_namespace: "mcp" })))).toEqual([])
    expect(operations(bundle().calls("c1", "write_stdin"))).toEqual([])
    expect(refusalOf(bundle().calls("c1", "write_stdin", input(7, { tool_name: "other" }))).rule).toBe("terminal")
  })
})

describe("terminal sessions", () => {
  const sessions = (story: BundleStory, version?: string) =>
    [...stateOf(story, version).terminal_sessions.values()].map(({ operation_ids, terminal_id }) => [
      terminal_id,
      operation_ids.map((id) => id.slice(19)).join(" ")
    ])

  test("an input joins the session of the command whose process it names", () => {
    const story = command(bundle(), "c1", "7").calls("c2", "write_stdin", input(7))
    expect(sessions(story)).toEqual([["terminal_session:terminal_operation:1", "1 2"]])
    expect(sessions(story.calls("c3", "write_stdin", input("8")))).toHaveLength(2)
  })

  test("a process id that is used again is another session; in older reducers it is the session", () => {
    const story = (schema: 1 | 2) => command(command(bundle(schema), "c1", "7"), "c2", "7")
    expect(sessions(story(2))).toEqual([
      ["terminal_session:terminal_operation:1", "1"],
      ["terminal_session:terminal_operation:2", "2"]
    ])
    expect(sessions(story(1), "0.155.0")).toEqual([["7", "1 2"]])
  })

  test("in older reducers a process belongs to one thread", () => {
    const story = (schema: 1 | 2) =>
      command(command(bundle(schema), "c1", "7").threadStarts("T2").turnStarts("U2", "T2"), "c2", "7")
    expect(refusalOf(story(1), "0.155.0").what).toBe("process 7 belongs to thread T1, not to T2")
    expect(sessions(story(2))).toHaveLength(2)
  })

  test("a command that learns its process at its end opens its session then", () => {
    expect(sessions(command(bundle(), "c1", null))).toEqual([])
    expect(sessions(command(bundle(), "c1", null).runtimeEnds("c1", end("7")))).toEqual([
      ["terminal_session:terminal_operation:1", "1"]
    ])
  })

  test("a resolved input moves to the command's session, and an empty session disappears", () => {
    const story = command(bundle(), "c1", "7").calls("c2", "write_stdin", input(8))
    story.event("stdin_target_resolved", { tool_call_id: "c2", exec_tool_call_id: "c1" })
    expect(sessions(story)).toEqual([["terminal_session:terminal_operation:1", "1 2"]])
    expect(sessions(story.runtimeEnds("c2", end("7")))).toHaveLength(1)
    expect(
      refusalOf(bundle().event("stdin_target_resolved", { tool_call_id: "c9", exec_tool_call_id: "c1" })).rule
    ).toBe("terminal")
  })
})
