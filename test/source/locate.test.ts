import { describe, expect, test } from "bun:test"
import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { type Input, locate, locateLatest } from "../../src/source/locate.ts"
import { temporaryFolder } from "../support/folder.ts"
import { rolloutText, type Told, threadId, writeRollout } from "../support/rollout.ts"

const homeOf = (threads: ReadonlyArray<Omit<Told, "home">>) => {
  const home = temporaryFolder()
  const paths = threads.map((thread) => writeRollout({ home, ...thread }))
  return { home, paths }
}
const agentOf = (root: number) => ({ session_id: threadId(root), parent_thread_id: threadId(root) })

const sessionsOf = (input: Input) =>
  input._tag === "Sessions"
    ? input.sessions.map((session) => session.rollouts.map((rollout) => Number(rollout.threadId.slice(-12))))
    : input._tag
const found = (wanted: string, home = "/nowhere") => Effect.runPromise(Effect.map(locate(wanted, home), sessionsOf))
const refused = (wanted: string, home = "/nowhere") => Effect.runPromise(Effect.flip(locate(wanted, home)))

describe("locate", () => {
  test("a root's transcript brings its agents' along, and an agent's is its root's session, if that is there", async () => {
    const { paths } = homeOf([{ thread: 1 }, { thread: 2, meta: agentOf(1), archived: true }, { thread: 3 }])
    expect(await found(paths[0] as string)).toEqual([[1, 2]])
    expect(await found(paths[1] as string)).toEqual([[1, 2]])
    rmSync(paths[0] as string)
    expect(await found(paths[1] as string)).toEqual([[2]])
  })

  test("a transcript by any other name is found with the agents beside it", async () => {
    const folder = temporaryFolder()
    const path = join(folder, "mine.jsonl")
    writeFileSync(path, rolloutText({ home: folder, thread: 1, says: ["a"] }))
    writeFileSync(
      join(folder, `rollout-2026-11-20T08-00-01-${threadId(2)}.jsonl`),
      rolloutText({ home: folder, thread: 2, meta: agentOf(1) })
    )
    expect(await found(path)).toEqual([[1, 2]])
  })

  test("a folder is the sessions in it, with agents that lie elsewhere in the home", async () => {
    const { home, paths } = homeOf([
      { thread: 1 },
      { thread: 2, meta: agentOf(1), archived: true },
      { thread: 3, archived: true }
    ])
    expect(await found(dirname(paths[0] as string))).toEqual([[1, 2]])
    expect(await found(home)).toEqual([[1, 2], [3]])
  })

  test("a bundle, standard input and a file of other lines are told from transcripts", async () => {
    const bundle = join(temporaryFolder(), "trace-x")
    mkdirSync(bundle)
    for (const name of ["manifest.json", "trace.jsonl"]) writeFileSync(join(bundle, name), "{}\n")
    expect(await found(bundle)).toBe("Bundles")
    expect(await found(join(bundle, "trace.jsonl"))).toBe("Bundles")
    const other = join(temporaryFolder(), "trace.jsonl")
    writeFileSync(other, "{}\n")
    expect(await found(other)).toBe("File")
    expect(await found("-")).toBe("Stdin")
  })

  test("a session is found by its id, and by a beginning of it that no other session has", async () => {
    const { home } = homeOf([{ thread: 1 }, { thread: 2, meta: agentOf(1) }])
    expect(await found(threadId(1), home)).toEqual([[1, 2]])
    expect(await found(threadId(1).slice(0, 8).toUpperCase(), home)).toEqual([[1, 2]])
    expect(await found(threadId(2), home)).toEqual([[1, 2]])
  })

  test("a beginning that several sessions have is refused with their ids", async () => {
    const { home } = homeOf([{ thread: 1 }, { thread: 2 }])
    const failure = await refused("01a1f000", home)
    expect(failure.message).toBe("01a1f000: 2 sessions begin like this")
    expect(failure.hint).toContain(threadId(2))
  })

  test("what names nothing says what would", async () => {
    expect((await refused("nonsense.jsonl")).hint).toContain("a session's id")
    expect((await refused("01a1f000")).message).toBe(
      "01a1f000: there is no such file, and no session with this id in /nowhere"
    )
    expect((await refused(temporaryFolder())).message).toEndWith(
      "there are no transcripts or trace bundles of Codex in this folder"
    )
    expect((await refused("/dev/zero")).message).toBe("cannot read /dev/zero: it is not a regular file")
  })

  test("the latest session is the one that was written to last, whichever of its threads it was", async () => {
    const { home, paths } = homeOf([{ thread: 1 }, { thread: 2, meta: agentOf(1) }, { thread: 3 }])
    paths.forEach((path, index) => {
      utimesSync(path, 1000, index === 1 ? 2000 : 1000)
    })
    expect(sessionsOf(await Effect.runPromise(locateLatest(home)))).toEqual([[1, 2]])
    expect((await Effect.runPromise(Effect.flip(locateLatest(temporaryFolder())))).message).toContain(
      "there is no session"
    )
  })
})
