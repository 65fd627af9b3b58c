/**
 * A model call: requested → producing → done | failed | interrupted. Child span of its turn, or of a compaction.
 *
 * From a transcript it is seen by what it produced: the request is the history at that moment, its start is the last
 * record that it could see (at most 41 ms early at p95), its end the last output record (within 7 ms). The model
 * hooks know the request's own start, and the attempts that left nothing behind. Times: Unix seconds.
 */
import type { Usage } from "../domain/event.ts"
import type { Json } from "../wire/json.ts"
import type { SpanKey } from "./effect.ts"
import type { HistoryView } from "./history.ts"

export type LlmOutcome = "ok" | "error" | "interrupted" | "unfinished"

export interface Llm {
  readonly key: SpanKey
  readonly threadId: string
  readonly turnId: string
  readonly parent: SpanKey
  /** Which response of its turn it is, from 1; a failed attempt has none. */
  readonly ordinal?: number
  /** It left no item behind: only the hooks know of it. */
  readonly failedAttempt?: true
  /** A bundle recorded it: nothing that is inferred corrects it. */
  readonly recorded?: true
  readonly input: HistoryView
  readonly output: ReadonlyArray<Json>
  readonly startedAt: number
  /** The start that the records tell, where a hook knows a better one. */
  readonly readyAt?: number
  readonly firstOutputAt?: number
  /** When the first item began to stream, where the version tells. */
  readonly firstTokenAt?: number
  readonly endedAt: number
  readonly outcome: LlmOutcome
  readonly error?: { readonly message: string; readonly code?: string }
  readonly responseId?: string
  readonly usage?: Usage
  readonly model?: string
  readonly provider?: string
  readonly effort?: string
  readonly contextWindow?: number
  /** Base instructions that were sent apart from the input (older versions). */
  readonly instructions?: string
  /** What of the input is Codex's own text and stands in no record. */
  readonly assumed?: string
}

/** One request as the model hooks saw it. */
export interface Attempt {
  readonly startedAt: number
  readonly endedAt?: number
  readonly outcome?: "completed" | "failed" | "cancelled"
  readonly error?: string
  readonly usage?: Usage
}

/** Adds a request; hooks may arrive out of order, requests of one thread never overlap. */
export const requested = (attempts: ReadonlyArray<Attempt>, at: number): ReadonlyArray<Attempt> =>
  [...attempts, { startedAt: at }].sort((a, b) => a.startedAt - b.startedAt)

/** Tells how a request ended: the latest one that began before, or one that is still to be told. */
export const attemptAt = (attempts: ReadonlyArray<Attempt>, at: number): number => {
  for (let i = attempts.length - 1; i >= 0; i--) if ((attempts[i] as Attempt).startedAt <= at) return i
  return -1
}
