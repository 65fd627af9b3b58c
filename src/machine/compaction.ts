/**
 * A compaction: requested → installed | failed. Child span of its turn; its model call is its llm child.
 *
 * A local compaction asks the model for a summary (an ordinary response) and writes `compacted` right after it; a
 * remote one writes `compacted` alone. The item ContextCompaction tells when it began and ended; hooks tell the
 * trigger. A turn that does nothing else was asked for by hand (codex.md, Transcripts, "Compaction").
 * Times: Unix seconds.
 */
import type { SpanKey } from "./effect.ts"
import type { HistoryView } from "./history.ts"

export interface Compaction {
  readonly key: SpanKey
  readonly threadId: string
  readonly turnId: string
  readonly parent: SpanKey
  readonly startedAt: number
  readonly installedAt?: number
  readonly trigger?: "manual" | "auto"
  readonly before: HistoryView
  readonly after?: HistoryView
  readonly summary?: string
  readonly tokensBefore?: number
  readonly tokensAfter?: number
  readonly outcome: "ok" | "error" | "interrupted" | "unfinished"
}

/** Whether nothing more is expected of it. */
export const compactionEnded = (compaction: Compaction): boolean =>
  compaction.installedAt !== undefined || compaction.outcome !== "unfinished"
