/**
 * Tool calls as bundle events: dispatched, run, answered; code cells with the calls that they made.
 *
 * A transcript tells less than a recording: the run's own events are written where an item told of it, ends only where
 * one was seen. Rules: rollout-trace, "Tools", "Terminals", "Code cells", "Agents".
 */
import type { Span } from "../../span/span.ts"
import type { Json, JsonObject } from "../../wire/json.ts"
import { cellEvents, hasYielded } from "./cells.ts"
import { ms, type PlannedEvent, type PlannedPayload, rank } from "./event.ts"
import { acceptable, isObject, type Schema } from "./items.ts"
import { runtimeEvents } from "./runtime.ts"
import { statuses, type ToolOptions } from "./tool-options.ts"

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

const kindOf = (span: Span, name: string, schema: Schema): JsonObject => {
  const { mcp_server: server, mcp_tool: tool } = span.metadata
  if (typeof server === "string" && typeof tool === "string") return { type: "mcp", server, tool }
  if (name === "write_stdin" && namesSession(span.input as Json)) return { type: "write_stdin" }
  // Newer releases count the first agents' way of sending a message among the others.
  const kind = name === "send_input" && schema === 2 ? "send_message" : kinds[name]
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

const result = (span: Span, { output, cell, schema }: ToolOptions): PlannedPayload | undefined => {
  if (output !== undefined) {
    const item = acceptable(output.item, schema)
    return item && { kind: "tool_result", json: { type: "direct_response", response_item: item } }
  }
  if (span.output === undefined) return undefined
  const value =
    cell === undefined
      ? { type: "error", error: JSON.stringify(span.output) }
      : { type: "code_mode_response", value: span.output }
  return { kind: "tool_result", json: value }
}

/**
 * How the dispatch ended. A command that left with an error was dispatched well, and so was a script that runs on when
 * the call has its output.
 */
const dispatchStatus = (span: Span, { output }: ToolOptions): string | undefined => {
  const { tool_kind: kind, exit_code: exitCode } = span.metadata
  const isRun = kind === "code_cell" ? hasYielded(output?.item.output) : typeof exitCode === "number"
  return isRun && span.status !== "interrupted" ? "completed" : statuses[span.status ?? ""]
}

/** The events of one tool call. */
export const toolEvents = (span: Span, options: ToolOptions): ReadonlyArray<PlannedEvent> => {
  const { toolCallId, modelVisibleCallId, cell, turnId, notBeforeMs } = options
  const place = { threadId: span.thread_id, turnId }
  const name = toolName(span, options)
  const kind = kindOf(span, name, options.schema)
  const startMs = Math.max(ms(span.start), notBeforeMs)
  const endMs = Math.max(startMs, ms(span.end ?? span.start))
  const namespace = typeof span.metadata.namespace === "string" ? `${span.metadata.namespace}.` : ""
  const invoked = invocation(span, name, options)
  const text = options.callItem?.input ?? argumentsText(span, options)
  const answer = result(span, options)
  const status = dispatchStatus(span, options)
  const isScript = span.metadata.tool_kind === "code_cell" && options.output !== undefined
  const answeredMs = isScript ? Math.max(startMs, Math.min(options.output?.sentMs ?? endMs, endMs)) : endMs
  const window = { startMs, endMs, answeredMs }
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
            atMs: answeredMs,
            rank: cell === undefined ? rank.callEnd : rank.nestedEnd,
            type: "tool_call_ended",
            fields: { tool_call_id: toolCallId, status },
            ...(answer && { payloads: { result_payload: answer } }),
            ...(status === "cancelled" && { derived: "from the end of the turn" })
          }
        ]
  return [started, ...cellEvents(span, options, window), ...runtimeEvents(span, kind, options, window), ...ended]
}
