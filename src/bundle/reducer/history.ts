/**
 * From payloads to a thread's history: which item of it each item of a request, a response or a compaction
 * checkpoint is (rollout-trace.md §3.5, §3.7).
 *
 * Owns the thread's snapshot (what the model last saw and said) and its pending replacement. The floor of the work
 * is the length of the lists that the payloads hold; an index is built only where a position does not match.
 */
import type { PayloadRef } from "../../wire/bundle/events.ts"
import { isArray, type JsonArray, type JsonValue, member, textMember } from "../../wire/bundle/json.ts"
import { byBytes } from "../../wire/bundle/json-text.ts"
import { Refusal, refuse } from "../refusal.ts"
import type { InferenceCall, Producer } from "../state.ts"
import { startReadyCells } from "./code-cell.ts"
import { createItem, createOrClaimReceipt, sightItem } from "./item.ts"
import { inPayload, readThroughKnown } from "./known-items.ts"
import { type MatchIndex, matches, matchSearch, sameContent } from "./match.ts"
import { type ItemSource, type ModelItem, normalise } from "./normalise.ts"
import {
  type Envelope,
  type History,
  type Item,
  pair,
  type Reduction,
  readPayload,
  readPayloadSpans
} from "./reduction.ts"

const requestKeys = new Set(["previous_response_id"])
const responseKeys = new Set(["output_items", "token_usage"])
const checkpointKeys = new Set(["input_history", "replacement_history"])

/** Items of one payload that are placed together. */
interface Batch {
  readonly reduction: Reduction
  readonly history: History
  readonly event: Envelope
  readonly turnId: string
  readonly producer: Producer | undefined
  readonly ref: PayloadRef
}

/** The items of a request, in order: those of the history that it repeats, and new ones. */
export const reduceRequest = (
  reduction: Reduction,
  history: History,
  event: Envelope,
  turnId: string,
  callId: string,
  ref: PayloadRef
): ReadonlyArray<Item> => {
  const { members, spans, value: payload } = readPayloadSpans(reduction, ref, requestKeys, "input", history.known)
  if (spans === undefined) refuse("inference", `the request of ${callId} has no array input`, ref.path)
  const source = { features: reduction.features, ref }
  const models = readThroughKnown(history.known, { members, spans }, ref, (index) =>
    normaliseOne(reduction, source, spans.read(index))
  )
  const batch: Batch = { reduction, history, event, turnId, producer: undefined, ref }
  const previous = textMember(payload, "previous_response_id")
  let items: ReadonlyArray<Item>
  if (previous === undefined) {
    items = placeSnapshot(batch, models, history.replacement ?? history.snapshot)
    history.replacement = undefined
  } else {
    const base = itemsOfResponse(reduction, history, previous)
    if (base === undefined) {
      refuse("inference", `request ${callId} continues response ${previous}, which is not in this thread`, ref.path)
    }
    items = [...base, ...placeAppended(batch, models, base.length)]
  }
  for (const item of items) list(history, item, reduction)
  history.snapshot = items
  return items
}

/** The items of a response and its token usage. */
export const reduceResponse = (
  reduction: Reduction,
  history: History,
  event: Envelope,
  call: InferenceCall,
  ref: PayloadRef
): { readonly items: ReadonlyArray<Item>; readonly usage: JsonValue | undefined } => {
  const payload = readPayload(reduction, ref, responseKeys)
  const output = member(payload, "output_items")
  if (!isArray(output)) {
    refuse("inference", `the response of ${call.inference_call_id} has no array output_items`, ref.path)
  }
  const models = normaliseAll(reduction, output, ref)
  const batch: Batch = {
    reduction,
    history,
    event,
    turnId: call.codex_turn_id,
    producer: { type: "inference", inference_call_id: call.inference_call_id },
    ref
  }
  const items = placeFrom(batch, models, reduction.features.itemIds ? knownById(history, models) : [])
  if (!reduction.features.itemIds) {
    for (const item of items) list(history, item, reduction)
    history.snapshot = [...history.snapshot, ...items]
  }
  return { items, usage: member(payload, "token_usage") }
}

/** What an installed compaction checkpoint says: the history before and after, and the marker between them. */
export const reduceCheckpoint = (
  reduction: Reduction,
  history: History,
  event: Envelope,
  turnId: string,
  compactionId: string,
  ref: PayloadRef
) => {
  const payload = readPayload(reduction, ref, checkpointKeys)
  const historyAt = (key: string): JsonArray => {
    const value = member(payload, key)
    return isArray(value)
      ? value
      : refuse("compaction", `the checkpoint of ${compactionId} has no array ${key}`, ref.path)
  }
  const [before, after] = [historyAt("input_history"), historyAt("replacement_history")]
  const inputModels = normaliseAll(reduction, before, ref)
  const replacementModels = normaliseAll(reduction, after, ref)
  const producer: Producer = { type: "compaction", compaction_id: compactionId }
  const input = placeFrom(
    { reduction, history, event, turnId, producer: undefined, ref },
    inputModels,
    history.snapshot
  )
  const marker = createItem(reduction, history, event, turnId, markerItem)
  marker.state.produced_by.push(producer)
  // A replacement is a new beginning: an item that repeats an old one is a new item all the same.
  const replacement = placeFrom({ reduction, history, event, turnId, producer, ref }, replacementModels, [])
  for (const item of [...input, marker, ...replacement]) list(history, item, reduction)
  history.replacement = replacement
  return { input, marker, replacement }
}

const markerItem: ModelItem = {
  responsesId: undefined,
  role: "assistant",
  channel: null,
  kind: "compaction_marker",
  agentMessage: undefined,
  parts: [],
  callId: null
}

const normaliseAll = (reduction: Reduction, items: JsonArray, ref: PayloadRef): ReadonlyArray<ModelItem> => {
  const source = { features: reduction.features, ref }
  return items.flatMap((item) => normaliseOne(reduction, source, item) ?? [])
}

/** A model item; null for one that is no part of the conversation, or that a lenient reduction leaves out. */
const normaliseOne = (reduction: Reduction, source: ItemSource, item: JsonValue): ModelItem | null => {
  try {
    return normalise(source, item) ?? null
  } catch (error) {
    if (!(error instanceof Refusal) || reduction.leaveOutItem === undefined) throw error
    reduction.leaveOutItem(error)
    return null
  }
}

/** Puts an item into the thread's list, as far as it is kept at once (schema 1); schema 2 makes the list at the end. */
const list = (history: History, item: Item, reduction: Reduction): void => {
  if (item.listed) return
  item.listed = true
  if (!reduction.features.itemIds) history.thread.conversation_item_ids.push(item.state.item_id)
}

/** A whole history: each item by its position in the previous one, else by content, else new. */
const placeSnapshot = (batch: Batch, models: ReadonlyArray<ModelItem>, previous: ReadonlyArray<Item>) => {
  const { features } = batch.reduction
  let index: MatchIndex | undefined
  return place(batch, models, (model, position, serial) => {
    const here = previous[position]
    if (here !== undefined && matches(here.state, model) && !(features.itemsOnce && here.takenBy === serial))
      return here
    index ??= matchSearch(features, previous)
    return index.find(model, serial)
  })
}

/** Items that follow a prefix which the request left out. */
const placeAppended = (batch: Batch, models: ReadonlyArray<ModelItem>, from: number) => {
  const { snapshot } = batch.history
  return place(batch, models, (model, position) => {
    const here = snapshot[from + position]
    if (here === undefined || matches(here.state, model)) return here
    refuse(
      "inference",
      `item ${from + position} of the request is not ${here.state.item_id}, which the thread has at that place`
    )
  })
}

/** Items that may be any of the candidates, each at most once, the first that matches. */
const placeFrom = (batch: Batch, models: ReadonlyArray<ModelItem>, candidates: ReadonlyArray<Item>) => {
  const index = candidates.length === 0 ? undefined : matchSearch(batch.reduction.features, candidates)
  return place(batch, models, (model, _position, serial) => index?.find(model, serial))
}

const place = (
  batch: Batch,
  models: ReadonlyArray<ModelItem>,
  find: (model: ModelItem, position: number, serial: number) => Item | undefined
): ReadonlyArray<Item> => {
  const { event, history, producer, reduction, ref, turnId } = batch
  const serial = ++reduction.batch
  const items: Array<Item> = []
  for (let position = 0; position < models.length; position++) {
    const model = models[position] as ModelItem
    checkCall(reduction, history, model)
    const item =
      find(model, position, serial) ??
      createOrClaimReceipt(reduction, history, event, turnId, inPayload(model, ref.raw_payload_id))
    item.takenBy = serial
    reduction.touched = true
    sightItem(reduction, history, item, model, producer)
    items.push(item)
  }
  startReadyCells(reduction)
  return items
}

/**
 * A call id means one call: the same id with other content is refused. All earlier items of that id and kind went
 * through this check, so one of them stands for all.
 */
const checkCall = (reduction: Reduction, history: History, model: ModelItem): void => {
  if (model.callId === null) return
  const isOutput = model.kind === "function_call_output" || model.kind === "custom_tool_call_output"
  if (isOutput && reduction.features.forgiving) return
  for (const { state } of history.byCall.get(model.callId) ?? []) {
    if (state.kind !== model.kind) continue
    if (sameContent(state, model)) return
    refuse("item", `call id ${model.callId} of ${state.item_id} comes again with other content`)
  }
}

/** The items of the thread that have one of the ids in an output, in order of creation. */
const knownById = (history: History, models: ReadonlyArray<ModelItem>): ReadonlyArray<Item> => {
  const found = new Set<Item>()
  for (const { responsesId } of models) {
    if (responsesId !== undefined) for (const item of history.byResponsesId.get(responsesId) ?? []) found.add(item)
  }
  return [...found].sort((a, b) => a.order - b.order)
}

/** Request and response of the call that gave a response id; undefined if this thread has none. */
const itemsOfResponse = (reduction: Reduction, history: History, responseId: string) => {
  const calls = (reduction.byResponse.get(pair(history.thread.thread_id, responseId)) ?? [])
    .filter((call) => call.response_id === responseId)
    .sort((a, b) => byBytes(a.inference_call_id, b.inference_call_id))
  const [call] = calls
  if (call === undefined) return undefined
  return [...call.request_item_ids, ...call.response_item_ids].flatMap((id) => reduction.items.get(id) ?? [])
}
