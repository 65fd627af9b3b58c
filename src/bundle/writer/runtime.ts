/**
 * The run of a tool as bundle events, where the transcript told of one: a command, an MCP call, an agent's activity.
 *
 * Rules: rollout-trace, "Terminals" and "Agents"; a command's end in schema 1 has streain schema 2 one text.
 */
import type { Span } from "../../span/span.ts"
import type { Json, JsonObject } from "../../wire/json.ts"
import { isUuid } from "../../wire/thread-id.ts"
import { type PlannedEvent, rank } from "./event.ts"
import { isObject, type Schema } from "./items.ts"
import { statuses, type ToolOptions, type Window } from "./tool-options.ts"

/** What the run's own events say of a command; undefined where no item told of it. */
const commandPayload = (span: Span, toolCallId: string): JsonObject | undefined => {
  const { command, cwd, process_id: processId, parsed_command: parsed } = span.metadata
  if (!Array.isArray(command) || typeof cwd !== "string") return undefined
  return {
    call_id: toolCallId,
    ...(typeof processId === "string" && { process_id: processId }),
    turn_id: span.metadata.turn_id ?? null,
    command,
    cwd,
    parsed_cmd: parsed ?? []
  }
}

const commandEnd = (span: Span, begun: JsonObject, schema: Schema): JsonObject | undefined => {
  const { exit_code: exitCode } = span.metadata
  if (typeof exitCode !== "number") return undefined
  const text = typeof span.output === "string" ? span.output : JSON.stringify(span.output ?? "")
  const streams = schema === 1 ? { stdout: text, stderr: "", formatted_output: text } : {}
  return {
    ...begun,
    exit_code: exitCode,
    aggregated_output: text,
    ...streams,
    status: exitCode === 0 ? "completed" : "failed"
  }
}

/** What the run of an agent tool says: whom it was about. */
const agentEnd = (span: Span, kind: string, toolCallId: string): JsonObject | undefined => {
  const agent = span.metadata.agent_thread_id
  if (typeof agent !== "string" || !isUuid(agent) || !isUuid(span.thread_id)) return undefined
  const { message, prompt } = isObject(span.input as Json) ? (span.input as JsonObject) : {}
  const words = typeof message === "string" ? message : typeof prompt === "string" ? prompt : ""
  const shared = { call_id: toolCallId, sender_thread_id: span.thread_id, prompt: words, status: "running" }
  switch (kind) {
    case "spawn_agent":
      return { ...shared, new_thread_id: agent, model: "unknown", reasoning_effort: "medium" }
    case "send_message":
    case "assign_agent_task":
    case "close_agent":
      return { ...shared, receiver_thread_id: agent }
    default:
      return undefined
  }
}

/** The events of the run itself, where the transcript told of it. */
export const runtimeEvents = (
  span: Span,
  kind: JsonObject,
  { toolCallId, schema, turnId }: ToolOptions,
  { startMs, endMs }: Window
): ReadonlyArray<PlannedEvent> => {
  const place = { threadId: span.thread_id, turnId }
  const status = statuses[span.status ?? ""] ?? "completed"
  const event = (type: string, atMs: number, order: number, json: JsonObject, more: JsonObject): PlannedEvent => ({
    ...place,
    atMs,
    rank: order,
    type,
    fields: { tool_call_id: toolCallId, ...more },
    payloads: { runtime_payload: { kind: "tool_runtime_event", json } }
  })
  const startedFields = schema === 2 ? { kind } : {}
  if (kind.type === "exec_command") {
    const begun = commandPayload(span, toolCallId)
    if (begun === undefined) return []
    const end = commandEnd(span, begun, schema)
    return [
      event("tool_call_runtime_started", startMs, rank.runtime, begun, startedFields),
      ...(end ? [event("tool_call_runtime_ended", endMs, rank.runtimeEnd, end, { status })] : [])
    ]
  }
  if (kind.type === "mcp") {
    const begun = { call_id: toolCallId, server: kind.server ?? null, tool: kind.tool ?? null }
    return [
      event("tool_call_runtime_started", startMs, rank.runtime, begun, startedFields),
      event(
        "tool_call_runtime_ended",
        endMs,
        rank.runtimeEnd,
        { ...begun, result: (span.output as Json) ?? null },
        { status }
      )
    ]
  }
  const end = agentEnd(span, String(kind.type), toolCallId)
  return end === undefined
    ? []
    : [
        {
          ...event("tool_call_runtime_ended", endMs, rank.runtimeEnd, end, { status }),
          derived: "from the agent activity"
        }
      ]
}
