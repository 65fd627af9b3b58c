/**
 * Turns and counts of tokens: rows of event_msg that every version writes.
 */
import { describe, expect, test } from "bun:test"
import { translate } from "../../src/domain/translate.ts"
import type { JsonObject } from "../../src/wire/json.ts"

const timestamp = "2026-11-20T08:00:00.250Z"
const place = { threadId: "thread-1", at: Date.parse(timestamp) / 1000, bytes: 10 }
const events = (type: string, payload: JsonObject = {}) =>
  translate({ timestamp, type: "event_msg", payload: { type, ...payload } }, "thread-1", 10)
const one = (type: string, payload: JsonObject = {}) => events(type, payload)?.[0]

describe("the start of a turn", () => {
  test("tells what set it going", () => {
    const attribution = { turn_trigger: "exec", parent_turn_id: "turn-0", initiating_agent_path: "/root" }
    const record = {
      turn_id: "turn-1",
      started_at: 1_795_212_760,
      model_context_window: 258_400,
      collaboration_mode_kind: "plan"
    }
    expect(one("task_started", { ...record, turn_attribution: attribution })).toEqual({
      _tag: "TurnStarted",
      ...place,
      turnId: "turn-1",
      trigger: "exec",
      parentTurnId: "turn-0",
      startedAt: 1_795_212_760,
      contextWindow: 258_400,
      facts: { trigger: "exec", initiating_agent_path: "/root", collaboration_mode: "plan" }
    })
  })

  test("has the alias turn_started, and needs a turn id", () => {
    expect(one("turn_started", { turn_id: "turn-1" })).toEqual(one("task_started", { turn_id: "turn-1" }))
    expect(events("task_started", { started_at: 1 })).toBeUndefined()
  })
})

describe("the end of a turn", () => {
  test("is completed with the last message", () => {
    const record = { turn_id: "turn-1", last_agent_message: "Done.", duration_ms: 1104, time_to_first_token_ms: 221 }
    expect(one("task_complete", record)).toEqual({
      _tag: "TurnEnded",
      ...place,
      outcome: "completed",
      turnId: "turn-1",
      lastMessage: "Done.",
      durationMs: 1104,
      timeToFirstTokenMs: 221
    })
    expect(one("turn_complete", record)).toEqual(one("task_complete", record))
  })

  test("is failed when it carries an error, whose code is a word or the key of an object", () => {
    const ended = (error: JsonObject) =>
      one("task_complete", { turn_id: "turn-1", error }) as { outcome?: string; error?: unknown }
    expect(ended({ message: "refused", codex_error_info: "cyber_policy" })).toMatchObject({
      outcome: "failed",
      error: { message: "refused", code: "cyber_policy" }
    })
    expect(
      ended({ message: "cut", codex_error_info: { response_stream_disconnected: { status: 500 } } }).error
    ).toEqual({
      message: "cut",
      code: "response_stream_disconnected"
    })
    expect(ended({}).error).toEqual({ message: "the turn failed" })
  })

  test("is completed where its error is null, and keeps what else it can read of odd types", () => {
    const odd = { turn_id: "turn-1", error: null, last_agent_message: null, duration_ms: "long", completed_at: {} }
    expect(one("task_complete", odd)).toEqual({ _tag: "TurnEnded", ...place, outcome: "completed", turnId: "turn-1" })
  })

  test("is interrupted with its reason, also without a turn id", () => {
    expect(one("turn_aborted", { reason: "interrupted" })).toEqual({
      _tag: "TurnEnded",
      ...place,
      outcome: "interrupted",
      reason: "interrupted"
    })
  })
})

describe("token_count", () => {
  const counts = {
    input_tokens: 10,
    cached_input_tokens: 4,
    output_tokens: 2,
    reasoning_output_tokens: 1,
    total_tokens: 12
  }

  test("tells the last response's counts, and one text for all counts, so that a repeat is seen", () => {
    const info = { last_token_usage: counts, total_token_usage: counts, model_context_window: 258_400 }
    const first = one("token_count", { info, rate_limits: { limit_id: "codex" } })
    expect(first).toMatchObject({
      _tag: "UsageCounted",
      last: { input: 10, output: 2, cached: 4, reasoning: 1, total: 12 },
      contextWindow: 258_400,
      rateLimits: { limit_id: "codex" }
    })
    const key = (event: unknown) => (event as { totalKey?: string }).totalKey
    expect(key(first)).toBe(key(one("token_count", { info })))
    const more = { ...info, total_token_usage: { ...counts, cached_input_tokens: 5 } }
    expect(key(first)).not.toBe(key(one("token_count", { info: more })))
  })

  test("may carry nothing", () => {
    expect(one("token_count", { info: null, rate_limits: null })).toEqual({ _tag: "UsageCounted", ...place })
  })

  test("counts what is cached as part of the input: nothing is added", () => {
    const event = one("token_count", { info: { last_token_usage: { input_tokens: 10, output_tokens: 2 } } })
    expect(event).toMatchObject({ last: { input: 10, output: 2 } })
  })
})

test("a rollback tells how many turns were taken back, and needs their number", () => {
  expect(one("thread_rolled_back", { num_turns: 2 })).toEqual({ _tag: "HistoryRolledBack", ...place, turns: 2 })
  expect(events("thread_rolled_back", {})).toBeUndefined()
})
