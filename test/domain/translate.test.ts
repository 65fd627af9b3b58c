/**
 * Records that every version writes: a line in, events out.
 */
import { describe, expect, test } from "bun:test"
import { requestRulesOf } from "../../src/domain/codex-rules.ts"
import type { DomainEvent } from "../../src/domain/event.ts"
import { translate } from "../../src/domain/translate.ts"
import type { JsonObject } from "../../src/wire/json.ts"

const timestamp = "2026-11-20T08:00:00.250Z"
const at = Date.parse(timestamp) / 1000
const place = { threadId: "thread-1", at, bytes: 10 }

const events = (type: string, payload: JsonObject, more: JsonObject = {}) =>
  translate({ timestamp, type, payload, ...more } as never, "thread-1", 10)

const one = (type: string, payload: JsonObject, more: JsonObject = {}): DomainEvent | undefined =>
  events(type, payload, more)?.[0]

describe("session_meta", () => {
  test("tells what a thread is, and where and with what it runs", () => {
    const meta = {
      id: "thread-1",
      session_id: "root-1",
      timestamp: "2026-11-20T07:59:59.000Z",
      cwd: "/home/ann/work",
      originator: "codex_exec",
      cli_version: "0.169.0",
      source: "exec",
      model_provider: "openai",
      base_instructions: { text: "Be kind." },
      history_mode: "paginated"
    }
    expect(one("session_meta", meta)).toEqual({
      _tag: "ThreadStarted",
      ...place,
      metaId: "thread-1",
      rootId: "root-1",
      lineage: {},
      facts: {
        cwd: "/home/ann/work",
        originator: "codex_exec",
        cli_version: "0.169.0",
        source: "exec",
        model_provider: "openai",
        history_mode: "paginated"
      },
      cwd: "/home/ann/work",
      startedAt: at - 1.25,
      baseInstructions: "Be kind.",
      requestRules: requestRulesOf("0.169.0")
    })
  })

  test("tells of an agent whose child it is, by either of the two places", () => {
    const spawn = {
      parent_thread_id: "parent",
      depth: 2,
      agent_path: "/root/a",
      agent_nickname: "Curie",
      agent_role: "worker"
    }
    const lineage = (meta: JsonObject) =>
      (one("session_meta", { id: "thread-1", ...meta }) as { lineage?: unknown }).lineage
    expect(lineage({ source: { subagent: { thread_spawn: spawn } } })).toEqual({
      parentThreadId: "parent",
      kind: "agent",
      agentPath: "/root/a",
      nickname: "Curie",
      role: "worker",
      depth: 2
    })
    expect(lineage({ parent_thread_id: "parent", source: { subagent: "review" } })).toEqual({
      parentThreadId: "parent",
      kind: "review"
    })
    expect(lineage({ source: { subagent: "something new" } })).toEqual({ kind: "other" })
    expect(lineage({ forked_from_id: "other", forked_from_ordinal_exclusive: 41 })).toEqual({
      forkedFromId: "other",
      forkedFromOrdinal: 41
    })
  })

  test("keeps the repository's address and leaves the credentials in it behind", () => {
    const facts = (url: string) =>
      (
        one("session_meta", { id: "t", git: { repository_url: url, branch: "main", commit_hash: "abc" } }) as {
          facts?: unknown
        }
      ).facts
    expect(facts("https://ann:secret@example.com/a/b.git")).toEqual({
      git_branch: "main",
      git_commit_sha: "abc",
      git_origin_url: "https://example.com/a/b.git"
    })
    for (const login of ["ann:se@cret", "a@b:c@d", "token"])
      expect(facts(`https://${login}@example.com/a@b.git`)).toMatchObject({
        git_origin_url: "https://example.com/a@b.git"
      })
    expect(facts("git@example.com:a/b.git")).toMatchObject({ git_origin_url: "git@example.com:a/b.git" })
    expect(facts("ssh://git@example.com/a/b.git")).toMatchObject({ git_origin_url: "ssh://example.com/a/b.git" })
  })

  test("of a file that goes on from another names the ordinal that its history ends before", () => {
    const base = (threadId: string) => ({ history_base: { thread_id: threadId, end_ordinal_exclusive: 28 } })
    expect(one("session_meta", { id: "thread-1", ...base("thread-1") })).toMatchObject({ revertedTo: 28 })
    // After an earlier revert the file before has an id of its own.
    expect(one("session_meta", { id: "thread-1", ...base("segment-2") })).toMatchObject({ revertedTo: 28 })
    expect(one("session_meta", { id: "thread-1" })).not.toHaveProperty("revertedTo")
  })

  test("without an id is malformed; optional fields of new types are left out", () => {
    expect(events("session_meta", { cwd: "/x" })).toBeUndefined()
    const odd = { id: "t", cwd: 7, git: "none", cli_version: ["0.169.0"], timestamp: "yesterday", base_instructions: 1 }
    expect(one("session_meta", odd)).toEqual({
      _tag: "ThreadStarted",
      ...place,
      metaId: "t",
      lineage: {},
      facts: {},
      requestRules: requestRulesOf(undefined)
    })
  })
})

describe("turn_context", () => {
  test("tells the settings of the turn, and those of the session", () => {
    const context = {
      turn_id: "turn-1",
      cwd: "/home/ann/work",
      model: "gpt-5.5",
      effort: "high",
      approval_policy: "on-request",
      sandbox_policy: { type: "workspace-write" },
      collaboration_mode: { mode: "default" }
    }
    expect(one("turn_context", context)).toEqual({
      _tag: "TurnConfigured",
      ...place,
      turnId: "turn-1",
      model: "gpt-5.5",
      effort: "high",
      facts: { model: "gpt-5.5", effort: "high", collaboration_mode: "default", cwd: "/home/ann/work" },
      sessionFacts: { model: "gpt-5.5", approval_policy: "on-request", sandbox: "workspace-write" }
    })
  })

  test("of an old version calls the sandbox's mode mode, and has no turn id", () => {
    const event = one("turn_context", {
      model: "m",
      sandbox_policy: { mode: "read-only" },
      approval_policy: { granular: {} }
    })
    expect(event).toEqual({
      _tag: "TurnConfigured",
      ...place,
      model: "m",
      facts: { model: "m" },
      sessionFacts: { model: "m", sandbox: "read-only" }
    })
  })
})

describe("response_item", () => {
  test("is on the side of the model when it produced it, else on the other", () => {
    const side = (item: JsonObject) => (one("response_item", item) as { side?: string }).side
    for (const type of [
      "reasoning",
      "function_call",
      "custom_tool_call",
      "local_shell_call",
      "web_search_call",
      "compaction"
    ]) {
      expect([type, side({ type })]).toEqual([type, "output"])
    }
    expect(side({ type: "message", role: "assistant" })).toBe("output")
    for (const role of ["user", "developer", "system"]) expect(side({ type: "message", role })).toBe("input")
    for (const type of [
      "function_call_output",
      "custom_tool_call_output",
      "agent_message",
      "additional_tools",
      "novelty"
    ]) {
      expect([type, side({ type })]).toEqual([type, "input"])
    }
  })

  test("is carried as it was recorded, without what Codex strips, and names its turn", () => {
    const item = { type: "message", role: "user", content: [{ type: "input_text", text: "hi" }] }
    const passthrough = { internal_chat_message_metadata_passthrough: { turn_id: "turn-1", create_time: 1 } }
    expect(one("response_item", { ...item, ...passthrough }, { ordinal: 6 })).toEqual({
      _tag: "ItemRecorded",
      ...place,
      ordinal: 6,
      item: { value: item, at, ordinal: 6 },
      side: "input",
      turnId: "turn-1"
    })
  })

  test("that gives the model a skill's text says that the user named it", () => {
    const given = (text: string, role = "user") =>
      events("response_item", { type: "message", role, content: [{ type: "input_text", text }] })?.slice(1)
    const text = "<skill>\n<name>greeting</name>\n<path>/w/SKILL.md</path>\nSay hello.\n</skill>"
    expect(given(text)).toEqual([{ _tag: "SkillsNamed", ...place, bytes: 0, skills: ["greeting"] }])
    expect(given(text, "developer")).toEqual([])
    expect(given(`Look at this: ${text}`)).toEqual([])
    expect(given("<skills_instructions>\n<name>greeting</name>")).toEqual([])
  })

  test("says which history its request had seen, where the version tells", () => {
    const metadata = { history_sequence: 9, sampled_through_sequence: 7 }
    expect(one("response_item", { type: "reasoning" }, { metadata })).toMatchObject({ sampledThrough: 7 })
    expect(
      one("response_item", { type: "reasoning" }, { metadata: { sampled_through_sequence: "7" } })
    ).not.toHaveProperty("sampledThrough")
    expect(one("response_item", { type: "reasoning" }, { metadata: null })).not.toHaveProperty("sampledThrough")
  })

  test("without a type is malformed", () => {
    expect(events("response_item", { role: "user" })).toBeUndefined()
    expect(events("response_item", { type: 5 })).toBeUndefined()
  })
})

describe("compacted", () => {
  test("replaces the history, and carries the summary", () => {
    const message = { type: "message", role: "user", content: [] }
    const record = { message: "summary", replacement_history: [message, "no item"], compaction_response_id: "resp_3" }
    expect(one("compacted", record)).toEqual({
      _tag: "HistoryReplaced",
      ...place,
      items: [{ value: message, at }],
      summary: "summary",
      responseId: "resp_3"
    })
    expect(one("compacted", { message: "summary" })).not.toHaveProperty("items")
  })
})

describe("token_usage_record", () => {
  test("completes a response", () => {
    const usage = {
      input_tokens: 1100,
      cached_input_tokens: 500,
      output_tokens: 50,
      reasoning_output_tokens: 10,
      total_tokens: 1150
    }
    expect(one("token_usage_record", { response_id: "resp_1", turn_id: "turn-1", usage })).toEqual({
      _tag: "ResponseCompleted",
      ...place,
      responseId: "resp_1",
      turnId: "turn-1",
      usage: { input: 1100, output: 50, cached: 500, reasoning: 10, total: 1150 }
    })
  })

  test("without readable counts still completes it; without an id it is malformed", () => {
    expect(one("token_usage_record", { response_id: "resp_1", usage: { input_tokens: "many" } })).not.toHaveProperty(
      "usage"
    )
    expect(events("token_usage_record", { usage: {} })).toBeUndefined()
  })
})

describe("any other record", () => {
  test("of a type that tells nothing new is silent", () => {
    for (const type of ["world_state", "inter_agent_communication_metadata", "security_risk_score", "realtime_item"]) {
      expect(events(type, {})).toEqual([])
    }
  })

  test("of an unknown type is said by its name", () => {
    expect(events("novelty", {})).toEqual([{ _tag: "Unrecognised", ...place, topic: "record", detail: "novelty" }])
    expect(events("event_msg", { type: "novelty" })).toEqual([
      { _tag: "Unrecognised", ...place, topic: "event_msg", detail: "novelty" }
    ])
  })

  test("without a readable time, or an event without a type, is malformed", () => {
    expect(translate({ timestamp: "noon", type: "world_state", payload: {} }, "t", 1)).toBeUndefined()
    expect(events("event_msg", {})).toBeUndefined()
  })
})
