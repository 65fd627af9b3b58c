import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { foldersOfHome, makeCatalogue } from "../../src/source/catalogue.ts"
import type { Position } from "../../src/source/line.ts"
import type { Arrival, Origin } from "../../src/source/origin.ts"
import { readSession, type SessionOptions } from "../../src/source/session.ts"
import { corpusCase, describeCorpus } from "../support/corpus.ts"
import { temporaryFolder } from "../support/folder.ts"
import { said, type Told, threadId, writeRollout } from "../support/rollout.ts"

type Thread = Omit<Told, "home">

const read = (home: string, root: number, options?: SessionOptions): Promise<ReadonlyArray<Arrival>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const catalogue = makeCatalogue(foldersOfHome(home))
      const session = yield* catalogue.session(threadId(root))
      if (session === undefined) throw new Error("no such session")
      return yield* Stream.runCollect(readSession(catalogue, session, options))
    })
  )

const mark = (origin: Origin) => {
  if (origin._tag !== "Transcript") return origin._tag
  const thread = Number(origin.threadId.slice(-12))
  return `${thread}${origin.inherited ? " inherits" : origin.historyMissing ? " without history" : ""}`
}

/** Every line as `thread: text`, neighbours of one origin together. */
const story = (arrivals: ReadonlyArray<Arrival>): ReadonlyArray<string> => {
  const told: Array<{ readonly mark: string; readonly texts: Array<string> }> = []
  for (const { origin, lines } of arrivals)
    for (const line of lines) {
      if (told.at(-1)?.mark !== mark(origin)) told.push({ mark: mark(origin), texts: [] })
      told.at(-1)?.texts.push(said(line.text))
    }
  return told.map(({ mark, texts }) => `${mark}: ${texts.join(" ")}`)
}

const homeOf = (threads: ReadonlyArray<Thread>) => {
  const home = temporaryFolder()
  for (const thread of threads) writeRollout({ home, ...thread })
  return home
}

const base = (rollout: number, end: number) => ({
  history_base: { thread_id: threadId(rollout), end_ordinal_exclusive: end, end_byte_offset: 0 }
})
const agentOf = (root: number) => ({ session_id: threadId(root), parent_thread_id: threadId(root) })

describe("session", () => {
  test("an agent's lines come between its parent's, as they were written", async () => {
    const home = homeOf([
      { thread: 1, start: 0, says: ["a", "b", "c", "d"] },
      { thread: 2, start: 2.5, meta: agentOf(1), says: ["x"], compressed: true }
    ])
    expect(story(await read(home, 1))).toEqual(["1: session_meta a b", "2: session_meta", "1: c", "2: x", "1: d"])
  })

  test("a fork of a fork begins with what it inherited, each part up to where it was left", async () => {
    const home = homeOf([
      { thread: 1, ordinal: 0, says: ["a", "b", "c", "d"] },
      { thread: 11, ordinal: 3, meta: base(1, 3), says: ["e", "f", "g"], archived: true },
      { thread: 21, ordinal: 5, meta: base(11, 5), says: ["h"] }
    ])
    expect(story(await read(home, 21))).toEqual(["21 inherits: session_meta a b session_meta e", "21: session_meta h"])
  })

  test("a fork from a point before its parent's own beginning inherits nothing of the parent", async () => {
    const home = homeOf([
      { thread: 1, ordinal: 0, says: ["a", "b"] },
      { thread: 11, ordinal: 3, meta: base(1, 3), says: ["c"] },
      { thread: 21, ordinal: 2, meta: base(11, 2), says: ["d"] }
    ])
    expect(story(await read(home, 21))).toEqual(["21 inherits: session_meta a", "21: session_meta d"])
  })

  test("a revert's file goes on after the first one, which the reducer takes back as far as it no longer counts", async () => {
    const home = homeOf([
      { thread: 1, ordinal: 0, says: ["a", "b", "c"] },
      { thread: 1, segment: 9, start: 9, ordinal: 2, meta: base(1, 2), says: ["d"] }
    ])
    expect(story(await read(home, 1))).toEqual(["1: session_meta a b c session_meta d"])
  })

  test("a fork that is reverted into its parent's part inherits that part once: the reducer takes back the rest", async () => {
    const home = homeOf([
      { thread: 1, ordinal: 0, says: ["a", "b", "c"] },
      { thread: 2, start: 9, ordinal: 4, meta: base(1, 4), says: ["d"] },
      { thread: 2, segment: 9, start: 19, ordinal: 2, meta: base(1, 2), says: ["e"] }
    ])
    expect(story(await read(home, 2))).toEqual(["2 inherits: session_meta a b c", "2: session_meta d session_meta e"])
  })

  test("a history that cannot be found is said with every line of the thread", async () => {
    const home = homeOf([{ thread: 5, ordinal: 3, meta: base(1, 3), says: ["a"] }])
    expect(story(await read(home, 5))).toEqual(["5 without history: session_meta a"])
  })

  test("files that name each other as their base end the chain instead of running around in it", async () => {
    const home = homeOf([
      { thread: 1, start: 1, ordinal: 0, meta: base(2, 1), says: ["a"] },
      { thread: 2, start: 1, ordinal: 0, meta: base(1, 1), says: ["b"] }
    ])
    expect(story(await read(home, 1))).toEqual(["1 inherits: session_meta", "1 without history: session_meta a"])
  })

  test("of a hook journal the session's own lines are read, in time", async () => {
    const home = homeOf([{ thread: 1, start: 0, says: ["a", "b"] }])
    const journal = join(home, "hooks.jsonl")
    const hook = (second: number, session: number) =>
      `${JSON.stringify({
        at_ns: (Date.UTC(2026, 10, 20, 8) + second * 1000) * 1e6,
        payload: { session_id: threadId(session), message: `hook ${second}` }
      })}\n`
    writeFileSync(journal, hook(0.5, 1) + hook(0.7, 2) + hook(1.5, 1))
    expect(story(await read(home, 1, { journals: [journal] }))).toEqual([
      "1: session_meta",
      "Journal: hook 0.5",
      "1: a",
      "Journal: hook 1.5",
      "1: b"
    ])
  })

  test("a file that cannot be read is reported, and the others are read", async () => {
    const home = homeOf([{ thread: 1, says: ["a"] }])
    const lost = join(home, "lost.jsonl")
    const arrivals = await read(home, 1, { journals: [lost] })
    expect(story(arrivals)).toEqual(["1: session_meta a"])
    expect(arrivals.flatMap((arrival) => arrival.skipped)).toEqual([
      { file: lost, lineNumber: 1, byteOffset: 0, reason: `cannot read ${lost}: there is no such file` }
    ])
  })

  test("a growing session leaves torn lines, and tells where each file was left", async () => {
    const home = homeOf([{ thread: 1, says: ["a"] }])
    const path = writeRollout({ home, thread: 2, meta: agentOf(1) })
    writeFileSync(path, `${await Bun.file(path).text()}{"torn":`)
    const left = new Map<string, Position>()
    const arrivals = await read(home, 1, { growing: true, onEnd: (file, position) => left.set(file, position) })
    expect(arrivals.flatMap((arrival) => arrival.skipped)).toEqual([])
    expect([...left.values()].map((position) => position.lineNumber)).toEqual([3, 2])
  })
})

describeCorpus("session of recorded transcripts", () => {
  const forks = async (index: number) => {
    const catalogue = makeCatalogue(corpusCase("forks").transcriptFolders)
    const session = (await Effect.runPromise(catalogue.sessions))[index]
    if (session === undefined) throw new Error("the case has three sessions")
    return Effect.runPromise(Stream.runCollect(readSession(catalogue, session)))
  }
  const ordinals = (arrivals: ReadonlyArray<Arrival>, inherited: boolean) =>
    arrivals
      .filter(({ origin }) => origin._tag === "Transcript" && (origin.inherited ?? false) === inherited)
      .flatMap(({ lines }) => lines.map((line): number => JSON.parse(line.text).ordinal))

  test("the fork of a fork inherits every ordinal before its own exactly once", async () => {
    const arrivals = await forks(2)
    expect(ordinals(arrivals, true)).toEqual(Array.from({ length: 41 }, (_, ordinal) => ordinal))
    expect(ordinals(arrivals, false)[0]).toBe(41)
  })

  test("a reverted thread has its own lines of both files, and inherits nothing twice", async () => {
    const arrivals = await forks(0)
    expect(ordinals(arrivals, true)).toEqual([])
    expect(ordinals(arrivals, false).length).toBe(39 + 13)
  })
})
