/**
 * Reading a session back: its files and hook journal through the product's own fold, in any order that may happen.
 *
 * Owns the strands (one a file, order kept within it) and what a reading amounts to: the last write of every span.
 */
import { readFileSync } from "node:fs"
import type { FoldStep, Note } from "../../src/pipeline/fold.ts"
import { sessionFold } from "../../src/pipeline/session-fold.ts"
import { picture } from "../../src/sink/tree/picture.ts"
import type { Line, SkippedLine } from "../../src/source/line.ts"
import type { Origin } from "../../src/source/origin.ts"
import { isModelInput, type ModelInput } from "../../src/span/model-input.ts"
import type { Span, SpanKind, SpanWrite } from "../../src/span/span.ts"
import type { Json, JsonObject } from "../../src/wire/json.ts"
import type { Story } from "./session.ts"
import { type Dialect, fileLines, inheritedLines, type ToldFile } from "./session-dialect.ts"

/** One line and whose it is. */
export interface Placed {
  readonly origin: Origin
  readonly line: Line
  /** Unix milliseconds. */
  readonly at: number
}

/** Lines whose order is certain: one file's. */
export type Strand = ReadonlyArray<Placed>

const atOf = (text: string): number => {
  const journal = /^\{"at_ns": ?(\d+)/.exec(text)
  if (journal !== null) return Number(journal[1]) / 1e6
  const record = /"timestamp": ?"([^"]+)"/.exec(text)
  return record === null ? 0 : Date.parse(record[1] ?? "")
}

export const strand = (origin: Origin, file: string, texts: ReadonlyArray<string>): Strand => {
  let byteOffset = 0
  let at = 0
  return texts.map((text, index) => {
    const line: Line = { file, lineNumber: index + 1, byteOffset, text }
    byteOffset += text.length + 1
    at = Math.max(at, atOf(text) || at)
    return { origin, line, at }
  })
}

/** The strands of a told session. */
export const strandsOf = (story: Story, dialect: Dialect, how: { readonly hooks?: boolean } = {}): Array<Strand> => {
  const files = story.files.filter(({ facts }) => {
    const [first] = facts
    return first?.tell === "begins" && first.rootId === story.rootId
  })
  const placed = (file: ToldFile): Strand => {
    const origin: Origin = { _tag: "Transcript", threadId: file.threadId }
    const own = strand(origin, file.name, fileLines(file, dialect))
    const start = own[0]?.at ?? 0
    const inherited = strand({ ...origin, inherited: true }, "parent.jsonl", inheritedLines(file, dialect))
    return [...inherited.map((one) => ({ ...one, at: start })), ...own]
  }
  // A revert's file begins when the one before it is done: together they are one strand.
  const threads = [...new Set(files.map(({ threadId }) => threadId))]
  const strands = threads.map((id) => files.filter(({ threadId }) => threadId === id).flatMap(placed))
  return how.hooks === false
    ? strands
    : [...strands, strand({ _tag: "Journal" }, "hooks.jsonl", story.journal(dialect))]
}

/** All lines by time; what came from an earlier strand goes first. */
export const byTime = (strands: ReadonlyArray<Strand>): Strand => strands.flat().sort((a, b) => a.at - b.at)

export interface Reading {
  /** The last write of each span, in the order in which the spans were first written. */
  readonly spans: ReadonlyArray<Span>
  readonly writes: ReadonlyArray<SpanWrite>
  readonly notes: ReadonlyArray<Note>
  readonly skipped: ReadonlyArray<SkippedLine>
  readonly follow: FoldStep["follow"]
}

/** Folds lines in, in the given order, to the end of the session. */
export const readLines = (rootId: string, lines: Strand, how: { readonly end?: boolean } = {}): Reading => {
  const fold = sessionFold({ rootId })
  const steps = lines.map(({ origin, line }) => fold.push(origin, [line]))
  if (how.end !== false) steps.push(fold.end())
  const writes = steps.flatMap((step) => step.writes)
  const last = new Map<string, Span>()
  for (const { span } of writes) last.set(span.id, span)
  return {
    spans: [...last.values()],
    writes,
    notes: steps.flatMap((step) => step.notes),
    skipped: steps.flatMap((step) => step.skipped),
    follow: steps.flatMap((step) => step.follow)
  }
}

export interface HowToRead {
  readonly hooks?: boolean
  /** Without the end of the reading: what is known while the session goes on. */
  readonly end?: boolean
}

/** Reads a told session, its records and hooks in the order of their times. */
export const read = (story: Story, dialect: Dialect, how: HowToRead = {}): Reading =>
  readLines(story.rootId, byTime(strandsOf(story, dialect, how)), how)

/** The names and states of a session's spans, as a tree. */
export const pictureOf = (story: Story, dialect: Dialect, how: HowToRead = {}): string =>
  picture(read(story, dialect, how).spans, { show: "shape" })

export const lines = (...all: ReadonlyArray<string>) => all.join("\n")

/** The spans of a kind, in the order of their starts. */
export const ofKind = ({ spans }: Reading, kind: SpanKind): ReadonlyArray<Span> =>
  spans.filter((span) => span.kind === kind).toSorted((a, b) => a.start - b.start)

/** The only span of a kind; throws when there are more, or none. */
export const the = (reading: Reading, kind: SpanKind, name?: string): Span => {
  const [span, ...more] = ofKind(reading, kind).filter((one) => name === undefined || one.name === name)
  if (span === undefined || more.length > 0) throw new Error(`${more.length + 1} spans of kind ${kind}, not one`)
  return span
}

const itemsOf = ({ items, length }: ModelInput) => items.slice(0, length).map((item) => item.value)

/** The items of a model call's input. */
export const inputOf = (span: Span | undefined): ReadonlyArray<JsonObject> =>
  span !== undefined && isModelInput(span.input) ? itemsOf(span.input) : []

/** The texts of items: what they say, call or answer. */
export const wordsOf = (items: ReadonlyArray<Json>): ReadonlyArray<string> =>
  items.map((item) => {
    const { content, name, output, type } = item as JsonObject
    if (Array.isArray(content)) return content.map((part) => String((part as JsonObject).text)).join(" ")
    return String(output ?? name ?? type)
  })

/** A span as plain data, so that two readings can be compared deeply. */
export const plainSpan = (span: Span): JsonObject => {
  const { input, ...rest } = span
  if (!isModelInput(input)) return { ...rest, ...(input !== undefined && { input }) } as unknown as JsonObject
  return { ...rest, input: itemsOf(input) } as unknown as JsonObject
}

/** Every span by its id, as plain data. */
export const plainSpans = ({ spans }: Reading): { readonly [id: string]: JsonObject } =>
  Object.fromEntries(spans.map((span) => [span.id, plainSpan(span)] as const).sort())

/** The lines of a file on disk. */
export const textLines = (path: string): ReadonlyArray<string> =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((text) => text !== "")
