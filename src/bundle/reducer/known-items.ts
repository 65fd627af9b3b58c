/**
 * Requests repeat their history: an item that stands in a request byte by byte as it stood in the thread's last one
 * is not read again (measured: most of the time and of the garbage of a long thread).
 *
 * Owns the bytes of one request a thread, and the model items that were made of them. It only saves work: what an
 * item means does not depend on it, because equal bytes make equal items, but for the payload that they name. Where
 * that does not tell items apart, it is set right when an item is made (`inPayload`).
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
  const models: Array<ModelItem | null> = []
  const present: Array<ModelItem> = []
  for (let index = 0; index < spans.places.length; index++) {
    const before = known.models[spans.places[index] as number]
    const model =
      before === undefined
        ? read(index)
        : before === null || !isToldByItsPayload(before)
          ? before
          : inPayload(before, ref.raw_payload_id)
    models.push(model)
    if (model !== null) present.push(model)
  }
  const { length } = spans.bytes
  if (known.bytes.length < length) known.bytes = Buffer.allocUnsafeSlow(2 * length)
  spans.bytes.copy(known.bytes)
  known.members = members
  known.elements = { from: spans.from, to: spans.to }
  known.models = models
  return present
}

/** Whether the payload that an item refers to can tell it apart from another one. */
const isToldByItsPayload = ({ parts }: ModelItem): boolean => {
  for (const part of parts) if (part.type === "payload_ref") return true
  return false
}

/** The same item in another payload: its references name that one. */
export const inPayload = (model: ModelItem, payloadId: string): ModelItem =>
  model.parts.some((part) => "raw_payload_id" in part && part.raw_payload_id !== payloadId)
    ? {
        ...model,
        parts: model.parts.map((part) => ("raw_payload_id" in part ? { ...part, raw_payload_id: payloadId } : part))
      }
    : model
