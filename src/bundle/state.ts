/**
 * The reduced graph of a bundle: what `state.json` holds (rollout-trace.md §2), under Codex's names.
 *
 * Owns the shape. Fields stand in the order in which they are written; maps are keyed by the id in the first field.
 * `null` is written, `undefined` is left out: a field that only some generations have, or that is not known.
 * Times are milliseconds since 1970, `seq` is the event's. Mutable, because the reducer builds it in place; whoever
 * gets a finished one leaves it alone.
 */
import type {
  CellStatus,
  ExecutionStatus,
  PayloadRef,
  RolloutStatus,
  ToolKind,
  ToolSummary
} from "../wire/bundle/events.ts"
import type { Integer } from "../wire/bundle/fields.ts"

export interface Trace {
  readonly schema_version: 1 | 2
  trace_id: string
  readonly rollout_id: string
  readonly started_at_unix_ms: Integer
  ended_at_unix_ms: Integer | null
  status: RolloutStatus
  recording_complete: boolean | undefined
  root_thread_id: string
  readonly threads: Map<string, Thread>
  readonly codex_turns: Map<string, Turn>
  readonly conversation_items: Map<string, ConversationItem>
  readonly inference_calls: Map<string, InferenceCall>
  readonly code_cells: Map<string, CodeCell>
  readonly tool_calls: Map<string, ToolCall>
  readonly terminal_sessions: Map<string, TerminalSession>
  readonly terminal_operations: Map<string, TerminalOperation>
  readonly compactions: Map<string, Compaction>
  readonly compaction_requests: Map<string, CompactionRequest>
  readonly interaction_edges: Map<string, InteractionEdge>
  readonly raw_payloads: Map<string, PayloadRef>
}

/** When a piece of work ran, and how far it got. */
export interface Execution {
  started_at_unix_ms: Integer
  started_seq: Integer
  ended_at_unix_ms: Integer | null
  ended_seq: Integer | null
  status: ExecutionStatus
}

export type ThreadOrigin =
  | { readonly type: "root" }
  | {
      readonly type: "spawned"
      readonly parent_thread_id: string
      readonly spawn_edge_id: string
      readonly task_name: string
      readonly agent_role: string
    }

export interface Thread {
  readonly thread_id: string
  readonly agent_path: string
  readonly nickname: string | null
  readonly origin: ThreadOrigin
  readonly execution: Execution
  readonly default_model: string | null
  conversation_item_ids: Array<string>
}

export interface Turn {
  readonly codex_turn_id: string
  readonly thread_id: string
  readonly execution: Execution
  readonly input_item_ids: ReadonlyArray<string>
}

export type Role = "system" | "developer" | "user" | "assistant" | "tool"
export type Channel = "analysis" | "commentary" | "final" | "summary"
export type ItemKind =
  | "message"
  | "reasoning"
  | "function_call"
  | "function_call_output"
  | "custom_tool_call"
  | "custom_tool_call_output"
  | "compaction_marker"

export type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "summary"; readonly text: string }
  | { readonly type: "encoded"; readonly label: string; readonly value: string }
  | { readonly type: "json"; readonly summary: string; readonly raw_payload_id: string }
  | { readonly type: "code"; readonly language: string; readonly source: string }
  | {
      readonly type: "payload_ref"
      readonly label: string
      readonly raw_payload_id: string
      readonly content_sha256: string | undefined
    }

export type Producer =
  | { readonly type: "inference"; readonly inference_call_id: string }
  | { readonly type: "tool"; readonly tool_call_id: string }
  | { readonly type: "code_cell"; readonly code_cell_id: string }
  | { readonly type: "compaction"; readonly compaction_id: string }

export interface ConversationItem {
  readonly item_id: string
  responses_item_id: string | undefined
  accepted_at_unix_ms: Integer | undefined
  accepted_seq: Integer | undefined
  readonly thread_id: string
  readonly codex_turn_id: string | null
  readonly first_seen_at_unix_ms: Integer
  readonly role: Role
  readonly channel: Channel | null
  readonly kind: ItemKind
  readonly agent_message: { readonly author: string; readonly recipient: string } | undefined
  readonly body: { parts: ReadonlyArray<Part> }
  readonly call_id: string | null
  readonly produced_by: Array<Producer>
}

export interface Usage {
  readonly input_tokens: Integer
  readonly cached_input_tokens: Integer
  readonly cache_write_input_tokens: Integer | undefined
  readonly output_tokens: Integer
  readonly reasoning_output_tokens: Integer
}

export interface InferenceCall {
  readonly inference_call_id: string
  readonly thread_id: string
  readonly codex_turn_id: string
  readonly execution: Execution
  readonly model: string
  readonly provider_name: string
  response_id: string | null
  upstream_request_id: string | null
  readonly request_item_ids: ReadonlyArray<string>
  response_item_ids: ReadonlyArray<string>
  readonly tool_call_ids_started_by_response: Array<string>
  usage: Usage | null
  readonly raw_request_payload_id: string
  raw_response_payload_id: string | null
}

export interface CodeCell {
  readonly code_cell_id: string
  readonly model_visible_call_id: string
  readonly thread_id: string
  readonly codex_turn_id: string
  readonly source_item_id: string
  readonly output_item_ids: Array<string>
  runtime_cell_id: string
  readonly execution: Execution
  runtime_status: CellStatus
  initial_response_at_unix_ms: Integer | null
  initial_response_seq: Integer | null
  initial_response_status: CellStatus | null | undefined
  raw_initial_response_payload_id: string | null | undefined
  raw_result_payload_id: string | null | undefined
  yielded_at_unix_ms: Integer | null
  yielded_seq: Integer | null
  readonly source_js: string
  readonly nested_tool_call_ids: Array<string>
  readonly wait_tool_call_ids: Array<string>
}

export type Requester = { readonly type: "model" } | { readonly type: "code_cell"; readonly code_cell_id: string }

export interface ToolCall {
  readonly tool_call_id: string
  mcp_call_id: string | null | undefined
  readonly model_visible_call_id: string | null
  readonly code_mode_runtime_tool_id: string | null
  started_code_cell_id: string | undefined
  readonly thread_id: string
  readonly started_by_codex_turn_id: string | null
  readonly execution: Execution
  readonly requester: Requester
  kind: ToolKind
  readonly model_visible_call_item_ids: Array<string>
  readonly model_visible_output_item_ids: Array<string>
  terminal_operation_id: string | null
  summary: ToolSummary
  readonly raw_invocation_payload_id: string | null
  raw_result_payload_id: string | null
  readonly raw_runtime_payload_ids: Array<string>
}

export interface TerminalSession {
  readonly terminal_id: string
  readonly thread_id: string
  readonly created_by_operation_id: string
  readonly operation_ids: Array<string>
  readonly execution: Execution
}

export type TerminalRequest =
  | {
      readonly type: "exec_command"
      readonly command: ReadonlyArray<string>
      readonly display_command: string
      readonly cwd: string
      readonly yield_time_ms: Integer | null
      readonly max_output_tokens: Integer | null
    }
  | {
      readonly type: "write_stdin"
      readonly stdin: string
      readonly yield_time_ms: Integer | null
      readonly max_output_tokens: Integer | null
    }

export interface TerminalResult {
  readonly exit_code: Integer | null
  readonly stdout: string
  readonly stderr: string
  readonly formatted_output: string | null
  readonly original_token_count: Integer | null
  readonly chunk_id: string | null
}

export interface TerminalObservation {
  readonly call_item_ids: ReadonlyArray<string>
  readonly output_item_ids: ReadonlyArray<string>
  readonly source: "direct_tool_call"
}

export interface TerminalOperation {
  readonly operation_id: string
  terminal_id: string | null
  readonly tool_call_id: string
  readonly kind: "exec_command" | "write_stdin"
  readonly execution: Execution
  readonly request: TerminalRequest
  result: TerminalResult | null
  model_observations: ReadonlyArray<TerminalObservation>
  readonly raw_payload_ids: Array<string>
}

export interface Compaction {
  readonly compaction_id: string
  readonly thread_id: string
  readonly codex_turn_id: string
  readonly installed_at_unix_ms: Integer
  readonly marker_item_id: string
  readonly request_ids: ReadonlyArray<string>
  readonly input_item_ids: ReadonlyArray<string>
  readonly replacement_item_ids: ReadonlyArray<string>
}

export interface CompactionRequest {
  readonly compaction_request_id: string
  readonly compaction_id: string
  readonly thread_id: string
  readonly codex_turn_id: string
  readonly execution: Execution
  readonly model: string
  readonly provider_name: string
  readonly raw_request_payload_id: string
  raw_response_payload_id: string | null
}

export type EdgeKind = "spawn_agent" | "assign_agent_task" | "send_message" | "agent_result" | "close_agent"

/** One end of an edge. */
export type Anchor =
  | { readonly type: "conversation_item"; readonly item_id: string }
  | { readonly type: "tool_call"; readonly tool_call_id: string }
  | { readonly type: "thread"; readonly thread_id: string }

export interface InteractionEdge {
  readonly edge_id: string
  readonly kind: EdgeKind
  readonly source: Anchor
  readonly target: Anchor
  started_at_unix_ms: Integer
  ended_at_unix_ms: Integer | null
  readonly carried_item_ids: Array<string>
  readonly carried_raw_payload_ids: Array<string>
}
