/**
 * Terminals: operations (a command, or input to one) and the sessions that they share (rollout-trace.md §3.9).
 *
 * Owns operations and sessions. A session is known by the process id of its terminal; from 0.164 on it belongs to the
 * command that opened it, so that a process id used again is another session. Nothing records a session's end: it
 * stays `running`. What a response says is read by terminal-response.ts.
 */
import type { EventOf, ExecutionStatus, PayloadRef } from "../../wire/bundle/events.ts"
import { type JsonValue, readJsonTextIfValid } from "../../wire/bundle/json.ts"
import {
  dispatchedCall,
  dispatchedCallBefore164,
  execBegin,
  stdinArgumentKeys,
  stdinArguments
} from "../../wire/bundle/payloads.ts"
import { Refusal, refuse } from "../refusal.ts"
import type { TerminalOperation, TerminalRequest, ToolCall } from "../state.ts"
import {
  decodePayload,
  type Envelope,
  finish,
  pair,
  pushUnique,
  type Reduction,
  readPayload,
  started
} from "./reduction.ts"
import { processIdOf, readResponse } from "./terminal-response.ts"

export interface TerminalIndex {
  operationCount: number
  /** Thread and process id → session (0.164 on). */
  readonly byProcess: Map<string, string>
  /** Process id by operation, as far as it is known (0.164 on). */
  readonly processOf: Map<string, string>
}

interface Opening {
  readonly processId: string | null
  readonly request: TerminalRequest
}

/** The operation of a `write_stdin` call, from its invocation: for that tool there may be no report of the runtime. */
export const beginFromInvocation = (
  reduction: Reduction,
  event: Envelope,
  threadId: string,
  toolId: string,
  invocation: JsonValue | undefined,
  ref: PayloadRef
): string | null => {
  const { features } = reduction
  const form = features.sessionPerCommand ? dispatchedCall : dispatchedCallBefore164
  const call = decodePayload("terminal", "a dispatched call", form, invocation, ref)
  if (call.tool_namespace !== null) return null
  if (call.tool_name !== "write_stdin" || call.payload.type !== "function" || call.payload.arguments === null) {
    refuse("terminal", `the invocation of ${toolId} is no function call of write_stdin with arguments`, ref.path)
  }
  const opening = stdinOpening(reduction, call.payload.arguments, ref)
  if (opening !== undefined) return begin(reduction, event, threadId, toolId, "write_stdin", opening, ref)
  if (features.forgiving) return null
  refuse("terminal", `the arguments of ${toolId} do not name a session_id`, ref.path)
}

/** Undefined where the arguments do not have the form of `write_stdin`'s. */
const stdinOpening = (reduction: Reduction, text: string, ref: PayloadRef): Opening | undefined => {
  const value = readJsonTextIfValid(text, reduction.features.numbers, stdinArgumentKeys)
  if (value === undefined) return undefined
  try {
    const args = decodePayload("terminal", "the arguments of write_stdin", stdinArguments, value, ref)
    const processId = processIdOf(args.session_id)
    if (processId === undefined) return undefined
    return {
      processId,
      request: {
        type: "write_stdin",
        stdin: args.chars,
        yield_time_ms: args.yield_time_ms,
        max_output_tokens: args.max_output_tokens
      }
    }
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

/** The operation that the runtime reports to have begun. */
export const beginFromRuntime = (
  reduction: Reduction,
  event: Envelope,
  tool: ToolCall,
  kind: TerminalOperation["kind"],
  ref: PayloadRef
): string => {
  const report = decodePayload("terminal", "the begin of a command", execBegin, readPayload(reduction, ref), ref)
  const request: TerminalRequest =
    kind === "exec_command"
      ? {
          type: "exec_command",
          command: report.command,
          display_command: report.command.join(" "),
          cwd: report.cwd,
          yield_time_ms: null,
          max_output_tokens: null
        }
      : { type: "write_stdin", stdin: report.interaction_input ?? "", yield_time_ms: null, max_output_tokens: null }
  const opening = { processId: report.process_id, request }
  return begin(reduction, event, tool.thread_id, tool.tool_call_id, kind, opening, ref)
}

const begin = (
  reduction: Reduction,
  event: Envelope,
  threadId: string,
  toolId: string,
  kind: TerminalOperation["kind"],
  opening: Opening,
  ref: PayloadRef
): string => {
  reduction.touched = true
  const operation: TerminalOperation = {
    operation_id: `terminal_operation:${++reduction.terminals.operationCount}`,
    terminal_id: null,
    tool_call_id: toolId,
    kind,
    execution: started(event),
    request: opening.request,
    result: null,
    model_observations: [],
    raw_payload_ids: [ref.raw_payload_id]
  }
  reduction.trace.terminal_operations.set(operation.operation_id, operation)
  if (opening.processId !== null) join(reduction, threadId, operation, opening.processId)
  return operation.operation_id
}

/** A payload that ends an operation, and what it says. */
export interface OperationEnd {
  readonly ref: PayloadRef
  readonly report: JsonValue
}

/** Ends an operation; without a payload only its window is closed. */
export const endOperation = (
  reduction: Reduction,
  event: Envelope,
  threadId: string,
  operationId: string,
  status: ExecutionStatus,
  end: OperationEnd | null
): void => {
  const operation = reduction.trace.terminal_operations.get(operationId)
  if (operation === undefined) return
  const response = end === null ? undefined : readResponse(reduction, operation.kind, end)
  reduction.touched = true
  finish(operation.execution, event, status)
  const known = processOf(reduction, operation)
  if (response !== undefined && end !== null) {
    const { ref } = end
    pushUnique(operation.raw_payload_ids, ref.raw_payload_id)
    if (known !== null && response.processId !== null && response.processId !== known) {
      refuse("terminal", `${operationId} began in process ${known} and ends in process ${response.processId}`, ref.path)
    }
    operation.result = response.result
  }
  const processId = known ?? response?.processId ?? null
  if (processId !== null && operation.terminal_id === null) join(reduction, threadId, operation, processId)
  else if (processId !== null && !reduction.features.sessionPerCommand) join(reduction, threadId, operation, processId)
}

const processOf = (reduction: Reduction, operation: TerminalOperation): string | null =>
  reduction.features.sessionPerCommand
    ? (reduction.terminals.processOf.get(operation.operation_id) ?? null)
    : operation.terminal_id

/** Puts an operation into the session of its process, which it may open. */
const join = (reduction: Reduction, threadId: string, operation: TerminalOperation, processId: string): void => {
  const { features, terminals, trace } = reduction
  let sessionId = processId
  if (features.sessionPerCommand) {
    const key = pair(threadId, processId)
    const open = operation.kind === "write_stdin" ? terminals.byProcess.get(key) : undefined
    sessionId = open ?? `terminal_session:${operation.operation_id}`
    terminals.processOf.set(operation.operation_id, processId)
    terminals.byProcess.set(key, sessionId)
  } else {
    const owner = trace.terminal_sessions.get(processId)?.thread_id ?? threadId
    if (owner !== threadId) refuse("terminal", `process ${processId} belongs to thread ${owner}, not to ${threadId}`)
  }
  operation.terminal_id = sessionId
  enter(reduction, threadId, operation, sessionId)
}

const enter = (reduction: Reduction, threadId: string, operation: TerminalOperation, sessionId: string): void => {
  const sessions = reduction.trace.terminal_sessions
  const session = sessions.get(sessionId)
  if (session !== undefined) {
    pushUnique(session.operation_ids, operation.operation_id)
    return
  }
  const { started_at_unix_ms, started_seq } = operation.execution
  sessions.set(sessionId, {
    terminal_id: sessionId,
    thread_id: threadId,
    created_by_operation_id: operation.operation_id,
    operation_ids: [operation.operation_id],
    execution: { started_at_unix_ms, started_seq, ended_at_unix_ms: null, ended_seq: null, status: "running" }
  })
}

/** The runtime says to which command an input went; it may be one of another thread. */
export const stdinTargetResolved = (
  reduction: Reduction,
  _event: Envelope,
  body: EventOf<"stdin_target_resolved">
): void => {
  const operationOf = (toolId: string): TerminalOperation | undefined => {
    const tool =
      reduction.trace.tool_calls.get(toolId) ??
      refuse("terminal", `the target of an input names tool call ${toolId}, which never started`)
    return tool.terminal_operation_id === null
      ? undefined
      : reduction.trace.terminal_operations.get(tool.terminal_operation_id)
  }
  const input = operationOf(body.tool_call_id)
  const command = operationOf(body.exec_tool_call_id)
  const sessionId = command?.terminal_id ?? null
  if (input === undefined || command === undefined || sessionId === null) return
  reduction.touched = true
  const sessions = reduction.trace.terminal_sessions
  const left =
    input.terminal_id === null || input.terminal_id === sessionId ? undefined : sessions.get(input.terminal_id)
  if (left !== undefined) {
    const place = left.operation_ids.indexOf(input.operation_id)
    if (place >= 0) left.operation_ids.splice(place, 1)
    if (left.operation_ids.length === 0) sessions.delete(left.terminal_id)
  }
  const processId = reduction.terminals.processOf.get(command.operation_id)
  if (processId !== undefined) reduction.terminals.processOf.set(input.operation_id, processId)
  input.terminal_id = sessionId
  const session = sessions.get(sessionId)
  if (session !== undefined) pushUnique(session.operation_ids, input.operation_id)
}
