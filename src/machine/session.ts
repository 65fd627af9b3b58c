/**
 * A session: one root thread and all its agents, which is one trace.
 *
 * Routes an event to the thread it belongs to, keeps replayed history out of the spans, ties agents to the turns that
 * spawned them, and bounds what is retained. `reduce` and `end` are the whole interface of this room.
 * Times: Unix seconds.
 */
import type { DomainEvent, EventOf, Usage } from "../domain/event.ts"
import { agentAnswered, agentNoted } from "./agent-answers.ts"
import { agentHooked, agentObserved, agentReported, edgeOf, namedEdges } from "./agent-rows.ts"
import * as Attempts from "./attempt-rows.ts"
import * as Compactions from "./compaction-rows.ts"
import { noEffects, type SpanEffect, type Step, type Subject } from "./effect.ts"
import * as History from "./history-rows.ts"
import { tellHooked, turnHooked } from "./hooked-rows.ts"
import { ownAgain, replays, startThread } from "./replay.ts"
import * as Requests from "./request-rows.ts"
import { claimed, echo, isEcho, keeping, ofItsTurn, type Stray } from "./strays.ts"
import * as Table from "./table.ts"
import { inOrder, newThread, type Thread, together } from "./thread.ts"
import { toolEnded } from "./tool.ts"
import * as Tools from "./tool-rows.ts"
import { sumUsage, type Turn } from "./turn.ts"
import * as Turns from "./turn-rows.ts"

export interface Session {
  /** The root thread: also the trace. Unknown until a source names it. */
  readonly rootId?: string
  readonly threads: Table.Table<Thread>
  /** What was told of turns that nobody has begun yet, by turn. */
  readonly strays: Table.Table<ReadonlyArray<Stray>>
  /** When a hook said that the session is over. */
  readonly endedAt?: number
  readonly endReason?: string
}

export const newSession = (rootId?: string): Session => ({
  threads: Table.empty(),
  strays: Table.empty(),
  ...(rootId !== undefined && { rootId })
})

/** Closed turns are kept for late facts while their lines are not longer than this, all together. */
const retainedBytesMax = 2 * 1024 * 1024

/** Token counts of the whole tree, every response once. */
export const sessionUsage = (session: Session): Usage | undefined =>
  Table.values(session.threads).reduce<Usage | undefined>((sum, thread) => sumUsage(sum, thread.usage), undefined)

export const rootThread = (session: Session): Thread | undefined =>
  session.rootId === undefined ? undefined : Table.get(session.threads, session.rootId)

// --------------------------------------------------------------------------------------------------- Events of a thread

/** What `session_meta` says of git; none where Codex did not ask, or got no answer in time. */
const gitFacts = ["git_branch", "git_commit_sha", "git_origin_url"]

const askingGit = (thread: Thread, event: EventOf<"ThreadStarted">): Step<Thread> => {
  const { cwd, metaId, startedAt = event.at } = event
  const isUnknown = thread.root && metaId === thread.id && gitFacts.every((fact) => thread.facts[fact] === undefined)
  return [thread, isUnknown && cwd !== undefined ? [{ _tag: "AskGit", sessionId: metaId, cwd, startedAt }] : noEffects]
}

/** Rows of a thread, by event: those that may touch no other thread. */
const threadStep = (thread: Thread, event: DomainEvent): Step<Thread> => {
  switch (event._tag) {
    case "ThreadStarted":
      return askingGit(startThread(thread, event), event)
    case "SessionNoted":
      return [{ ...thread, facts: { ...thread.facts, ...event.facts } }, noEffects]
    case "HistoryMissing":
      return [{ ...thread, historyMissing: true }, noEffects]
    case "TurnStarted":
      return Turns.turnStarted(thread, event)
    case "Prompted":
      return Turns.prompted(thread, event)
    case "SkillsNamed":
      return Turns.skillsNamed(thread, event)
    case "TurnConfigured":
      return Turns.turnConfigured(thread, event)
    case "TurnEnded":
      return Turns.turnEnded(thread, event)
    case "StopObserved":
      return Turns.stopObserved(thread, event)
    case "ItemRecorded":
      return event.recorded === true ? Requests.itemSpoken(thread, event) : History.itemRecorded(thread, event)
    case "OutputStarted":
      return History.outputStarted(thread, event)
    case "ResponseCompleted":
      return History.responseCompleted(thread, event)
    case "UsageCounted":
      return inOrder(
        thread,
        (t) => History.usageCounted(t, event),
        (t) => Compactions.compactionCounted(t, event)
      )
    case "RequestSent":
      return Requests.requestSent(thread, event)
    case "RequestAnswered":
      return Requests.requestAnswered(thread, event)
    case "ModelRequested":
      return Attempts.modelRequested(thread, event)
    case "ModelAnswered":
      return Attempts.modelAnswered(thread, event)
    case "HistoryReplaced":
      return Compactions.historyReplaced(thread, event)
    case "HistoryRolledBack":
      return History.historyRolledBack(thread, event)
    case "CompactionObserved":
      return Compactions.compactionObserved(thread, event)
    case "CompactionHooked":
      return Compactions.compactionHooked(thread, event)
    case "ToolRan":
      return Tools.toolRan(thread, event)
    case "ToolRecorded":
      return Tools.toolRecorded(thread, event)
    case "ToolHooked":
      return Tools.toolHooked(thread, event)
    case "ApprovalRequested":
      return Tools.approvalRequested(thread, event)
    case "ReviewEntered":
      return Turns.reviewEntered(thread, event)
    case "ReviewExited":
      return Turns.reviewExited(thread, event)
    case "Unrecognised":
      return [thread, [{ _tag: "Note", topic: event.topic, detail: event.detail }]]
    case "PromptHooked":
    case "InterruptObserved":
      return turnHooked(thread, event)
    case "SessionEnded":
    case "AgentObserved":
    case "AgentReported":
    case "AgentHooked":
      return [thread, noEffects]
  }
}

// ------------------------------------------------------------------------------------------------------- Spans of threads

/** Whether a thread's own span may be told: it is known, and so is its place in the tree. */
const visible = (thread: Thread): boolean =>
  thread.root
    ? thread.known || thread.turns.length > 0
    : thread.parentTurn !== undefined && (thread.known || thread.turnCount > 0)

const growing: ReadonlySet<DomainEvent["_tag"]> = new Set([
  "TurnEnded",
  "SessionEnded",
  "AgentObserved",
  "AgentReported"
])

/** What changed of a thread's own span: it opens once, and grows with every turn. */
const threadEffects = (
  session: Session,
  before: Thread | undefined,
  after: Thread,
  event: DomainEvent
): ReadonlyArray<SpanEffect> => {
  if (!visible(after)) return noEffects
  const first = before === undefined || !visible(before)
  const grown = growing.has(event._tag)
  if (!first && !grown) return noEffects
  const subject = after.root ? { kind: "session" as const, session } : agentSubject(session, after)
  return [{ _tag: first ? "OpenSpan" : "PatchSpan", subject }]
}

/** An agent as its span shows it: who spoke to whom is told by the names that the session knows. */
const agentSubject = (session: Session, thread: Thread): Subject => ({
  kind: "agent",
  thread: thread.edges.length === 0 ? thread : { ...thread, edges: namedEdges(session, thread) }
})

const withThread = (session: Session, thread: Thread): Session => ({
  ...session,
  threads: Table.set(session.threads, thread.id, thread)
})

/** Changes a thread, made when nobody has heard of it yet, and tells what became of its own span. */
const inThread = (
  session: Session,
  id: string,
  event: DomainEvent,
  change: (thread: Thread) => Step<Thread>
): Step<Session> => {
  const before = Table.get(session.threads, id)
  const [changed, effects] = change(before ?? newThread(id, id === session.rootId, event.at))
  const after = event.inherited === true ? changed : seen(changed, before, event.at)
  const next = withThread(session, after)
  return [next, together(threadEffects(next, before, after, event), effects)]
}

/**
 * The thread, last seen at a time. What this very step has made is nobody else's yet and is written to: another copy of
 * all its fields for each event took a twelfth of the fold.
 */
const seen = (changed: Thread, before: Thread | undefined, at: number): Thread => {
  // Hooks are read in any order: while they are all there is, the earliest is the beginning.
  const isFirst = !changed.known && at < changed.firstAt
  if (changed.lastAt >= at && !isFirst) return changed
  const times = { lastAt: Math.max(changed.lastAt, at), ...(isFirst && { firstAt: at }) }
  return changed === before ? { ...changed, ...times } : Object.assign(changed, times)
}

// ---------------------------------------------------------------------------------------------------------------- Reduce

/** The root is named by `session_id`; older versions name it by having no parent. */
const rooted = (session: Session, event: DomainEvent): Session => {
  if (session.rootId !== undefined || event.inherited === true) return session
  if (event._tag !== "ThreadStarted") return event.live === true ? { ...session, rootId: event.threadId } : session
  if (event.metaId !== event.threadId) return session
  return { ...session, rootId: event.rootId ?? event.lineage.parentThreadId ?? event.threadId }
}

/**
 * One event folded in.
 *
 * Pure: the same session and event give the same result. Order matters within one file; files and hooks may interleave
 * at will, and the last effects of every span are the same in the end.
 */
export const reduce = (state: Session, told: DomainEvent): Step<Session> => {
  const session = rooted(state, told)
  if (isEcho(told)) return echo(session, told, reduce)
  const event = told.live === true ? ofItsTurn(session, told) : told
  const thread = Table.get(session.threads, event.threadId)
  if (thread !== undefined && event.live !== true && replays(thread, event)) {
    return inThread(session, event.threadId, event, (t) => [remembered(t, event), noEffects])
  }
  if (event.inherited === true) {
    return inThread(session, event.threadId, event, (t) => [remembered(t, event), noEffects])
  }
  const [own, effects] = inThread(session, event.threadId, event, (t) =>
    threadStep(event.live === true ? t : ownAgain(t, event), event)
  )
  const [next, others] = acrossThreads(event.live === true ? keeping(own, event) : own, event)
  const [bounded, notes] = event._tag === "TurnEnded" ? retain(next) : [next, noEffects]
  return [bounded, together(together(effects, others), notes)]
}

/** A record of the parent's that feeds the history of a thread that continues it, and nothing else. */
const remembered = (thread: Thread, event: DomainEvent): Thread => {
  switch (event._tag) {
    case "ThreadStarted":
      return startThread(thread, event)
    case "ItemRecorded":
      return History.remember(thread, event.item)
    case "HistoryReplaced":
      return Compactions.rememberReplaced(thread, event)
    case "HistoryRolledBack":
      return History.historyRolledBack(thread, event)[0]
    case "TurnStarted":
      return { ...thread, marks: [...thread.marks, thread.history.length] }
    case "TurnConfigured":
      return event.model === undefined ? thread : { ...thread, model: event.model }
    case "UsageCounted":
      return event.totalKey === undefined ? thread : { ...thread, usageKey: event.totalKey }
    default:
      return thread
  }
}

/** What an event says of other threads than its own. */
const acrossThreads = (session: Session, event: DomainEvent): Step<Session> => {
  switch (event._tag) {
    case "AgentObserved":
      return agentObserved(session, event, inThread)
    case "AgentReported":
      return agentReported(session, event, inThread)
    case "AgentHooked":
      return agentHooked(session, event, inThread)
    case "TurnStarted":
      return inOrder(
        session,
        (s) => spawnedBy(s, event),
        (s) => claimed(s, event, reduce)
      )
    case "ItemRecorded":
      return inOrder(
        session,
        (s) => agentAnswered(s, event, inThread),
        (s) => agentNoted(s, event, inThread),
        (s) => edgeOf(s, event, inThread)
      )
    case "SessionEnded":
      return inThread(
        { ...session, endedAt: event.at, ...(event.reason !== undefined && { endReason: event.reason }) },
        event.threadId,
        event,
        (t) => [t, noEffects]
      )
    default:
      return [session, noEffects]
  }
}

/** An agent's first turn names the turn that set it going (0.169). */
const spawnedBy = (session: Session, event: EventOf<"TurnStarted">): Step<Session> => {
  const thread = Table.get(session.threads, event.threadId)
  const parentThreadId = thread?.lineage.parentThreadId
  if (thread === undefined || thread.root || thread.parentTurn !== undefined) return [session, noEffects]
  if (parentThreadId === undefined || event.parentTurnId === undefined) return [session, noEffects]
  const parentTurn = { kind: "turn" as const, threadId: parentThreadId, key: event.parentTurnId }
  return inThread(session, event.threadId, event, (t) => [{ ...t, parentTurn }, noEffects])
}

// ---------------------------------------------------------------------------------------------------- What is retained

const droppable = (turn: Turn, thread: Thread): boolean =>
  turn.outcome !== undefined && turn.turnId !== thread.currentTurnId && Table.values(turn.tools).every(toolEnded)

/** Lets go of the oldest closed turns once their lines are too long: a late fact of theirs becomes a note. */
const retain = (session: Session): Step<Session> => {
  const threads = Table.values(session.threads)
  let excess = threads.reduce((sum, thread) => sum + thread.bytes, 0) - retainedBytesMax
  if (excess <= 0) return [session, noEffects]
  let next = session
  for (const thread of threads) {
    const dropped = new Set<string>()
    let { bytes } = thread
    for (const turn of Table.values(thread.turns)) {
      if (excess <= 0) break
      if (!droppable(turn, thread)) continue
      excess -= turn.bytes
      bytes -= turn.bytes
      dropped.add(turn.turnId)
    }
    if (dropped.size > 0) next = withThread(next, { ...thread, turns: Table.without(thread.turns, dropped), bytes })
  }
  return [next, noEffects]
}

// ------------------------------------------------------------------------------------------------------------------- End

/** Nothing more will come: what is open ends as unfinished at its last known time, and the threads' spans close. */
export const end = (session: Session): ReadonlyArray<SpanEffect> => {
  let state = session
  const effects: Array<SpanEffect> = []
  for (const thread of Table.values(session.threads)) {
    const [ended, told] = endThread(placed(state, thread))
    state = withThread(state, { ...ended, over: true })
    effects.push(...told)
  }
  for (const thread of Table.values(state.threads)) {
    if (thread.root || !visible(thread)) continue
    effects.push({ _tag: "CloseSpan", subject: agentSubject(state, thread) })
  }
  const root = rootThread(state)
  if (root !== undefined && visible(root))
    effects.push({ _tag: "CloseSpan", subject: { kind: "session", session: state } })
  return effects
}

/** An agent that nobody claimed hangs under the turn of its parent that ran when it began, or its parent's last. */
const placed = (session: Session, thread: Thread): Thread => {
  if (thread.root || thread.parentTurn !== undefined) return thread
  const parent = Table.get(session.threads, thread.lineage.parentThreadId ?? session.rootId ?? "")
  const known = parent === undefined ? [] : Table.values(parent.turns).filter((turn) => turn.startedAt !== undefined)
  const turns = known.toSorted((a, b) => (a.number ?? 0) - (b.number ?? 0))
  const running = turns.findLast((turn) => (turn.startedAt ?? 0) <= thread.firstAt) ?? turns.at(-1)
  return running === undefined ? thread : { ...thread, parentTurn: running.key }
}

const endThread = (thread: Thread): Step<Thread> =>
  inOrder(
    thread,
    (t) => tellHooked(t),
    (t) => Turns.endOpenTurn(t),
    (t) => History.settle(t, "unfinished"),
    (t) => Requests.tellUnanswered(t, undefined),
    ...Table.values(thread.turns).map((turn) => (t: Thread) => Turns.endLeftOpen(t, turn.turnId))
  )
