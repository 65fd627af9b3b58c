/**
 * The folds of a session that has both transcripts and bundles: one trace, each fact from the source that knows best.
 *
 * Both are folded by themselves; their spans meet by id (recorded-span.ts). A span that only one of them tells is told
 * as it is: what the bundle has no event for (compactions, the user's own commands, other processes' turns), and what
 * the transcript leaves out (failed requests, nested calls without an item).
 */
import type { Span, SpanWrite } from "../span/span.ts"
import type { Fold, FoldOptions, FoldStep } from "./fold.ts"
import { mergedSpan } from "./recorded-span.ts"
import { sessionFold } from "./session-fold.ts"

/** The last that each source said of a span. */
interface Told {
  readonly transcript?: SpanWrite
  readonly bundle?: SpanWrite
}

type Side = keyof Told

const spanOf = ({ transcript, bundle }: Told): Span | undefined =>
  transcript === undefined || bundle === undefined
    ? (transcript ?? bundle)?.span
    : mergedSpan(transcript.span, bundle.span)

/** Ends first; of two that end together the inner one, which began later. */
const byEnd = (a: Span, b: Span): number =>
  (a.end ?? Number.POSITIVE_INFINITY) - (b.end ?? Number.POSITIVE_INFINITY) || b.start - a.start

const bothSteps = (transcript: FoldStep, bundle: FoldStep, writes: ReadonlyArray<SpanWrite>): FoldStep => ({
  writes,
  follow: [...transcript.follow, ...bundle.follow],
  skipped: [...transcript.skipped, ...bundle.skipped],
  notes: [...transcript.notes, ...bundle.notes]
})

/**
 * For sessions that are read once: what is true of a span is known when both sources have been read, so everything is
 * told at the end, once, in the order of the ends.
 */
export const recordedFold = (options: FoldOptions & { readonly rootId?: string }): Fold => {
  const sides = { transcript: sessionFold(options), bundle: sessionFold(options) }
  const told = new Map<string, Told>()
  const keep = (side: Side, step: FoldStep): FoldStep => {
    for (const write of step.writes) told.set(write.span.id, { ...told.get(write.span.id), [side]: write })
    return { ...step, writes: [] }
  }
  return {
    push: (origin, lines) => {
      const side = origin._tag === "Bundle" ? "bundle" : "transcript"
      return keep(side, sides[side].push(origin, lines))
    },
    end: () => {
      const [transcript, bundle] = [keep("transcript", sides.transcript.end()), keep("bundle", sides.bundle.end())]
      const spans = [...told.values()].flatMap((one) => spanOf(one) ?? [])
      return bothSteps(
        transcript,
        bundle,
        spans.toSorted(byEnd).map((span): SpanWrite => ({ op: "close", span }))
      )
    }
  }
}

/** How many spans that both sources have closed are remembered, for a correction that comes late. */
const closedMax = 4096

const isOpen = (write: SpanWrite | undefined): boolean => write !== undefined && write.op !== "close"

/**
 * What happens to a span when one source says something of it: what one of them has closed is closed, until it is told
 * better. But a thread outlives the process whose bundle ends.
 */
const opOf = (write: SpanWrite, { transcript, bundle }: Told): SpanWrite["op"] => {
  const isThread = write.span.kind === "session" || write.span.kind === "agent"
  if (isThread && isOpen(transcript)) return bundle === undefined ? write.op : "patch"
  if (transcript?.op === "close" || bundle?.op === "close") return "close"
  return transcript === undefined || bundle === undefined ? write.op : "patch"
}

/**
 * For sessions that go on: each span is told when one of its sources says something of it, as both know it then. The
 * first to see an end tells it, and the other's word makes it exact. Whoever reads the last write of an id has the same
 * spans as from a session that was read once.
 */
export const liveRecordedFold = (options: FoldOptions & { readonly rootId?: string }): Fold => {
  const sides = { transcript: sessionFold(options), bundle: sessionFold(options) }
  /** The longest untouched come first. */
  const told = new Map<string, Told>()

  const forgetOldest = (): void => {
    for (const [id, { transcript, bundle }] of told) {
      if (told.size <= closedMax) return
      if (!isOpen(transcript) && !isOpen(bundle)) told.delete(id)
    }
  }

  const tell = (side: Side, step: FoldStep, into: Map<string, SpanWrite>): void => {
    for (const write of step.writes) {
      const { id } = write.span
      const now = { ...told.get(id), [side]: write }
      told.delete(id)
      told.set(id, now)
      into.set(id, { op: opOf(write, now), span: spanOf(now) ?? write.span })
    }
    forgetOldest()
  }

  return {
    push: (origin, lines) => {
      const side = origin._tag === "Bundle" ? "bundle" : "transcript"
      const step = sides[side].push(origin, lines)
      const writes = new Map<string, SpanWrite>()
      tell(side, step, writes)
      return { ...step, writes: [...writes.values()] }
    },
    end: () => {
      const [transcript, bundle] = [sides.transcript.end(), sides.bundle.end()]
      const writes = new Map<string, SpanWrite>()
      tell("transcript", transcript, writes)
      tell("bundle", bundle, writes)
      return bothSteps(transcript, bundle, [...writes.values()])
    }
  }
}
