/**
 * One row an event type: which rule reduces it. A row that is missing does not compile.
 */
import type { EventBody, EventOf, EventType } from "../../wire/bundle/events.ts"
import { historyItemAccepted } from "./acceptance.ts"
import { cellEnded, cellResponded, cellStarted } from "./code-cell.ts"
import { compactionAnswered, compactionFailed, compactionInstalled, compactionRequested } from "./compaction.ts"
import { agentResultObserved } from "./edge.ts"
import { inferenceCancelled, inferenceCompleted, inferenceFailed, inferenceStarted } from "./inference.ts"
import type { Envelope, Reduction } from "./reduction.ts"
import { stdinTargetResolved } from "./terminal.ts"
import { threadEnded, threadResumed, threadStarted, turnEnded, turnStarted } from "./thread.ts"
import { mcpCallAssigned, toolEnded, toolRuntimeEnded, toolRuntimeStarted, toolStarted } from "./tool.ts"

type Rule<T extends EventType> = (reduction: Reduction, event: Envelope, body: EventOf<T>) => void

const rules: { readonly [T in EventType]: Rule<T> } = {
  rollout_started: ({ trace }, _event, body) => {
    trace.trace_id = body.trace_id
    trace.root_thread_id = body.root_thread_id
  },
  rollout_ended: ({ trace }, event, body) => {
    trace.status = body.status
    trace.ended_at_unix_ms = event.wall_time_unix_ms
  },
  // The driver reads it: it counts only if its line is whole, and nothing may follow.
  recording_completed: () => {},
  thread_started: threadStarted,
  thread_ended: threadEnded,
  thread_resumed: threadResumed,
  codex_turn_started: turnStarted,
  codex_turn_ended: turnEnded,
  history_item_accepted: historyItemAccepted,
  inference_started: inferenceStarted,
  inference_completed: inferenceCompleted,
  inference_failed: inferenceFailed,
  inference_cancelled: inferenceCancelled,
  tool_call_started: toolStarted,
  tool_call_runtime_started: toolRuntimeStarted,
  tool_call_runtime_ended: toolRuntimeEnded,
  tool_call_ended: toolEnded,
  mcp_tool_call_correlation_assigned: mcpCallAssigned,
  stdin_target_resolved: stdinTargetResolved,
  code_cell_started: cellStarted,
  code_cell_initial_response: cellResponded,
  code_cell_ended: cellEnded,
  compaction_request_started: compactionRequested,
  compaction_request_completed: compactionAnswered,
  compaction_request_failed: compactionFailed,
  compaction_installed: compactionInstalled,
  agent_result_observed: agentResultObserved,
  // Breadcrumbs of the protocol: only their payload is listed.
  protocol_event_observed: () => {}
}

/** Reduces one event into the graph. Throws `Refusal`. */
export const applyEvent = (reduction: Reduction, event: Envelope, body: EventBody): void => {
  const rule = rules[body.type] as (reduction: Reduction, event: Envelope, body: EventBody) => void
  rule(reduction, event, body)
}
