/**
 * One trace that is read once: the fold, and what it is fed with, for the commands that read and leave.
 *
 * Owns which fold fits which source, and that hook journals come with each. Following is follow.ts.
 */
import { Effect, Stream } from "effect"
import type { Fold, FoldOptions } from "../pipeline/fold.ts"
import { mixedFold } from "../pipeline/mixed-fold.ts"
import { recordedFold } from "../pipeline/recorded-fold.ts"
import { sessionFold } from "../pipeline/session-fold.ts"
import { readBundles } from "../source/bundle.ts"
import { recordingsOf, rootThreadOf } from "../source/bundle-session.ts"
import { LineBytesMax, readerLines } from "../source/file.ts"
import type { LineBatch } from "../source/line.ts"
import type { Arrival } from "../source/origin.ts"
import { fileLines, readSession, reported } from "../source/session.ts"
import { stdinLines } from "../source/stdin.ts"
import type { SessionSource, TraceSource } from "../source/trace-source.ts"
import { journalLines } from "./journals.ts"

/** One trace to be made. */
export interface Reading {
  readonly fold: (options: FoldOptions) => Fold
  readonly arrivals: Stream.Stream<Arrival>
}

export interface Beside {
  /** Hook journals. */
  readonly journals: ReadonlyArray<string>
  /** Folders of bundles, of which those of a session's threads are read with its transcripts. */
  readonly recordings?: ReadonlyArray<string>
}

/** Lines that do not say where they belong. */
export const mixedArrivals = (lines: Stream.Stream<LineBatch>): Stream.Stream<Arrival> =>
  Stream.map(lines, (batch) => ({ origin: { _tag: "Mixed" }, ...batch }))

/** A session from its transcripts, and from what Codex recorded of it where that is there. */
const sessionReading = (source: SessionSource, { journals, recordings = [] }: Beside): Reading => {
  const { catalogue, session } = source
  const own = [session.rootThreadId, ...session.rollouts.map(({ threadId }) => threadId)]
  const threads = new Set([...own, ...source.bundles.flatMap((directory) => rootThreadOf(directory) ?? [])])
  const bundles = recordingsOf([...source.bundles, ...recordings], threads)
  const written = readSession(catalogue, session, { journals })
  const fold = bundles.length === 0 ? sessionFold : recordedFold
  return {
    fold: (options) => fold({ ...options, rootId: session.rootThreadId }),
    arrivals: bundles.length === 0 ? written : Stream.concat(written, readBundles(bundles))
  }
}

const stdinToEnd = Stream.unwrap(Effect.map(LineBytesMax, (lineBytesMax) => readerLines(stdinLines({ lineBytesMax }))))

/** How a source is read once, to its present end. */
export const readingOf = (source: TraceSource, beside: Beside): Reading => {
  const journals = journalLines(beside.journals)
  switch (source._tag) {
    case "Stdin":
      return { fold: mixedFold, arrivals: Stream.concat(journals, mixedArrivals(reported(stdinToEnd))) }
    case "File":
      return { fold: mixedFold, arrivals: Stream.concat(journals, mixedArrivals(fileLines(source.path))) }
    case "Session":
      return sessionReading(source, beside)
    case "Bundles":
      return {
        fold: (options) => sessionFold({ ...options, rootId: source.rootThreadId }),
        arrivals: Stream.concat(journals, readBundles(source.directories))
      }
  }
}
