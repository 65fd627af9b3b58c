/**
 * Tool calls: the call as it was dispatched, what the runtime reported of it, and its result (rollout-trace.md §3.8).
 *
 * Owns the five tool events. The links to the conversation are in tool-links.ts, terminals in terminal.ts, messages
 * to agents in agent.ts, cells in code-cell.ts. Tool, operation and thread status are independent of each other.
 */
import type { EventOf, PayloadRef } from "../../wire/bundle/events.ts"
import { type JsonValue, member, readJsonTextIfValid, textMember } from "../../wire/bundle/json.ts"
import { mcpInvocation } from "../../wire/bundle/payloads.ts"
import { refuse } from "../refusal.ts"
import type { Requester, ToolCall } from "../state.ts"
import { agentCallBegan, agentCallEnded, opensRuntimeEnd } from "./agent.ts"
import { cellOfRuntime, nestTool, runtimeKey } from "./code-cell.ts"
import { carryResult } from "./edge.ts"
import {
  decodePayload,
  type Envelope,
  finish,
  historyOf,
  pushUnique,
  type Reduction,
  readPayload,
  requireTurn,
  started
} from "./reduction.ts"
import { beginFromInvocation, beginFromRuntime, endOperation } from "./terminal.ts"
import { callKinds, itemsOfCall, linkOutput, linkToolToResponses, outputKinds, showInTerminal } from "./tool-links.ts"

/** What the rules look at in an invocation. */
const invocationKeys = new Set(["tool_name", "tool_namespace", "payload"])

export const toolStarted = (reduction: Reduction, event: Envelope, body: EventOf<"tool_call_started">): void => {
  const id = body.tool_call_id
  const callId = body.model_visible_call_id
  if (reduction.trace.tool_calls.has(id)) refuse("tool", `tool call ${id} starts a second time`)
  if (callId !== null && reduction.toolsByCall.has(callId)) {
    refuse("tool", `tool call ${id} answers call id ${callId}, which another tool call answers already`)
  }
  const threadId = threadOfTool(reduction, event, id)
  const history = historyOf(reduction, threadId)
  if (event.codex_turn_id !== null) requireTurn(reduction, `tool call ${id}`, event.codex_turn_id, threadId)
  const requester: Requester =
    body.requester.type === "model"
      ? { type: "model" }
      : {
          type: "code_cell",
          code_cell_id: cellOfRuntime(reduction, threadId, body.requester.runtime_cell_id, `nested tool call ${id}`)
        }
  const invocation =
    body.invocation_payload === null ? undefined : readPayload(reduction, body.invocation_payload, invocationKeys)
  const begin = body.kind.type === "write_stdin" ? body.invocation_payload : null
  const operationId = begin === null ? null : beginFromInvocation(reduction, event, threadId, id, invocation, begin)
  if (body.invocation_payload !== null) linkWait(reduction, threadId, id, invocation, body.invocation_payload)

  const calls = callId === null ? [] : itemsOfCall(reduction, history, callId, callKinds)
  const outputs = callId === null ? [] : itemsOfCall(reduction, history, callId, outputKinds)
  const tool: ToolCall = {
    tool_call_id: id,
    mcp_call_id: reduction.features.agentMessages ? null : undefined,
    model_visible_call_id: callId,
    code_mode_runtime_tool_id: body.code_mode_runtime_tool_id,
    started_code_cell_id: undefined,
    thread_id: threadId,
    started_by_codex_turn_id: event.codex_turn_id,
    execution: started(event),
    requester,
    kind: body.kind,
    model_visible_call_item_ids: calls.map((item) => item.state.item_id),
    model_visible_output_item_ids: [],
    terminal_operation_id: operationId,
    summary: operationId === null ? body.summary : { type: "terminal", operation_id: operationId },
    raw_invocation_payload_id: body.invocation_payload?.raw_payload_id ?? null,
    raw_result_payload_id: null,
    raw_runtime_payload_ids: []
  }
  reduction.touched = true
  reduction.trace.tool_calls.set(id, tool)
  if (callId !== null) reduction.toolsByCall.set(callId, tool)
  if (requester.type === "code_cell") nestTool(reduction, requester.code_cell_id, id)
  linkToolToResponses(reduction, tool)
  for (const item of outputs) linkOutput(tool, item)
  showInTerminal(reduction, tool)
}

const threadOfTool = (reduction: Reduction, event: Envelope, toolId: string): string => {
  if (event.thread_id !== null) return event.thread_id
  if (event.codex_turn_id === null) refuse("tool", `tool call ${toolId} names neither a thread nor a turn`)
  const turn = reduction.trace.codex_turns.get(event.codex_turn_id)
  return turn?.thread_id ?? refuse("turn", `tool call ${toolId} names turn ${event.codex_turn_id}, which never started`)
}

/** `wait` is an ordinary call of the model: only its arguments say which cell it waits for. */
const linkWait = (
  reduction: Reduction,
  threadId: string,
  toolId: string,
  invocation: JsonValue | undefined,
  ref: PayloadRef
): void => {
  if (textMember(invocation, "tool_name") !== "wait") return
  const text = textMember(member(invocation, "payload"), "arguments")
  const runtimeId =
    text === undefined ? undefined : textMember(readJsonTextIfValid(text, reduction.features.numbers), "cell_id")
  if (runtimeId === undefined) {
    refuse("tool", `the invocation of ${toolId} is a wait whose arguments name no cell_id`, ref.path)
  }
  const cellId = reduction.cells.byRuntimeId.get(runtimeKey(threadId, runtimeId))
  const cell = cellId === undefined ? undefined : reduction.trace.code_cells.get(cellId)
  if (cell !== undefined) pushUnique(cell.wait_tool_call_ids, toolId)
}

const toolOf = (reduction: Reduction, id: string, what: string): ToolCall =>
  reduction.trace.tool_calls.get(id) ?? refuse("tool", `${what} names tool call ${id}, which never started`)

export const toolRuntimeStarted = (
  reduction: Reduction,
  event: Envelope,
  body: EventOf<"tool_call_runtime_started">
): void => {
  const tool = toolOf(reduction, body.tool_call_id, "the runtime start")
  reduction.touched = true
  if (body.kind !== null) tool.kind = body.kind
  else if (reduction.features.runtimeKind === "invocation") learnMcpKind(reduction, tool, body.runtime_payload)
  pushUnique(tool.raw_runtime_payload_ids, body.runtime_payload.raw_payload_id)
  const kind = tool.kind.type
  if (kind === "exec_command" || kind === "write_stdin") {
    if (tool.terminal_operation_id !== null) {
      refuse("terminal", `tool call ${tool.tool_call_id} has a terminal operation and starts a second one`)
    }
    const operationId = beginFromRuntime(reduction, event, tool, kind, body.runtime_payload)
    tool.terminal_operation_id = operationId
    tool.summary = { type: "terminal", operation_id: operationId }
    showInTerminal(reduction, tool)
  }
  agentCallBegan(reduction, tool, body.runtime_payload)
}

/** 0.164 and 0.165 know an MCP call by the invocation in its begin payload, whatever the tool was called as. */
const learnMcpKind = (reduction: Reduction, tool: ToolCall, ref: PayloadRef): void => {
  const invocation = member(readPayload(reduction, ref), "invocation")
  if (invocation === undefined) return
  const { server, tool: name } = decodePayload("tool", "an MCP invocation", mcpInvocation, invocation, ref)
  tool.kind = { type: "mcp", server, tool: name }
}

export const toolRuntimeEnded = (
  reduction: Reduction,
  event: Envelope,
  body: EventOf<"tool_call_runtime_ended">
): void => {
  const tool = toolOf(reduction, body.tool_call_id, "the runtime end")
  const ref = body.runtime_payload
  reduction.touched = true
  pushUnique(tool.raw_runtime_payload_ids, ref.raw_payload_id)
  const operationId = tool.terminal_operation_id
  if (operationId === null && !opensRuntimeEnd(reduction, tool)) return
  const report = readPayload(reduction, ref)
  if (operationId !== null) endOperation(reduction, event, tool.thread_id, operationId, body.status, { ref, report })
  if (opensRuntimeEnd(reduction, tool)) agentCallEnded(reduction, event, tool, { ref, report })
}

export const toolEnded = (reduction: Reduction, event: Envelope, body: EventOf<"tool_call_ended">): void => {
  const tool = toolOf(reduction, body.tool_call_id, "the end")
  const result = body.result_payload
  reduction.touched = true
  finish(tool.execution, event, body.status)
  tool.raw_result_payload_id = result?.raw_payload_id ?? null
  // Where the runtime reported, its end closes the operation: the result is what the caller was given.
  if (tool.terminal_operation_id !== null && tool.raw_runtime_payload_ids.length === 0) {
    const report = result === null ? null : { ref: result, report: readPayload(reduction, result) }
    endOperation(reduction, event, tool.thread_id, tool.terminal_operation_id, body.status, report)
  }
  if (result !== null) carryResult(reduction, tool, result)
}

export const mcpCallAssigned = (
  reduction: Reduction,
  _event: Envelope,
  body: EventOf<"mcp_tool_call_correlation_assigned">
): void => {
  const tool = toolOf(reduction, body.tool_call_id, "the MCP correlation")
  if (typeof tool.mcp_call_id === "string") {
    refuse("tool", `tool call ${tool.tool_call_id} gets the MCP call ${body.mcp_call_id}, but has one already`)
  }
  tool.mcp_call_id = body.mcp_call_id
}
