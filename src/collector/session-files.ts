/**
 * The files of one session at work: its hook journal, its transcripts, and Codex's own recordings of it.
 *
 * Owns which there are, which are still looked for and when it is time to look again, and whether each may be read.
 * Reading them is course.ts. Times are milliseconds.
 */
import { Effect, Stream } from "effect"
import { logOf } from "../source/bundle.ts"
import type { Arrival, FollowThread, Origin } from "../source/origin.ts"
import { threadOrigin } from "../source/session.ts"
import { elapsedMs } from "./elapsed.ts"
import { type FollowedFile, followedFile, isGone } from "./followed-file.ts"
import { type Recordings, recordingKey } from "./recordings.ts"
import { fileKey, type Transcripts } from "./transcripts.ts"
import { journalKey } from "./watermark.ts"

/** Where a session's files are. */
export interface Whereabouts {
  readonly session: string
  readonly journal: string
  readonly transcripts: Transcripts
  readonly recordings: Recordings
}

export interface SessionFiles {
  readonly all: () => ReadonlyArray<FollowedFile>
  readonly isJournal: (file: FollowedFile) => boolean
  readonly isReadable: (file: FollowedFile) => boolean
  /** Threads that the fold wants followed. */
  readonly want: (threads: ReadonlyArray<FollowThread>) => void
  /** Whether a wanted thread has no file yet. */
  readonly isWaiting: () => boolean
  /** Whether it is time to look through the folders again; `news`: something was just read. */
  readonly isDue: (news: boolean, nowMs: number) => boolean
  readonly listedAtMs: () => number
  /** Looks through the folders: takes new files in, finds again those that were moved. Whether there were new ones. */
  readonly list: Effect.Effect<boolean>
}

/** How often the folders are searched for a file that was announced, and, while there is news, for others. */
const relistMs = 500
const relistUnaskedMs = 10_000

const threadOf = ({ origin }: FollowedFile): string | undefined =>
  origin._tag === "Transcript" ? origin.threadId : undefined

/**
 * Begins with the journal alone.
 *
 * @param onInherited gets the history that a new file goes on from: it makes no spans, and is folded once
 */
export const sessionFiles = (
  { session, journal, transcripts, recordings }: Whereabouts,
  onInherited: (arrival: Arrival) => void
): SessionFiles => {
  const files = new Map([[journalKey, followedFile(journalKey, journal, { _tag: "Journal" })]])
  const wanted = new Set<string>()
  let listedAtMs = Number.NEGATIVE_INFINITY

  const threads = (): ReadonlySet<string> =>
    new Set([session, ...[...files.values()].flatMap((file) => threadOf(file) ?? [])])

  const add = (key: string, path: string, origin: Origin) => files.set(key, followedFile(key, path, origin))

  const listTranscripts = Effect.gen(function* () {
    for (const rollout of yield* transcripts.list) {
      const key = fileKey(rollout.path)
      const known = files.get(key)
      wanted.delete(rollout.threadId)
      if (known !== undefined) {
        known.path = rollout.path
        continue
      }
      const { inherited, origin } = yield* threadOrigin(transcripts.catalogue, rollout)
      add(key, rollout.path, origin)
      yield* Stream.runForEach(inherited, (arrival) => Effect.sync(() => onInherited(arrival)))
    }
  })

  /** A bundle stays where it was made. */
  const listRecordings = () => {
    for (const directory of recordings.list(threads())) {
      const key = recordingKey(directory)
      if (!files.has(key)) add(key, logOf(directory), { _tag: "Bundle", directory })
    }
  }

  return {
    all: () => [...files.values()],
    isJournal: ({ key }) => key === journalKey,
    isReadable: ({ key, origin, path }) =>
      key === journalKey || (origin._tag === "Bundle" ? recordings : transcripts).isAdmitted(path),
    want: (asked) => {
      const known = threads()
      for (const { threadId } of asked) if (!known.has(threadId)) wanted.add(threadId)
    },
    isWaiting: () => wanted.size > 0,
    isDue: (news, nowMs) => {
      const isExpected = wanted.size > 0 || files.size === 1 || [...files.values()].some(isGone)
      return nowMs - listedAtMs >= (isExpected ? relistMs : news ? relistUnaskedMs : Number.POSITIVE_INFINITY)
    },
    listedAtMs: () => listedAtMs,
    list: Effect.gen(function* () {
      const before = files.size
      listedAtMs = yield* elapsedMs
      yield* listTranscripts
      listRecordings()
      return files.size > before
    })
  }
}
