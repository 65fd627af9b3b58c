/**
 * One session's lines, from all its files, read once to their present end, in the order in which they were written.
 *
 * Owns what belongs into the merge: the transcripts of the session's threads, before each the history that it goes on
 * from, and of hook journals the session's own lines. A file that cannot be read is reported as skipped, and the
 * others are read all the same. Sessions that go on growing are live-session.ts.
 */
import { Effect, Stream } from "effect"
import type { Catalogue, Session } from "./catalogue.ts"
import { openLines, type ReadOptions, readerLines, type SourceFailed } from "./file.ts"
import { inheritanceOf, inheritedLines } from "./inheritance.ts"
import { fileStart, type Line, type LineBatch, type Position } from "./line.ts"
import { mergeByTime, type Strand } from "./merge.ts"
import type { Arrival, Origin } from "./origin.ts"
import { journalSessionId } from "./record-head.ts"
import type { Rollout } from "./rollout.ts"

export interface SessionOptions extends Pick<ReadOptions, "lineBytesMax" | "growing"> {
  /** Hook journals; of their lines only the session's own are read. */
  readonly journals?: ReadonlyArray<string>
  /** Told where the reading of each file ended, so that a tail can go on from there. */
  readonly onEnd?: (file: string, position: Position) => void
}

const skippedFile = ({ file, hint, message }: SourceFailed): LineBatch => ({
  lines: [],
  skipped: [{ file, ...fileStart, reason: hint === undefined ? message : `${message}; ${hint}` }]
})

/** Turns a failure into a report at the end of what could be read. */
export const reported = (lines: Stream.Stream<LineBatch, SourceFailed>): Stream.Stream<LineBatch> =>
  Stream.catch(lines, (failure) => Stream.succeed(skippedFile(failure)))

/** A file's lines to its present end. */
export const fileLines = (file: string, options: SessionOptions = {}): Stream.Stream<LineBatch> =>
  reported(
    Stream.unwrap(
      Effect.map(openLines(file, options), (reader) =>
        readerLines(reader, (position) => options.onEnd?.(file, position))
      )
    )
  )

/** What a thread's file inherits, and how its own lines are to be marked. */
export const threadOrigin = (
  catalogue: Catalogue,
  rollout: Rollout
): Effect.Effect<{ readonly inherited: Stream.Stream<Arrival>; readonly origin: Origin }> =>
  Effect.map(inheritanceOf(catalogue, rollout), ({ parts, missing }) => {
    const { threadId } = rollout
    const origin: Origin = { _tag: "Transcript", threadId, inherited: true }
    // The earlier files of a thread that was reverted are read as its own; the reducer takes back what no longer counts.
    const foreign = rollout.rolloutId === threadId ? parts : []
    return {
      inherited: Stream.fromIterable(foreign).pipe(
        Stream.flatMap((part) => reported(inheritedLines(part))),
        Stream.map((batch): Arrival => ({ origin, ...batch }))
      ),
      origin: { _tag: "Transcript", threadId, ...(missing && { historyMissing: true }) }
    }
  })

const rolloutStrand = (catalogue: Catalogue, rollout: Rollout, options: SessionOptions): Strand => ({
  startsAt: rollout.createdAt,
  arrivals: Stream.unwrap(
    Effect.map(threadOrigin(catalogue, rollout), ({ inherited, origin }) =>
      Stream.concat(
        inherited,
        Stream.map(fileLines(rollout.path, options), (batch): Arrival => ({ origin, ...batch }))
      )
    )
  )
})

/** Tells a session's own lines of a journal from other sessions'. A line that names no session is let through. */
export const journalFilter = (session: Session) => {
  const ids = new Set([session.rootThreadId, ...session.rollouts.map((rollout) => rollout.threadId)])
  return (line: Line): boolean => ids.has(journalSessionId(line.text) ?? session.rootThreadId)
}

const journalStrand = (file: string, session: Session, options: SessionOptions): Strand => {
  const isOwn = journalFilter(session)
  return {
    startsAt: "",
    arrivals: Stream.map(
      fileLines(file, options),
      ({ lines, skipped }): Arrival => ({ origin: { _tag: "Journal" }, lines: lines.filter(isOwn), skipped })
    )
  }
}

/** Reads a session once. */
export const readSession = (
  catalogue: Catalogue,
  session: Session,
  options: SessionOptions = {}
): Stream.Stream<Arrival> =>
  mergeByTime([
    ...(options.journals ?? []).map((file) => journalStrand(file, session, options)),
    ...session.rollouts.map((rollout) => rolloutStrand(catalogue, rollout, options))
  ])
