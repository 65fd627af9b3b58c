/**
 * `--hooks FILE`: hook journals that are given as arguments, to every command that reads sessions.
 *
 * Owns that one which cannot be read is wrong use, said before anything else, and their lines, read once or followed,
 * where nothing merges them in by time.
 */
import { Effect, Stream } from "effect"
import { openRegularFile } from "../source/file.ts"
import type { LineBatch } from "../source/line.ts"
import type { Arrival } from "../source/origin.ts"
import { fileLines } from "../source/session.ts"
import { growingFile } from "../source/tail.ts"
import type { Watch } from "../source/watch.ts"
import { WrongUse } from "./errors.ts"

const checkJournal = (file: string): Effect.Effect<void, WrongUse> =>
  Effect.scoped(openRegularFile(file)).pipe(
    Effect.mapError(
      ({ reason }) =>
        new WrongUse({
          reason: `--hooks ${file}: ${reason}`,
          hint: "journals are named journal.jsonl and lie below the state folder, which tracer status --json names"
        })
    ),
    Effect.asVoid
  )

/** A journal is an argument: one that cannot be read is said before the first span, not as a skipped line after the last. */
export const checkJournals = (files: ReadonlyArray<string>): Effect.Effect<void, WrongUse> =>
  Effect.forEach(files, checkJournal, { discard: true })

const asJournal = (lines: Stream.Stream<LineBatch>): Stream.Stream<Arrival> =>
  Stream.map(lines, (batch) => ({ origin: { _tag: "Journal" }, ...batch }))

/** The journals' own strand, before whatever they are facts of. */
export const journalLines = (files: ReadonlyArray<string>): Stream.Stream<Arrival> =>
  Stream.flatMap(Stream.fromIterable(files), (file) => asJournal(fileLines(file)))

/** What is followed, after what the journals hold, and beside what is written to them meanwhile. */
export const besideJournals = (
  files: ReadonlyArray<string>,
  watch: Watch,
  followed: Stream.Stream<Arrival>
): Stream.Stream<Arrival> => {
  const journals = files.map((file) => growingFile(file, watch))
  return Stream.concat(
    Stream.flatMap(Stream.fromIterable(journals), ({ present }) => asJournal(present)),
    Stream.mergeAll([...journals.map(({ further }) => asJournal(further)), followed], { concurrency: "unbounded" })
  )
}
