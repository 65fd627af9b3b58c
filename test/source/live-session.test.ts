import { describe, expect, test } from "bun:test"
import { appendFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Queue, Stream } from "effect"
import { foldersOfHome, makeCatalogue } from "../../src/source/catalogue.ts"
import { type LiveSession, liveSession, sessionsWrittenTo, watchFolders } from "../../src/source/live-session.ts"
import { temporaryFolder } from "../support/folder.ts"
import { record, said, threadId, writeRollout } from "../support/rollout.ts"

const agentOf = (root: number) => ({ session_id: threadId(root), parent_thread_id: threadId(root) })

interface Story {
  /** The next line that arrives, as `thread: text`. */
  readonly next: () => Promise<string>
  readonly nothingMore: () => Promise<boolean>
  readonly live: LiveSession
}

/** Follows the session of a root thread while the story runs. */
const following = (
  home: string,
  root: number,
  story: (told: Story) => Promise<void>,
  journals: ReadonlyArray<string> = []
) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const catalogue = makeCatalogue(foldersOfHome(home))
      const watch = yield* watchFolders(catalogue.folders, journals)
      const session = yield* catalogue.session(threadId(root))
      const live = yield* liveSession(catalogue, session ?? { rootThreadId: threadId(root), rollouts: [] }, watch, {
        journals
      })
      const lines = yield* Queue.unbounded<string>()
      yield* Effect.forkScoped(
        Stream.runForEach(live.arrivals, ({ origin, lines: found }) => {
          const mark =
            origin._tag === "Transcript"
              ? `${Number(origin.threadId.slice(-12))}${origin.inherited ? " inherits" : ""}`
              : origin._tag
          return Queue.offerAll(
            lines,
            found.map((line) => `${mark}: ${said(line.text)}`)
          )
        })
      )
      const next = () => Effect.runPromise(Queue.take(lines).pipe(Effect.timeout("5 seconds")))
      const nothingMore = () =>
        Effect.runPromise(Effect.map(Effect.delay(Queue.size(lines), "50 millis"), (size) => size === 0))
      yield* Effect.promise(() => story({ next, nothingMore, live }))
    }).pipe(Effect.scoped)
  )

describe("live-session", () => {
  test("what is there comes first, then what is written, from where the reading stopped", async () => {
    const home = temporaryFolder()
    const path = writeRollout({ home, thread: 1, says: ["a"] })
    appendFileSync(path, record("b", 5).slice(0, 20))
    await following(home, 1, async ({ next }) => {
      expect([await next(), await next()]).toEqual(["1: session_meta", "1: a"])
      appendFileSync(path, record("b", 5).slice(20))
      expect(await next()).toBe("1: b")
    })
  })

  test("a revert's file is read after everything of the file that it goes on from", async () => {
    const home = temporaryFolder()
    const path = writeRollout({ home, thread: 1, ordinal: 0, says: ["a"] })
    const many = Array.from({ length: 3000 }, (_, index) => `b${index}`)
    await following(home, 1, async ({ next }) => {
      for (const _ of [1, 2]) await next()
      appendFileSync(path, many.map((text, index) => record(text, 5, index + 2)).join(""))
      const base = { history_base: { thread_id: threadId(1), end_ordinal_exclusive: 1 } }
      writeRollout({ home, thread: 1, segment: 9, start: 9, ordinal: 1, meta: base, says: ["c"] })
      const lines: Array<string> = []
      while (lines.length < many.length + 2) lines.push(await next())
      expect(lines).toEqual([...many.map((text) => `1: ${text}`), "1: session_meta", "1: c"])
    })
  }, 20_000)

  test("agents and a revert's file join when they appear, other sessions do not", async () => {
    const home = temporaryFolder()
    writeRollout({ home, thread: 1, ordinal: 0, says: ["a", "b"] })
    await following(home, 1, async ({ next, nothingMore }) => {
      for (const _ of [1, 2, 3]) await next()
      writeRollout({ home, thread: 2, meta: { session_id: threadId(2) }, says: ["other"] })
      const agent = writeRollout({ home, thread: 3, meta: agentOf(1), says: ["c"] })
      expect([await next(), await next()]).toEqual(["3: session_meta", "3: c"])
      const base = { history_base: { thread_id: threadId(1), end_ordinal_exclusive: 2 } }
      writeRollout({ home, thread: 1, segment: 9, start: 9, ordinal: 2, meta: base })
      expect(await next()).toBe("1: session_meta")
      appendFileSync(agent, record("d", 20))
      expect(await next()).toBe("3: d")
      expect(await nothingMore()).toBe(true)
    })
  })

  test("a thread that the fold heard of is found by its id or its path, also when its file comes later", async () => {
    const home = temporaryFolder()
    writeRollout({ home, thread: 1 })
    const silent = writeRollout({ home, thread: 4, meta: { session_id: threadId(9) } })
    await following(home, 1, async ({ next, live }) => {
      await next()
      await Effect.runPromise(live.follow({ threadId: threadId(4), path: silent }))
      expect(await next()).toBe("4: session_meta")
      await Effect.runPromise(live.follow({ threadId: threadId(5) }))
      writeRollout({ home, thread: 5, meta: { session_id: threadId(9) } })
      expect(await next()).toBe("5: session_meta")
    })
  })

  test("a session that has no file yet begins when it gets one", async () => {
    const home = temporaryFolder()
    await following(home, 1, async ({ next }) => {
      await Bun.sleep(20)
      writeRollout({ home, thread: 1 })
      expect(await next()).toBe("1: session_meta")
    })
  })

  test("a journal is followed, and only the session's own lines of it count", async () => {
    const home = temporaryFolder()
    writeRollout({ home, thread: 1 })
    const journal = join(home, "hooks.jsonl")
    const hook = (session: number, message: string) =>
      `${JSON.stringify({ at_ns: Date.UTC(2026, 10, 20, 9) * 1e6, payload: { session_id: threadId(session), message } })}\n`
    writeFileSync(journal, hook(1, "before"))
    await following(
      home,
      1,
      async ({ next, nothingMore }) => {
        expect([await next(), await next()]).toEqual(["1: session_meta", "Journal: before"])
        appendFileSync(journal, hook(2, "other") + hook(1, "after"))
        expect(await next()).toBe("Journal: after")
        expect(await nothingMore()).toBe(true)
      },
      [journal]
    )
  })
})

describe("sessions that are written to", () => {
  test("a session is told of once, when one of its files is written to, new or old", async () => {
    const home = temporaryFolder()
    const old = writeRollout({ home, thread: 1, says: ["a"] })
    writeRollout({ home, thread: 2 })
    const told = await Effect.runPromise(
      Effect.gen(function* () {
        const catalogue = makeCatalogue(foldersOfHome(home))
        const sessions = yield* sessionsWrittenTo(catalogue, yield* watchFolders(catalogue.folders))
        const found = yield* Queue.unbounded<number>()
        yield* Effect.forkScoped(
          Stream.runForEach(sessions, (session) => Queue.offer(found, Number(session.rootThreadId.slice(-12))))
        )
        const next = Queue.take(found).pipe(Effect.timeout("5 seconds"))
        yield* Effect.sync(() => writeRollout({ home, thread: 3 }))
        const first = yield* next
        yield* Effect.sync(() => writeRollout({ home, thread: 4, meta: agentOf(3) }))
        yield* Effect.sync(() => appendFileSync(old, record("b", 9)))
        const second = yield* next
        return [first, second, yield* Effect.delay(Queue.size(found), "50 millis")]
      }).pipe(Effect.scoped)
    )
    expect(told).toEqual([3, 1, 0])
  })
})
