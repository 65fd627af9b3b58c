/**
 * Journals do not stay for ever: what hooks said of a session that is long over was delivered, and is let go.
 *
 * Only the journal goes, which is what takes room; the watermarks stay, so a session that is resumed after all goes on
 * from where its sinks are, and nothing of it is sent again with less known. Times are milliseconds.
 */
import { statSync, unlinkSync } from "node:fs"
import { Effect } from "effect"
import { journalFile } from "../hook/places.ts"
import type { NotWritten } from "./replace-file.ts"
import { knownSessions } from "./session-record.ts"
import { forgetFile, journalKey, type Watermark, watermarksOf } from "./watermark.ts"

/** A journal that nobody wrote to for so long belongs to a session that nobody waits for. */
export const keptMs = 30 * 24 * 3600 * 1000

const isDelivered = (marks: ReadonlyArray<Watermark>): boolean => marks.length > 0 && marks.every(({ ended }) => ended)

const pruneJournal = (state: string, session: string): Effect.Effect<void, NotWritten> =>
  // First the watermarks: a journal that is begun anew must not be taken for the one that was read.
  Effect.andThen(
    forgetFile(state, session, journalKey),
    Effect.sync(() => unlinkSync(journalFile(state, session)))
  )

/** Removes the journals of sessions that were delivered and are long over; answers how many. */
export const pruneJournals = (state: string, nowMs: number): Effect.Effect<number> =>
  Effect.gen(function* () {
    let pruned = 0
    for (const session of knownSessions(state)) {
      const journal = statSync(journalFile(state, session), { throwIfNoEntry: false })
      if (journal === undefined || nowMs - journal.mtimeMs <= keptMs) continue
      if (!isDelivered(watermarksOf(state, session))) continue
      // One that cannot be removed (a read-only folder) is tried again the next time.
      const removed = yield* Effect.exit(pruneJournal(state, session))
      if (removed._tag === "Success") pruned += 1
    }
    return pruned
  })
