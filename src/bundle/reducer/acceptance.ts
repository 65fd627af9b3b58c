/**
 * Acceptance: Codex records when an item became part of a thread's history (schema 2, rollout-trace.md §3.6).
 *
 * Owns history_item_accepted and the stamps and lists that follow from it at the end. The first acceptance of an id
 * counts for every item with that id, earlier or later. An id that no item has is fine.
 */
import type { EventOf, PayloadRef } from "../../wire/bundle/events.ts"
import { refuse } from "../refusal.ts"
import { resolveDeliveryAt } from "./edge.ts"
import { createItem } from "./item.ts"
import { normalise } from "./normalise.ts"
import { type Envelope, type History, historyOf, type Reduction, readPayload } from "./reduction.ts"

export const historyItemAccepted = (
  reduction: Reduction,
  event: Envelope,
  body: EventOf<"history_item_accepted">
): void => {
  const threadId = event.thread_id ?? refuse("acceptance", `the acceptance of ${body.item_id} names no thread`)
  const history = historyOf(reduction, threadId)
  const id = body.item_id
  if (body.agent_message_payload !== null && !history.byResponsesId.has(id)) {
    receive(reduction, history, event, id, body.agent_message_payload)
  }
  if (!history.accepted.has(id)) history.accepted.set(id, { at: event.wall_time_unix_ms, seq: event.seq })
}

/** The receipt of a message from another agent: it is an item before any payload shows it. */
const receive = (reduction: Reduction, history: History, event: Envelope, id: string, ref: PayloadRef): void => {
  const model = normalise({ features: reduction.features, ref }, readPayload(reduction, ref))
  if (model?.agentMessage === undefined || model.responsesId !== id) {
    refuse("acceptance", `the receipt of ${id} is not the agent message of that id`, ref.path)
  }
  const item = createItem(reduction, history, event, event.codex_turn_id, model)
  history.receipts.set(id, item)
  resolveDeliveryAt(reduction, item)
}

/** Stamps the accepted items, and lists those that are part of each thread's conversation. */
export const settleAcceptance = (reduction: Reduction): void => {
  for (const history of reduction.histories.values()) {
    const listed: Array<string> = []
    for (const { listed: seen, state } of history.items) {
      const id = state.responses_item_id
      const acceptance = id === undefined ? undefined : history.accepted.get(id)
      if (acceptance !== undefined && reduction.features.strictRecording) {
        state.accepted_at_unix_ms = acceptance.at
        state.accepted_seq = acceptance.seq
      }
      if (seen || acceptance !== undefined) listed.push(state.item_id)
    }
    history.thread.conversation_item_ids = listed
  }
}
