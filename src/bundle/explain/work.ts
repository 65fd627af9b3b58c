/**
 * What can be said of work: tool calls, code cells, inference calls and terminals. Who asked for it, how it ran, and
 * what the model was shown of its outcome.
 */
import type { CodeCell, ConversationItem, InferenceCall, TerminalOperation, ToolCall } from "../state.ts"
import { type Atlas, anchorKey, itemsOf } from "./atlas.ts"
import { edgeStatements } from "./talk.ts"
import {
  callPhrase,
  itemPhrase,
  kindName,
  listed,
  quote,
  type Statement,
  say,
  threadPhrase,
  toolPhrase,
  windowStatement
} from "./words.ts"

export const explainTool = (atlas: Atlas, tool: ToolCall): ReadonlyArray<Statement> => [
  ...askedFor(atlas, tool),
  say("agent", `in ${threadPhrase(atlas, tool.thread_id)}, turn ${tool.started_by_codex_turn_id ?? "unknown"}`, [
    tool.thread_id
  ]),
  windowStatement(atlas, tool.execution),
  ...terminalOf(atlas, tool),
  ...startedCell(tool),
  ...seenOutput(atlas, tool),
  ...(atlas.edgesFrom.get(anchorKey({ type: "tool_call", tool_call_id: tool.tool_call_id })) ?? []).flatMap((edge) =>
    edgeStatements(atlas, edge)
  )
]

const askedFor = (atlas: Atlas, tool: ToolCall): ReadonlyArray<Statement> => {
  if (tool.requester.type === "code_cell") {
    const cell = atlas.trace.code_cells.get(tool.requester.code_cell_id)
    const by = say("asked", `by code: ${tool.requester.code_cell_id}`, [tool.requester.code_cell_id])
    return cell === undefined ? [by] : [by, ...cellOrigin(atlas, cell)]
  }
  const calls = atlas.startedBy.get(tool.tool_call_id) ?? []
  const items = itemsOf(atlas, tool.model_visible_call_item_ids)
  if (calls.length === 0) {
    const shown = items.length === 0 ? "no payload shows the call" : `the call is ${listed(items.map(itemPhrase), 2)}`
    return [
      say("asked", `by the model; no recorded response holds the call, ${shown}`, tool.model_visible_call_item_ids)
    ]
  }
  return calls.map((call) => {
    const item = items.find(({ item_id }) => call.response_item_ids.includes(item_id))
    const ids = [call.inference_call_id, ...(item === undefined ? [] : [item.item_id])]
    return say(
      "asked",
      `by the model: the response of ${callPhrase(call)} holds ${item === undefined ? "the call" : itemPhrase(item)}`,
      ids
    )
  })
}

const terminalOf = (atlas: Atlas, tool: ToolCall): ReadonlyArray<Statement> => {
  const operation =
    tool.terminal_operation_id === null ? undefined : atlas.trace.terminal_operations.get(tool.terminal_operation_id)
  return operation === undefined ? [] : [operationStatement(operation)]
}

const operationStatement = (operation: TerminalOperation): Statement => {
  const { request, result, terminal_id } = operation
  const what =
    request.type === "exec_command" ? `ran ${quote(request.display_command)}` : `wrote ${quote(request.stdin)}`
  const where = terminal_id === null ? "" : ` in ${terminal_id}`
  const outcome =
    result === null
      ? "no result was recorded"
      : `exit code ${result.exit_code ?? "unknown"}, output ${quote(result.stdout || result.stderr)}`
  const ids = [operation.operation_id, ...(terminal_id === null ? [] : [terminal_id])]
  return say("terminal", `${operation.operation_id} ${what}${where}: ${outcome}`, ids)
}

const startedCell = ({ started_code_cell_id: id }: ToolCall): ReadonlyArray<Statement> =>
  id === undefined ? [] : [say("cell", `started ${id}`, [id])]

const seenOutput = (atlas: Atlas, tool: ToolCall): ReadonlyArray<Statement> => {
  const outputs = itemsOf(atlas, tool.model_visible_output_item_ids)
  if (outputs.length > 0) return outputs.flatMap((item) => seen(atlas, item))
  if (tool.requester.type === "code_cell") {
    return [say("seen", "the model saw nothing of it directly: the result went to the code of its cell")]
  }
  return [say("seen", "no recorded request shows its output: the model never saw it")]
}

const seen = (atlas: Atlas, item: ConversationItem): ReadonlyArray<Statement> => {
  const calls = atlas.shownIn.get(item.item_id) ?? []
  const [first] = calls
  const where =
    first === undefined
      ? "but it is in no request"
      : `first in the request of ${callPhrase(first)}, in ${calls.length} request${calls.length === 1 ? "" : "s"} in all`
  return [
    say("seen", `${itemPhrase(item)}, ${where}`, [
      item.item_id,
      ...(first === undefined ? [] : [first.inference_call_id])
    ])
  ]
}

const cellOrigin = (atlas: Atlas, cell: CodeCell): ReadonlyArray<Statement> =>
  (atlas.answeredIn.get(cell.source_item_id) ?? []).map((call) =>
    say("asked", `the model wrote that code in ${cell.source_item_id}, the response of ${callPhrase(call)}`, [
      cell.source_item_id,
      call.inference_call_id
    ])
  )

export const explainCell = (atlas: Atlas, cell: CodeCell): ReadonlyArray<Statement> => [
  ...cellOrigin(atlas, cell),
  say("agent", `in ${threadPhrase(atlas, cell.thread_id)}, turn ${cell.codex_turn_id}`, [cell.thread_id]),
  windowStatement(atlas, cell.execution),
  say("code", `runtime cell ${cell.runtime_cell_id}, ${cell.runtime_status}: ${quote(cell.source_js)}`),
  ...toolList(atlas, "called", cell.nested_tool_call_ids),
  ...toolList(atlas, "waited for by", cell.wait_tool_call_ids),
  ...itemsOf(atlas, cell.output_item_ids).flatMap((item) => seen(atlas, item))
]

const toolList = (atlas: Atlas, about: string, ids: ReadonlyArray<string>): ReadonlyArray<Statement> => {
  const tools = ids.flatMap((id) => atlas.trace.tool_calls.get(id) ?? [])
  return tools.length === 0 ? [] : [say(about, listed(tools.map(toolPhrase), 20), ids)]
}

export const explainInference = (atlas: Atlas, call: InferenceCall): ReadonlyArray<Statement> => {
  const { usage } = call
  const answers = itemsOf(atlas, call.response_item_ids)
  return [
    say("agent", `asked by ${threadPhrase(atlas, call.thread_id)}, turn ${call.codex_turn_id}`, [call.thread_id]),
    windowStatement(atlas, call.execution),
    say(
      "model",
      `${call.model} of ${call.provider_name}${call.response_id === null ? "" : `, response ${call.response_id}`}`
    ),
    say(
      "request",
      `${call.request_item_ids.length} items, the last ones ${listed(itemsOf(atlas, call.request_item_ids.slice(-3)).map(itemPhrase))}`,
      call.request_item_ids
    ),
    answers.length === 0
      ? say("response", "no item of a response was recorded")
      : say("response", listed(answers.map(itemPhrase), 20), call.response_item_ids),
    ...toolList(atlas, "led to", call.tool_call_ids_started_by_response),
    ...(usage === null
      ? []
      : [
          say(
            "usage",
            `${usage.input_tokens} input tokens (${usage.cached_input_tokens} cached), ${usage.output_tokens} output`
          )
        ])
  ]
}

export const explainOperation = (atlas: Atlas, operation: TerminalOperation): ReadonlyArray<Statement> => {
  const tool = atlas.trace.tool_calls.get(operation.tool_call_id)
  const session = operation.terminal_id === null ? undefined : atlas.trace.terminal_sessions.get(operation.terminal_id)
  return [
    operationStatement(operation),
    windowStatement(atlas, operation.execution),
    ...(session === undefined
      ? []
      : [say("session", `${session.terminal_id} has ${listed(session.operation_ids, 20)}`, session.operation_ids)]),
    ...(tool === undefined
      ? []
      : [
          say("tool", `${toolPhrase(tool)} did it`, [tool.tool_call_id]),
          ...askedFor(atlas, tool),
          ...seenOutput(atlas, tool)
        ])
  ]
}

/** What a tool call is called in the headline. */
export const toolTitle = (tool: ToolCall): string => `tool call ${tool.tool_call_id}, ${kindName(tool)}`
