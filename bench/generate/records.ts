/**
 * The records of a made-up 0.169 transcript, and the state that they count up: clock, ordinals, tokens, history length.
 *
 * Says how a record looks; session.ts says which one comes when.
 */
import type { Chance } from "./chance.ts"

export interface Line {
  readonly timestamp: string
  readonly ordinal: number
  readonly type: string
  readonly payload: object
}

export interface Tokens {
  input_tokens: number
  cached_input_tokens: number
  cache_write_input_tokens: number
  output_tokens: number
  reasoning_output_tokens: number
  total_tokens: number
}

export interface Session {
  readonly luck: Chance
  readonly threadId: string
  nowMs: number
  ordinal: number
  turnId: string
  requests: number
  /** Characters of the history as the next request will carry it; four of them count as a token. */
  historyLength: number
  /** Sequence of the newest history item. */
  sequence: number
  /** What the latest request had seen: the same for all items of its response. */
  sampledThrough: number
  /** Whether the last item was the model's. */
  isProducing: boolean
  windowNumber: number
  readonly kept: Array<object>
  readonly threadTokens: Tokens
  turnTokens: Tokens
}

export const model = "gpt-5.5"

/** Tokens after which Codex compacts, and the window it reports. */
export const compactAt = 230_000
export const contextWindow = 258_400

/** User messages that a compaction keeps. */
export const keptMessages = 12

export const noTokens = (): Tokens => ({
  input_tokens: 0,
  cached_input_tokens: 0,
  cache_write_input_tokens: 0,
  output_tokens: 0,
  reasoning_output_tokens: 0,
  total_tokens: 0
})

const add = (to: Tokens, more: Tokens) => {
  for (const key of Object.keys(more) as ReadonlyArray<keyof Tokens>) to[key] += more[key]
}

export const record = (session: Session, type: string, payload: object): Line => {
  session.nowMs += session.luck.between(1, 4)
  return { timestamp: new Date(session.nowMs).toISOString(), ordinal: session.ordinal++, type, payload }
}

export const event = (session: Session, payload: object) => record(session, "event_msg", payload)

interface ItemPayload {
  readonly type: string
  readonly role?: string
  readonly [key: string]: unknown
}

const producedTypes = new Set(["reasoning", "function_call", "custom_tool_call"])

const isProduced = (payload: ItemPayload): boolean => producedTypes.has(payload.type) || payload.role === "assistant"

/** A history item: what the model will see from the next request on. */
export const item = (session: Session, payload: ItemPayload, length: number) => {
  session.historyLength += length
  if (isProduced(payload) && !session.isProducing) session.sampledThrough = session.sequence
  session.isProducing = isProduced(payload)
  session.sequence++
  return {
    ...record(session, "response_item", {
      ...payload,
      internal_chat_message_metadata_passthrough: { turn_id: session.turnId, create_time: session.nowMs / 1000 }
    }),
    metadata: {
      history_sequence: session.sequence,
      sampled_through_sequence: session.sampledThrough,
      client_authored: false
    }
  }
}

export const completed = (session: Session, payload: object, startedMs: number) =>
  event(session, {
    type: "item_completed",
    thread_id: session.threadId,
    turn_id: session.turnId,
    item: payload,
    started_at_ms: startedMs,
    completed_at_ms: session.nowMs
  })

export const tokenCount = (session: Session, last: Tokens) =>
  event(session, {
    type: "token_count",
    info: {
      total_token_usage: { ...session.threadTokens },
      last_token_usage: last,
      last_usage_includes_reasoning: false,
      model_context_window: contextWindow
    },
    rate_limits: {
      limit_id: "codex",
      limit_name: null,
      primary: { used_percent: session.requests % 100, window_minutes: 300, resets_at: 1795230000 },
      secondary: null,
      credits: null,
      plan_type: null
    }
  })

export const turnContext = (session: Session) =>
  record(session, "turn_context", {
    turn_id: session.turnId,
    root_turn_id: session.turnId,
    disabled_plugin_ids: [],
    cwd: "/home/dev/project",
    approval_policy: "never",
    approvals_reviewer: "user",
    permission_profile: { type: "disabled" },
    model,
    collaboration_mode: {
      mode: "default",
      settings: { model, reasoning_effort: "medium", developer_instructions: null }
    },
    multi_agent_version: "v1",
    realtime_active: false,
    summary: "auto",
    sandbox_policy: { type: "danger-full-access" }
  })

export const worldState = (session: Session) =>
  record(session, "world_state", {
    full: true,
    state: {
      environments: { local: { cwd: "/home/dev/project", status: "available", shell: "bash" } },
      model,
      host_skills: { body: session.luck.text(2_400) },
      realtime: { active: false }
    }
  })

/** Usage of the request that was just answered. */
export const used = (session: Session, outputLength: number): Tokens => {
  const input = Math.floor(session.historyLength / 4)
  const output = Math.ceil(outputLength / 4)
  const last: Tokens = {
    input_tokens: input,
    cached_input_tokens: Math.floor(input * 0.9),
    cache_write_input_tokens: 0,
    output_tokens: output,
    reasoning_output_tokens: Math.floor(output / 3),
    total_tokens: input + output
  }
  add(session.threadTokens, last)
  add(session.turnTokens, last)
  return last
}

export const usageRecord = (session: Session, usage: Tokens) =>
  record(session, "token_usage_record", {
    thread_id: session.threadId,
    turn_id: session.turnId,
    session_id: session.threadId,
    root_turn_id: session.turnId,
    response_id: `resp_${session.requests}`,
    usage,
    turn_token_usage: { ...session.turnTokens },
    thread_token_usage: { ...session.threadTokens }
  })
