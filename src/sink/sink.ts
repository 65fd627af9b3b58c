/**
 * What a sink is: it encodes a span as a row, sends one batch of rows, and acknowledges by succeeding.
 *
 * Batching, retry, back-pressure and the order of acknowledgement are around it, once (deliver.ts). A sink never
 * retries by itself: `SinkFailed` says whether trying again can help, and how long to wait where the backend said so.
 */
import type { Effect, Scope } from "effect"
import type { CaptureOptions } from "../span/encode.ts"
import type { SpanWrite } from "../span/span.ts"
import { ReaderLeft, SinkFailed } from "./failure.ts"
import type { Output } from "./output.ts"

export { type CaptureOptions, ReaderLeft, SinkFailed }

/** A span as one sink writes it. */
export interface Row {
  readonly write: SpanWrite
  /** What goes to the backend, in pieces that rows may share; none for a sink that draws. */
  readonly texts: ReadonlyArray<string>
  /** Its length in UTF-8. */
  readonly bytes: number
}

/** What a sink is opened with. */
export interface SinkContext {
  readonly capture: CaptureOptions
  /** Where a sink reads its settings: the process' environment for a command, the session's for the collector. */
  readonly env: { readonly [name: string]: string | undefined }
  /** The sessions may still be running: spans are worth sending while they are open. */
  readonly live: boolean
  /** `--events`: opens and patches are rows of their own, for sinks that write a log. */
  readonly events: boolean
  /** An exported Braintrust span that the sessions hang under; its trace and destination are the rows'. */
  readonly exportedParent?: string
  /** Where the sinks that write text write it. */
  readonly output: Output
  /** Where a drawing goes while `output` carries the lines of another sink. */
  readonly aside?: Output
}

export interface OpenSink {
  readonly name: string
  /** Which writes it wants to see. Others are acknowledged without being sent. */
  readonly wants: "all" | "closed"
  /** Several writes of one span in one batch: the last one stands for all, or each is a row of its own. */
  readonly repeats: "last" | "each"
  /** The largest batch it takes at once, and how long a row may wait for others. */
  readonly batch: { readonly rows: number; readonly bytes: number; readonly withinMs: number }
  /** The row of a write; with `bytesMax`, shortened as far as that is possible without losing the span. */
  readonly encode: (write: SpanWrite, bytesMax?: number) => Row
  /** Succeeds once the whole batch is acknowledged. Rows come in order; the last one of an id is the truth. */
  readonly send: (rows: ReadonlyArray<Row>) => Effect.Effect<void, SinkFailed | ReaderLeft>
}

export interface Sink {
  /** As typed after `--to`. */
  readonly name: string
  /** One line for help text, docs and `doctor`. */
  readonly summary: string
  /** What it writes to the output: lines for programs, a drawing for people, or nothing. */
  readonly writes: "lines" | "drawing" | "nothing"
  /** Fails at once on a setting that is missing or wrong; a backend that is away is the business of `send`. */
  readonly open: (context: SinkContext) => Effect.Effect<OpenSink, SinkFailed, Scope.Scope>
}
