/**
 * A fold that is obviously right: every line of every file is one span, named after its place, closed at once; the
 * session's span counts them. Holds the collector's promises (nothing lost, nothing doubled) apart from the reducer's.
 */
import type { Fold, FoldStep } from "../../src/pipeline/fold.ts"
import type { Span, SpanWrite } from "../../src/span/span.ts"

const span = (id: string, traceId: string, more: Partial<Span>): Span => ({
  id,
  trace_id: traceId,
  thread_id: traceId,
  kind: "tool",
  name: "line",
  start: 1,
  metadata: {},
  metrics: {},
  tags: [],
  ...more
})

export const tallyFold = (): Fold => {
  let lines = 0
  let session = "unknown"
  const step = (writes: ReadonlyArray<SpanWrite>): FoldStep => ({ writes, follow: [], skipped: [], notes: [] })
  const total = (op: "open" | "close"): SpanWrite => ({
    op,
    span: span(`session ${session}`, session, {
      kind: "session",
      metrics: { lines },
      ...(op === "close" && { end: 2 })
    })
  })
  return {
    push: (origin, given) => {
      if (origin._tag === "Transcript" && origin.inherited !== true) session = origin.threadId
      lines += given.length
      const writes = given.map((line): SpanWrite => {
        const place = origin._tag === "Journal" ? "journal" : origin._tag === "Transcript" ? origin.threadId : "mixed"
        return {
          op: "close",
          span: span(`${place}:${line.lineNumber}`, session, { end: 2, output: line.text.slice(0, 200) })
        }
      })
      return step(session === "unknown" ? writes : [...writes, total("open")])
    },
    end: () => step([total("close")])
  }
}
