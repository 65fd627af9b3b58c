/**
 * Requests repeat their history: an item that stands in a request byte by byte as it stood in the thread's last one
 * is not read again (measured: most of the time and of the garbage of a long thread).
 *
 * Owns the bytes of one request a thread, and the model items that were made of them. It only saves work: what an
 * item means does not depend on it, because equal bytes make equal items, but for the payload that they name.
 */
import type { PayloadRef } from "../../wire/bundle/events.ts"
import type { JsonSpans, LastText, Parts, ReadWithSpans } from "../../wire/bundle/json-spans.ts"
import type { ModelItem } from "./normalise.ts"

export interface KnownItems extends LastText {
  /** The bytes of the last request; grown and reused. */
  bytes: Buffer
  members: Parts
  elements: Parts
  /** The item of each element; null for one that is no part of the conversation. */
  models: ReadonlyArray<ModelItem | null>
}

const none: Parts = { from: [], to: [] }

export const noKnownItems = (): KnownItems => ({ bytes: Buffer.alloc(0), members: none, elements: none, models: [] })

/**
 * The items of a request, each read by `read` unless the last request had the same bytes; then keeps this request
 * in its place.
 */
export const readThroughKnown = (
  known: KnownItems,
  { members, spans }: Pick<ReadWithSpans, "members"> & { readonly spans: JsonSpans },
  ref: PayloadRef,
  read: (index: number) => ModelItem | null
): ReadonlyArray<ModelItem> => {
  const models = spans.places.map((place, index) => {
    const model = place < 0 ? undefined : known.models[place]
    if (model === undefined) return read(index)
    return model === null ? null : inPayload(model, ref.raw_payload_id)
  })
  const { length } = spans.bytes
  if (known.bytes.length < length) known.bytes = Buffer.allocUnsafeSlow(2 * length)
  spans.bytes.copy(known.bytes)
  known.members = members
  known.elements = { from: spans.from, to: spans.to }
  known.models = models
  return models.filter((model) => model !== null)
}

/** The same item in another payload: its references name that one. */
const inPayload = (model: ModelItem, payloadId: string): ModelItem =>
  model.parts.some((part) => "raw_payload_id" in part && part.raw_payload_id !== payloadId)
    ? {
        ...model,
        parts: model.parts.map((part) => ("raw_payload_id" in part ? { ...part, raw_payload_id: payloadId } : part))
      }
    : model
