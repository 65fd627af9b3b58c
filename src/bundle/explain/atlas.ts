/**
 * The graph read backwards: from an item to the requests that showed it, from a tool to the response that asked for
 * it, from a thread to its messages. A state names each relation once; questions come from both ends.
 */
import type { Anchor, Compaction, ConversationItem, InferenceCall, InteractionEdge, ToolCall, Trace } from "../state.ts"

export interface Atlas {
  readonly trace: Trace
  /** Calls whose request shows the item, by start. */
  readonly shownIn: ReadonlyMap<string, ReadonlyArray<InferenceCall>>
  /** Calls whose response holds the item, by start. */
  readonly answeredIn: ReadonlyMap<string, ReadonlyArray<InferenceCall>>
  /** Calls whose response started the tool. */
  readonly startedBy: ReadonlyMap<string, ReadonlyArray<InferenceCall>>
  /** The tool whose call or output an item is. */
  readonly toolOfItem: ReadonlyMap<string, ToolCall>
  /** Compactions that replaced the item. */
  readonly replacedBy: ReadonlyMap<string, ReadonlyArray<Compaction>>
  readonly edgesFrom: ReadonlyMap<string, ReadonlyArray<InteractionEdge>>
  readonly edgesTo: ReadonlyMap<string, ReadonlyArray<InteractionEdge>>
}

/** The key of an edge's end. */
export const anchorKey = (anchor: Anchor): string => {
  switch (anchor.type) {
    case "conversation_item":
      return anchor.item_id
    case "tool_call":
      return `tool ${anchor.tool_call_id}`
    case "thread":
      return `thread ${anchor.thread_id}`
  }
}

export const atlasOf = (trace: Trace): Atlas => {
  const shownIn = new Map<string, Array<InferenceCall>>()
  const answeredIn = new Map<string, Array<InferenceCall>>()
  const startedBy = new Map<string, Array<InferenceCall>>()
  const toolOfItem = new Map<string, ToolCall>()
  const replacedBy = new Map<string, Array<Compaction>>()
  const edgesFrom = new Map<string, Array<InteractionEdge>>()
  const edgesTo = new Map<string, Array<InteractionEdge>>()
  for (const call of byStart(trace.inference_calls.values())) {
    for (const id of call.request_item_ids) add(shownIn, id, call)
    for (const id of call.response_item_ids) add(answeredIn, id, call)
    for (const id of call.tool_call_ids_started_by_response) add(startedBy, id, call)
  }
  for (const tool of trace.tool_calls.values()) {
    for (const id of tool.model_visible_call_item_ids) toolOfItem.set(id, tool)
    for (const id of tool.model_visible_output_item_ids) toolOfItem.set(id, tool)
  }
  for (const compaction of trace.compactions.values()) {
    for (const id of compaction.input_item_ids) add(replacedBy, id, compaction)
  }
  for (const edge of trace.interaction_edges.values()) {
    add(edgesFrom, anchorKey(edge.source), edge)
    add(edgesTo, anchorKey(edge.target), edge)
  }
  return { trace, shownIn, answeredIn, startedBy, toolOfItem, replacedBy, edgesFrom, edgesTo }
}

const add = <V>(lists: Map<string, Array<V>>, key: string, value: V): void => {
  const found = lists.get(key)
  if (found === undefined) lists.set(key, [value])
  else if (found.at(-1) !== value) found.push(value)
}

const byStart = (calls: Iterable<InferenceCall>): ReadonlyArray<InferenceCall> =>
  [...calls].sort((a, b) => (a.execution.started_seq < b.execution.started_seq ? -1 : 1))

/** The items of a list of ids that the graph has. */
export const itemsOf = (atlas: Atlas, ids: ReadonlyArray<string>): ReadonlyArray<ConversationItem> =>
  ids.flatMap((id) => atlas.trace.conversation_items.get(id) ?? [])
