/**
 * Turns, usage and errors: rows of `event_msg` that both dialects write.
 *
 * `task_*` has the alias `turn_*`. The end of a turn is written only after the Stop hook has returned; a turn that
 * failed is a `task_complete` with an `error`. `started_at` and `completed_at` are whole seconds and so too coarse
 * for a span: the record's own time and `duration_ms` are used instead.
 */
import type { Json } from "../wire/json.ts"
import { isObject } from "../wire/record.ts"
import * as Wire from "../wire/transcript.ts"
import { known, type Row, readUsage } from "./row.ts"

/** Codex's error info is a word or an object keyed by one. */
const errorCode = (info: unknown): string | undefined =>
  typeof info === "string" ? info : isObject(info) ? Object.keys(info)[0] : undefined

/** What went wrong in a turn, as Codex words it. */
export const errorOf = (error: { readonly message?: string | null; readonly codex_error_info?: unknown }) => {
  const code = errorCode(error.codex_error_info)
  return { message: error.message ?? "the turn failed", ...(code !== undefined && { code }) }
}

const started: Row = (payload, place) => {
  const record = Wire.taskStarted(payload)
  if (record === undefined) return undefined
  const {
    turn_trigger: trigger,
    parent_turn_id: parentTurnId,
    initiating_agent_path: initiator
  } = record.turn_attribution ?? {}
  return [
    {
      _tag: "TurnStarted",
      ...place,
      turnId: record.turn_id,
      ...(trigger != null && { trigger }),
      ...(parentTurnId != null && { parentTurnId }),
      ...(record.started_at != null && { startedAt: record.started_at }),
      ...(record.model_context_window != null && { contextWindow: record.model_context_window }),
      facts: known({
        trigger,
        initiating_agent_path: initiator,
        collaboration_mode: record.collaboration_mode_kind
      })
    }
  ]
}

const completed: Row = (payload, place) => {
  const record = Wire.taskComplete(payload)
  if (record === undefined) return undefined
  return [
    {
      _tag: "TurnEnded",
      ...place,
      outcome: record.error == null ? "completed" : "failed",
      ...(record.turn_id != null && { turnId: record.turn_id }),
      ...(record.error != null && { error: errorOf(record.error) }),
      ...(record.last_agent_message != null && { lastMessage: record.last_agent_message }),
      ...(record.started_at != null && { startedAt: record.started_at }),
      ...(record.duration_ms != null && { durationMs: record.duration_ms }),
      ...(record.time_to_first_token_ms != null && { timeToFirstTokenMs: record.time_to_first_token_ms })
    }
  ]
}

const aborted: Row = (payload, place) => {
  const record = Wire.turnAborted(payload)
  if (record === undefined) return undefined
  return [
    {
      _tag: "TurnEnded",
      ...place,
      outcome: "interrupted",
      ...(record.turn_id != null && { turnId: record.turn_id }),
      ...(record.reason != null && { reason: record.reason }),
      ...(record.started_at != null && { startedAt: record.started_at }),
      ...(record.duration_ms != null && { durationMs: record.duration_ms })
    }
  ]
}

const tokenCount: Row = (payload, place) => {
  const record = Wire.tokenCount(payload)
  if (record === undefined) return undefined
  const info = record.info
  const last = readUsage(info?.last_token_usage)
  const total = readUsage(info?.total_token_usage)
  return [
    {
      _tag: "UsageCounted",
      ...place,
      ...(last && { last }),
      ...(total && { totalKey: JSON.stringify(total) }),
      ...(info?.model_context_window != null && { contextWindow: info.model_context_window }),
      ...(isObject(record.rate_limits) && { rateLimits: record.rate_limits as Json })
    }
  ]
}

const rolledBack: Row = (payload, place) => {
  const record = Wire.threadRolledBack(payload)
  return record && [{ _tag: "HistoryRolledBack", ...place, turns: record.num_turns }]
}

export const turnRows: { readonly [type: string]: Row | undefined } = {
  task_started: started,
  turn_started: started,
  task_complete: completed,
  turn_complete: completed,
  turn_aborted: aborted,
  token_count: tokenCount,
  thread_rolled_back: rolledBack
}
