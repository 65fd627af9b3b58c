/**
 * Which span stands for which fact. A span that stands for none is a ghost.
 *
 * Calls of the model are matched within their thread: by response id, else by equal input, else by time, else by order.
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

/** The nearest pairs first: a span and a call of one thread and, where known, one turn. */
const pairByTime = (
  calls: ReadonlyArray<TrueCall>,
  spans: ReadonlyArray<ToldSpan>,
  byId: ReadonlyMap<string, ToldSpan>
) => {
  const candidates = calls.flatMap((call) =>
    spans.flatMap((span) => {
      const turn = turnOf(span, byId)
      if (call.start === undefined || (turn !== undefined && call.turn !== undefined && turn !== call.turn)) return []
      return [{ call, span, distance: distance(call.start, span.startMs) }]
    })
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

/** Neither is known by a response that the other is not, and the input is the one that was sent. */
const sameInput = (call: TrueCall, span: ToldSpan) =>
  !(call.responseId !== undefined && text(span.metadata, "response_id") !== undefined) &&
  call.input !== undefined &&
  inputDifference(call.input, span.input) === undefined

const matchCalls = (truth: Truth, spans: ReadonlyArray<ToldSpan>, byId: ReadonlyMap<string, ToldSpan>) => {
  const matched = new Map<TrueCall, ToldSpan>()
  const spansByThread = groupBy(spans, (span) => span.thread)
  for (const [thread, calls] of groupBy(truth.calls, (call) => call.thread)) {
    const told = spansByThread.get(thread) ?? []
    const known = pair(calls, told, [
      (call, span) => call.responseId !== undefined && text(span.metadata, "response_id") === call.responseId,
      // A failed attempt was sent with the same input as the one that made it: the latter comes first.
      (call, span) => call.owed && sameInput(call, span),
      sameInput
    ])
    const nameless = [...known.free].filter((span) => text(span.metadata, "response_id") === undefined)
    const open = calls.filter((call) => !known.pairs.has(call))
    const near = pairByTime(open, nameless, byId)
    const left = nameless.filter((span) => ![...near.values()].includes(span))
    const inOrder = open.filter((call) => call.owed && call.start === undefined)
    for (const [call, span] of [...known.pairs, ...near]) matched.set(call, span)
    for (const [call, span] of pair(inOrder, left, [() => true]).pairs) matched.set(call, span)
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
  const found = new Set([calls, tools, turns, threads, compactions].flatMap((pairs) => [...pairs.values()]))
  return { calls, tools, turns, threads, compactions, ghosts: spans.filter((span) => !found.has(span)) }
}
