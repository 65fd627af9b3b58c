/**
 * Which records of a thread's file are its own, and which were replayed from its parent.
 *
 * A child with its parent's history, and a fork before 0.155, begin with the parent's records, re-stamped. From 0.169
 * on `subagent_history_start_ordinal` says where the child's own begin. Before that the parent's `session_meta` stands
 * as second record, and the first turn whose id was made after the thread's own is the child's (ids are UUIDs of
 * version 7, whose first 48 bits are Unix milliseconds; codex.md, "Agent threads"). Timestamps don't help.
 */
import type { DomainEvent, EventOf } from "../domain/event.ts"
import { takenBack } from "./history.ts"
import type { Thread } from "./thread.ts"

/** The moment in which a UUIDv7 was made, as comparable digits; undefined for any other id. */
const madeAt = (id: string): string | undefined =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id) ? id.slice(0, 8) + id.slice(9, 13) : undefined

/** Whether the turn was made after the thread: then it is the thread's own. */
const ownTurn = (thread: Thread, turnId: string | undefined): boolean => {
  const [turn, own] = [madeAt(turnId ?? ""), madeAt(thread.id)]
  return turn === undefined || own === undefined || turn >= own
}

/** Whether a record was replayed into this thread's file. */
export const replays = (thread: Thread, event: DomainEvent): boolean => {
  if (event._tag === "ThreadStarted") return event.metaId !== thread.id
  if (thread.ownFromOrdinal !== undefined && event.ordinal !== undefined) return event.ordinal < thread.ownFromOrdinal
  if (!thread.replaying) return false
  return !(event._tag === "TurnStarted" && ownTurn(thread, event.turnId))
}

/** The thread once a record of its own has come: the replay is over. */
export const ownAgain = (thread: Thread, event: DomainEvent): Thread =>
  thread.replaying && event._tag === "TurnStarted" ? { ...thread, replaying: false } : thread

/**
 * A revert goes on from an earlier point: what was recorded from there on is no longer history, and a compaction that
 * was taken back gives back what it had replaced.
 */
const reverted = (thread: Thread, ordinal: number): Thread => {
  const { replaced } = thread
  const first = replaced.findIndex((one) => one.ordinal >= ordinal)
  const { items, length } = replaced[first]?.history ?? thread.history
  let kept = length
  while (kept > 0 && (items[kept - 1]?.ordinal ?? -1) >= ordinal) kept--
  return {
    ...thread,
    history: takenBack({ ...thread.history, items }, kept),
    replaced: first < 0 ? replaced : replaced.slice(0, first)
  }
}

/** A further file of a thread goes on from where it says, or (reverted to before the first turn) from nothing. */
const goneOn = (thread: Thread, { revertedTo = 0 }: EventOf<"ThreadStarted">): Thread =>
  thread.known ? reverted(thread, revertedTo) : thread

/** The thread after a `session_meta`: its own says what it is, another one says that a replay has begun. */
export const startThread = (thread: Thread, event: EventOf<"ThreadStarted">): Thread => {
  if (event.metaId !== thread.id) return event.inherited === true ? thread : { ...thread, replaying: true }
  return {
    ...goneOn(thread, event),
    known: true,
    lineage: { ...thread.lineage, ...event.lineage },
    facts: { ...event.facts, ...thread.facts },
    startedAt: Math.min(thread.startedAt ?? event.at, event.at),
    firstAt: thread.known ? thread.firstAt : event.at,
    requestRules: event.requestRules,
    ...(event.cwd !== undefined && { cwd: event.cwd }),
    ...(event.baseInstructions !== undefined && { baseInstructions: event.baseInstructions }),
    ...(event.ownFromOrdinal !== undefined && { ownFromOrdinal: event.ownFromOrdinal })
  }
}
