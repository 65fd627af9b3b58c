/**
 * Facts of a turn that are told elsewhere. A reviewer's hooks name the thread that asked for the review, and of their own
 * only the turn (0.169); what it ran is echoed in the file of that thread (0.155: it stands there alone).
 *
 * Owns finding the thread. A hook that comes before anybody has begun its turn is applied where it says, and kept until
 * the turn begins: begins it in another thread, what it did is taken back and done there. An echo is only kept.
 */
import type { DomainEvent, EventOf } from "../domain/event.ts"
import { noEffects, type Step } from "./effect.ts"
import type { Session } from "./session.ts"
import * as Table from "./table.ts"
import { inOrder, type Thread } from "./thread.ts"

/** A hook that says something of a turn. */
export type TurnHook = EventOf<
  "ToolHooked" | "ModelRequested" | "ModelAnswered" | "ApprovalRequested" | "CompactionHooked" | "StopObserved"
>

const turnHooks: ReadonlySet<DomainEvent["_tag"]> = new Set<TurnHook["_tag"]>([
  "ToolHooked",
  "ModelRequested",
  "ModelAnswered",
  "ApprovalRequested",
  "CompactionHooked",
  "StopObserved"
])

export type Stray = TurnHook | EventOf<"ToolRan">

/** What a reviewer ran, as the file of another thread tells it. */
export type Echo = EventOf<"ToolRan"> & { readonly echoedIn: string }

export const isEcho = (event: DomainEvent): event is Echo => event._tag === "ToolRan" && event.echoedIn !== undefined

const isTurnHook = (event: DomainEvent): event is TurnHook => turnHooks.has(event._tag)

const begun = (thread: Thread | undefined, turnId: string): boolean =>
  thread !== undefined && Table.get(thread.turns, turnId)?.number !== undefined

/** The event, said of the thread that began its turn. */
export const ofItsTurn = (session: Session, event: DomainEvent): DomainEvent => {
  if (!isTurnHook(event) || event.turnId === undefined) return event
  const { turnId } = event
  if (begun(Table.get(session.threads, event.threadId), turnId)) return event
  const owner = Table.values(session.threads).find((thread) => begun(thread, turnId))
  return owner === undefined ? event : { ...event, threadId: owner.id }
}

/**
 * An echo, applied to the reviewer's thread, or kept until its turn begins. A thread that waits for no reviewer has the
 * item from its parent, with the rest of its history, and says nothing new.
 */
export const echo = (
  session: Session,
  { echoedIn, ...event }: Echo,
  reduce: (session: Session, event: DomainEvent) => Step<Session>
): Step<Session> => {
  const host = Table.get(session.threads, echoedIn)
  if (event.inherited === true || host?.reviewTurnId === undefined) return [session, noEffects]
  return begun(Table.get(session.threads, event.threadId), event.turnId ?? "")
    ? reduce(session, event)
    : [kept(session, event.turnId ?? "", event), noEffects]
}

const none: ReadonlyArray<Stray> = []

/** With one more fact of a turn that nobody has begun yet. */
const kept = (session: Session, turnId: string, fact: Stray): Session => ({
  ...session,
  strays: Table.set(session.strays, turnId, [...(Table.get(session.strays, turnId) ?? none), fact])
})

/** Keeps a hook whose turn nobody has begun yet. */
export const keeping = (session: Session, event: DomainEvent): Session =>
  isTurnHook(event) && event.turnId !== undefined && !begun(Table.get(session.threads, event.threadId), event.turnId)
    ? kept(session, event.turnId, event)
    : session

/** What a thread was told of a turn that is not its own is forgotten. */
const withoutTurn = (session: Session, threadId: string, turnId: string): Session => {
  const thread = Table.get(session.threads, threadId)
  if (thread === undefined || Table.get(thread.turns, turnId)?.hookedOnly !== true) return session
  const without = { ...thread, turns: Table.without(thread.turns, new Set([turnId])) }
  return { ...session, threads: Table.set(session.threads, threadId, without) }
}

/** A turn has begun: what was kept for it is let go of, and what was told of another thread is said again here. */
export const claimed = (
  session: Session,
  { threadId, turnId = "" }: EventOf<"TurnStarted">,
  reduce: (session: Session, event: DomainEvent) => Step<Session>
): Step<Session> => {
  const facts = Table.get(session.strays, turnId) ?? none
  if (facts.length === 0 || !begun(Table.get(session.threads, threadId), turnId)) return [session, noEffects]
  const released: Session = { ...session, strays: Table.set(session.strays, turnId, none) }
  const foreign = facts.filter((fact) => fact.threadId !== threadId || fact._tag === "ToolRan")
  const holders = new Set(foreign.map((fact) => fact.threadId))
  const forgotten = [...holders].reduce((state, holder) => withoutTurn(state, holder, turnId), released)
  return inOrder(forgotten, ...foreign.map((fact) => (state: Session) => reduce(state, { ...fact, threadId })))
}
