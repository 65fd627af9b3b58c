/**
 * A code cell: one run of model-written JavaScript (the tool `exec` of code mode), whose children are tools.
 *
 * running → (yielded → …) → completed | failed | terminated. A cell that yields goes on while `wait` polls it; its end
 * stands in the output of the call or of the wait that saw it. Nothing in a transcript says which cell made a nested
 * call: time, order and the call's own words in the cell's source do (codex.md, "Code mode").
 */
import { cellWordsIn, saysNoSuchCell, textOf } from "../domain/codex-words.ts"
import type { Json, JsonObject } from "../wire/json.ts"

export interface Cell {
  readonly source: string
  readonly calledAt: number
  /** Known once the cell has yielded: `Script running with cell ID 3`. */
  readonly runtimeId?: string
  readonly yielded: boolean
  /** When its end was certain to be over, as recorded. */
  readonly endedAt?: number
  /** When it was over by the turn that it or its wait took (schedule.ts): nearer, but an estimate. */
  readonly overAt?: number
  readonly outcome?: "completed" | "failed" | "terminated"
}

/** Whether an output is the cell's answer; anything else under its call id is a notification it sent (`notify`). */
export const isCellAnswer = (output: Json): boolean => cellWordsIn(textOf(output) ?? "") !== undefined

/** The cell after an output of its own call. */
export const answeredCell = (cell: Cell, output: Json, endedAt: number): Cell => {
  const { runtimeId, outcome } = cellWordsIn(textOf(output) ?? "") ?? {}
  if (runtimeId !== undefined) return { ...cell, runtimeId, yielded: true }
  return { ...cell, endedAt, outcome: outcome ?? "completed" }
}

/** What a `wait` found: a cell that goes on, its end, or no such cell any more. */
export type WaitSaw = "running" | "over" | "gone"

/** What the output of a `wait` says that it found. */
export const waitSaw = (output: Json): WaitSaw => {
  const words = cellWordsIn(textOf(output) ?? "")
  if (words === undefined) return "gone"
  if (words.outcome === undefined) return "running"
  return words.outcome === "failed" && saysNoSuchCell(JSON.stringify(output)) ? "gone" : "over"
}

/** The cell after the output of a `wait` that named it. One that is gone is not touched. */
export const waitedCell = (cell: Cell, output: Json, at: number): Cell => {
  const { outcome } = cellWordsIn(textOf(output) ?? "") ?? {}
  return outcome === undefined || waitSaw(output) !== "over" ? cell : { ...cell, endedAt: at, outcome }
}

/** A cell as a place where a nested call may have come from. */
export interface Candidate {
  readonly callId: string
  readonly cell: Cell
  /** Places in the source whose calls were already found. */
  readonly taken: ReadonlyArray<number>
  /** How far the call was from the time when this cell is thought to have had its turn (schedule.ts), in seconds. */
  readonly off: number
}

/** What a nested call tells of itself: its own words, as they would stand in the source. */
export const evidence = (name: string, input: Json | undefined): ReadonlyArray<string> => {
  const words: Array<string> = []
  const collect = (value: Json | undefined): void => {
    if (typeof value === "string") words.push(value)
    else if (Array.isArray(value)) value.forEach(collect)
    else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value as JsonObject)) {
        if (key.startsWith("/")) words.push(key.slice(key.lastIndexOf("/") + 1))
        collect(inner)
      }
    }
  }
  collect(input)
  return words.length > 0 ? words : [name]
}

/** Where a word stands in the source: as it is, as a string literal writes it, or without its last line break. */
const placesOf = (source: string, word: string): ReadonlyArray<number> => {
  const forms = new Set([word, JSON.stringify(word).slice(1, -1), word.trimEnd()])
  for (const form of forms) {
    const places: Array<number> = []
    if (form === "") continue
    for (let at = source.indexOf(form); at >= 0; at = source.indexOf(form, at + form.length)) places.push(at)
    if (places.length > 0) return places
  }
  return []
}

/** The calls that a script spells out, by where they stand. */
const callSites = (source: string): ReadonlyArray<number> =>
  [...source.matchAll(/\btools\b\s*[.[]/g)].map((found) => found.index)

/** How well a nested call fits a cell, and which place in its source it would be. */
interface Fit {
  readonly candidate: Candidate
  /** 2: its words stand there, at a place that is still free. 1: at places that are all taken. Below: as far as they do. */
  readonly score: number
  readonly place?: number
  /** Calls that stand before that place and were not seen yet: a script runs from the top. */
  readonly skipped: number
}

/** How much of a word's beginning stands in the source: what a script adds to it (a counter) comes last. */
const beginning = (source: string, word: string): number => {
  let [low, high] = [0, word.length]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (source.includes(word.slice(0, middle))) low = middle
    else high = middle - 1
  }
  return word.length === 0 ? 0 : low / word.length
}

/** The texts that a script spells out: its string literals, of templates what stands between the blanks. */
const literals = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(/(["'`])((?:\\.|(?!\1)[^\\])*)\1/g)].flatMap(([, quote, text = ""]) =>
    (quote === "`" ? text.split(/\$\{[^}]*\}/) : [text]).map((part) => part.replace(/\\(["'`\\])/g, "$1"))
  )

/** A literal shorter than this begins too many commands to tell anything. */
const tellingLength = 6

/** How much of words that a script has put together stands in its source, below 1. A literal that begins them counts most. */
const likeness = (source: string, words: ReadonlyArray<string>): number => {
  const word = words[0] as string
  const begun = Math.max(0, ...literals(source).map((text) => (word.startsWith(text) ? text.length : 0)))
  if (begun >= tellingLength) return 0.6 + (0.39 * begun) / word.length
  const pieces = words.flatMap((one) => one.split(/[^\p{L}\p{N}._/-]+/u)).filter((piece) => piece.length > 2)
  const share = pieces.length === 0 ? 0 : pieces.filter((piece) => source.includes(piece)).length / pieces.length
  return 0.45 * share + 0.45 * beginning(source, word)
}

const fit = (candidate: Candidate, words: ReadonlyArray<string>): Fit => {
  const { cell, taken } = candidate
  const places = placesOf(cell.source, words[0] as string)
  if (places.length === 0 || words.some((word) => placesOf(cell.source, word).length === 0)) {
    return { candidate, score: likeness(cell.source, words), skipped: 0 }
  }
  const place = places.find((at) => !taken.includes(at))
  if (place === undefined) return { candidate, score: 1, skipped: 0 }
  const before = callSites(cell.source).filter((at) => at < place).length - 1
  return { candidate, score: 2, place, skipped: Math.max(0, before - taken.filter((at) => at < place).length) }
}

/** How far the estimated turn of a cell may be off. */
const slack = 0.05

/** How much nearer in words another cell must be to outweigh that it is out of time. */
const inTimeWorth = 0.3

/** What is no difference between two cells. */
const margin = 0.15

/** The cell that a nested call belongs to, its place there, and whether another cell was as likely or nearly so. */
export const attribute = (
  candidates: ReadonlyArray<Candidate>,
  words: ReadonlyArray<string>
): { readonly callId: string; readonly place?: number; readonly inferred: boolean } | undefined => {
  const worth = ({ score, candidate }: Fit): number => score + (candidate.off <= slack ? inTimeWorth : 0)
  const ranked = candidates.map((candidate) => fit(candidate, words))
  ranked.sort((a, b) => worth(b) - worth(a) || a.skipped - b.skipped || a.candidate.off - b.candidate.off)
  const [first, ...others] = ranked
  if (first === undefined) return undefined
  const inferred = others.some((other) => other.score >= Math.min(1, first.score - margin))
  return { callId: first.candidate.callId, inferred, ...(first.place !== undefined && { place: first.place }) }
}
