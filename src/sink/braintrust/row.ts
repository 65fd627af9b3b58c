/**
 * A span as a row of `/logs3`: whole on every write, merged by id, with Braintrust's names for what we know.
 *
 * Row id and span id are both the span's id, which is derived, so sending twice is one row. `created` is the start,
 * which keeps re-sends identical and imports at their real time. Leaves out the destination (project or experiment),
 * which is known only once the connection stands: it is added when the row is sent. Sizes are UTF-8 bytes.
 */
import { type CaptureOptions, makeSpanEncoder, type SpanEncoder } from "../../span/encode.ts"
import { isModelInput } from "../../span/model-input.ts"
import { redact } from "../../span/redact.ts"
import type { Span, SpanKind, SpanWrite } from "../../span/span.ts"
import { version } from "../../version.ts"
import type { Json, JsonObject } from "../../wire/json.ts"
import type { Row } from "../sink.ts"
import { parsableItems, toolsOf } from "./items.ts"

/** An outer span of a caller's trace, which sessions hang under. */
export interface OuterSpan {
  readonly rootSpanId: string
  readonly spanId: string
  /** Fields that the caller wants on every row below. */
  readonly propagated: JsonObject
}

const typeOf: { readonly [kind in SpanKind]: "task" | "llm" | "tool" } = {
  session: "task",
  turn: "task",
  llm: "llm",
  tool: "tool",
  agent: "task",
  compaction: "task"
}

const context = JSON.stringify({ span_origin: { name: "tracer", version, instrumentation: { name: "codex" } } })

/** Room for the destination, which is added later. */
const destinationBytes = 160

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The members of `under` that `over` does not have, and `over`, whose JSON text is given. */
const joined = (under: JsonObject, over: JsonObject, overText: string): string => {
  const extra = Object.entries(under).filter(([key]) => !(key in over))
  return extra.length === 0
    ? overText
    : `${JSON.stringify(Object.fromEntries(extra)).slice(0, -1)},${overText.slice(1)}`
}

/** A session or an agent is as its last turn was: rows are merged, so an error that is over has to be taken back. */
const errorText = (span: Span, message: string | undefined): string | null | undefined => {
  if (message === undefined && span.status === "error") return "error"
  if (message === undefined) return span.kind === "session" || span.kind === "agent" ? null : undefined
  const code = span.error?.code
  return code === undefined || message.includes(code) ? message : `${code}: ${message}`
}

/** A JSON text that is too long, as the beginning of it in a string. */
const cut = (text: string | undefined, bytesMax: number): string | undefined => {
  const bytes = text === undefined ? 0 : Buffer.byteLength(text)
  if (text === undefined || bytes <= bytesMax) return text
  // In the worst case a character takes six bytes once it is escaped again.
  return JSON.stringify(`${text.slice(0, Math.max(0, Math.floor(bytesMax / 6)))} … [shortened from ${bytes} bytes]`)
}

export interface RowEncoder {
  /** Without its last brace's destination: `send` adds that. */
  readonly row: (write: SpanWrite, bytesMax?: number) => Row
}

export const makeRowEncoder = (capture: CaptureOptions, outer: OuterSpan | undefined): RowEncoder => {
  const usual = makeSpanEncoder(capture, parsableItems)

  const text = (span: Span, encoder: SpanEncoder, contentBytesMax: number): string => {
    const { input } = span
    const facts = {
      kind: span.kind,
      thread_id: span.thread_id,
      ...(span.status !== undefined && { status: span.status })
    }
    const encoded = encoder.encode({ ...span, metadata: { ...span.metadata, ...facts } })
    const tools = isModelInput(input) && encoded.input !== undefined && capture.content === "full" ? toolsOf(input) : []
    const toolsText = tools.length === 0 ? undefined : JSON.stringify(tools)
    const { metadata, span_attributes: attributes, ...others } = outer?.propagated ?? {}
    const own = joined(isObject(metadata) ? metadata : {}, { ...span.metadata, ...facts }, encoded.metadata)
    const metadataText =
      toolsText === undefined ? own : `${own.slice(0, -1)},"tools":${capture.redact ? redact(toolsText) : toolsText}}`
    const error = errorText(span, encoded.error?.message)
    const parents = span.parent_id !== undefined ? [span.parent_id] : outer !== undefined ? [outer.spanId] : []
    const head = JSON.stringify({
      ...others,
      id: span.id,
      span_id: span.id,
      root_span_id: outer?.rootSpanId ?? span.trace_id,
      span_parents: parents,
      created: new Date(span.start * 1000).toISOString(),
      span_attributes: { ...(isObject(attributes) && attributes), name: encoded.name, type: typeOf[span.kind] },
      metrics: { ...span.metrics, start: span.start, ...(span.end !== undefined && { end: span.end }) },
      ...(error !== undefined && { error }),
      ...(span.tags.length > 0 && { tags: span.tags })
    })
    const inputText = cut(encoded.input?.texts.join(""), contentBytesMax)
    const outputText = cut(encoded.output?.texts.join(""), contentBytesMax)
    return (
      `${head.slice(0, -1)},"metadata":${metadataText},"context":${context}` +
      `${inputText === undefined ? "" : `,"input":${inputText}`}${outputText === undefined ? "" : `,"output":${outputText}`}` +
      ',"_is_merge":true,"_merge_paths":[["input"],["output"]]}'
    )
  }

  return {
    row: (write, bytesMax) => {
      const whole =
        bytesMax === undefined
          ? text(write.span, usual, Number.POSITIVE_INFINITY)
          : text(
              write.span,
              makeSpanEncoder({ ...capture, llmInputBytesMax: Math.floor(bytesMax / 3) }, parsableItems),
              Math.floor(bytesMax / 3)
            )
      return { write, texts: [whole], bytes: Buffer.byteLength(whole) + destinationBytes }
    }
  }
}
