/**
 * Items of the conversation: made once, then seen again (rollout-trace.md §3.5 *Sighting*, §2.2).
 *
 * Owns the creation of items, what a further sighting adds, and the links that every sighting renews: to its tool,
 * its code cell and the message edge that ends at it. Which item a payload's item is, is decided in history.ts.
 */
import type { Part, Producer } from "../state.ts"
import { linkItemToCell, wakeCellsWaitingFor } from "./code-cell.ts"
import { forgetDelivery, learnDelivery, learnLastWords, resolveDeliveryAt } from "./edge.ts"
import { sameParts } from "./match.ts"
import type { ModelItem } from "./normalise.ts"
import { addProducer } from "./producer.ts"
import { type Envelope, type History, type Item, pushTo, type Reduction } from "./reduction.ts"
import { linkItemToTool } from "./tool-links.ts"

/** Makes a new item at the end of a thread's items. */
export const createItem = (
  reduction: Reduction,
  history: History,
  event: Envelope,
  turnId: string | null,
  model: ModelItem
): Item => {
  const order = ++reduction.itemCount
  const itemId = `conversation_item:${order}`
  const item: Item = {
    state: {
      item_id: itemId,
      responses_item_id: model.responsesId,
      accepted_at_unix_ms: undefined,
      accepted_seq: undefined,
      thread_id: history.thread.thread_id,
      codex_turn_id: turnId,
      first_seen_at_unix_ms: event.wall_time_unix_ms,
      role: model.role,
      channel: model.channel,
      kind: model.kind,
      agent_message: model.agentMessage,
      body: { parts: model.parts },
      call_id: model.callId,
      produced_by: []
    },
    order,
    listed: false,
    takenBy: 0,
    answers: [],
    delivery: undefined,
    edgeTarget: false
  }
  reduction.touched = true
  reduction.items.set(itemId, item)
  reduction.trace.conversation_items.set(itemId, item.state)
  history.items.push(item)
  if (model.responsesId !== undefined) pushTo(history.byResponsesId, model.responsesId, item)
  if (model.callId !== null) {
    pushTo(history.byCall, model.callId, item)
    if (model.kind === "custom_tool_call") wakeCellsWaitingFor(reduction, history.thread.thread_id, model.callId)
  }
  learnLastWords(history, item)
  learnDelivery(reduction, history, item)
  return item
}

/** A new item, or the one that the receipt of an agent message has made for it already (schema 2). */
export const createOrClaimReceipt = (
  reduction: Reduction,
  history: History,
  event: Envelope,
  turnId: string,
  model: ModelItem
): Item => {
  const id = model.responsesId
  const receipt = model.agentMessage === undefined || id === undefined ? undefined : history.receipts.get(id)
  if (receipt === undefined || id === undefined) return createItem(reduction, history, event, turnId, model)
  history.receipts.delete(id)
  forgetDelivery(history, receipt)
  // Author and recipient stay as they were received; the body is what the model was shown.
  receipt.state.body.parts = model.parts
  learnDelivery(reduction, history, receipt)
  return receipt
}

/** What a payload that shows an item adds to it. */
export const sightItem = (
  reduction: Reduction,
  history: History,
  item: Item,
  model: ModelItem,
  producer: Producer | undefined
): void => {
  const { state } = item
  if (state.responses_item_id === undefined && model.responsesId !== undefined) {
    state.responses_item_id = model.responsesId
    pushTo(history.byResponsesId, model.responsesId, item)
  }
  if (state.kind === "reasoning") mergeReasoning(item, model.parts)
  if (producer !== undefined) addProducer(item, producer)
  if (state.call_id !== null) {
    linkItemToTool(reduction, item, state.call_id)
    linkItemToCell(reduction, item, state.call_id)
  }
  resolveDeliveryAt(reduction, item)
}

/**
 * Readable reasoning comes with the response and may be missing from the requests that repeat it, or the other way
 * round: the kind of text that an item lacks is taken from the new sighting.
 */
const mergeReasoning = (item: Item, seen: ReadonlyArray<Part>): void => {
  const { body } = item.state
  if (body.parts === seen || sameParts(body.parts, seen)) return
  const of = (parts: ReadonlyArray<Part>, type: Part["type"]) => parts.filter((part) => part.type === type)
  const texts = of(body.parts, "text")
  const summaries = of(body.parts, "summary")
  if (texts.length > 0 && summaries.length > 0) return
  body.parts = [
    ...(texts.length > 0 ? texts : of(seen, "text")),
    ...(summaries.length > 0 ? summaries : of(seen, "summary")),
    ...of(body.parts, "encoded")
  ]
}
