/**
 * Which span stands for which fact. A span that stands for none is a ghost.
 *
 * Calls of the model are matched within their thread: by response id, else by equal input, else by time, else by
 * order; of several candidates the nearest in time is taken.
 * Everything else has a key of its own in the span contract (turn id, call id, thread id).
 */
import { inputDifference } from "./canonical.ts"
import { groupBy, text } from "./json.ts"
import type { ToldSpan } from "./spans.ts"
import {
  distance,
  type TrueCall,
  type TrueCompaction,
  type TrueThread,
  type TrueTool,
  type TrueTurn,
  type Truth
} from "./truth.ts"

export interface Matches {
  readonly calls: ReadonlyMap<TrueCall, ToldSpan>
  readonly tools: ReadonlyMap<TrueTool, ToldSpan>
  readonly turns: ReadonlyMap<TrueTurn, ToldSpan>
  readonly threads: ReadonlyMap<TrueThread, ToldSpan>
  readonly compactions: ReadonlyMap<TrueCompaction, ToldSpan>
  readonly ghosts: ReadonlyArray<ToldSpan>
}

type Fits<A> = (fact: A, span: ToldSpan) => boolean

/** Pairs facts with spans, one to one, in order; later rules see what earlier ones left. */
const pair = <A>(facts: ReadonlyArray<A>, spans: ReadonlyArray<ToldSpan>, rules: ReadonlyArray<Fits<A>>) => {
  const pairs = new Map<A, ToldSpan>()
  const free = new Set(spans)
  for (const fits of rules)
    for (const fact of facts) {
      if (pairs.has(fact)) continue
      const found = [...free].find((span) => fits(fact, span))
      if (found === undefined) continue
      pairs.set(fact, found)
      free.delete(found)
    }
  return { pairs, free }
}

const turnOf = (span: ToldSpan, byId: ReadonlyMap<string, ToldSpan>): string | undefined => {
  const own = text(span.metadata, "turn_id")
  if (own !== undefined) return own
  const parent = span.parentId === undefined ? undefined : byId.get(span.parentId)
  return parent === undefined || parent === span ? undefined : turnOf(parent, byId)
}

/** A span of merged attempts lies as near to the failed one as to the answered one: it stands for the latter, ms. */
const unansweredPenalty = 60

/** How far a span's times lie from a call's. Without times, calls come in the order in which they were sent. */
const distanceOf = (call: TrueCall, span: ToldSpan) =>
  (call.start === undefined ? 0 : distance(call.start, span.startMs)) +
  (call.end === undefined || span.endMs === undefined ? 0 : distance(call.end, span.endMs)) +
  (call.owed ? 0 : unansweredPenalty)

/** Pairs calls with spans that fit, the nearest first. */
const pairNearest = (calls: ReadonlyArray<TrueCall>, spans: ReadonlyArray<ToldSpan>, fits: Fits<TrueCall>) => {
  const candidates = calls.flatMap((call) =>
    spans.filter((span) => fits(call, span)).map((span) => ({ call, span, distance: distanceOf(call, span) }))
  )
  const pairs = new Map<TrueCall, ToldSpan>()
  const taken = new Set<ToldSpan>()
  for (const { call, span } of candidates.sort((one, other) => one.distance - other.distance)) {
    if (pairs.has(call) || taken.has(span)) continue
    pairs.set(call, span)
    taken.add(span)
  }
  return pairs
}

const matchCalls = (truth: Truth, spans: ReadonlyArray<ToldSpan>, byId: ReadonlyMap<string, ToldSpan>) => {
  const matched = new Map<TrueCall, ToldSpan>()
  const spansByThread = groupBy(spans, (span) => span.thread)
  const responseOf = (span: ToldSpan) => text(span.metadata, "response_id")
  const sameTurn: Fits<TrueCall> = (call, span) => {
    const turn = turnOf(span, byId)
    return turn === undefined || call.turn === undefined || turn === call.turn
  }
  /** No response id tells them apart: the corpus lacks those of compactions, transcripts up to 0.142 all of them. */
  const nameless: Fits<TrueCall> = (call, span) => call.responseId === undefined || responseOf(span) === undefined
  const rules: ReadonlyArray<Fits<TrueCall>> = [
    (call, span) => call.responseId !== undefined && responseOf(span) === call.responseId,
    (call, span) =>
      nameless(call, span) &&
      call.input !== undefined &&
      inputDifference(call.input, span.input) === undefined &&
      sameTurn(call, span),
    (call, span) => nameless(call, span) && call.start !== undefined && sameTurn(call, span),
    // What is left has no times: in order, and only what must be there.
    (call, span) => nameless(call, span) && call.start === undefined && call.owed
  ]
  for (const [thread, calls] of groupBy(truth.calls, (call) => call.thread)) {
    let openCalls: ReadonlyArray<TrueCall> = calls
    let openSpans: ReadonlyArray<ToldSpan> = spansByThread.get(thread) ?? []
    for (const fits of rules) {
      const pairs = pairNearest(openCalls, openSpans, fits)
      const taken = new Set(pairs.values())
      for (const [call, span] of pairs) matched.set(call, span)
      openCalls = openCalls.filter((call) => !pairs.has(call))
      openSpans = openSpans.filter((span) => !taken.has(span))
    }
  }
  return matched
}

/** Finds what each span stands for. Of two spans for one fact, the later one is a ghost. */
export const match = (truth: Truth, spans: ReadonlyArray<ToldSpan>): Matches => {
  const byId = new Map(spans.map((span) => [span.id, span]))
  const of = (...kinds: ReadonlyArray<string>) => spans.filter((span) => kinds.includes(span.kind))
  const calls = matchCalls(truth, of("llm"), byId)
  const tools = pair(truth.tools, of("tool"), [
    (tool, span) => span.thread === tool.thread && text(span.metadata, "call_id") === tool.id,
    (tool, span) => tool.anonymous === true && span.thread === tool.thread && turnOf(span, byId) === tool.turn
  ]).pairs
  const turns = pair(truth.turns, of("turn"), [
    (turn, span) => turn.id !== undefined && span.thread === turn.thread && text(span.metadata, "turn_id") === turn.id,
    (turn, span) => turn.id === undefined && span.thread === turn.thread
  ]).pairs
  const threads = pair([...truth.threads.values()], of("session", "agent"), [
    (thread, span) => span.thread === thread.id && span.kind === (thread.parent === undefined ? "session" : "agent")
  ]).pairs
  const compactions = pair(truth.compactions, of("compaction"), [
    (compaction, span) =>
      span.thread === compaction.thread && compaction.turn !== undefined && turnOf(span, byId) === compaction.turn,
    (compaction, span) => span.thread === compaction.thread && compaction.turn === undefined
  ]).pairs
  const untold = new Set(truth.turns.flatMap((turn) => (turn.unrecorded === true ? [turn.id] : [])))
  const found = new Set([calls, tools, turns, threads, compactions].flatMap((pairs) => [...pairs.values()]))
  const ghosts = spans
    .filter((span) => !found.has(span))
    // Of a turn that nobody recorded, no record could tell a ghost from a tool.
    .filter((span) => span.kind !== "tool" || !untold.has(turnOf(span, byId)))
  return { calls, tools, turns, threads, compactions, ghosts }
}
