/**
 * What earlier collectors left undone: told by journals and watermarks alone, for whoever starts next.
 */
import { existsSync, readFileSync, statSync } from "node:fs"
import { settingVariables } from "../hook/message.ts"
import { journalFile } from "../hook/places.ts"
import { isCompressed } from "../source/file.ts"
import { keptMs } from "./prune.ts"
import { knownSessions, readSessionRecord, type SessionRecord, sessionRecord } from "./session-record.ts"
import { type Watermark, watermarksOf } from "./watermark.ts"

/** The record of a session that has none: where it ran stands in its journal, everything else is the user's file. */
const orphanRecord = (state: string, session: string): SessionRecord => {
  const environment = settingVariables(process.env)
  try {
    const [line = ""] = readFileSync(journalFile(state, session), "utf8").split("\n", 1)
    const cwd: unknown = JSON.parse(line).payload.cwd
    return sessionRecord(session, typeof cwd === "string" ? cwd : undefined, environment)
  } catch {
    // No journal, or none whose first line can be read: where it ran is not known, and the session is followed all the same.
    return sessionRecord(session, undefined, environment)
  }
}

const hasGrown = ({ files }: Watermark): boolean =>
  Object.values(files).some(
    ({ path, byteOffset }) =>
      !isCompressed(path) && (statSync(path, { throwIfNoEntry: false })?.size ?? byteOffset) > byteOffset
  )

/** Whether a session has something that its sinks, as last used, have not acknowledged. */
export const isUnfinished = (state: string, session: string, nowMs: number): boolean => {
  const journal = statSync(journalFile(state, session), { throwIfNoEntry: false })
  if (journal === undefined || nowMs - journal.mtimeMs > keptMs) return false
  const latest = new Map<string, Watermark>()
  for (const mark of watermarksOf(state, session)) {
    const other = latest.get(mark.sink)
    if (other === undefined || other.acknowledgedAt < mark.acknowledgedAt) latest.set(mark.sink, mark)
  }
  return latest.size === 0 || [...latest.values()].some((mark) => !mark.ended || hasGrown(mark))
}

/** Sessions that are to be taken up again. */
export const unfinishedSessions = (state: string, nowMs: number): ReadonlyArray<string> =>
  knownSessions(state).filter(
    (session) => existsSync(journalFile(state, session)) && isUnfinished(state, session, nowMs)
  )

/** With which settings. Hooks that never reached a collector left a journal only: then they are those of the file. */
export const recordOf = (state: string, session: string): SessionRecord =>
  readSessionRecord(state, session) ?? orphanRecord(state, session)
