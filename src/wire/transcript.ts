/**
 * Transcript records that both dialects share: session, settings, usage, model items, compaction.
 *
 * Each shape says which versions write it. Fields that nothing reads are not listed; they are kept out, not refused.
 * Times are as Codex writes them: `_ms` is milliseconds, `started_at` and `completed_at` without a unit are seconds.
 */
import { Schema } from "effect"
import { shape } from "./shape.ts"

const { String: Text, Number: Num, Unknown, Boolean: Bool, Struct } = Schema

/** `session_meta`, 0.77 +. `session_id`, `history_mode` 0.142 +; `history_base` and `forked_from_*` 0.155 +. */
export const sessionMeta = shape((optional) => ({
  id: Text,
  session_id: optional(Text),
  timestamp: optional(Text),
  cwd: optional(Text),
  originator: optional(Text),
  cli_version: optional(Text),
  source: optional(Unknown),
  thread_source: optional(Text),
  model_provider: optional(Text),
  base_instructions: optional(Struct({ text: optional(Text) })),
  history_mode: optional(Text),
  parent_thread_id: optional(Text),
  forked_from_id: optional(Text),
  forked_from_ordinal_exclusive: optional(Num),
  /** A revert's further file of the same thread, and a fork: where the history goes on from (0.155 +). */
  history_base: optional(Struct({ thread_id: optional(Text), end_ordinal_exclusive: optional(Num) })),
  /** The first record of a child that is its own; what stands before is replayed from the parent. */
  subagent_history_start_ordinal: optional(Num),
  agent_path: optional(Text),
  agent_nickname: optional(Text),
  agent_role: optional(Text),
  git: optional(Struct({ commit_hash: optional(Text), branch: optional(Text), repository_url: optional(Text) }))
}))

/** `session_meta.git` by itself. */
export const gitInfo = shape((optional) => ({
  commit_hash: optional(Text),
  branch: optional(Text),
  repository_url: optional(Text)
}))

/** `session_meta.source.subagent.thread_spawn` of an agent's thread. */
export const threadSpawn = shape((optional) => ({
  parent_thread_id: Text,
  depth: optional(Num),
  agent_path: optional(Text),
  agent_nickname: optional(Text),
  agent_role: optional(Text)
}))

/** `turn_context`, 0.77 + (`turn_id` 0.101 +): the settings of the turn, and in 0.77 one before each request. */
export const turnContext = shape((optional) => ({
  turn_id: optional(Text),
  cwd: optional(Text),
  model: optional(Text),
  effort: optional(Text),
  summary: optional(Text),
  approval_policy: optional(Unknown),
  approvals_reviewer: optional(Text),
  sandbox_policy: optional(Unknown),
  collaboration_mode: optional(Unknown),
  multi_agent_version: optional(Text)
}))

/** `event_msg.thread_settings_applied`, 0.169. */
export const threadSettings = shape((optional) => ({
  thread_id: optional(Text),
  thread_settings: Struct({
    model: optional(Text),
    model_provider_id: optional(Text),
    service_tier: optional(Text)
  })
}))

const usageFields = {
  input_tokens: Num,
  output_tokens: Num
}

/** Token counts: cached ⊂ input, reasoning ⊂ output. */
export const usage = shape((optional) => ({
  ...usageFields,
  cached_input_tokens: optional(Num),
  cache_write_input_tokens: optional(Num),
  reasoning_output_tokens: optional(Num),
  total_tokens: optional(Num)
}))

/** `token_usage_record`, 0.155 +: one per response, right after its last output item. */
export const tokenUsageRecord = shape((optional) => ({
  response_id: Text,
  turn_id: optional(Text),
  thread_id: optional(Text),
  usage: Unknown
}))

/** `event_msg.token_count`, all versions: written late, repeated unchanged, `info` may be null. */
export const tokenCount = shape((optional) => ({
  info: optional(
    Struct({
      total_token_usage: optional(Unknown),
      last_token_usage: optional(Unknown),
      model_context_window: optional(Num)
    })
  ),
  rate_limits: optional(Unknown)
}))

/** `response_item`: the fields of a Responses API item that the reducer reads; the whole item is kept beside them. */
export const responseItem = shape((optional) => ({
  type: Text,
  id: optional(Text),
  role: optional(Text),
  call_id: optional(Text),
  name: optional(Text),
  namespace: optional(Text),
  arguments: optional(Unknown),
  input: optional(Unknown),
  status: optional(Text)
}))

/** The envelope's `metadata` of a response_item, 0.169: which history the producing request had seen. */
export const itemMetadata = shape((optional) => ({
  history_sequence: optional(Num),
  sampled_through_sequence: optional(Num)
}))

/** `internal_chat_message_metadata_passthrough`, 0.142 +: stripped before sending. */
export const passthrough = shape((optional) => ({ turn_id: optional(Text) }))

/** `compacted`, all versions; the replacement 0.101 +, `compaction_response_id` 0.169. */
export const compacted = shape((optional) => ({
  message: optional(Text),
  replacement_history: optional(Schema.Array(Unknown)),
  compaction_response_id: optional(Text)
}))

/** `inter_agent_communication_metadata`, 0.169: stands before the `agent_message` it describes. */
export const interAgentMetadata = shape((optional) => ({ trigger_turn: optional(Bool) }))

/** `task_started` (alias `turn_started`), 0.101 +. */
export const taskStarted = shape((optional) => ({
  turn_id: Text,
  started_at: optional(Num),
  model_context_window: optional(Num),
  collaboration_mode_kind: optional(Text),
  turn_attribution: optional(
    Struct({
      turn_trigger: optional(Text),
      parent_turn_id: optional(Text),
      initiating_agent_path: optional(Text)
    })
  )
}))

/** `task_complete` (alias `turn_complete`), 0.101 +: written only after the Stop hook has returned. */
export const taskComplete = shape((optional) => ({
  turn_id: optional(Text),
  last_agent_message: optional(Text),
  started_at: optional(Num),
  completed_at: optional(Num),
  duration_ms: optional(Num),
  time_to_first_token_ms: optional(Num),
  error: optional(Struct({ message: optional(Text), codex_error_info: optional(Unknown) }))
}))

/** `turn_aborted`, all versions. */
export const turnAborted = shape((optional) => ({
  turn_id: optional(Text),
  reason: optional(Text),
  started_at: optional(Num),
  completed_at: optional(Num),
  duration_ms: optional(Num)
}))

/** `thread_rolled_back`, before 0.155: the last turns are taken back from the history. */
export const threadRolledBack = shape(() => ({ num_turns: Num }))

/** `error` and `stream_error` events where a version writes them down. */
export const errorEvent = shape((optional) => ({
  message: optional(Text),
  codex_error_info: optional(Unknown)
}))

export const texts = (value: unknown): ReadonlyArray<string> | undefined =>
  Array.isArray(value) && value.every((part) => typeof part === "string") ? value : undefined
