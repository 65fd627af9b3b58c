/**
 * `--hooks FILE`: hook journals that are given as arguments, to every command that reads sessions.
 *
 * Owns that one which cannot be read is wrong use, said before anything else, and their lines where nothing merges them
 * in by time.
 */
import { Effect, Stream } from "effect"
import { openRegularFile } from "../source/file.ts"
import type { Arrival } from "../source/origin.ts"
import { fileLines } from "../source/session.ts"
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

/** The journals' own strand, before whatever they are facts of. */
export const journalLines = (files: ReadonlyArray<string>): Stream.Stream<Arrival> =>
  Stream.flatMap(Stream.fromIterable(files), (file) =>
    Stream.map(fileLines(file), (batch): Arrival => ({ origin: { _tag: "Journal" }, ...batch }))
  )
