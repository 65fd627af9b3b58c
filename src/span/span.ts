/**
 * The span contract (docs/SPANS.md): what every sink gets and the JSONL sink writes as it is.
 *
 * Owns the shape only. Times are Unix seconds, durations inside `metadata` say their unit.
 * A key whose value is not known is left out: never null, never invented.
 */
import type { Json } from "../wire/json.ts"
import type { ModelInput } from "./model-input.ts"

export type SpanKind = "session" | "turn" | "llm" | "tool" | "agent" | "compaction"

/** ok · error · interrupted (stopped on purpose) · unfinished (no end was ever seen). */
export type SpanStatus = "ok" | "error" | "interrupted" | "unfinished"

export interface SpanError {
  readonly message: string
  readonly code?: string
}

export type { Json }

export interface Span {
  readonly id: string
  readonly trace_id: string
  readonly parent_id?: string
  readonly thread_id: string
  readonly kind: SpanKind
  readonly name: string
  /** Unix seconds, at least millisecond precision. */
  readonly start: number
  readonly end?: number
  readonly status?: SpanStatus
  readonly error?: SpanError
  /** Of an llm span: the request's items, shared between spans. Of any other: plain JSON. */
  readonly input?: ModelInput | Json
  readonly output?: Json
  readonly metadata: { readonly [key: string]: Json }
  readonly metrics: { readonly [key: string]: number }
  readonly tags: ReadonlyArray<string>
}

/**
 * What a sink is told about a span. Every write carries the whole span as known now, so a lost or
 * repeated earlier write is harmless, and the last write of an id is the truth.
 */
export interface SpanWrite {
  readonly op: "open" | "patch" | "close"
  readonly span: Span
}
