/**
 * Tool calls as bundle events: dispatched, run, answered; code cells with the calls that they made.
 *
 * A transcript tells less than a recording: the run's own events are written where an item told of it, ends only where
 * one was seen. Rules: rollout-trace, "Tools", "Terminals", "Code cells", "Agents".
 */
import type { Span } from "../../span/span.ts"
import type { Json, JsonObject } from "../../wire/json.ts"
import { ms, type PlannedEvent, type PlannedPayload, rank } from "./event.ts"
import { acceptable, type Schema } from "./items.ts"

export interface ToolOptions {
  readonly schema: Schema
  readonly turnId: string
  /** Unique over the bundle. */
  readonly toolCallId: string
  /** Absent for nested calls, and for an id that another call of the bundle has already. */
  readonly modelVisibleCallId?: string
  /** The cell that made it, by its runtime id, and its place among the cell's calls. */
  readonly cell?: { readonly runtimeId: string; readonly nth: number }
  /** Of a code cell: the id that it goes by. */
  readonly ownRuntimeId?: string
  /** The model's call and the output that answered it, as recorded. */
  readonly callItem?: JsonObject
  readonly outputItem?: JsonObject
  /** Not before this: the response that asked for it, the cell that made it. */
  readonly notBeforeMs: number
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const kinds: { readonly [name: string]: string | undefined } = {
  exec_command: "exec_command",
  shell: "exec_command",
  local_shell: "exec_command",
  shell_command: "exec_command",
  apply_patch: "apply_patch",
  web_search: "web",
  image_generation: "image_generation",
  spawn_agent: "spawn_agent",
  send_message: "send_message",
  followup_task: "assign_agent_task",
  assign_task: "assign_agent_task",
  wait_agent: "wait_agent",
  close_agent: "close_agent",
  interrupt_agent: "close_agent"
}

/** Arguments that name a session: without them a call is no terminal operation. */
const namesSession = (args: Json | undefined): boolean =>
  isObject(args) &&
  (typeof args.session_id === "number" || (typeof args.session_id === "string" && args.session_id !== ""))

const toolName = (span: Span, { callItem }: ToolOptions): string =>
  typeof callItem?.name === "string" ? callItem.name : (span.name.split(".").at(-1) ?? span.name)

const kindOf = (span: Span, name: string): JsonObject => {
  const { mcp_server: server, mcp_tool: tool } = span.metadata
  if (typeof server === "string" && typeof tool === "string") return { type: "mcp", server, tool }
  if (name === "write_stdin" && namesSession(span.input as Json)) return { type: "write_stdin" }
  const kind = kinds[name]
  return kind === undefined ? { type: "other", name } : { type: kind }
}

const argumentsText = (span: Span, { callItem }: ToolOptions): string => {
  if (typeof callItem?.arguments === "string") return callItem.arguments
  return typeof span.input === "string" ? span.input : JSON.stringify(span.input ?? {})
}

/** The call as the dispatcher was given it. A `wait` that names no cell is left out: Codex refuses it. */
const invocation = (span: Span, name: string, options: ToolOptions): PlannedPayload | undefined => {
  const custom = options.callItem?.type === "custom_tool_call"
  const args = argumentsText(span, options)
  if (name === "wait" && !(isObject(span.input as Json) && typeof (span.input as JsonObject).cell_id === "string"))
    return undefined
  const namespace = typeof span.metadata.namespace === "string" ? span.metadata.namespace : null
  const payload = custom
    ? { type: "custom", input: typeof options.callItem?.input === "string" ? options.callItem.input : args }
    : { type: "function", arguments: args }
  return { kind: "tool_invocation", json: { tool_name: name, tool_namespace: namespace, payload } }
}

const preview = (text: string): string => (text.length > 160 ? `${[...text].slice(0, 160).join("")}...` : text)

const result = (span: Span, { outputItem, cell, schema }: ToolOptions): PlannedPayload | undefined => {
  if (outputItem !== undefined) {
    const item = acceptable(outputItem, schema)
    return item && { kind: "tool_result", json: { type: "direct_response", response_item: item } }
  }
  if (span.output === undefined) return undefined
  const value =
    cell === undefined
      ? { type: "error", error: JSON.stringify(span.output) }
      : { type: "code_mode_response", value: span.output }
  return { kind: "tool_result", json: value }
}

const statuses: { readonly [status: string]: string | undefined } = {
  ok: "completed",
  error: "failed",
  interrupted: "cancelled"
}

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

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** What the run of an agent tool says: whom it was about. */
const agentEnd = (span: Span, kind: string, toolCallId: string): JsonObject | undefined => {
  const agent = span.metadata.agent_thread_id
  if (typeof agent !== "string" || !uuid.test(agent) || !uuid.test(span.thread_id)) return undefined
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
const runtimeEvents = (
  span: Span,
  kind: JsonObject,
  options: ToolOptions,
  startMs: number,
  endMs: number
): ReadonlyArray<PlannedEvent> => {
  const { toolCallId, schema, turnId } = options
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

const cellStatus = (span: Span): string | undefined =>
  (({ ok: "completed", error: "failed", interrupted: "terminated" }) as const)[span.status as "ok"]

/** A code cell's own life, beside that of the call which started it. */
const cellEvents = (
  span: Span,
  { ownRuntimeId, callItem, turnId, modelVisibleCallId }: ToolOptions,
  startMs: number,
  endMs: number
): ReadonlyArray<PlannedEvent> => {
  const source = callItem?.input ?? span.input
  if (ownRuntimeId === undefined || modelVisibleCallId === undefined || typeof source !== "string") return []
  const place = { threadId: span.thread_id, turnId }
  const derived = span.metadata.cell_id === ownRuntimeId ? {} : { derived: "runtime cell id" }
  const yielded = /^Script running/.test(JSON.stringify(span.output ?? "").replace(/^[^A-Z]*/, ""))
  const status = cellStatus(span)
  const started: PlannedEvent = {
    ...place,
    ...derived,
    atMs: startMs,
    rank: rank.cell,
    type: "code_cell_started",
    fields: { runtime_cell_id: ownRuntimeId, model_visible_call_id: modelVisibleCallId, source_js: source }
  }
  if (status === undefined) return [started]
  const response = (type: string, order: number, word: string): PlannedEvent => ({
    ...place,
    ...derived,
    atMs: endMs,
    rank: order,
    type,
    fields: { runtime_cell_id: ownRuntimeId, status: word }
  })
  return [
    started,
    response("code_cell_initial_response", rank.cellResponse, yielded ? "yielded" : status),
    response("code_cell_ended", rank.cellEnd, status)
  ]
}

/** The events of one tool call. */
export const toolEvents = (span: Span, options: ToolOptions): ReadonlyArray<PlannedEvent> => {
  const { toolCallId, modelVisibleCallId, cell, turnId, notBeforeMs } = options
  const place = { threadId: span.thread_id, turnId }
  const name = toolName(span, options)
  const kind = kindOf(span, name)
  const startMs = Math.max(ms(span.start), notBeforeMs)
  const endMs = Math.max(startMs, ms(span.end ?? span.start))
  const namespace = typeof span.metadata.namespace === "string" ? `${span.metadata.namespace}.` : ""
  const invoked = invocation(span, name, options)
  const text = options.callItem?.input ?? argumentsText(span, options)
  const answer = result(span, options)
  const status = statuses[span.status ?? ""]
  const started: PlannedEvent = {
    ...place,
    atMs: startMs,
    rank: cell === undefined ? rank.call : rank.nestedCall,
    type: "tool_call_started",
    fields: {
      tool_call_id: toolCallId,
      model_visible_call_id: modelVisibleCallId ?? null,
      code_mode_runtime_tool_id: cell === undefined ? null : `tool-${cell.nth}`,
      requester: cell === undefined ? { type: "model" } : { type: "code_cell", runtime_cell_id: cell.runtimeId },
      // Schema 1 and 2 both write the tool's dispatch name first; the runtime start says that it was MCP.
      kind: kind.type === "mcp" ? { type: "other", name } : kind,
      summary: {
        type: "generic",
        label: `${namespace}${name}`,
        input_preview: typeof text === "string" ? preview(text) : null,
        output_preview: null
      }
    },
    ...(invoked && { payloads: { invocation_payload: invoked } }),
    ...(span.metadata.attribution === "inferred" && { derived: "the cell that made the call" })
  }
  const ended: ReadonlyArray<PlannedEvent> =
    status === undefined
      ? []
      : [
          {
            ...place,
            atMs: endMs,
            rank: cell === undefined ? rank.callEnd : rank.nestedEnd,
            type: "tool_call_ended",
            fields: { tool_call_id: toolCallId, status },
            ...(answer && { payloads: { result_payload: answer } })
          }
        ]
  return [
    started,
    ...cellEvents(span, options, startMs, endMs),
    ...runtimeEvents(span, kind, options, startMs, endMs),
    ...ended
  ]
}
