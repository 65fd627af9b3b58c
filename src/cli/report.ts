/**
 * What a command has to say at its end: which lines were skipped, and what was in the records that nobody knows.
 *
 * Counts by reason and keeps the first place of each, so that a file of garbage costs no memory. Text for stderr.
 */
import type { Note } from "../pipeline/fold.ts"
import type { SkippedLine } from "../source/line.ts"

interface Counted {
  count: number
  /** Where the first one was. */
  readonly place: string
}

export interface Report {
  readonly skipped: (lines: ReadonlyArray<SkippedLine>) => void
  readonly noted: (notes: ReadonlyArray<Note>) => void
  readonly skippedCount: () => number
  /** The summary, without a line break at the end; empty when there is nothing to say. */
  readonly text: () => string
}

/** Kinds of one sort that are listed; the others are counted. */
const kindsMax = 10

const count = (counts: Map<string, Counted>, kind: string, place: string) => {
  const known = counts.get(kind)
  if (known === undefined) counts.set(kind, { count: 1, place })
  else known.count += 1
}

const total = (counts: ReadonlyMap<string, Counted>) => [...counts.values()].reduce((sum, { count }) => sum + count, 0)

const plural = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`

const listed = (counts: ReadonlyMap<string, Counted>): ReadonlyArray<string> => {
  const kinds = [...counts].sort(([, left], [, right]) => right.count - left.count)
  const rest = kinds.slice(kindsMax)
  return [
    ...kinds
      .slice(0, kindsMax)
      .map(
        ([kind, { count, place }]) => `  ${count} × ${kind}${place && ` (${count > 1 ? "first " : ""}at ${place})`}`
      ),
    ...(rest.length > 0 ? [`  and ${plural(rest.length, "other kind")}`] : [])
  ]
}

export const makeReport = (): Report => {
  const skipped = new Map<string, Counted>()
  const notes = new Map<string, Counted>()
  return {
    skipped: (lines) => {
      for (const { file, lineNumber, reason } of lines) count(skipped, reason, `${file}:${lineNumber}`)
    },
    noted: (found) => {
      for (const { topic, detail } of found) count(notes, detail === "" ? topic : `${topic}: ${detail}`, "")
    },
    skippedCount: () => total(skipped),
    text: () =>
      [
        ...(skipped.size > 0 ? [`tracer: ${plural(total(skipped), "line")} skipped`, ...listed(skipped)] : []),
        ...(notes.size > 0
          ? [`tracer: ${plural(total(notes), "oddity").replace("odditys", "oddities")} noted`, ...listed(notes)]
          : [])
      ].join("\n")
  }
}
