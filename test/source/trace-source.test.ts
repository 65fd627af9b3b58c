/**
 * What several arguments mean together: each session once, whichever of its files are named, in any order.
 */
import { describe, expect, test } from "bun:test"
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { Effect } from "effect"
import { locateAll, type TraceSource } from "../../src/source/trace-source.ts"
import { BundleStory, startedAtMs } from "../support/bundle.ts"
import { temporaryFolder } from "../support/folder.ts"
import { rolloutPath, type Told, threadId, writeRollout } from "../support/rollout.ts"

const agentOf = (root: number, parent = root) => ({ session_id: threadId(root), parent_thread_id: threadId(parent) })
/** As versions before 0.142 tell it. */
const spawnedBy = (parent: number) => ({
  source: { subagent: { thread_spawn: { parent_thread_id: threadId(parent), depth: 1 } } }
})
const reviewer = { source: { subagent: "review" } }

const homeOf = (threads: ReadonlyArray<Omit<Told, "home">>) => {
  const home = temporaryFolder()
  return { home, paths: threads.map((thread) => writeRollout({ home, ...thread })) }
}

const numberOf = (id: string) => Number(id.slice(-12))

const shown = (source: TraceSource) => {
  switch (source._tag) {
    case "Stdin":
      return "-"
    case "File":
      return basename(source.path)
    case "Bundles":
      return source.directories.map((directory) => basename(directory))
    case "Session": {
      const { rootThreadId, rollouts } = source.session
      const threads = [numberOf(rootThreadId), rollouts.map((one) => numberOf(one.threadId))]
      return source.bundles.length === 0 ? threads : [...threads, source.bundles.map((one) => basename(one))]
    }
  }
}
const found = async (named: ReadonlyArray<string>, home = "/nowhere", latest = false) =>
  (await Effect.runPromise(locateAll(named, latest, home))).map(shown)

/** All ways to name some of these, one after the other. */
const orders = <A>(all: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  all.flatMap((one) => [[one], ...orders(all.filter((other) => other !== one)).map((rest) => [one, ...rest])])

describe("the files of one session", () => {
  test("any of them, in any order, with its folder and ids, are the session once", async () => {
    const { home, paths } = homeOf([
      { thread: 1 },
      { thread: 2, meta: agentOf(1), archived: true },
      { thread: 3, meta: agentOf(1, 2) }
    ])
    for (const named of orders([...paths, threadId(2)])) expect(await found(named, home)).toEqual([[1, [1, 2, 3]]])
    const [root = "", agent = ""] = paths
    expect(await found([root, root], home)).toEqual([[1, [1, 2, 3]]])
    expect(await found([agent, dirname(root), home, threadId(3)], home, true)).toEqual([[1, [1, 2, 3]]])
  })

  test("also before agents named their session, and reviewers their parent", async () => {
    const { home, paths } = homeOf([
      { thread: 1 },
      { thread: 2, meta: spawnedBy(1) },
      { thread: 3, meta: spawnedBy(2) }
    ])
    for (const named of orders(paths)) expect(await found(named, home)).toEqual([[1, [1, 2, 3]]])
    const other = homeOf([
      { thread: 1, start: 0 },
      { thread: 2, meta: reviewer, start: 5 }
    ])
    const [asking = "", review = ""] = other.paths
    const asked = { timestamp: "2026-11-20T08:00:04.000Z", type: "event_msg", payload: { type: "entered_review_mode" } }
    writeFileSync(asking, `${JSON.stringify(asked)}\n`, { flag: "a" })
    for (const named of orders([asking, review, threadId(2)]))
      expect(await found(named, other.home)).toEqual([[1, [1, 2]]])
  })

  test("from several folders come together, a copy of one counts once", async () => {
    const [one, two] = [homeOf([{ thread: 1 }]), homeOf([{ thread: 2, meta: agentOf(1) }])]
    const [[root = ""], [agent = ""]] = [one.paths, two.paths]
    expect(await found([agent, root])).toEqual([[1, [1, 2]]])
    const folder = temporaryFolder()
    const copies = [root, agent].map((path, index) => {
      const copy = join(folder, `${index}.jsonl`)
      copyFileSync(path, copy)
      return copy
    })
    expect(await found([...copies, root, agent])).toEqual([[1, [1, 2]]])
  })

  test("without the root's are read by themselves", async () => {
    const { paths } = homeOf([
      { thread: 2, meta: agentOf(1) },
      { thread: 3, meta: agentOf(1, 2) },
      { thread: 4, meta: agentOf(1) },
      { thread: 5, meta: agentOf(1) }
    ])
    const [second = "", third = "", fourth = ""] = paths
    expect(await found([second])).toEqual([[1, [2, 3]]])
    expect(await found([third])).toEqual([[1, [3]]])
    expect(await found([fourth, second, fourth])).toEqual([[1, [2, 3, 4]]])
  })
})

describe("what is several traces", () => {
  test("stays in the order in which it was first named", async () => {
    const { home, paths } = homeOf([{ thread: 1 }, { thread: 2, meta: agentOf(1) }, { thread: 3 }])
    const [root = "", agent = "", other = ""] = paths
    expect(await found([other, agent, "-", root, other], home)).toEqual([[3, [3]], [1, [1, 2]], "-"])
    expect(await found([agent, home])).toEqual([
      [1, [1, 2]],
      [3, [3]]
    ])
  })

  test("a file of other lines is read once, by whichever path", async () => {
    const folder = temporaryFolder()
    const [one, two] = [join(folder, "one.jsonl"), join(folder, "two.jsonl")]
    for (const path of [one, two]) writeFileSync(path, "{}\n")
    expect(await found([two, one, `${folder}/./two.jsonl`])).toEqual(["two.jsonl", "one.jsonl"])
  })
})

describe("the bundles of one session", () => {
  const written = (folder: string, name: string, thread: string, beganMs: number) => {
    const story = new BundleStory().rolloutStarts().threadStarts(thread).turnStarts(`${name} turn`, thread)
    story.manifest.root_thread_id = thread
    story.manifest.started_at_unix_ms = startedAtMs + beganMs
    return story.writeTo(join(folder, name))
  }

  test("are one trace in the order of their processes, named one by one or by their folder", async () => {
    const folder = temporaryFolder()
    const [late, early] = [written(folder, "a", "T1", 20), written(folder, "b", "T1", 10)]
    written(folder, "c", "T2", 15)
    expect(await found([late, join(early, "trace.jsonl"), late])).toEqual([["b", "a"]])
    expect(await found([late, folder])).toEqual([["b", "a"], ["c"]])
  })

  test("go with its transcripts where those are named too", async () => {
    const home = temporaryFolder()
    const traces = join(home, "traces")
    mkdirSync(traces)
    const path = rolloutPath({ home, thread: 1 })
    writeRollout({ home, thread: 1 })
    written(traces, "a", threadId(1), 0)
    written(traces, "b", threadId(9), 1)
    expect(await found([traces, path])).toEqual([[1, [1], ["a"]], ["b"]])
  })
})
