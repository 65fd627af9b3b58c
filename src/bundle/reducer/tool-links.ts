/**
 * Between a tool call and the items of the conversation that show it: the call, its output, and the response that
 * asked for it (rollout-trace.md §3.8). Either side can come first, so every sighting of an item links again.
 *
 * Links work over threads: a child that was given its parent's history repeats the parent's calls.
 */
import { byBytes } from "../../wire/bundle/json-text.ts"
import type { ItemKind, ToolCall } from "../state.ts"
import { addProducer } from "./producer.ts"
import { type History, type Item, pushUnique, type Reduction } from "./reduction.ts"

export const callKinds: ReadonlyArray<ItemKind> = ["function_call", "custom_tool_call"]
export const outputKinds: ReadonlyArray<ItemKind> = ["function_call_output", "custom_tool_call_output"]

/** Items of a thread with a call id: in order of creation, before 0.166 in the byte order of their ids. */
export const itemsOfCall = (
  reduction: Reduction,
  history: History,
  callId: string,
  kinds: ReadonlyArray<ItemKind>
): ReadonlyArray<Item> => {
  const found = (history.byCall.get(callId) ?? []).filter((item) => kinds.includes(item.state.kind))
  return reduction.features.itemsOnce ? found : found.sort((a, b) => byBytes(a.state.item_id, b.state.item_id))
}

/** Links an item that was seen to the tool with its call id, if that tool has started. */
export const linkItemToTool = (reduction: Reduction, item: Item, callId: string): void => {
  const tool = reduction.toolsByCall.get(callId)
  if (tool === undefined) return
  if (callKinds.includes(item.state.kind)) {
    pushUnique(tool.model_visible_call_item_ids, item.state.item_id)
    linkToolToResponses(reduction, tool)
  } else if (outputKinds.includes(item.state.kind)) linkOutput(tool, item)
  else return
  showInTerminal(reduction, tool)
}

/** An output item of a tool, which also gets the tool as its producer. */
export const linkOutput = (tool: ToolCall, item: Item): void => {
  pushUnique(tool.model_visible_output_item_ids, item.state.item_id)
  addProducer(item, { type: "tool", tool_call_id: tool.tool_call_id })
}

/** Names the tool in every call whose response holds one of its call items. */
export const linkToolToResponses = (reduction: Reduction, tool: ToolCall): void => {
  for (const itemId of tool.model_visible_call_item_ids) {
    for (const call of reduction.items.get(itemId)?.answers ?? []) {
      pushUnique(call.tool_call_ids_started_by_response, tool.tool_call_id)
    }
  }
}

/** Mirrors the tool's items onto its terminal operation: what the model saw, beside what the runtime did. */
export const showInTerminal = (reduction: Reduction, tool: ToolCall): void => {
  if (tool.terminal_operation_id === null) return
  const operation = reduction.trace.terminal_operations.get(tool.terminal_operation_id)
  const { model_visible_call_item_ids: calls, model_visible_output_item_ids: outputs } = tool
  if (operation === undefined || operation.model_observations.length > 0) return
  // The lists are the tool's own: they grow with it.
  if (calls.length + outputs.length > 0) {
    operation.model_observations = [{ call_item_ids: calls, output_item_ids: outputs, source: "direct_tool_call" }]
  }
}
