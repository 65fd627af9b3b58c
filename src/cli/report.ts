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
  /** Something failed that has been said already. */
  readonly broken: () => void
  /** Was everything read that there was? Oddities are kept in the spans: they leave nothing out. */
  readonly isComplete: () => boolean
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

const plural = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`

const listed = (counts: ReadonlyMap<string, Counted>): ReadonlyArray<string> => {
  const kinds = [...counts].sort(([, left], [, right]) => right.count - left.count)
  const rest = kinds.slice(kindsMax)
  return [
    ...kinds
      .slice(0, kindsMax)
      .map(
        ([kind, { count, place }]) => `  ${count} × ${kind}${place && ` (${count > 1 ? "first " : ""}at ${place})`}`
      ),
    ...(rest.length > 0 ? [`  and ${plural(rest.length, "other kind", "other kinds")}`] : [])
  ]
}

export const makeReport = (): Report => {
  const skipped = new Map<string, Counted>()
  const notes = new Map<string, Counted>()
  let isBroken = false
  return {
    skipped: (lines) => {
      for (const { file, lineNumber, reason } of lines) count(skipped, reason, `${file}:${lineNumber}`)
    },
    noted: (found) => {
      for (const { topic, detail } of found) count(notes, detail === "" ? topic : `${topic}: ${detail}`, "")
    },
    broken: () => {
      isBroken = true
    },
    isComplete: () => skipped.size === 0 && !isBroken,
    text: () =>
      [
        ...(skipped.size > 0 ? [`tracer: ${plural(total(skipped), "line", "lines")} skipped`, ...listed(skipped)] : []),
        ...(notes.size > 0 ? [`tracer: ${plural(total(notes), "oddity", "oddities")} noted`, ...listed(notes)] : [])
      ].join("\n")
  }
}
