/**
 * A span as JSON text: capture modes applied, secrets redacted, each history item serialised once.
 *
 * Owns what leaves the machine and how it is bounded; a sink arranges the parts in its own row. Inputs of model
 * requests share their items, so an encoder keeps each item's text as long as the item lives, and writing an input
 * is joining texts. Sizes are UTF-8 bytes.
 */
import type { Json } from "../wire/json.ts"
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
}

export const captureDefault: CaptureOptions = {
  content: "full",
  llmInput: "full",
  llmInputBytesMax: 4 * 1024 * 1024,
  redact: true
}

/** How a sink writes history items, where it cannot take them as they are. */
export interface ItemForm {
  readonly item: (item: HistoryItem) => Json
  /** Stands for the oldest items of an input, which were left out to keep its bound. */
  readonly leftOut: (count: number) => Json
}

/** Items as Codex sent them, and a marker of a type that no Responses item has. */
export const asSent: ItemForm = {
  item: (item) => item.value,
  leftOut: (count) => ({ type: "items_left_out", count })
}

/** A span's fields after capture, as JSON texts where they can be large. */
export interface Encoded {
  readonly name: string
  readonly error?: SpanError
  /** JSON text; absent when unknown or not captured. */
  readonly input?: string
  readonly output?: string
  /** JSON text of an object. */
  readonly metadata: string
}

export interface SpanEncoder {
  readonly encode: (span: Span) => Encoded
  /** The span as one line of JSON, keys in the order of the contract, without a line break. */
  readonly line: (span: Span) => string
}

interface Sized {
  readonly text: string
  readonly bytes: number
}

/** `"name":value,` for a value that is there. */
const member = (key: string, text: string | undefined): string => (text === undefined ? "" : `"${key}":${text},`)

/** An encoder for one form of items; it remembers their texts, so make one per sink and keep it. */
export const makeSpanEncoder = (capture: CaptureOptions, form: ItemForm = asSent): SpanEncoder => {
  const sized = new WeakMap<HistoryItem, Sized>()
  const clean = capture.redact ? redact : (text: string) => text

  const itemText = (item: HistoryItem): Sized => {
    const known = sized.get(item)
    if (known !== undefined) return known
    const text = clean(JSON.stringify(form.item(item)))
    const made = { text, bytes: Buffer.byteLength(text) }
    sized.set(item, made)
    return made
  }

  /** Items `from` to `to` as a JSON array: the newest ones within the bound, a marker for the rest. */
  const itemsText = (items: ReadonlyArray<HistoryItem>, from: number, to: number): string => {
    const markerBytes = 2 + Buffer.byteLength(JSON.stringify(form.leftOut(to - from)))
    const texts: Array<string> = []
    let bytes = 2
    let overMarker = to
    for (let index = to - 1; index >= from; index--) {
      const item = items[index]
      if (item === undefined) continue
      const { text, bytes: size } = itemText(item)
      bytes += size + 1
      if (bytes > capture.llmInputBytesMax) {
        // The marker needs room as well: newer items that fitted without it may have to go.
        texts.length = to - overMarker
        texts.push(JSON.stringify(form.leftOut(overMarker - from)))
        break
      }
      texts.push(text)
      if (bytes + markerBytes <= capture.llmInputBytesMax) overMarker = index
    }
    return `[${texts.reverse().join(",")}]`
  }

  const modelInput = (input: ModelInput): { readonly text?: string; readonly facts?: { [key: string]: Json } } => {
    if (capture.llmInput === "none") return {}
    if (capture.llmInput === "full") return { text: itemsText(input.items, 0, input.length) }
    const { base } = input
    return {
      text: itemsText(input.items, base?.length ?? 0, input.length),
      facts: { ...(base !== undefined && { input_base: base.spanId }), input_items: input.length }
    }
  }

  const encode = (full: Span): Encoded => {
    const span = capture.content === "none" ? structureOf(full) : full
    const { input } = span
    const model = isModelInput(input) ? modelInput(input) : undefined
    const inputText = model !== undefined ? model.text : input === undefined ? undefined : clean(JSON.stringify(input))
    const metadata = model?.facts === undefined ? span.metadata : { ...span.metadata, ...model.facts }
    return {
      name: clean(span.name),
      ...(span.error !== undefined && { error: { ...span.error, message: clean(span.error.message) } }),
      ...(inputText !== undefined && { input: inputText }),
      ...(span.output !== undefined && { output: clean(JSON.stringify(span.output)) }),
      metadata: clean(JSON.stringify(metadata))
    }
  }

  return {
    encode,
    line: (span) => {
      const { name, error, input, output, metadata } = encode(span)
      const { id, trace_id, parent_id, thread_id, kind, start, end, status, metrics, tags } = span
      const head = JSON.stringify({ id, trace_id, parent_id, thread_id, kind, name, start, end, status, error })
      return `${head.slice(0, -1)},${member("input", input)}${member("output", output)}"metadata":${metadata},"metrics":${JSON.stringify(metrics)},"tags":${JSON.stringify(tags)}}`
    }
  }
}
