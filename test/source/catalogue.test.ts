import { describe, expect, test } from "bun:test"
import { renameSync, utimesSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { foldersBeside, foldersOfHome, makeCatalogue, type Session } from "../../src/source/catalogue.ts"
import { createdAtMs, readRollout } from "../../src/source/rollout.ts"
import { corpusCase, describeCorpus, transcriptsOf } from "../support/corpus.ts"
import { temporaryFolder } from "../support/folder.ts"
import { type Told, threadId, writeRollout } from "../support/rollout.ts"

type Thread = Omit<Told, "home">

const catalogueOf = (threads: ReadonlyArray<Thread>) => {
  const home = temporaryFolder()
  for (const thread of threads) writeRollout({ home, ...thread })
  return makeCatalogue(foldersOfHome(home))
}

/** The name of a transcript whose thread was created at this Unix time, in seconds. */
const rolloutNameAt = (seconds: number) => {
  const time = (seconds * 1000).toString(16).padStart(12, "0")
  return `rollout-2026-11-23T08-00-00-${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000001.jsonl`
}

const numberOf = (id: string) => Number(id.slice(-12))
const threads = (session: Session | undefined) =>
  session && [numberOf(session.rootThreadId), session.rollouts.map((one) => numberOf(one.rolloutId))]

const spawnedBy = (parent: number) => ({
  source: { subagent: { thread_spawn: { parent_thread_id: threadId(parent), depth: 1 } } }
})
const inSession = (root: number, parent: number) => ({
  session_id: threadId(root),
  parent_thread_id: threadId(parent),
  ...spawnedBy(parent)
})

describe("catalogue", () => {
  test("a session is a root thread and its agents, to any depth", async () => {
    const catalogue = catalogueOf([
      { thread: 1, meta: { session_id: threadId(1) } },
      { thread: 2, meta: { session_id: threadId(2) } },
      { thread: 3, meta: inSession(1, 1) },
      { thread: 4, meta: inSession(1, 3), archived: true },
      { thread: 5, meta: inSession(2, 2), compressed: true }
    ])
    expect((await Effect.runPromise(catalogue.sessions)).map(threads)).toEqual([
      [1, [1, 3, 4]],
      [2, [2, 5]]
    ])
    expect(threads(await Effect.runPromise(catalogue.session(threadId(1))))).toEqual([1, [1, 3, 4]])
  })

  test("before session_id, the chain of parents leads to the root, also past one whose file is gone", async () => {
    const catalogue = catalogueOf([
      { thread: 1 },
      { thread: 2, meta: spawnedBy(1) },
      { thread: 3, meta: spawnedBy(2) },
      { thread: 8, meta: spawnedBy(7) },
      { thread: 9, meta: spawnedBy(7) }
    ])
    expect((await Effect.runPromise(catalogue.sessions)).map(threads)).toEqual([
      [1, [1, 2, 3]],
      [7, [8, 9]]
    ])
    expect(threads(await Effect.runPromise(catalogue.session(threadId(1))))).toEqual([1, [1, 2, 3]])
  })

  test("asked for an agent, it answers what the agent did, in the root's session", async () => {
    const catalogue = catalogueOf([
      { thread: 1, meta: { session_id: threadId(1) } },
      { thread: 2, meta: inSession(1, 1) },
      { thread: 3, meta: inSession(1, 2) },
      { thread: 4, meta: inSession(1, 1) }
    ])
    expect(threads(await Effect.runPromise(catalogue.session(threadId(2))))).toEqual([1, [2, 3]])
  })

  test("a thread that began long after a session's last record is not opened to ask whether it belongs", async () => {
    const home = temporaryFolder()
    const path = writeRollout({ home, thread: 1, meta: { session_id: threadId(1) } })
    const agent = writeRollout({ home, thread: 2, meta: inSession(1, 1) })
    const begun = (createdAtMs(threadId(1)) ?? 0) / 1000
    const muchLater = writeRollout({ home, thread: 3, meta: inSession(1, 1) })
    const later = join(muchLater, "..", rolloutNameAt(begun + 3 * 24 * 3600))
    renameSync(muchLater, later)
    for (const file of [path, agent, later]) utimesSync(file, begun + 60, begun + 60)
    const session = () => Effect.runPromise(makeCatalogue(foldersOfHome(home)).session(threadId(1)))
    expect((await session())?.rollouts.map((one) => one.path)).toEqual([path, agent])
    // A file that seems to be older than its id comes from another machine or clock: then all are asked.
    utimesSync(path, begun - 7 * 24 * 3600, begun - 7 * 24 * 3600)
    expect((await session())?.rollouts.length).toBe(3)
  })

  test("a fork is a session of its own, and a revert another file of the same thread", async () => {
    const base = (thread: number) => ({ history_base: { thread_id: threadId(thread), end_ordinal_exclusive: 2 } })
    const catalogue = catalogueOf([
      { thread: 1, ordinal: 0, says: ["a", "b"] },
      { thread: 1, segment: 4, start: 4, ordinal: 2, meta: base(1) },
      { thread: 5, ordinal: 2, meta: { forked_from_id: threadId(1), ...base(1) } }
    ])
    expect((await Effect.runPromise(catalogue.sessions)).map(threads)).toEqual([
      [1, [1, 4]],
      [5, [5]]
    ])
  })

  test("a base that names only a thread is the newest of its files that was there when the fork was made", async () => {
    const catalogue = catalogueOf([
      { thread: 1, segment: 2, start: 2 },
      { thread: 1, segment: 4, start: 4 },
      { thread: 1, segment: 9, start: 9 },
      { thread: 5 }
    ])
    const [fork] = (await Effect.runPromise(catalogue.session(threadId(5))))?.rollouts ?? []
    if (fork === undefined) throw new Error("no fork")
    const base = (rolloutId: string) =>
      Effect.runPromise(catalogue.base({ rolloutId, endOrdinalExclusive: 1 }, fork)).then((one) => one?.rolloutId)
    expect(await base(threadId(1))).toBe(threadId(4))
    expect(await base(threadId(2))).toBe(threadId(2))
    expect(await base(threadId(7))).toBeUndefined()
  })

  test("a file that is there plain and compressed counts once", async () => {
    const catalogue = catalogueOf([{ thread: 1, compressed: true }, { thread: 1 }])
    expect((await Effect.runPromise(catalogue.names)).map((name) => name.path.endsWith(".jsonl"))).toEqual([true])
  })

  test("files that are no transcripts, and folders that are not there, hold no session", async () => {
    const home = temporaryFolder()
    await Bun.write(join(home, "sessions/2026/11/20", `rollout-x-${threadId(1)}.jsonl`), "no json\n")
    await Bun.write(join(home, "sessions/notes.jsonl"), "{}\n")
    expect(await Effect.runPromise(makeCatalogue(foldersOfHome(home)).sessions)).toEqual([])
  })

  test("relatives lie in the same home, or beside a file that is in none", () => {
    expect(foldersBeside("/h/sessions/2026/11/20/rollout-x.jsonl")).toEqual(["/h/sessions", "/h/archived_sessions"])
    expect(foldersBeside("/h/archived_sessions/rollout-x.jsonl")).toEqual(["/h/sessions", "/h/archived_sessions"])
    expect(foldersBeside("/tmp/some/rollout-x.jsonl")).toEqual(["/tmp/some"])
  })
})

describeCorpus("catalogue of recorded sessions", (cases) => {
  test("every case with one root thread is one session, with all its files", async () => {
    for (const one of cases.filter((one) => one.name !== "forks")) {
      const sessions = await Effect.runPromise(makeCatalogue(one.transcriptFolders).sessions)
      expect([one.name, sessions.map((session) => session.rollouts.length)]).toEqual([
        one.name,
        [transcriptsOf(one).length]
      ])
    }
  })

  test("forks: three sessions, of which one has been reverted", async () => {
    const one = corpusCase("forks")
    const sessions = await Effect.runPromise(makeCatalogue(one.transcriptFolders).sessions)
    expect(sessions.map((session) => session.rollouts.length).sort()).toEqual([1, 1, 2])
    const fork = await Effect.runPromise(readRollout(transcriptsOf(one)[2] as string))
    const catalogue = makeCatalogue(foldersBeside(fork.path))
    if (fork.historyBase === undefined) throw new Error("the third transcript is the fork of the fork")
    const base = await Effect.runPromise(catalogue.base(fork.historyBase, fork))
    expect(base?.path).toContain("archived_sessions")
  })
})
