/**
 * The transcripts of one place, and which of them are one session, or continue another thread.
 *
 * Owns where transcripts lie (`sessions/YYYY/MM/DD`, `archived_sessions`) and what belongs together: a session is a
 * root thread and its agent threads, to any depth; a fork is a session of its own; after a revert a thread has several
 * files. Lists folders and reads first records, each once; content is session.ts.
 */
import { type Dirent, readdirSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { Effect } from "effect"
import { isCompressed, type SourceFailed, statOf } from "./file.ts"
import { withReviewers } from "./reviewer.ts"
import {
  createdAtMs,
  type HistoryBase,
  plainName,
  type Rollout,
  type RolloutName,
  readRollout,
  rolloutName
} from "./rollout.ts"

/** A root thread (or an agent thread whose root is not there) and all that it started. */
export interface Session {
  readonly rootThreadId: string
  /** In the order of their creation; never empty. */
  readonly rollouts: ReadonlyArray<Rollout>
}

export interface Catalogue {
  /** The folders that are looked through, in this order. */
  readonly folders: ReadonlyArray<string>
  /** Every transcript there is now, by name alone. A file that is there twice, plain and compressed, counts once. */
  readonly names: Effect.Effect<ReadonlyArray<RolloutName>>
  /** The first record of a file; read once. */
  readonly rollout: (name: RolloutName) => Effect.Effect<Rollout, SourceFailed>
  /** All sessions, oldest first. */
  readonly sessions: Effect.Effect<ReadonlyArray<Session>>
  /** The session of a root thread; asked for an agent thread, what it and its own agents did. */
  readonly session: (threadId: string) => Effect.Effect<Session | undefined>
  /** The root thread of a transcript's session. */
  readonly rootOf: (rollout: Rollout) => Effect.Effect<string>
  /** The file that a history base names. */
  readonly base: (base: HistoryBase, of: Rollout) => Effect.Effect<Rollout | undefined>
}

/** The folders of transcripts in a Codex home. */
export const foldersOfHome = (home: string): ReadonlyArray<string> => [
  join(home, "sessions"),
  join(home, "archived_sessions")
]

/** The folders in which a transcript's relatives lie: its home's, if it lies in one, else its own folder. */
export const foldersBeside = (path: string): ReadonlyArray<string> => {
  const own = dirname(resolve(path))
  let folder = own
  while (/^\d{2,4}$/.test(basename(folder))) folder = dirname(folder)
  return isTranscriptFolder(folder) ? foldersOfHome(dirname(folder)) : [own]
}

/** Does this folder hold nothing but transcripts, by day or all together? */
export const isTranscriptFolder = (folder: string) => ["sessions", "archived_sessions"].includes(basename(folder))

/** `sessions/YYYY/MM/DD` below a home below a folder of homes: deeper nobody keeps transcripts. */
const depthMax = 6

const entriesOf = (folder: string): ReadonlyArray<Dirent> => {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    // Absent, forbidden, or removed while we look: there are no transcripts in it for us.
    return []
  }
}

const namesBelow = (folder: string, depth = 0): ReadonlyArray<RolloutName> =>
  entriesOf(folder).flatMap((entry): ReadonlyArray<RolloutName> => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return depth < depthMax ? namesBelow(path, depth + 1) : []
    const name = entry.isFile() || entry.isSymbolicLink() ? rolloutName(path) : undefined
    return name === undefined ? [] : [name]
  })

/** One name a file: the plain form wins over the compressed one, the first folder over the later ones. */
const once = (names: ReadonlyArray<RolloutName>): ReadonlyArray<RolloutName> => {
  const chosen = new Map<string, RolloutName>()
  for (const name of names) {
    const key = basename(plainName(name.path))
    const other = chosen.get(key)
    if (other === undefined || (isCompressed(other.path) && !isCompressed(name.path))) chosen.set(key, name)
  }
  return [...chosen.values()]
}

/** When a file was written to last, in Unix milliseconds; 0 where it is gone. */
export const writtenAtMs = (path: string): number => statOf(path)?.mtimeMs ?? 0

const dayMs = 24 * 60 * 60 * 1000

/**
 * Until when files of a session may have been begun, judged by those that are known: whoever starts a thread writes that
 * down. No limit where ids and file times do not fit together (other ids, a copy, another clock). Unix milliseconds.
 */
const begunUntilMs = (threadId: string, known: ReadonlyArray<RolloutName>): number => {
  const begun = createdAtMs(threadId)
  const until = Math.max(...known.map((name) => writtenAtMs(name.path))) + dayMs
  return begun === undefined || !Number.isFinite(until) || begun > until ? Number.POSITIVE_INFINITY : until
}

/** The order in which transcripts were begun. */
export const byCreation = (left: Rollout, right: Rollout) =>
  left.createdAt < right.createdAt
    ? -1
    : left.createdAt > right.createdAt
      ? 1
      : left.rolloutId < right.rolloutId
        ? -1
        : 1

/** The catalogue of some folders, and of single files wherever they lie and whatever their name. */
export const makeCatalogue = (folders: ReadonlyArray<string>, files: ReadonlyArray<Rollout> = []): Catalogue => {
  const known = new Map(files.map((rollout) => [resolve(rollout.path), rollout]))
  const names = Effect.sync(() => once([...files, ...folders.flatMap((folder) => namesBelow(folder))]))

  const rollout = (name: RolloutName) => {
    const found = known.get(resolve(name.path))
    return found !== undefined
      ? Effect.succeed(found)
      : Effect.tap(readRollout(name.path), (read) => Effect.sync(() => known.set(resolve(name.path), read)))
  }

  /** The first records of those that have one: a file that Codex has just created gets its own a moment later. */
  const rollouts = (wanted: ReadonlyArray<RolloutName>) =>
    Effect.map(
      Effect.forEach(wanted, (name) => Effect.orElseSucceed(rollout(name), () => undefined), { concurrency: 16 }),
      (read) => withReviewers(read.filter((one) => one !== undefined))
    )

  /** From a thread to its root, by what the files say: `session_id`, else from parent to parent (before 0.142). */
  const rootIn = (threads: ReadonlyMap<string, Rollout>, of: Rollout): string => {
    const seen = new Set<string>()
    let at = of
    while (at.sessionId === undefined && at.parentThreadId !== undefined && !seen.has(at.threadId)) {
      seen.add(at.threadId)
      const parent = threads.get(at.parentThreadId)
      if (parent === undefined) return at.parentThreadId
      at = parent
    }
    return at.sessionId ?? at.threadId
  }

  /** Is this the thread, or one that it started, directly or not? */
  const isBelow = (threads: ReadonlyMap<string, Rollout>, threadId: string, of: Rollout): boolean => {
    const seen = new Set<string>()
    for (let at: Rollout | undefined = of; at !== undefined && !seen.has(at.threadId); ) {
      if (at.threadId === threadId || at.sessionId === threadId) return true
      seen.add(at.threadId)
      at = at.parentThreadId === undefined ? undefined : threads.get(at.parentThreadId)
    }
    return false
  }

  const byThread = (all: ReadonlyArray<Rollout>) => new Map(all.map((one) => [one.threadId, one] as const))

  const everything = Effect.flatMap(names, rollouts)

  const sessions = Effect.map(everything, (all) => {
    const threads = byThread(all)
    const groups = Map.groupBy([...all].sort(byCreation), (one) => rootIn(threads, one))
    return [...groups].map(([rootThreadId, group]): Session => ({ rootThreadId, rollouts: group }))
  })

  const session = Effect.fnUntraced(function* (threadId: string) {
    // Ids are in the order of time: with both bounds, most first records of a large home are spared.
    const later = (yield* names).filter((name) => name.threadId >= threadId)
    let until = begunUntilMs(
      threadId,
      later.filter((name) => name.threadId === threadId)
    )
    for (;;) {
      const all = yield* rollouts(later.filter((name) => (createdAtMs(name.threadId) ?? 0) <= until))
      const threads = byThread(all)
      const mine = all.filter((one) => isBelow(threads, threadId, one)).sort(byCreation)
      if (mine.length === 0) return undefined
      // What was found may have gone on for longer, and have started others.
      const further = Math.max(until, begunUntilMs(threadId, mine))
      const own = mine.find((one) => one.threadId === threadId)
      if (further === until)
        return { rootThreadId: own === undefined ? threadId : rootIn(threads, own), rollouts: mine } satisfies Session
      until = further
    }
  })

  const rootOf = Effect.fnUntraced(function* (of: Rollout) {
    if (of.sessionId !== undefined || of.parentThreadId === undefined) return of.sessionId ?? of.threadId
    return rootIn(byThread(yield* everything), of)
  })

  const base = Effect.fnUntraced(function* ({ rolloutId }: HistoryBase, of: Rollout) {
    const all = (yield* names).filter((name) => resolve(name.path) !== resolve(of.path))
    const exact = all.filter((name) => name.rolloutId === rolloutId)
    const candidates = yield* rollouts(exact.length > 0 ? exact : all.filter((name) => name.threadId === rolloutId))
    // A thread's id alone: what the fork could see is the newest of its files that were there by then.
    return candidates
      .filter((one) => one.createdAt <= of.createdAt)
      .sort(byCreation)
      .at(-1)
  })

  return { folders, names, rollout, sessions, session, rootOf, base }
}
