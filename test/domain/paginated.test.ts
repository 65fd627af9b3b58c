/**
 * Turn items (0.155 +): what really ran, when, and how it ended.
 */
import { describe, expect, test } from "bun:test"
import type { DomainEvent } from "../../src/domain/event.ts"
import { translate } from "../../src/domain/translate.ts"
import type { Json, JsonObject } from "../../src/wire/json.ts"

const timestamp = "2026-11-20T08:00:05.000Z"
const at = Date.parse(timestamp) / 1000
const place = { threadId: "thread-1", at, bytes: 10 }

const events = (item: JsonObject, envelope: JsonObject = {}) =>
  translate(
    {
      timestamp,
      type: "event_msg",
      payload: {
        type: "item_completed",
        thread_id: "thread-1",
        turn_id: "turn-1",
        item,
        started_at_ms: (at - 1) * 1000,
        completed_at_ms: at * 1000,
        ...envelope
      }
    } as never,
    "thread-1",
    10
  )

const one = (item: JsonObject, envelope?: JsonObject): DomainEvent | undefined => events(item, envelope)?.[0]
const runOf = (item: JsonObject) => (one(item) as { run?: unknown }).run
const times = { startedAt: at - 1, endedAt: at }

describe("a command", () => {
  test("tells its run: times in seconds, exit code, output, and where it ran", () => {
    const item = {
      type: "CommandExecution",
      id: "call_1",
      process_id: "38402",
      command: ["/bin/bash", "-lc", "echo two"],
      cwd: "file:///home/ann/work",
      parsed_cmd: [{ type: "unknown", cmd: "echo two" }],
      source: "unified_exec_startup",
      status: "completed",
      aggregated_output: "two\n",
      exit_code: 0,
      duration: { secs: 1, nanos: 500_000_000 }
    }
    expect(one(item)).toEqual({
      _tag: "ToolRan",
      ...place,
      turnId: "turn-1",
      callId: "call_1",
      run: {
        ...times,
        status: "ok",
        kind: "exec",
        name: "exec_command",
        seconds: 1.5,
        exitCode: 0,
        input: { cmd: "echo two" },
        output: "two\n",
        facts: {
          status: "completed",
          command: ["/bin/bash", "-lc", "echo two"],
          cwd: "/home/ann/work",
          parsed_command: [{ type: "unknown", cmd: "echo two" }],
          process_id: "38402",
          command_source: "unified_exec_startup"
        }
      }
    })
  })

  test("keeps what it can read of odd types, and needs an id", () => {
    const odd = { type: "CommandExecution", id: "call_1", command: "ls", exit_code: "0", duration: 3, status: 1 }
    expect(runOf(odd)).toEqual({ ...times, kind: "exec", name: "exec_command", facts: {} })
    expect(events({ type: "CommandExecution", status: "completed" })).toBeUndefined()
  })

  test("has the outcome that its status names", () => {
    const outcome = (status: string) =>
      (runOf({ type: "CommandExecution", id: "c", status }) as { status?: string }).status
    expect(["completed", "failed", "declined", "interrupted", "aborted", "in_progress"].map(outcome)).toEqual([
      "ok",
      "error",
      "declined",
      "interrupted",
      "interrupted",
      undefined
    ])
  })
})

test("a patch tells its files and what was done to them", () => {
  const changes = { "/a.txt": { type: "add", content: "hi" }, "/b.txt": { type: "delete" }, "/c.txt": 1 }
  expect(runOf({ type: "FileChange", id: "c", changes, status: "failed", stdout: "", stderr: "no such file" })).toEqual(
    {
      ...times,
      status: "error",
      kind: "patch",
      name: "apply_patch",
      input: { changes },
      output: "",
      error: "no such file",
      facts: { status: "failed", files_changed: { "/a.txt": "add", "/b.txt": "delete" } }
    }
  )
})

describe("an MCP call", () => {
  const item = { type: "McpToolCall", id: "c", server: "docs", tool: "find", arguments: { q: "x" } }

  test("is named by server and tool", () => {
    const result = { content: [{ type: "text", text: "found" }] }
    expect(runOf({ ...item, status: "completed", result })).toMatchObject({
      name: "docs.find",
      status: "ok",
      input: { q: "x" },
      output: result,
      facts: { mcp_server: "docs", mcp_tool: "find" }
    })
  })

  test("that failed says why, from the error or from the result's text", () => {
    const error = (fields: JsonObject) => (runOf({ ...item, status: "failed", ...fields }) as { error?: string }).error
    expect(error({ error: { message: "no server" } })).toBe("no server")
    expect(error({ result: { content: [{ type: "text", text: "not found" }] } })).toBe("not found")
    expect(error({})).toBe("the MCP tool failed")
  })
})

describe("messages and thoughts", () => {
  test("of the user are prompts: their texts, the number of images, and both where there are images", () => {
    const content = [
      { type: "text", text: "look" },
      { type: "local_image", path: "/p.png" }
    ]
    expect(one({ type: "UserMessage", id: "u", content })).toEqual({
      _tag: "Prompted",
      ...place,
      turnId: "turn-1",
      text: "look",
      images: 1,
      content
    })
    expect(one({ type: "UserMessage", id: "u", content: content.slice(0, 1) })).not.toHaveProperty("content")
    expect(events({ type: "UserMessage", id: "u" })).toBeUndefined()
  })

  test("of the user name skills too", () => {
    const skill = { type: "skill", name: "greeting", path: "/w/.agents/skills/greeting/SKILL.md" }
    const content = [{ type: "text", text: "$greeting please" }, skill, { type: "skill", path: "/nameless" }]
    expect(events({ type: "UserMessage", id: "u", content })?.slice(1)).toEqual([
      { _tag: "SkillsNamed", ...place, bytes: 0, turnId: "turn-1", skills: ["greeting"] }
    ])
  })

  test("of the model tell when output began to stream", () => {
    for (const type of ["AgentMessage", "Reasoning", "Plan"]) {
      expect(one({ type, id: "m" })).toEqual({ _tag: "OutputStarted", ...place, turnId: "turn-1", ...times })
    }
  })
})

describe("agents", () => {
  const activity = (kind: string) => ({
    type: "SubAgentActivity",
    id: "call_1",
    kind,
    agent_thread_id: "agent-1",
    agent_path: "/root/a"
  })

  test("are observed with the call that touched them", () => {
    expect(events(activity("started"))).toEqual([
      {
        _tag: "AgentObserved",
        ...place,
        turnId: "turn-1",
        activity: "started",
        agentThreadId: "agent-1",
        agentPath: "/root/a",
        callId: "call_1"
      },
      { _tag: "ToolRan", ...place, turnId: "turn-1", callId: "call_1", run: { ...times, kind: "agent" } }
    ])
  })

  test("that completed were touched by no call", () => {
    expect(events(activity("completed"))).toEqual([
      {
        _tag: "AgentObserved",
        ...place,
        turnId: "turn-1",
        activity: "completed",
        agentThreadId: "agent-1",
        agentPath: "/root/a"
      }
    ])
  })

  test("that did something new are said by its name", () => {
    expect(events(activity("daydreamed"))).toEqual([
      { _tag: "Unrecognised", ...place, topic: "agent activity", detail: "daydreamed" }
    ])
  })

  test("of multi-agent v1 are named by the collaboration call's receivers", () => {
    const item = {
      type: "CollabAgentToolCall",
      id: "call_1",
      tool: "sendInput",
      status: "completed",
      receiver_thread_ids: ["a", "b"]
    }
    const observed = events(item)?.filter((event) => event._tag === "AgentObserved")
    expect(observed?.map((event) => [event.activity, event.agentThreadId, event.callId])).toEqual([
      ["interacted", "a", "call_1"],
      ["interacted", "b", "call_1"]
    ])
    expect(events({ ...item, tool: "wait" })?.map(({ _tag }) => _tag)).toEqual(["ToolRan"])
  })

  test("of multi-agent v1 are doing what a wait was told; what other calls say was so before them", () => {
    const agents_states = { a: { completed: "12." }, b: "running", c: "not_found" }
    const item = { type: "CollabAgentToolCall", id: "call_1", status: "completed", agents_states }
    const reported = events({ ...item, tool: "wait" })?.filter((event) => event._tag === "AgentReported")
    expect(reported?.map((event) => [event.agentThreadId, event.state, event.callId])).toEqual([
      ["a", { word: "completed", message: "12." }, "call_1"],
      ["b", { word: "running" }, "call_1"]
    ])
    const closed = events({ ...item, tool: "close_agent", receiver_thread_ids: ["a", "c"] })
    expect(closed?.slice(1)).toMatchObject([{ _tag: "AgentObserved", activity: "closed", agentThreadId: "a" }])
  })

  test("of multi-agent v1 that were done are not resumed by being asked to", () => {
    const item = { type: "CollabAgentToolCall", id: "call_1", tool: "resume_agent", receiver_thread_ids: ["a"] }
    const did = (state: Json) => events({ ...item, agents_states: { a: state } })?.[1]
    expect(did("pending_init")).toMatchObject({ activity: "resumed" })
    expect(did({ errored: "no" })).toMatchObject({ activity: "interacted" })
  })

  test("that are none leave nothing behind", () => {
    const item = { type: "CollabAgentToolCall", id: "call_1", tool: "wait", status: "completed" }
    const told = events({ ...item, receiver_thread_ids: [], agents_states: {} })?.[0]
    expect(told).toMatchObject({ run: { facts: { status: "completed" } } })
    expect(told?._tag === "ToolRan" && Object.keys(told.run.facts ?? {})).toEqual(["status"])
  })
})

describe("the rest", () => {
  test("a compaction tells when it began and ended", () => {
    expect(one({ type: "ContextCompaction", id: "c" })).toEqual({
      _tag: "CompactionObserved",
      ...place,
      turnId: "turn-1",
      ...times
    })
  })

  test("a review tells what was to be looked at and what was found", () => {
    const target = { type: "custom", instructions: "look" }
    expect(one({ type: "EnteredReviewMode", id: "r", target, user_facing_hint: "look" })).toMatchObject({
      _tag: "ReviewEntered",
      hint: "look",
      target
    })
    expect(one({ type: "ExitedReviewMode", id: "r", review_output: { findings: [] } })).toMatchObject({
      _tag: "ReviewExited",
      output: { findings: [] }
    })
  })

  test("a search, a view and other calls are tools of their kind", () => {
    const kind = (item: JsonObject) => (runOf({ id: "c", ...item }) as { kind?: string }).kind
    expect(kind({ type: "WebSearch", query: "x" })).toBe("web_search")
    expect(kind({ type: "ImageView", path: "file:///p.png" })).toBe("view_image")
    expect(kind({ type: "ImageGeneration" })).toBe("image_generation")
    expect(runOf({ type: "DynamicToolCall", id: "c", tool: "lookup", success: false })).toMatchObject({
      kind: "other",
      name: "lookup",
      status: "error"
    })
  })

  test("an item of another thread is an echo, and tells nothing", () => {
    expect(events({ type: "AgentMessage", id: "m" }, { thread_id: "reviewer" })).toEqual([])
  })

  test("an unknown item is said by its type; one without an item is malformed", () => {
    expect(events({ type: "Hologram", id: "h" })).toEqual([
      { _tag: "Unrecognised", ...place, topic: "item", detail: "Hologram" }
    ])
    expect(events({ id: "no type" })).toBeUndefined()
  })

  test("settings that were applied are the session's facts", () => {
    const settings = { model: "gpt-6-sol", model_provider_id: "openai", service_tier: "fast" }
    const payload = { type: "thread_settings_applied", thread_settings: settings }
    expect(translate({ timestamp, type: "event_msg", payload }, "thread-1", 10)).toEqual([
      { _tag: "SessionNoted", ...place, facts: { model: "gpt-6-sol", model_provider: "openai", service_tier: "fast" } }
    ])
  })
})
