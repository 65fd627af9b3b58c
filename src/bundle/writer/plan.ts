/**
 * Spans of one session → the events of a bundle, in order.
 *
 * Pure. Owns what needs the whole session: whose turn a span is in, unique turn ids, the order in time, and the end.
 * One kind of event a file beside this one.
 */
import type { Span } from "../../span/span.ts"
import { agentResults } from "./agents.ts"
import { callEvents } from "./calls.ts"
import { inTime, ms, type PlannedEvent, rank } from "./event.ts"
import { isText, makeThreadItems, type Schema, type ThreadItems } from "./items.ts"
import { recordedItems } from "./recorded.ts"
import { threadEnded, threadStarted, turnEvents } from "./threads.ts"
import { planTools } from "./tool-plan.ts"
import { makeUnique } from "./unique.ts"

export interface PlanOptions {
  readonly schema: Schema
  readonly traceId: string
  /** More may follow: nothing is said of the end yet. */
  readonly isRunning?: boolean
}

/** The turns of a session by their spans: each thread's own, under ids that are unique over the bundle. */
interface Turns {
  /** The turn that a span stands in, directly or through a cell or a compaction. */
  readonly idOf: (span: Span) => string | undefined
  readonly events: ReadonlyArray<PlannedEvent>
}

const planTurns = (spans: ReadonlyArray<Span>, byId: ReadonlyMap<string, Span>): Turns => {
  const turnOf = (span: Span): Span | undefined => {
    let at: Span | undefined = span
    while (at !== undefined && at.kind !== "turn") at = at.parent_id === undefined ? undefined : byId.get(at.parent_id)
    return at
  }
  const unique = makeUnique()
  const turns = spans.filter((span) => span.kind === "turn")
  const ids = new Map(
    turns.map(({ id, metadata, thread_id: thread }) => [
      id,
      unique(isText(metadata.turn_id) ? metadata.turn_id : id, thread)
    ])
  )
  const idOf = (span: Span): string | undefined => {
    const turn = turnOf(span)
    return turn && ids.get(turn.id)
  }
  // A turn that was cut short may end before the clock of its last model call.
  const lastCallMs = new Map<string, number>()
  for (const span of spans) {
    const turnId = span.kind === "llm" ? idOf(span) : undefined
    if (turnId !== undefined) lastCallMs.set(turnId, Math.max(lastCallMs.get(turnId) ?? 0, ms(span.end ?? span.start)))
  }
  const events = turns.flatMap((turn) => {
    const turnId = ids.get(turn.id) ?? turn.id
    const endMs = turn.end === undefined ? undefined : Math.max(ms(turn.end), lastCallMs.get(turnId) ?? 0)
    return turnEvents(turn, turnId, endMs)
  })
  return { idOf, events }
}

const planCalls = (llms: ReadonlyArray<Span>, turns: Turns, schema: Schema): ReadonlyArray<PlannedEvent> => {
  const threads = new Map<string, ThreadItems>()
  return llms.flatMap((span) => {
    const turnId = turns.idOf(span)
    if (turnId === undefined) return []
    const items = threads.get(span.thread_id) ?? makeThreadItems(schema)
    threads.set(span.thread_id, items)
    return callEvents(span, { schema, turnId, items })
  })
}

/** What is told of threads that have begun: a running agent's turn may be known before whose agent it is. */
const ofBegunThreads = (spans: ReadonlyArray<Span>): ReadonlyArray<Span> => {
  const begun = new Set(
    spans.flatMap(({ kind, thread_id: id }) => (kind === "session" || kind === "agent" ? [id] : []))
  )
  return spans.filter((span) => begun.has(span.thread_id))
}

/**
 * Plans a bundle from the spans of one session: closed ones, and with `isRunning` threads and turns that are open.
 *
 * @returns the events in the order in which they are to be written
 */
export const planBundle = (
  all: ReadonlyArray<Span>,
  { schema, traceId, isRunning = false }: PlanOptions
): ReadonlyArray<PlannedEvent> => {
  const spans = ofBegunThreads(all)
  const root = spans.find((span) => span.kind === "session")
  if (root === undefined) return []
  const byId = new Map(spans.map((span) => [span.id, span]))
  const llms = spans.filter((span) => span.kind === "llm").sort((a, b) => a.start - b.start)
  const items = recordedItems(llms)
  const turns = planTurns(spans, byId)
  const threads = spans.filter((span) => span.kind === "session" || span.kind === "agent")
  const body = [
    ...threads.map(threadStarted),
    ...turns.events,
    ...planCalls(llms, turns, schema),
    ...planTools(spans, byId, { items, turnIdOf: turns.idOf, schema }),
    ...agentResults(spans, items, turns.idOf)
  ]
  const ordered = inTime(clamped(body))
  const [firstMs, lastMs] = [ordered[0]?.atMs ?? 0, ordered.at(-1)?.atMs ?? 0]
  const began: PlannedEvent = {
    atMs: firstMs,
    rank: rank.rollout,
    type: "rollout_started",
    fields: { trace_id: traceId, root_thread_id: root.thread_id }
  }
  if (isRunning) return [began, ...ordered]
  const last = { atMs: lastMs, rank: rank.threadEnd }
  const over = threads.filter((span) => isOver(span.thread_id, spans))
  // Children end before the root does.
  const ended: ReadonlyArray<PlannedEvent> = [
    ...over.toReversed().map((span) => threadEnded(span.thread_id, lastMs)),
    ...(over.includes(root) ? [{ ...last, type: "rollout_ended", fields: { status: "completed" } }] : [])
  ]
  const completed: ReadonlyArray<PlannedEvent> =
    schema === 2 ? [{ ...last, type: "recording_completed", fields: {} }] : []
  return [began, ...ordered, ...ended, ...completed]
}

/** A thread is over when its last turn has ended; what a crash left open before that stays open. */
const isOver = (threadId: string, spans: ReadonlyArray<Span>): boolean => {
  const turns = spans.filter((span) => span.kind === "turn" && span.thread_id === threadId)
  const latest = turns.toSorted((a, b) => a.start - b.start).at(-1)
  return latest === undefined || latest.status !== "unfinished"
}

/** Nothing of a thread or turn comes before its start, whatever the clocks of its sources say. */
const clamped = (events: ReadonlyArray<PlannedEvent>): ReadonlyArray<PlannedEvent> => {
  const threads = new Map<string, number>()
  const turns = new Map<string, number>()
  for (const { type, fields, atMs } of events) {
    if (type === "thread_started") threads.set(String(fields.thread_id), atMs)
    if (type === "codex_turn_started") turns.set(String(fields.codex_turn_id), atMs)
  }
  return events.map((event) => {
    const thread = event.threadId === undefined ? undefined : threads.get(event.threadId)
    const turn = event.turnId === undefined ? undefined : turns.get(event.turnId)
    const soonest = Math.max(
      thread ?? event.atMs,
      event.type === "codex_turn_started" ? 0 : Math.max(turn ?? 0, thread ?? 0)
    )
    return event.atMs >= soonest ? event : { ...event, atMs: soonest }
  })
}
