/**
 * Rollout-trace bundles as a source: the lines of the event log, each with the payload files that it refers to.
 *
 * Owns how a payload reaches its line: through the reader that never leaves the bundle (bundle/open.ts). A payload
 * that cannot be read is reported, and its event is handed on without it. Live, a torn last line waits; Codex writes a
 * payload whole before the event that names it, and nothing after it. Which bundles are one session: bundle-session.ts.
 * What a line means is not read here. Sizes are bytes.
 */
import { join } from "node:path"
import { Stream } from "effect"
import { logName, type PayloadFiles, payloadFiles } from "../bundle/open.ts"
import { Refusal } from "../bundle/refusal.ts"
import type { Line, LineBatch, SkippedLine } from "./line.ts"
import type { Arrival } from "./origin.ts"
import { fileLines } from "./session.ts"
import { growingFile } from "./tail.ts"
import type { Watch } from "./watch.ts"

/** Payloads of this size are handed on together; a batch of lines may refer to far more than may be held at once. */
const batchBytesMax = 4 * 1024 * 1024

interface Reference {
  readonly id: string
  readonly path: string
}

const isReference = (value: unknown): value is { readonly raw_payload_id: string; readonly path: string } =>
  typeof value === "object" &&
  value !== null &&
  "raw_payload_id" in value &&
  typeof value.raw_payload_id === "string" &&
  "path" in value &&
  typeof value.path === "string"

/** The payloads that an event's own fields refer to; a line that is no event refers to none. */
const referencesIn = (text: string): ReadonlyArray<Reference> => {
  try {
    const { payload } = JSON.parse(text)
    return Object.values(typeof payload === "object" && payload !== null ? payload : {})
      .filter(isReference)
      .map(({ raw_payload_id: id, path }) => ({ id, path }))
  } catch {
    // Said by whoever decodes the line.
    return []
  }
}

/** A line with the text of its payloads. */
const withPayloads = (line: Line, files: PayloadFiles, skipped: Array<SkippedLine>): Line => {
  const references = referencesIn(line.text)
  if (references.length === 0) return line
  const payloads = new Map<string, string>()
  for (const { id, path } of references) {
    try {
      payloads.set(id, Buffer.from(files(path)).toString("utf8"))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { file, lineNumber, byteOffset } = line
      skipped.push({ file, lineNumber, byteOffset, reason: `${path}: ${error.message}` })
    }
  }
  return { ...line, payloads }
}

const bytesOf = ({ payloads }: Line): number => {
  let bytes = 0
  for (const text of payloads?.values() ?? []) bytes += text.length
  return bytes
}

/** The same lines with their payloads, a few megabytes at a time. */
function* filled(batch: LineBatch, files: PayloadFiles): Generator<LineBatch> {
  let lines: Array<Line> = []
  let skipped: Array<SkippedLine> = [...batch.skipped]
  let bytes = 0
  for (const line of batch.lines) {
    const whole = withPayloads(line, files, skipped)
    lines.push(whole)
    bytes += bytesOf(whole)
    if (bytes < batchBytesMax) continue
    yield { lines, skipped }
    lines = []
    skipped = []
    bytes = 0
  }
  if (lines.length > 0 || skipped.length > 0) yield { lines, skipped }
}

/** What fills the lines of one bundle with their payloads, portion by portion. */
export const payloadFiller = (directory: string): ((batch: LineBatch) => Iterable<LineBatch>) => {
  const files = payloadFiles(directory)
  return (batch) => filled(batch, files)
}

const arrivalsOf = (directory: string, lines: Stream.Stream<LineBatch>): Stream.Stream<Arrival> => {
  const fill = payloadFiller(directory)
  return lines.pipe(
    Stream.flatMap((batch) => Stream.fromIterable(fill(batch), { chunkSize: 1 })),
    Stream.map((batch): Arrival => ({ origin: { _tag: "Bundle", directory }, ...batch }))
  )
}

/** Reads bundles once, one after the other. */
export const readBundles = (directories: ReadonlyArray<string>): Stream.Stream<Arrival> =>
  Stream.fromIterable(directories).pipe(
    Stream.flatMap((directory) => arrivalsOf(directory, fileLines(join(directory, logName))))
  )

/** The log of a bundle, to be watched. */
export const logOf = (directory: string): string => join(directory, logName)

/**
 * Follows the bundles of a session while Codex writes them, until interrupted: first all that they hold, one after the
 * other. Then each goes on, as a reviewer's process and the one that asked for the review write side by side.
 */
export const followBundles = (directories: ReadonlyArray<string>, watch: Watch): Stream.Stream<Arrival> => {
  const bundles = directories.map((directory) => ({ directory, ...growingFile(logOf(directory), watch) }))
  return Stream.concat(
    Stream.flatMap(Stream.fromIterable(bundles), ({ directory, present }) => arrivalsOf(directory, present)),
    Stream.mergeAll(
      bundles.map(({ directory, further }) => arrivalsOf(directory, further)),
      { concurrency: "unbounded" }
    )
  )
}
