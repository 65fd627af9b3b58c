/**
 * Requests repeat their history: an item that stands in a request byte by byte as it stood in the thread's last one
 * is not read again (measured: most of the time and of the garbage of a long thread).
 *
 * Owns the bytes of one request a thread, and the model items that were made of them. It only saves work: what an
 * item means does not depend on it, because equal bytes make equal items, but for the payload that they name.
 */
import type { PayloadRef } from "../../wire/bundle/events.ts"
import type { JsonSpans } from "../../wire/bundle/json.ts"
import type { ModelItem } from "./normalise.ts"

export interface KnownItems {
  /** The bytes of the last request's items; grown and reused. */
  bytes: Buffer
  from: ReadonlyArray<number>
  to: ReadonlyArray<number>
  /** The item of each span; null for one that is no part of the conversation. */
  models: ReadonlyArray<ModelItem | null>
  /** Spans by their length, made when a search needs it. */
  byLength: Map<number, Array<number>> | undefined
}

export const noKnownItems = (): KnownItems => ({
  bytes: Buffer.alloc(0),
  from: [],
  to: [],
  models: [],
  byLength: undefined
})

/** Spans of one length that are compared before an item is simply read again. */
const candidatesMax = 16

/**
 * The items of a request, each read by `read` unless the last request had the same bytes; then keeps this request
 * in its place.
 */
export const readThroughKnown = (
  known: KnownItems,
  spans: JsonSpans,
  ref: PayloadRef,
  read: (index: number) => ModelItem | null
): ReadonlyArray<ModelItem> => {
  const models: Array<ModelItem | null> = []
  let next = 0
  for (let index = 0; index < spans.from.length; index++) {
    const place = isSame(known, next, spans, index) ? next : find(known, spans, index)
    const model = place < 0 ? undefined : known.models[place]
    if (place >= 0) next = place + 1
    if (model === undefined) models.push(read(index))
    else models.push(model === null ? null : inPayload(model, ref.raw_payload_id))
  }
  keep(known, spans, models)
  return models.filter((model) => model !== null)
}

const isSame = (known: KnownItems, place: number, spans: JsonSpans, index: number): boolean => {
  const [from, to] = [known.from[place], known.to[place]]
  const [spanFrom, spanTo] = [spans.from[index], spans.to[index]]
  if (from === undefined || to === undefined || spanFrom === undefined || spanTo === undefined) return false
  return to - from === spanTo - spanFrom && known.bytes.compare(spans.bytes, spanFrom, spanTo, from, to) === 0
}

const find = (known: KnownItems, spans: JsonSpans, index: number): number => {
  const length = (spans.to[index] ?? 0) - (spans.from[index] ?? 0)
  const candidates = lengthsOf(known).get(length) ?? []
  return candidates.slice(0, candidatesMax).find((place) => isSame(known, place, spans, index)) ?? -1
}

const lengthsOf = (known: KnownItems): Map<number, Array<number>> => {
  if (known.byLength !== undefined) return known.byLength
  const byLength = new Map<number, Array<number>>()
  known.from.forEach((from, place) => {
    const length = (known.to[place] ?? 0) - from
    const places = byLength.get(length)
    if (places === undefined) byLength.set(length, [place])
    else places.push(place)
  })
  known.byLength = byLength
  return byLength
}

const keep = (known: KnownItems, spans: JsonSpans, models: ReadonlyArray<ModelItem | null>): void => {
  const start = spans.from[0] ?? 0
  const length = (spans.to.at(-1) ?? 0) - start
  if (known.bytes.length < length) known.bytes = Buffer.allocUnsafe(2 * length)
  if (length > 0) spans.bytes.copy(known.bytes, 0, start, start + length)
  known.from = spans.from.map((from) => from - start)
  known.to = spans.to.map((to) => to - start)
  known.models = models
  known.byLength = undefined
}

/** The same item in another payload: its references name that one. */
const inPayload = (model: ModelItem, payloadId: string): ModelItem =>
  model.parts.some((part) => "raw_payload_id" in part && part.raw_payload_id !== payloadId)
    ? {
        ...model,
        parts: model.parts.map((part) => ("raw_payload_id" in part ? { ...part, raw_payload_id: payloadId } : part))
      }
    : model
