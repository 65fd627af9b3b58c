/**
 * Interaction edges: who sent what to which agent, and which item of the recipient's history it became
 * (rollout-trace.md §3.11).
 *
 * Owns deliveries and edges. A delivery waits until an item of the target thread carries its author and content;
 * what nobody ever saw is dropped at the end, except a spawn, which then ends at the thread. agent.ts makes the
 * deliveries.
 */
import type { EventOf, PayloadRef } from "../../wire/bundle/events.ts"
import type { Integer } from "../../wire/bundle/fields.ts"
import { Malformed } from "../../wire/bundle/fields.ts"
import { readJsonTextIfValid } from "../../wire/bundle/json.ts"
import { byBytes } from "../../wire/bundle/json-text.ts"
import { agentCommunication, agentCommunicationOf128, communicationKeys } from "../../wire/bundle/payloads.ts"
import type { Features } from "../generation.ts"
import { orRefusal, Refusal, refuse } from "../refusal.ts"
import type { Anchor, ConversationItem, EdgeKind, InteractionEdge, ToolCall } from "../state.ts"
import { type Envelope, type History, type Item, pair, pushTo, pushUnique, type Reduction } from "./reduction.ts"

/** A message on its way to an item of another thread's history. */
export interface Delivery {
  readonly edgeId: string
  readonly kind: Exclude<EdgeKind, "close_agent">
  readonly source: Anchor
  readonly targetThreadId: string
  readonly author: string
  readonly content: string
  startedAt: Integer
  endedAt: Integer | null
  readonly carried: Array<string>
}

export interface EdgeIndex {
  readonly pendingByDelivery: Map<string, Array<Delivery>>
  /** In the order in which they became pending. */
  readonly pendingById: Map<string, Delivery>
  readonly pendingByTool: Map<string, Array<Delivery>>
  readonly byTool: Map<string, Array<InteractionEdge>>
}

/** The identity of an edge between a thread and the one that it spawned. */
export const spawnEdgeId = (parentThreadId: string, childThreadId: string): string =>
  `edge:spawn:${parentThreadId}:${childThreadId}`

/** What a delivery and the item that receives it have in common. */
const deliveryKey = (reduction: Reduction, threadId: string, author: string, content: string): string =>
  pair(threadId, pair(reduction.features.agentMessages ? author : "", content))

/** Notes where an item is delivered, if it is a message between agents. */
export const learnDelivery = (reduction: Reduction, history: History, item: Item): void => {
  const message = messageOf(reduction.features, item.state)
  if (message === undefined || message.recipient !== history.thread.agent_path) return
  item.delivery = deliveryKey(reduction, history.thread.thread_id, message.author, message.content)
  const items = history.deliveries.get(item.delivery)
  if (items === undefined) history.deliveries.set(item.delivery, [item])
  else {
    items.push(item)
    items.sort((a, b) => a.order - b.order)
  }
}

export const forgetDelivery = (history: History, item: Item): void => {
  const items = item.delivery === undefined ? undefined : history.deliveries.get(item.delivery)
  const place = items?.indexOf(item) ?? -1
  if (place >= 0) items?.splice(place, 1)
  item.delivery = undefined
}

const messageOf = (features: Features, item: ConversationItem) => {
  if (item.role !== "assistant" || item.kind !== "message") return undefined
  const [first, second, more] = item.body.parts
  if (more !== undefined || first === undefined) return undefined
  if (item.agent_message !== undefined) {
    const { author, recipient } = item.agent_message
    if (second === undefined) {
      if (first.type === "text") return { author, recipient, content: first.text }
      return first.type === "encoded" ? { author, recipient, content: first.value } : undefined
    }
    return first.type === "text" && second.type === "encoded" ? { author, recipient, content: second.value } : undefined
  }
  // Older recordings carry the message as JSON in an ordinary text.
  if (second !== undefined || first.type !== "text" || !first.text.trimStart().startsWith("{")) return undefined
  const read = features.agentMessages ? agentCommunication : agentCommunicationOf128
  try {
    const { author, content, encrypted_content, recipient } = read(
      readJsonTextIfValid(first.text, features.numbers, communicationKeys)
    )
    return { author, recipient, content: encrypted_content ?? content }
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}

/** Delivers to an item that is there already, or waits for one. */
export const deliver = (reduction: Reduction, delivery: Delivery): void => {
  reduction.touched = true
  const key = deliveryKey(reduction, delivery.targetThreadId, delivery.author, delivery.content)
  const items = reduction.histories.get(delivery.targetThreadId)?.deliveries.get(key) ?? []
  while (items[0]?.edgeTarget) items.shift()
  const item = items.find((candidate) => !candidate.edgeTarget)
  if (item !== undefined) arrive(reduction, delivery, item)
  else wait(reduction, delivery, key)
}

const wait = ({ edges }: Reduction, delivery: Delivery, key: string): void => {
  const pending = edges.pendingById.get(delivery.edgeId)
  if (pending === undefined) {
    edges.pendingById.set(delivery.edgeId, delivery)
    pushTo(edges.pendingByDelivery, key, delivery)
    if (delivery.source.type === "tool_call") pushTo(edges.pendingByTool, delivery.source.tool_call_id, delivery)
    return
  }
  if (
    pending.kind !== delivery.kind ||
    pending.targetThreadId !== delivery.targetThreadId ||
    pending.author !== delivery.author ||
    pending.content !== delivery.content ||
    !sameAnchor(pending.source, delivery.source)
  ) {
    refuse("agent", `${delivery.edgeId} is delivered twice, with different sender, recipient or content`)
  }
  pending.startedAt = earlier(pending.startedAt, delivery.startedAt)
  pending.endedAt = later(pending.endedAt, delivery.endedAt)
  for (const id of delivery.carried) pushUnique(pending.carried, id)
}

/** An item that was seen may be what the first fitting delivery waits for. */
export const resolveDeliveryAt = (reduction: Reduction, item: Item): void => {
  if (item.delivery === undefined || item.edgeTarget) return
  const pending = reduction.edges.pendingByDelivery.get(item.delivery)?.[0]
  if (pending === undefined) return
  dropPending(reduction, pending, item.delivery)
  arrive(reduction, pending, item)
}

const dropPending = (reduction: Reduction, pending: Delivery, key: string): void => {
  const { edges } = reduction
  edges.pendingById.delete(pending.edgeId)
  edges.pendingByDelivery.get(key)?.shift()
  if (pending.source.type !== "tool_call") return
  const ofTool = edges.pendingByTool.get(pending.source.tool_call_id)
  ofTool?.splice(ofTool.indexOf(pending), 1)
}

const arrive = (reduction: Reduction, delivery: Delivery, item: Item): void => {
  item.edgeTarget = true
  insertEdge(reduction, edgeOf(delivery, { type: "conversation_item", item_id: item.state.item_id }))
}

const edgeOf = (delivery: Delivery, target: Anchor): InteractionEdge => ({
  edge_id: delivery.edgeId,
  kind: delivery.kind,
  source: delivery.source,
  target,
  started_at_unix_ms: delivery.startedAt,
  ended_at_unix_ms: delivery.endedAt,
  carried_item_ids: target.type === "conversation_item" ? [target.item_id] : [],
  carried_raw_payload_ids: delivery.carried
})

/** Adds an edge, or merges it into the one that has its id. */
export const insertEdge = (reduction: Reduction, edge: InteractionEdge): void => {
  reduction.touched = true
  const known = reduction.trace.interaction_edges.get(edge.edge_id)
  if (known === undefined) {
    reduction.trace.interaction_edges.set(edge.edge_id, edge)
    if (edge.source.type === "tool_call") pushTo(reduction.edges.byTool, edge.source.tool_call_id, edge)
    return
  }
  if (known.kind !== edge.kind || !sameAnchor(known.source, edge.source) || !sameAnchor(known.target, edge.target)) {
    refuse("agent", `${edge.edge_id} is seen twice, with different ends`)
  }
  known.started_at_unix_ms = earlier(known.started_at_unix_ms, edge.started_at_unix_ms)
  known.ended_at_unix_ms = later(known.ended_at_unix_ms, edge.ended_at_unix_ms)
  for (const id of edge.carried_item_ids) pushUnique(known.carried_item_ids, id)
  for (const id of edge.carried_raw_payload_ids) pushUnique(known.carried_raw_payload_ids, id)
}

const anchorId = (anchor: Anchor): string => {
  switch (anchor.type) {
    case "conversation_item":
      return anchor.item_id
    case "tool_call":
      return anchor.tool_call_id
    case "thread":
      return anchor.thread_id
  }
}

const sameAnchor = (a: Anchor, b: Anchor): boolean => a.type === b.type && anchorId(a) === anchorId(b)

const earlier = (a: Integer, b: Integer): Integer => (b < a ? b : a)
const later = (a: Integer | null, b: Integer | null): Integer | null => (a === null ? b : b === null || b < a ? a : b)

/** The result of the tool that sent a message belongs to the message's edge. */
export const carryResult = (reduction: Reduction, tool: ToolCall, ref: PayloadRef): void => {
  const edges = reduction.edges.byTool.get(tool.tool_call_id) ?? []
  const [edge] = edges.sort((a, b) => byBytes(a.edge_id, b.edge_id))
  const carried = edge?.carried_raw_payload_ids ?? reduction.edges.pendingByTool.get(tool.tool_call_id)?.[0]?.carried
  if (carried !== undefined) pushUnique(carried, ref.raw_payload_id)
}

/** Keeps the last thing that the assistant said in each turn: where the result of an agent comes from. */
export const learnLastWords = (history: History, item: Item): void => {
  const { agent_message, codex_turn_id, first_seen_at_unix_ms: seen, item_id, kind, role } = item.state
  if (role !== "assistant" || kind !== "message" || agent_message !== undefined || codex_turn_id === null) return
  const last = history.lastWords.get(codex_turn_id)?.state
  if (last !== undefined) {
    if (last.first_seen_at_unix_ms > seen) return
    if (last.first_seen_at_unix_ms === seen && byBytes(last.item_id, item_id) > 0) return
  }
  history.lastWords.set(codex_turn_id, item)
}

export const agentResultObserved = (
  reduction: Reduction,
  event: Envelope,
  body: EventOf<"agent_result_observed">
): void => {
  const child = reduction.histories.get(body.child_thread_id)
  if (child === undefined && reduction.features.agentMessages) {
    refuse("agent", `the result of an agent names thread ${body.child_thread_id}, which never started`)
  }
  const said = child?.lastWords.get(body.child_codex_turn_id)
  deliver(reduction, {
    edgeId: body.edge_id,
    kind: "agent_result",
    source:
      said === undefined
        ? { type: "thread", thread_id: body.child_thread_id }
        : { type: "conversation_item", item_id: said.state.item_id },
    targetThreadId: body.parent_thread_id,
    author: child?.thread.agent_path ?? "",
    content: body.message,
    startedAt: event.wall_time_unix_ms,
    endedAt: event.wall_time_unix_ms,
    carried: body.carried_payload === null ? [] : [body.carried_payload.raw_payload_id]
  })
}

/** At the end: a spawn whose task nobody saw still made a thread. */
export const settleSpawns = (reduction: Reduction, onRefusal: (refusal: Refusal) => void): void => {
  for (const pending of reduction.edges.pendingById.values()) {
    if (pending.kind !== "spawn_agent" || !reduction.histories.has(pending.targetThreadId)) continue
    const edge = edgeOf(pending, { type: "thread", thread_id: pending.targetThreadId })
    const refusal = orRefusal(() => insertEdge(reduction, edge))
    if (refusal instanceof Refusal) onRefusal(refusal)
  }
}
