/**
 * What a sink is: it encodes and sends one batch, and acknowledges by succeeding.
 *
 * Batching, retry, back-pressure, redaction and the watermark are around it, once (deliver.ts). A sink never
 * retries by itself: `SinkFailed` says whether trying again can help, and how long to wait where the backend said so.
 */
import { type Effect, Schema, type Scope } from "effect"
import type { SpanWrite } from "../span/span.ts"

export class SinkFailed extends Schema.TaggedError<SinkFailed>()("SinkFailed", {
  sink: Schema.String,
  /** transient: the same batch may be taken later. permanent: it will not (a bad key, a refused row). */
  retry: Schema.Literals(["transient", "permanent"]),
  reason: Schema.String,
  /** Milliseconds the backend asked us to wait. */
  retryAfterMs: Schema.optionalKey(Schema.Number),
  hint: Schema.optionalKey(Schema.String),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return `${this.sink}: ${this.reason}`
  }
}

/** How a span becomes bytes: chosen by the user, applied by every sink through span/encode.ts. */
export interface CaptureOptions {
  /** none: structure, times, tokens and status only; no text of the user, the model or a tool. */
  readonly content: "full" | "none"
  readonly llmInput: "full" | "delta" | "none"
  /** Upper bound of one llm span's serialised input. */
  readonly llmInputBytesMax: number
  readonly redact: boolean
}

export interface OpenSink {
  /** Succeeds once the whole batch is acknowledged. Writes come in order; the last one of an id is the truth. */
  readonly send: (batch: ReadonlyArray<SpanWrite>) => Effect.Effect<void, SinkFailed>
}

export interface Sink {
  readonly name: string
  /** One line for help text, docs and `doctor`. */
  readonly summary: string
  /** true: wants opens and patches as they happen; false: closed spans are enough. */
  readonly live: boolean
  /** Largest batch it takes at once. */
  readonly batch: { readonly count: number; readonly bytes: number; readonly withinMs: number }
  readonly open: (options: CaptureOptions) => Effect.Effect<OpenSink, SinkFailed, Scope.Scope>
}
