/**
 * What is known of all sessions from the disk alone: the watermarks, the journals, and what both leave open.
 *
 * Works without a collector; what only a running one knows (what a sink last said) is in its answer (status.ts).
 * Times are Unix seconds.
 */
import { statSync } from "node:fs"
import { journalFile } from "../hook/places.ts"
import { isCompressed } from "../source/file.ts"
import { knownSessions, readSessionRecord } from "./session-record.ts"
import { isUnfinished } from "./unfinished.ts"
import { type Watermark, watermarksOf } from "./watermark.ts"

export interface SinkOverview {
  readonly sink: string
  readonly destination: string
  readonly acknowledgedSpans: number
  readonly acknowledgedAt: number
  /** Bytes of the session's files beyond the watermark. */
  readonly lagBytes: number
}

export interface SessionOverview {
  readonly session: string
  readonly cwd?: string
  readonly lastHookAt: number
  /** Something is not acknowledged yet. */
  readonly unfinished: boolean
  readonly sinks: ReadonlyArray<SinkOverview>
}

const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size

/** The journal counts although the watermark may not know it yet. */
const lagOf = (journal: string, { files }: Watermark): number => {
  const known = Object.values(files)
  const behind = known.reduce(
    (sum, { path, byteOffset }) =>
      isCompressed(path) ? sum : sum + Math.max(0, (sizeOf(path) ?? byteOffset) - byteOffset),
    0
  )
  return known.some(({ path }) => path === journal) ? behind : behind + (sizeOf(journal) ?? 0)
}

/** Every session with a journal, the one that a hook fired for last first. */
export const overviewOf = (state: string, nowMs: number): ReadonlyArray<SessionOverview> =>
  knownSessions(state)
    .flatMap((session): ReadonlyArray<SessionOverview> => {
      const journal = journalFile(state, session)
      const stats = statSync(journal, { throwIfNoEntry: false })
      if (stats === undefined) return []
      const record = readSessionRecord(state, session)
      const sinks = watermarksOf(state, session).map((mark): SinkOverview => {
        const { sink, destination, spans, acknowledgedAt } = mark
        return { sink, destination, acknowledgedSpans: spans, acknowledgedAt, lagBytes: lagOf(journal, mark) }
      })
      const overview = {
        session,
        lastHookAt: stats.mtimeMs / 1000,
        unfinished: isUnfinished(state, session, nowMs),
        sinks
      }
      return [record?.cwd === undefined ? overview : { ...overview, cwd: record.cwd }]
    })
    .sort((left, right) => right.lastHookAt - left.lastHookAt)
