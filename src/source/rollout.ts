/**
 * One transcript file: what its name says, and what its first record says of where it belongs.
 *
 * Owns the name `rollout-<local time>-<thread id>[_<segment id>].jsonl[.zst]` and the first record, `session_meta`.
 * How files make up a session is catalogue.ts. Rules as seen in transcripts of Codex 0.77 to
 * 0.169: docs/VERSIONS.md.
 */
import { basename } from "node:path"
import { Effect, Schema } from "effect"
import { asRecord, isObject, isRecord, parseObject } from "../wire/record.ts"
import { shape } from "../wire/shape.ts"
import { uuidPattern } from "../wire/thread-id.ts"
import { isCompressed, openLines, SourceFailed } from "./file.ts"

/** What a file's name says. */
export interface RolloutName {
  readonly path: string
  readonly threadId: string
  /** The segment's id after a revert, else the thread's: what `history_base.thread_id` names. */
  readonly rolloutId: string
}

/** The part of another rollout that a thread goes on from (fork, revert; 0.155 +). */
export interface HistoryBase {
  readonly rolloutId: string
  readonly endOrdinalExclusive: number
}

export interface Rollout extends RolloutName {
  /** Time of the first record, ISO 8601. */
  readonly createdAt: string
  /** The root thread of the session (0.142 +). */
  readonly sessionId?: string
  /** Of an agent or a reviewer: the thread that started it. */
  readonly parentThreadId?: string
  /** A reviewer whose file names no parent (before 0.142). */
  readonly isOrphanReview?: true
  readonly historyBase?: HistoryBase
}

const namePattern = new RegExp(`^rollout-.+?-(${uuidPattern})(?:_(${uuidPattern}))?\\.jsonl(?:\\.zst)?$`)

/** Reads a file's name; undefined where it is no transcript's. */
export const rolloutName = (path: string): RolloutName | undefined => {
  const [, threadId, segmentId] = namePattern.exec(basename(path)) ?? []
  return threadId === undefined ? undefined : { path, threadId, rolloutId: segmentId ?? threadId }
}

/** When a thread was created, in Unix milliseconds, from its id (a UUID of version 7); undefined for other ids. */
export const createdAtMs = (threadId: string): number | undefined =>
  threadId[14] === "7" ? Number.parseInt(threadId.slice(0, 8) + threadId.slice(9, 13), 16) : undefined

/** A name without what compression adds: equal for both forms of one file. */
export const plainName = (path: string) => (isCompressed(path) ? path.slice(0, -".zst".length) : path)

const { String: Text, Number: Num, Unknown, Struct } = Schema

/** The fields of `session_meta` that say where a thread belongs. */
const lineage = shape((optional) => ({
  id: Text,
  session_id: optional(Text),
  source: optional(Unknown),
  parent_thread_id: optional(Text),
  forked_from_id: optional(Text),
  forked_from_ordinal_exclusive: optional(Num),
  history_base: optional(Struct({ thread_id: Text, end_ordinal_exclusive: Num }))
}))

/** `source.subagent.thread_spawn.parent_thread_id`: where versions before `parent_thread_id` say it. */
const spawnedBy = (source: unknown): string | undefined => {
  const subagent = isObject(source) ? source.subagent : undefined
  const spawn = isObject(subagent) ? subagent.thread_spawn : undefined
  const parent = isObject(spawn) ? spawn.parent_thread_id : undefined
  return typeof parent === "string" ? parent : undefined
}

/** Reads a transcript's first record; undefined where the line is none. */
export const rolloutOf = (path: string, firstLine: string): Rollout | undefined => {
  // What is no object becomes one without the fields of a record, and is refused as that.
  const record = asRecord({ ...parseObject(firstLine) })
  if (!isRecord(record) || record.type !== "session_meta") return undefined
  const meta = lineage(record.payload)
  if (meta === undefined) return undefined
  const parentThreadId = meta.parent_thread_id ?? spawnedBy(meta.source)
  // A child with history has `forked_from_id` too, but its file begins with the replay: nothing is inherited from outside.
  const historyBase = meta.history_base
    ? { rolloutId: meta.history_base.thread_id, endOrdinalExclusive: meta.history_base.end_ordinal_exclusive }
    : meta.forked_from_id && typeof meta.forked_from_ordinal_exclusive === "number"
      ? { rolloutId: meta.forked_from_id, endOrdinalExclusive: meta.forked_from_ordinal_exclusive }
      : undefined
  const isReview = isObject(meta.source) && meta.source.subagent === "review"
  return {
    path,
    threadId: meta.id,
    rolloutId: rolloutName(path)?.rolloutId ?? meta.id,
    createdAt: record.timestamp,
    ...(meta.session_id && { sessionId: meta.session_id }),
    ...(parentThreadId && parentThreadId !== meta.id && { parentThreadId }),
    ...(isReview && !parentThreadId && !meta.session_id && { isOrphanReview: true as const }),
    ...(historyBase && { historyBase })
  }
}

/** Most first records fit: they carry the base instructions, 20 to 60 KB. */
const firstPortionBytes = 64 * 1024

/** The first line of a file, or undefined where there is none yet. */
export const firstLine = (path: string) =>
  Effect.gen(function* () {
    const reader = yield* openLines(path, { growing: true, portionBytes: firstPortionBytes })
    for (let batch = yield* reader.next; batch !== undefined; batch = yield* reader.next) {
      const line = batch.lines[0]
      if (line !== undefined) return line
      if (batch.skipped.length > 0) break
    }
    return undefined
  }).pipe(Effect.scoped)

/** `SourceFailed.code` of a file that can be read but is no transcript, or none yet. */
export const notARollout = "NOT_A_ROLLOUT"

/** Opens a file for its first record. */
export const readRollout = (path: string): Effect.Effect<Rollout, SourceFailed> =>
  Effect.flatMap(firstLine(path), (line) => {
    const rollout = line === undefined ? undefined : rolloutOf(path, line.text)
    return rollout === undefined
      ? Effect.fail(
          new SourceFailed({
            file: path,
            reason: "it does not begin with session_meta, as transcripts of Codex do",
            code: notARollout
          })
        )
      : Effect.succeed(rollout)
  })
