/**
 * Whose record it is: what stands in a thread's file and was its parent's before.
 */

import { describe, expect, test } from "bun:test"
import { requestRulesOf } from "../../src/domain/codex-rules.ts"
import type { DomainEvent, EventOf } from "../../src/domain/event.ts"
import { ownAgain, replays, startThread } from "../../src/machine/replay.ts"
import { newThread, type Thread } from "../../src/machine/thread.ts"

/** Ids whose first digits are the moment in which they were made. */
const madeAt = (second: number, n = 1) => {
  const ms = (1_795_000_000_000 + second * 1000).toString(16).padStart(12, "0")
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-${String(n).padStart(12, "0")}`
}

const childId = madeAt(100)

const started = (metaId: string, more: Partial<EventOf<"ThreadStarted">> = {}): EventOf<"ThreadStarted"> => ({
  _tag: "ThreadStarted",
  threadId: childId,
  at: 100,
  metaId,
  lineage: {},
  facts: {},
  requestRules: requestRulesOf(undefined),
  ...more
})

const turn = (turnId: string, more: Partial<DomainEvent> = {}): EventOf<"TurnStarted"> =>
  ({ _tag: "TurnStarted", threadId: childId, at: 101, turnId, ...more }) as EventOf<"TurnStarted">

const prompt = (ordinal?: number): DomainEvent => ({
  _tag: "Prompted",
  threadId: childId,
  at: 101,
  images: 0,
  ...(ordinal !== undefined && { ordinal })
})

const child = (...metas: ReadonlyArray<EventOf<"ThreadStarted">>): Thread =>
  metas.reduce(startThread, newThread(childId, false, 100))

describe("a child's file", () => {
  const replaying = child(started(childId), started(madeAt(1)))

  test("replays from the parent's session_meta on", () => {
    expect(child(started(childId)).replaying).toBe(false)
    expect(replaying.replaying).toBe(true)
    expect(replays(replaying, prompt())).toBe(true)
    expect(replays(child(started(childId)), prompt())).toBe(false)
  })

  test("replays turns that were made before the thread, whatever time their records carry", () => {
    expect(replays(replaying, turn(madeAt(50)))).toBe(true)
    expect(replays(replaying, turn(madeAt(100, 2)))).toBe(false)
  })

  test("is its own from the first turn that was made after it", () => {
    const own = ownAgain(replaying, turn(madeAt(101)))
    expect(own.replaying).toBe(false)
    expect(replays(own, prompt())).toBe(false)
  })

  test("that says where its own records begin is believed, by their place", () => {
    const told = child(started(childId, { ownFromOrdinal: 19 }))
    expect([replays(told, prompt(18)), replays(told, prompt(19))]).toEqual([true, false])
    expect(replays(told, prompt())).toBe(false)
  })

  test("with ids that tell no time begins with the first turn", () => {
    expect(replays(replaying, turn("turn-7"))).toBe(false)
  })

  test("keeps its own identity: the parent's session_meta changes none of it", () => {
    const own = child(
      started(childId, { cwd: "/home/ann/work", lineage: { parentThreadId: "p" } }),
      started(madeAt(1), { cwd: "/other" })
    )
    expect([own.cwd, own.lineage.parentThreadId, own.known]).toEqual(["/home/ann/work", "p", true])
  })
})
