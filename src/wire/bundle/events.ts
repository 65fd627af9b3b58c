/**
 * The events of `trace.jsonl`, one table row a type, as Codex 0.128 to 0.169 write them (rollout-trace.md §1.3).
 *
 * Owns the fields; which release knows which type, and what an event means, is the reducer's (src/bundle). Names and
 * units are Codex's: snake_case, milliseconds since 1970, `seq` from 1.
 */
import {
  type Decoded,
  type Decoder,
  i64,
  literal,
  oneOf,
  optional,
  record,
  type Struct,
  type Tagged,
  tagged,
  text,
  u32,
  u64
} from "./fields.ts"
import { type JsonValue, member, textMember } from "./json.ts"

/** How far a piece of work got. */
export const executionStatus = oneOf("running", "completed", "failed", "cancelled", "aborted")
export type ExecutionStatus = Decoded<typeof executionStatus>

export const rolloutStatus = oneOf("running", "completed", "failed", "aborted")
export type RolloutStatus = Decoded<typeof rolloutStatus>

export const cellStatus = oneOf("starting", "running", "yielded", "completed", "failed", "terminated")
export type CellStatus = Decoded<typeof cellStatus>

/** What a payload file holds. Which kind stands where is not checked, by Codex neither. */
const payloadKind = tagged(
  {
    inference_request: {},
    inference_response: {},
    compaction_request: {},
    compaction_checkpoint: {},
    compaction_response: {},
    tool_invocation: {},
    tool_result: {},
    tool_runtime_event: {},
    terminal_runtime_event: {},
    protocol_event: {},
    session_metadata: {},
    agent_result: {}
  },
  "payload kind"
)

/** A reference to a payload file; `path` is relative to the bundle. */
export const payloadRef = record({ raw_payload_id: text, kind: payloadKind, path: text })
export type PayloadRef = Decoded<typeof payloadRef>

const requester = tagged({ model: {}, code_cell: { runtime_cell_id: text } }, "requester")

export const toolKind = tagged(
  {
    exec_command: {},
    write_stdin: {},
    apply_patch: {},
    mcp: { server: text, tool: text },
    web: {},
    image_generation: {},
    spawn_agent: {},
    assign_agent_task: {},
    send_message: {},
    wait_agent: {},
    close_agent: {},
    other: { name: text }
  },
  "tool kind"
)
export type ToolKind = Decoded<typeof toolKind>

export const toolSummary = tagged(
  {
    generic: { label: text, input_preview: optional(text), output_preview: optional(text) },
    terminal: { operation_id: text },
    agent: { target_agent_path: text, task_name: optional(text), message_preview: text },
    wait_agent: { target_agent_path: optional(text), timeout_ms: optional(literal(u64)) }
  },
  "summary"
)
export type ToolSummary = Decoded<typeof toolSummary>

const inferenceEnd = {
  inference_call_id: text,
  upstream_request_id: optional(text)
}
const compactionRequest = { compaction_id: text, compaction_request_id: text }

/** One row a type. The comments name the first release that writes it; without one: 0.128. */
export const eventTypes = {
  rollout_started: { trace_id: text, root_thread_id: text },
  rollout_ended: { status: rolloutStatus },
  recording_completed: {}, // 0.169
  thread_started: { thread_id: text, agent_path: text, metadata_payload: optional(payloadRef) },
  thread_ended: { thread_id: text, status: rolloutStatus },
  thread_resumed: { thread_id: text }, // 0.166
  codex_turn_started: { codex_turn_id: text, thread_id: text },
  codex_turn_ended: { codex_turn_id: text, status: executionStatus },
  history_item_accepted: { item_id: text, agent_message_payload: optional(payloadRef) }, // 0.165
  inference_started: {
    inference_call_id: text,
    thread_id: text,
    codex_turn_id: text,
    model: text,
    provider_name: text,
    request_payload: payloadRef
  },
  inference_completed: { ...inferenceEnd, response_id: optional(text), response_payload: payloadRef },
  inference_failed: { ...inferenceEnd, error: text, partial_response_payload: optional(payloadRef) },
  inference_cancelled: { ...inferenceEnd, reason: text, partial_response_payload: optional(payloadRef) },
  tool_call_started: {
    tool_call_id: text,
    model_visible_call_id: optional(text),
    code_mode_runtime_tool_id: optional(text),
    requester,
    kind: toolKind,
    summary: toolSummary,
    invocation_payload: optional(payloadRef)
  },
  // `kind`: 0.166, required.
  tool_call_runtime_started: { tool_call_id: text, kind: optional(toolKind), runtime_payload: payloadRef },
  tool_call_runtime_ended: { tool_call_id: text, status: executionStatus, runtime_payload: payloadRef },
  tool_call_ended: { tool_call_id: text, status: executionStatus, result_payload: optional(payloadRef) },
  mcp_tool_call_correlation_assigned: { tool_call_id: text, mcp_call_id: text }, // 0.142
  stdin_target_resolved: { tool_call_id: text, exec_tool_call_id: text }, // 0.164
  code_cell_started: { runtime_cell_id: text, model_visible_call_id: text, source_js: text },
  code_cell_initial_response: { runtime_cell_id: text, status: cellStatus, response_payload: optional(payloadRef) },
  code_cell_ended: { runtime_cell_id: text, status: cellStatus, response_payload: optional(payloadRef) },
  compaction_request_started: {
    ...compactionRequest,
    thread_id: text,
    codex_turn_id: text,
    model: text,
    provider_name: text,
    request_payload: payloadRef
  },
  compaction_request_completed: { ...compactionRequest, response_payload: payloadRef },
  compaction_request_failed: { ...compactionRequest, error: text },
  compaction_installed: { compaction_id: text, checkpoint_payload: payloadRef },
  agent_result_observed: {
    edge_id: text,
    child_thread_id: text,
    child_codex_turn_id: text,
    parent_thread_id: text,
    message: text,
    carried_payload: optional(payloadRef)
  },
  protocol_event_observed: { event_type: text, event_payload: payloadRef }
} as const

export type EventType = keyof typeof eventTypes
/** What an event says, without its envelope. */
export type EventBody = Tagged<typeof eventTypes>
/** The body of a type, or of each of several types. */
export type EventOf<T extends EventType> = T extends EventType
  ? { readonly type: T } & Struct<(typeof eventTypes)[T]>
  : never

const envelope = <B>(payload: Decoder<B>) =>
  record({
    schema_version: literal(u32),
    seq: literal(u64),
    wall_time_unix_ms: literal(i64),
    rollout_id: text,
    thread_id: optional(text),
    codex_turn_id: optional(text),
    payload
  })

/** The keys of the envelope: whatever else a line has is ignored, and read as loosely as Codex does. */
export const envelopeKeys: ReadonlySet<string> = new Set([
  "schema_version",
  "seq",
  "wall_time_unix_ms",
  "rollout_id",
  "thread_id",
  "codex_turn_id",
  "payload"
])

/** One line of the log: envelope and body. */
export type BundleEvent = Decoded<ReturnType<typeof envelope<EventBody>>>

/** What a release knows of the table above. */
export interface EventDialect {
  /** Types that came later: to this release they are unknown. */
  readonly unknownTypes: ReadonlyArray<EventType>
  readonly runtimeKind: "ignored" | "required"
  /** Whether it knows that an acceptance can carry the message that was accepted. */
  readonly receipts: boolean
}

/** A decoder of lines that were read strictly, as a release would decode them. Throws `Malformed`. */
export const eventDecoder = (dialect: EventDialect): Decoder<BundleEvent> => {
  const known = Object.entries(eventTypes).filter(([type]) => !dialect.unknownTypes.includes(type as EventType))
  const kind = dialect.runtimeKind === "required" ? toolKind : () => null
  const types = {
    ...(Object.fromEntries(known) as typeof eventTypes),
    tool_call_runtime_started: { ...eventTypes.tool_call_runtime_started, kind },
    ...(dialect.receipts || dialect.unknownTypes.includes("history_item_accepted")
      ? {}
      : { history_item_accepted: { item_id: text, agent_message_payload: () => null } })
  }
  return envelope(tagged(types, "event type") as Decoder<EventBody>)
}

/** The type of a line that could not be decoded, as far as it says one. */
export const eventTypeOf = (line: JsonValue): string | undefined => textMember(member(line, "payload"), "type")

/** The payload references of an event, in the order of its fields. */
export const payloadRefs = (body: EventBody): ReadonlyArray<PayloadRef> => {
  const refs: Array<PayloadRef> = []
  for (const value of Object.values(body)) if (isPayloadRef(value)) refs.push(value)
  return refs
}

const isPayloadRef = (value: unknown): value is PayloadRef =>
  typeof value === "object" && value !== null && "raw_payload_id" in value
