/**
 * One span that a transcript and a bundle both tell: each fact from the source that knows best.
 *
 * Times, states, parents and requests are the bundle's; what the bundle has no event for (prompts as typed, the user's
 * own commands, approvals) is the transcript's. Either may still be open. Times are Unix seconds.
 */
import type { Span } from "../span/span.ts"

/** A recording that stops, or has not come that far, knows nothing of how things went on. */
const lastWord = (transcript: Span, bundle: Span): Span =>
  bundle.status === undefined || bundle.status === "unfinished" ? transcript : bundle

/** A thread's own span covers what both saw of it; a bundle begins and ends with its process. */
const whole = (transcript: Span, bundle: Span) => {
  const last = Math.max(transcript.end ?? 0, bundle.end ?? 0)
  const later = (bundle.end ?? 0) > (transcript.end ?? 0) ? bundle : transcript
  return {
    start: Math.min(transcript.start, bundle.start),
    ...(last > 0 && { end: last }),
    ...outcomeOf(later, later === bundle ? transcript : bundle)
  }
}

/** How it ended; why it failed is told by whoever knows it of the same end. */
const outcomeOf = ({ status, error }: Span, other: Span): Pick<Span, "status" | "error"> => {
  const why = error ?? (status === other.status ? other.error : undefined)
  return { ...(status && { status }), ...(why && { error: why }) }
}

const exact = (transcript: Span, bundle: Span) => {
  const last = lastWord(transcript, bundle)
  const { end = transcript.end } = last
  return {
    start: bundle.start,
    ...(end !== undefined && { end: Math.max(end, bundle.start) }),
    ...outcomeOf(last, last === bundle ? transcript : bundle)
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

/** One span of two with the same id: the fields that neither of them owns are the transcript's. */
export const mergedSpan = (transcript: Span, bundle: Span): Span => {
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
