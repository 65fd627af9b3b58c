/**
 * Hook calls: a payload in, events out.
 */
import { describe, expect, test } from "bun:test"
import { translateHook } from "../../src/domain/hooks.ts"
import type { JsonObject } from "../../src/wire/json.ts"

const atNs = 1_795_212_760.25 * 1e9
const at = atNs / 1e9
const place = { threadId: "root-1", at, bytes: 10, live: true, turnId: "turn-1" } as const
const events = (hook_event_name: string, payload: JsonObject = {}) =>
  translateHook({ hook_event_name, session_id: "root-1", turn_id: "turn-1", ...payload }, atNs, 10)
const one = (event: string, payload: JsonObject = {}) => events(event, payload)?.[0]

describe("a hook call", () => {
  test("belongs to the session's thread, or to the agent inside which it fired", () => {
    expect(one("PreModelRequest")).toEqual({ _tag: "ModelRequested", ...place })
    expect(one("PreModelRequest", { agent_id: "agent-1" })).toEqual({
      _tag: "ModelRequested",
      ...place,
      threadId: "agent-1"
    })
  })

  test("of a session or an event that is not named is none", () => {
    expect(translateHook({ hook_event_name: "Stop" }, 0, 1)).toBeUndefined()
    expect(translateHook({ session_id: "root-1" }, 0, 1)).toBeUndefined()
    expect(translateHook("Stop", 0, 1)).toBeUndefined()
  })

  test("of a new event is said by its name, and odd optional fields cost nothing", () => {
    expect(one("Daydream")).toEqual({ _tag: "Unrecognised", ...place, topic: "hook", detail: "Daydream" })
    expect(one("Stop", { last_assistant_message: 7, cwd: [] })).toEqual({ _tag: "StopObserved", ...place })
  })
})

describe("tools", () => {
  test("are told by call id, with the name and the input that the hook was given", () => {
    const fields = { tool_use_id: "call_1", tool_name: "Bash", tool_input: { command: "ls" } }
    expect(one("PreToolUse", fields)).toEqual({
      _tag: "ToolHooked",
      ...place,
      phase: "started",
      callId: "call_1",
      toolName: "Bash",
      input: { command: "ls" }
    })
    expect(one("PostToolUse", { ...fields, tool_response: "a.txt" })).toMatchObject({ phase: "ended", output: "a.txt" })
  })

  test("without a call id are of no use", () => {
    expect(events("PreToolUse", { tool_name: "Bash" })).toEqual([])
  })

  test("that need a permission are asked for without naming the call", () => {
    expect(
      one("PermissionRequest", { tool_name: "Bash", tool_input: { command: "rm a", description: "clean up" } })
    ).toEqual({
      _tag: "ApprovalRequested",
      ...place,
      ask: { toolName: "Bash", input: { command: "rm a", description: "clean up" }, justification: "clean up" }
    })
  })
})

describe("model requests", () => {
  test("end as their status says", () => {
    const outcome = (status?: string, error?: JsonObject | string) =>
      (one("PostModelRequest", { ...(status && { status }), ...(error && { error }) }) as { outcome?: string }).outcome
    expect(outcome("completed")).toBe("completed")
    expect(outcome("failed")).toBe("failed")
    expect(outcome("cancelled")).toBe("cancelled")
    expect(outcome("interrupted")).toBe("cancelled")
    expect(outcome("odd")).toBe("completed")
    expect(outcome(undefined, "boom")).toBe("failed")
  })

  test("tell their error in words, whatever it is made of", () => {
    const error = (value: JsonObject | string) =>
      (one("PostModelRequest", { status: "failed", error: value }) as { error?: string }).error
    expect(error("boom")).toBe("boom")
    expect(error({ message: "boom" })).toBe("boom")
    expect(error({ code: 500 })).toBe('{"code":500}')
  })

  test("tell what they cost", () => {
    expect(
      one("PostModelRequest", { status: "completed", token_usage: { input_tokens: 3, output_tokens: 1 } })
    ).toMatchObject({
      usage: { input: 3, output: 1 }
    })
  })
})

describe("agents", () => {
  test("are told of by the session's thread, also from inside the agent", () => {
    expect(one("SubagentStart", { agent_id: "agent-1", agent_type: "worker", transcript_path: "/s/a.jsonl" })).toEqual({
      _tag: "AgentHooked",
      ...place,
      phase: "started",
      agentThreadId: "agent-1",
      agentType: "worker",
      path: "/s/a.jsonl"
    })
  })

  test("that stop are told with their own file, not their parent's", () => {
    const paths = { transcript_path: "/s/root.jsonl", agent_transcript_path: "/s/a.jsonl" }
    expect(one("SubagentStop", { agent_id: "agent-1", ...paths })).toMatchObject({ phase: "ended", path: "/s/a.jsonl" })
    expect(one("SubagentStop", { agent_id: "agent-1", transcript_path: null })).not.toHaveProperty("path")
    expect(events("SubagentStop", {})).toEqual([])
  })
})

test("a session's hooks tell how it began and why it ended", () => {
  expect(one("SessionStart", { source: "resume", permission_mode: "plan" })).toMatchObject({
    _tag: "SessionNoted",
    facts: { session_start: "resume", permission_mode: "plan" }
  })
  expect(one("SessionEnd", { reason: "logout" })).toMatchObject({ _tag: "SessionEnded", reason: "logout" })
  expect(one("UserPromptSubmit", { prompt: "hi", model: "gpt-5.5", cwd: "/w" })).toMatchObject({
    _tag: "PromptHooked",
    text: "hi",
    model: "gpt-5.5",
    cwd: "/w"
  })
})

test("compactions, stops and interrupts are told with what the hook knows", () => {
  expect(one("PreCompact", { trigger: "auto" })).toMatchObject({
    _tag: "CompactionHooked",
    phase: "started",
    trigger: "auto"
  })
  expect(one("PostCompact", { trigger: "manual" })).toMatchObject({ phase: "ended", trigger: "manual" })
  expect(one("Stop", { last_assistant_message: "Done." })).toMatchObject({ _tag: "StopObserved", lastMessage: "Done." })
  expect(one("Interrupt")).toEqual({ _tag: "InterruptObserved", ...place })
})

test("what we asked git ourselves is told as asked, without credentials; nothing is nothing", () => {
  const git = { commit_hash: "abc", branch: "main", repository_url: "https://ann:secret@example.com/a.git" }
  expect(one("TracerAskedGit", { git })).toEqual({
    _tag: "SessionNoted",
    ...place,
    facts: {
      git_branch: "main",
      git_commit_sha: "abc",
      git_origin_url: "https://example.com/a.git",
      git_source: "asked"
    }
  })
  for (const none of [{}, "main", null, { branch: 7 }]) expect(events("TracerAskedGit", { git: none })).toEqual([])
})
