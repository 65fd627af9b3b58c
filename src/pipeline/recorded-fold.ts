/**
 * The fold of a session that has both transcripts and bundles: one trace, each fact from the source that knows best.
 *
 * Both are folded by themselves; their spans meet by id. Times, states, parents and requests are the bundle's, what
 * the bundle has no event for (prompts as typed, compactions, the user's own commands, approvals, other processes'
 * turns) is the transcript's. A span that only one of them tells is told as it is. For sessions that are over: what
 * is true of a span is known when both have been read, so everything is told at the end, in the order of the ends.
 */
import type { Span, SpanWrite } from "../span/span.ts"
import type { Fold, FoldOptions, FoldStep } from "./fold.ts"
import { sessionFold } from "./session-fold.ts"

/** The last that each source said of a span. */
interface Told {
  readonly transcript?: SpanWrite
  readonly bundle?: SpanWrite
}

/** A recording that stops knows nothing of how things went on. */
const lastWord = (transcript: Span, bundle: Span): Span => (bundle.status === "unfinished" ? transcript : bundle)

/** A thread's own span covers what both saw of it; a bundle begins and ends with its process. */
const whole = ({ start, end, status }: Span, bundle: Span) => {
  const bundleIsLater = (bundle.end ?? 0) > (end ?? 0)
  const last = Math.max(end ?? 0, bundle.end ?? 0)
  return {
    start: Math.min(start, bundle.start),
    ...(last > 0 && { end: last }),
    ...((bundleIsLater ? bundle.status : status) && { status: bundleIsLater ? bundle.status : status })
  }
}

const exact = (transcript: Span, bundle: Span) => {
  const { end = transcript.end, status, error } = lastWord(transcript, bundle)
  return {
    start: bundle.start,
    ...(end !== undefined && { end: Math.max(end, bundle.start) }),
    ...(status && { status }),
    ...(error && { error })
  }
}

/** Of a request its own array, unless it was lost; of a call what its script passed, and what its run printed. */
const contentOf = (transcript: Span, bundle: Span) => {
  const isExact = bundle.kind === "tool" || (bundle.kind === "llm" && bundle.metadata.input_assumed === undefined)
  const input = isExact ? (bundle.input ?? transcript.input) : (transcript.input ?? bundle.input)
  const output = bundle.kind === "llm" ? (bundle.output ?? transcript.output) : (transcript.output ?? bundle.output)
  return { ...(input !== undefined && { input }), ...(output !== undefined && { output }) }
}

const metricsOf = (transcript: Span, bundle: Span): Span["metrics"] => {
  const { time_to_first_token: toFirst, ...counts } = transcript.metrics
  return {
    ...bundle.metrics,
    ...counts,
    ...(toFirst !== undefined && { time_to_first_token: Math.max(0, toFirst + transcript.start - bundle.start) })
  }
}

/** One span of two: the fields that neither of them owns are the transcript's. */
const merged = (transcript: Span, bundle: Span): Span => {
  const { id, trace_id, thread_id, kind, name } = transcript
  const { attribution: _, ...metadata } = transcript.metadata
  const isThread = bundle.kind === "session" || bundle.kind === "agent"
  const parentId = bundle.parent_id ?? transcript.parent_id
  return {
    id,
    trace_id,
    thread_id,
    kind,
    name,
    ...(parentId !== undefined && { parent_id: parentId }),
    ...(isThread ? whole(transcript, bundle) : exact(transcript, bundle)),
    ...contentOf(transcript, bundle),
    metadata: { ...bundle.metadata, ...metadata },
    metrics: metricsOf(transcript, bundle),
    tags: [...new Set([...transcript.tags, ...bundle.tags])]
  }
}

const spanOf = ({ transcript, bundle }: Told): Span | undefined =>
  transcript === undefined || bundle === undefined ? (transcript ?? bundle)?.span : merged(transcript.span, bundle.span)

/** Ends first; of two that end together the inner one, which began later. */
const byEnd = (a: Span, b: Span): number =>
  (a.end ?? Number.POSITIVE_INFINITY) - (b.end ?? Number.POSITIVE_INFINITY) || b.start - a.start

/** The fold of a session's transcripts and journals on one side, its bundles on the other. */
export const recordedFold = (options: FoldOptions & { readonly rootId?: string }): Fold => {
  const sides = { transcript: sessionFold(options), bundle: sessionFold(options) }
  const told = new Map<string, Told>()
  const keep = (side: keyof Told, step: FoldStep): FoldStep => {
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
      const writes = spans.toSorted(byEnd).map((span): SpanWrite => ({ op: "close", span }))
      return {
        writes,
        follow: [...transcript.follow, ...bundle.follow],
        skipped: [...transcript.skipped, ...bundle.skipped],
        notes: [...transcript.notes, ...bundle.notes]
      }
    }
  }
}
