/**
 * A code cell: one run of model-written JavaScript (the tool `exec` of code mode), whose children are tools.
 *
 * running → (yielded → …) → completed | failed | terminated. A cell that yields goes on while `wait` polls it; its end
 * stands in the output of the call or of the wait that saw it. Nothing in a transcript says which cell made a nested
 * call: time, order and the call's own words in the cell's source do (codex.md, "Code mode").
 */
import type { Json, JsonObject } from "../wire/json.ts"

export interface Cell {
  readonly source: string
  readonly calledAt: number
  /** Known once the cell has yielded: `Script running with cell ID 3`. */
  readonly runtimeId?: string
  readonly yielded: boolean
  readonly endedAt?: number
  readonly outcome?: "completed" | "failed" | "terminated"
}

const headline = (output: Json): string => {
  if (typeof output === "string") return output
  if (!Array.isArray(output)) return ""
  const first = output[0] as JsonObject | undefined
  return typeof first?.text === "string" ? first.text : ""
}

const outcomes: { readonly [word: string]: Cell["outcome"] } = {
  completed: "completed",
  failed: "failed",
  terminated: "terminated"
}

/** What an output says of the cell: that it runs on under an id, or how it ended. */
export const readCellOutput = (
  output: Json
): { readonly runtimeId?: string; readonly outcome?: Cell["outcome"]; readonly wallSeconds?: number } => {
  const text = headline(output)
  const running = /^Script running with cell ID (\S+)/.exec(text)
  if (running !== null) return { runtimeId: running[1] as string }
  const ended = /^Script (completed|failed|terminated)/.exec(text)
  const wall = /\nWall time (\d+(?:\.\d+)?) seconds/.exec(text)
  const outcome = outcomes[ended?.[1] ?? ""]
  return { ...(outcome && { outcome }), ...(wall && { wallSeconds: Number(wall[1]) }) }
}

/** A wait for a cell that is gone says so; the cell itself is not touched. */
export const cellNotFound = (output: Json): boolean => {
  const text = JSON.stringify(output)
  return /exec cell \S+ not found/.test(text)
}

/** Whether an output is the cell's answer; anything else under its call id is a notification it sent (`notify`). */
export const isCellAnswer = (output: Json): boolean =>
  /^Script (?:running|completed|failed|terminated)/.test(headline(output))

/**
 * The cell after an output of its own call.
 *
 * Outputs of the calls of one response are written together when the last is done; the wall time, told to 0.1 s, then
 * tells when this one was.
 */
export const answeredCell = (cell: Cell, output: Json, at: number): Cell => {
  const { runtimeId, outcome, wallSeconds } = readCellOutput(output)
  if (runtimeId !== undefined) return { ...cell, runtimeId, yielded: true }
  const soonest = wallSeconds === undefined ? at : cell.calledAt + wallSeconds
  const endedAt = at - soonest <= 0.15 ? at : soonest + 0.05
  return { ...cell, endedAt, outcome: outcome ?? "completed" }
}

/** The cell after the output of a `wait` that named it. */
export const waitedCell = (cell: Cell, output: Json, at: number): Cell => {
  if (cellNotFound(output)) return cell
  const { outcome } = readCellOutput(output)
  return outcome === undefined ? cell : { ...cell, endedAt: at, outcome }
}

/** A cell as a place where a nested call may have come from. */
export interface Candidate {
  readonly callId: string
  readonly cell: Cell
  /** Words of nested calls that this cell has already been given. */
  readonly taken: ReadonlyArray<string>
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

const escaped = (word: string): string => JSON.stringify(word).slice(1, -1)

const occurrences = (source: string, word: string): number => {
  if (word === "") return 0
  let count = 0
  for (let at = source.indexOf(word); at >= 0; at = source.indexOf(word, at + word.length)) count++
  return count
}

/** How often a word stands in the source, as it is or as a string literal writes it. */
const standsIn = (source: string, word: string): number => {
  const plain = occurrences(source, word)
  if (plain > 0) return plain
  const literal = escaped(word)
  if (literal !== word && occurrences(source, literal) > 0) return occurrences(source, literal)
  const trimmed = word.trimEnd()
  return trimmed !== word && trimmed !== "" ? occurrences(source, trimmed) : 0
}

/** 1 and more where all words stand in the source and are not all taken; below 1 for a share of them. */
const score = ({ cell, taken }: Candidate, words: ReadonlyArray<string>): number => {
  const whole = words.every((word) => standsIn(cell.source, word) > 0)
  if (whole) {
    const key = words.join("\n")
    const left = standsIn(cell.source, words[0] as string) - taken.filter((t) => t === key).length
    return left > 0 ? 2 : 1
  }
  const pieces = words.flatMap((word) => word.split(/[^\p{L}\p{N}._/-]+/u)).filter((piece) => piece.length > 2)
  if (pieces.length === 0) return 0
  return (0.9 * pieces.filter((piece) => cell.source.includes(piece)).length) / pieces.length
}

/** The cell that a nested call belongs to, and whether another one was as likely or nearly so. */
export const attribute = (
  candidates: ReadonlyArray<Candidate>,
  words: ReadonlyArray<string>
): { readonly callId: string; readonly inferred: boolean } | undefined => {
  const ranked = candidates.map((candidate) => ({ candidate, score: score(candidate, words) }))
  ranked.sort((a, b) => b.score - a.score)
  const [first, second] = ranked
  if (first === undefined) return undefined
  const doubtful = second !== undefined && (second.score >= 1 || first.score < 1)
  return { callId: first.candidate.callId, inferred: doubtful }
}

/** What the cell remembers of a nested call that it was given. */
export const taken = (words: ReadonlyArray<string>): string => words.join("\n")
