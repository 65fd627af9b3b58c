/**
 * The legacy dialect (≤ 0.142): messages and end events of event_msg.
 */
import { describe, expect, test } from "bun:test"
import { translate } from "../../src/domain/translate.ts"
import type { JsonObject } from "../../src/wire/json.ts"

const timestamp = "2026-11-20T08:00:05.000Z"
const at = Date.parse(timestamp) / 1000
const place = { threadId: "thread-1", at, bytes: 10 }
const events = (type: string, payload: JsonObject = {}) =>
  translate({ timestamp, type: "event_msg", payload: { type, ...payload } }, "thread-1", 10)
const one = (type: string, payload: JsonObject = {}) => events(type, payload)?.[0]
const runOf = (type: string, payload: JsonObject) => (one(type, payload) as { run?: JsonObject }).run

describe("a user's message", () => {
  test("is a prompt with the number of its images", () => {
    expect(one("user_message", { message: "look", images: ["data:"], local_images: ["/p.png"] })).toEqual({
      _tag: "Prompted",
      ...place,
      text: "look",
      images: 2
    })
    expect(one("user_message", { message: 7, images: null })).toEqual({ _tag: "Prompted", ...place, images: 0 })
  })
})

describe("an end event", () => {
  const duration = { secs: 0, nanos: 250_000_000 }

  test("of a command tells when it began where it tells how long it took", () => {
    const ended = {
      call_id: "c",
      turn_id: "t",
      command: ["bash", "-lc", "ls"],
      exit_code: 2,
      status: "failed",
      aggregated_output: "no"
    }
    expect(one("exec_command_end", { ...ended, duration })).toMatchObject({
      _tag: "ToolRan",
      callId: "c",
      turnId: "t",
      run: {
        kind: "exec",
        startedAt: at - 0.25,
        endedAt: at,
        exitCode: 2,
        status: "error",
        input: { cmd: "ls" },
        output: "no"
      }
    })
    expect(runOf("exec_command_end", ended)).not.toHaveProperty("startedAt")
  })

  test("of a patch is a failure when it says so in either way", () => {
    const changes = { "/a.txt": { type: "update" } }
    const run = (fields: JsonObject) =>
      runOf("patch_apply_end", { call_id: "c", changes, stderr: "no such file", ...fields })
    expect(run({ success: true, status: "completed" })).toMatchObject({
      status: "ok",
      facts: { files_changed: { "/a.txt": "update" } }
    })
    expect(run({ success: false })).toMatchObject({ status: "error", error: "no such file" })
    expect(run({ status: "declined" })).toMatchObject({ status: "declined" })
  })

  test("of an MCP call holds its result or its error", () => {
    const invocation = { server: "docs", tool: "find", arguments: { q: "x" } }
    const run = (result: JsonObject) => runOf("mcp_tool_call_end", { call_id: "c", invocation, duration, result })
    expect(run({ Ok: { content: [] } })).toMatchObject({
      name: "docs.find",
      status: "ok",
      input: { q: "x" },
      output: { content: [] }
    })
    expect(run({ Ok: { isError: true } })).toMatchObject({ status: "error", error: "the MCP tool failed" })
    expect(run({ Err: "no server" })).toMatchObject({ status: "error", error: "no server" })
  })

  test("of a search and of a view of an image are over when they are told", () => {
    expect(runOf("web_search_end", { call_id: "c", query: "x" })).toMatchObject({
      kind: "web_search",
      endedAt: at,
      input: { query: "x" }
    })
    expect(runOf("view_image_tool_call", { call_id: "c", path: "/p.png" })).toMatchObject({
      kind: "view_image",
      input: { path: "/p.png" }
    })
  })

  test("without the call's id is malformed", () => {
    for (const type of [
      "exec_command_end",
      "patch_apply_end",
      "mcp_tool_call_end",
      "web_search_end",
      "collab_agent_spawn_end"
    ]) {
      expect([type, events(type, {})]).toEqual([type, undefined])
    }
  })
})

describe("agents", () => {
  test("are named by the end of the call that spawned them", () => {
    const spawned = { call_id: "c", new_thread_id: "agent-1", new_agent_nickname: "Kuhn", new_agent_role: "worker" }
    expect(events("collab_agent_spawn_end", spawned)?.[1]).toEqual({
      _tag: "AgentObserved",
      ...place,
      activity: "started",
      agentThreadId: "agent-1",
      callId: "c",
      facts: { nickname: "Kuhn", role: "worker" }
    })
    expect(events("collab_agent_spawn_end", { call_id: "c" })).toHaveLength(1)
  })

  test("are spoken to, closed and resumed by calls", () => {
    for (const [type, activity] of [
      ["collab_agent_interaction_end", "interacted"],
      ["collab_close_end", "closed"],
      ["collab_resume_end", "resumed"]
    ] as const) {
      expect(events(type, { call_id: "c", receiver_thread_id: "agent-1" })?.[1]).toMatchObject({
        activity,
        callId: "c"
      })
    }
  })

  test("are doing what a wait was told", () => {
    for (const told of [
      { statuses: { a: { completed: "12." } } },
      { agent_statuses: [{ thread_id: "a", status: { completed: "12." } }] }
    ]) {
      expect(events("collab_waiting_end", { call_id: "c", ...told })?.[1]).toMatchObject({
        _tag: "AgentReported",
        agentThreadId: "a",
        callId: "c",
        state: { word: "completed", message: "12." }
      })
    }
  })

  test("of 0.142 are seen in activities", () => {
    const activity = { event_id: "c", kind: "started", agent_thread_id: "agent-1", agent_path: "/root/a" }
    expect(one("sub_agent_activity", activity)).toMatchObject({
      activity: "started",
      callId: "c",
      agentPath: "/root/a"
    })
    expect(events("sub_agent_activity", { kind: "started" })).toBeUndefined()
  })
})

test("what only repeats a response item is silent", () => {
  for (const type of ["agent_message", "agent_reasoning", "exec_command_begin", "plan_update"])
    expect(events(type)).toEqual([])
})

test("a compaction and a review are told by their events", () => {
  expect(one("context_compacted")).toEqual({ _tag: "CompactionObserved", ...place, endedAt: at })
  expect(one("entered_review_mode", { user_facing_hint: "look" })).toEqual({
    _tag: "ReviewEntered",
    ...place,
    hint: "look"
  })
  expect(one("exited_review_mode", { review_output: { findings: [] } })).toMatchObject({
    _tag: "ReviewExited",
    output: { findings: [] }
  })
})
