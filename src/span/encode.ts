/**
 * A span as JSON text: capture modes applied, secrets redacted, each history item serialised once.
 *
 * Owns what leaves the machine and how it is bounded; a sink arranges the parts in its own row. Inputs of model
 * requests share their items, so an encoder keeps each item's text as long as the item lives, and writing an input
 * is joining texts. Sizes are UTF-8 bytes.
 */
import type { Json, JsonObject } from "../wire/json.ts"
import { type HistoryItem, isModelInput, type ModelInput } from "./model-input.ts"
import { redact } from "./redact.ts"
import type { Span, SpanError } from "./span.ts"
import { structureOf } from "./structure.ts"

/** What of a span is told, chosen by the user, the same for every sink. */
export interface CaptureOptions {
  /** none: structure, times, tokens and status only; no text of the user, the model or a tool. */
  readonly content: "full" | "none"
  readonly llmInput: "full" | "delta" | "none"
  /** Upper bound of one llm span's serialised input, in bytes. */
  readonly llmInputBytesMax: number
  readonly redact: boolean
  /** Metadata keys of the user's own making: their texts are told even without content. */
  readonly ownKeys?: ReadonlyArray<string>
}

export const captureDefault: CaptureOptions = {
  content: "full",
  llmInput: "full",
  llmInputBytesMax: 4 * 1024 * 1024,
  redact: true
}

/** How a sink writes history items, where it cannot take them as they are. */
export interface ItemForm {
  readonly item: (value: JsonObject) => Json
  /** Stands for the oldest items of an input, which were left out to keep its bound. */
  readonly leftOut: (count: number) => Json
}

/** Items as Codex sent them, and a marker of a type that no Responses item has. */
export const asSent: ItemForm = {
  item: (value) => value,
  leftOut: (count) => ({ type: "items_left_out", count })
}

/** JSON text in pieces: the texts of history items are shared by every input that holds them, and never joined here. */
export interface Pieces {
  readonly texts: ReadonlyArray<string>
  readonly bytes: number
}

/** A span's fields after capture, as JSON texts where they can be large. */
export interface Encoded {
  readonly name: string
  readonly error?: SpanError
  /** Absent when unknown or not captured. */
  readonly input?: Pieces
  readonly output?: Pieces
  /** JSON text of an object. */
  readonly metadata: string
}

export interface SpanEncoder {
  readonly encode: (span: Span) => Encoded
  /** The span as one line of JSON, keys in the order of the contract, its line break included. */
  readonly line: (span: Span) => Pieces
}

const isItems = (output: Json): output is ReadonlyArray<JsonObject> =>
  Array.isArray(output) &&
  output.every((item: Json) => typeof item === "object" && item !== null && !Array.isArray(item))

const piece = (text: string): Pieces => ({ texts: [text], bytes: Buffer.byteLength(text) })

/** A JSON array of items that come newest first. */
const listed = (newest: ReadonlyArray<Pieces>): Pieces => {
  const texts = ["["]
  let bytes = 2
  for (let index = newest.length - 1; index >= 0; index--) {
    const made = newest[index]
    if (made === undefined) continue
    for (const text of made.texts) texts.push(text)
    bytes += made.bytes
    if (index > 0) texts.push(",")
  }
  texts.push("]")
  return { texts, bytes: bytes + Math.max(0, newest.length - 1) }
}

/** Texts shorter than this are quicker made than found. */
const sharedLengthMin = 256
/** The texts that wait for their second use are not longer than this, all together. */
const sharedLengthMax = 512 * 1024

/**
 * What a tool answered stands in two places: the tool's own output, and the item that the model was given. Its JSON is
 * made once for both; one that nobody asks for again is forgotten.
 */
const makeSharedTexts = (encode: (text: string) => Pieces): ((text: string) => Pieces) => {
  const waiting = new Map<string, Pieces>()
  let length = 0
  const forget = (text: string) => {
    if (waiting.delete(text)) length -= text.length
  }
  return (text) => {
    const known = waiting.get(text)
    if (known !== undefined) {
      forget(text)
      return known
    }
    const made = encode(text)
    if (text.length < sharedLengthMin || text.length > sharedLengthMax) return made
    waiting.set(text, made)
    length += text.length
    for (const oldest of waiting.keys()) {
      if (length <= sharedLengthMax) break
      forget(oldest)
    }
    return made
  }
}

/** An item whose `output` is a text and the last of its members, all of them plain: its JSON is a head, the text, a brace. */
const answerText = (value: Json): string | undefined => {
  if (typeof value !== "object" || value === null) return undefined
  let last: Json | undefined
  let lastName: string | undefined
  for (const name in value) {
    last = (value as JsonObject)[name]
    if (typeof last === "object" && last !== null) return undefined
    lastName = name
  }
  return lastName === "output" && typeof last === "string" && last.length >= sharedLengthMin ? last : undefined
}

/** An encoder for one form of items; it remembers their texts, so make one per sink and keep it. */
export const makeSpanEncoder = (capture: CaptureOptions, form: ItemForm = asSent): SpanEncoder => {
  // By the value: what a model produced is an item of the next request's input, and of all that follow it.
  const sized = new WeakMap<JsonObject, Pieces>()
  const ownKeys = new Set(capture.ownKeys)
  const clean = capture.redact ? redact : (text: string) => text

  const cleanJson = (value: Json): Pieces => piece(clean(JSON.stringify(value)))
  const answer = makeSharedTexts(cleanJson)

  const encodeItem = (value: Json): Pieces => {
    const text = answerText(value)
    if (text === undefined) return cleanJson(value)
    const head = clean(JSON.stringify({ ...(value as JsonObject), output: 0 })).slice(0, -2)
    const { texts, bytes } = answer(text)
    return { texts: [head, ...texts, "}"], bytes: Buffer.byteLength(head) + bytes + 1 }
  }

  /** `again`: whether a later span is likely to ask for it. */
  const itemPieces = (value: JsonObject, again: boolean): Pieces => {
    const known = sized.get(value)
    if (known !== undefined) return known
    const made = encodeItem(form.item(value))
    if (again) sized.set(value, made)
    return made
  }

  const outputPieces = (span: Span): Pieces | undefined => {
    const { output } = span
    if (output === undefined) return undefined
    if (typeof output === "string") return answer(output)
    if (span.kind !== "llm" || !isItems(output)) return cleanJson(output)
    return listed(output.map((value) => itemPieces(value, capture.llmInput !== "none")).reverse())
  }

  /** Items `from` to `to` as a JSON array: the newest ones within the bound, a marker for the rest. */
  const itemsText = (items: ReadonlyArray<HistoryItem>, from: number, to: number): Pieces => {
    const markerBytes = 2 + Buffer.byteLength(JSON.stringify(form.leftOut(to - from)))
    const newest: Array<Pieces> = []
    let bytes = 2
    let overMarker = to
    for (let index = to - 1; index >= from; index--) {
      const item = items[index]
      if (item === undefined) continue
      const made = itemPieces(item.value, capture.llmInput === "full")
      bytes += made.bytes + 1
      if (bytes > capture.llmInputBytesMax) {
        // The marker needs room as well: newer items that fitted without it may have to go.
        newest.length = to - overMarker
        newest.push(piece(JSON.stringify(form.leftOut(overMarker - from))))
        break
      }
      newest.push(made)
      if (bytes + markerBytes <= capture.llmInputBytesMax) overMarker = index
    }
    return listed(newest)
  }

  const modelInput = (input: ModelInput): { readonly pieces?: Pieces; readonly facts?: { [key: string]: Json } } => {
    if (capture.llmInput === "none") return {}
    if (capture.llmInput === "full") return { pieces: itemsText(input.items, 0, input.length) }
    const { base } = input
    return {
      pieces: itemsText(input.items, base?.length ?? 0, input.length),
      facts: { ...(base !== undefined && { input_base: base.spanId }), input_items: input.length }
    }
  }

  const encode = (full: Span): Encoded => {
    const span = capture.content === "none" ? structureOf(full, ownKeys) : full
    const { input } = span
    const model = isModelInput(input) ? modelInput(input) : undefined
    const pieces = model !== undefined ? model.pieces : input === undefined ? undefined : cleanJson(input as Json)
    const output = outputPieces(span)
    const metadata = model?.facts === undefined ? span.metadata : { ...span.metadata, ...model.facts }
    return {
      name: clean(span.name),
      ...(span.error !== undefined && { error: { ...span.error, message: clean(span.error.message) } }),
      ...(pieces !== undefined && { input: pieces }),
      ...(output !== undefined && { output }),
      metadata: clean(JSON.stringify(metadata))
    }
  }

  return {
    encode,
    line: (span) => {
      const { name, error, input, output, metadata } = encode(span)
      const { id, trace_id, parent_id, thread_id, kind, start, end, status, metrics, tags } = span
      const head = JSON.stringify({ id, trace_id, parent_id, thread_id, kind, name, start, end, status, error })
      const rest = `"metadata":${metadata},"metrics":${JSON.stringify(metrics)},"tags":${JSON.stringify(tags)}}\n`
      const texts = [`${head.slice(0, -1)},`]
      let bytes = 0
      for (const [key, value] of [["input", input] as const, ["output", output] as const]) {
        if (value === undefined) continue
        texts.push(`"${key}":`)
        for (const text of value.texts) texts.push(text)
        texts.push(",")
        bytes += value.bytes + key.length + 4
      }
      texts.push(rest)
      return { texts, bytes: bytes + Buffer.byteLength(texts[0] ?? "") + Buffer.byteLength(rest) }
    }
  }
}
