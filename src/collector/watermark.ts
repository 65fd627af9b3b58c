/**
 * How far one sink has acknowledged one session: the collector's only memory across its own death.
 *
 * A watermark is a cut: for each file of the session (journal, transcripts, recordings) the place below which every line has
 * been folded, with all writes that came of it acknowledged.
 *
 * **Invariant.** The fold is confluent: its state at a cut depends on the lines below the cut, not on the order in which
 * files were interleaved. So after a crash the lines below the cut are folded again, in any order, without sending, and
 * the fold then stands where it stood when the cut was acknowledged; lines above it are sent as if nothing had happened.
 * A cut is only committed after the acknowledgement, so what a crash can cost is a second sending, which is an upsert
 * of the same ids with whole rows. Positions only grow, but for a file that was rewritten: then it begins again at 0.
 *
 * Owns the file's form. An unreadable one counts as absent: everything is sent again.
 */
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Option, Schema } from "effect"
import { sessionFolder } from "../hook/places.ts"
import { type NotWritten, replaceFile } from "./replace-file.ts"

export const FilePosition = Schema.Struct({
  path: Schema.String,
  byteOffset: Schema.Int,
  /** Number of the line that begins there, counted from 1. */
  lineNumber: Schema.Int
})
export type FilePosition = typeof FilePosition.Type

export const Watermark = Schema.Struct({
  version: Schema.Literal(1),
  sink: Schema.String,
  /** Where the sink sends, for people: no secret in it. */
  destination: Schema.String,
  /** By the file's name, which it keeps when it is archived or compressed. */
  files: Schema.Record(Schema.String, FilePosition),
  /** What was open has been closed as far as it is known, and this too is acknowledged. */
  ended: Schema.Boolean,
  /** Spans acknowledged since the session's beginning, repeated ones included. */
  spans: Schema.Int,
  /** Unix seconds of the last acknowledgement. */
  acknowledgedAt: Schema.Finite
})
export type Watermark = typeof Watermark.Type

/** The name of a session's journal in its watermarks. */
export const journalKey = "journal"

/** A position for delivery: when it is acknowledged, everything below it is. */
export interface Cut {
  readonly files: { readonly [key: string]: FilePosition }
  readonly ended: boolean
  /** Spans closed on the way to here. */
  readonly spans: number
}

export const emptyCut: Cut = { files: {}, ended: false, spans: 0 }

/** A sink with its address: what a session's watermark belongs to. */
export interface Destination {
  readonly sink: string
  readonly label: string
  /** Tells addresses apart that have the same label. */
  readonly address: string
}

const prefix = "watermark-"

export const watermarkFile = (state: string, session: string, { sink, address }: Destination): string => {
  const hash = createHash("sha256").update(address).digest("hex").slice(0, 12)
  return join(sessionFolder(state, session), `${prefix}${sink}-${hash}.json`)
}

const decode = Schema.decodeUnknownOption(Watermark)

const readFile = (path: string): Watermark | undefined => {
  try {
    return Option.getOrUndefined(decode(JSON.parse(readFileSync(path, "utf8"))))
  } catch {
    // None yet, or one that cannot be trusted: all is sent again from the start, which only repeats the same rows.
    return undefined
  }
}

export const readWatermark = (state: string, session: string, destination: Destination): Watermark | undefined =>
  readFile(watermarkFile(state, session, destination))

/** The files of a session's watermarks. */
const watermarkFiles = (state: string, session: string): ReadonlyArray<string> => {
  const folder = sessionFolder(state, session)
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith(prefix) && name.endsWith(".json"))
      .map((name) => join(folder, name))
  } catch {
    return [] // No such session.
  }
}

/** The watermarks of a session, whatever their destinations. */
export const watermarksOf = (state: string, session: string): ReadonlyArray<Watermark> =>
  watermarkFiles(state, session)
    .map(readFile)
    .filter((watermark) => watermark !== undefined)

/** Takes a file out of a session's watermarks, because it is gone for good: another of its name begins at 0. */
export const forgetFile = (state: string, session: string, key: string): Effect.Effect<void, NotWritten> =>
  Effect.forEach(
    watermarkFiles(state, session),
    (path) => {
      const watermark = readFile(path)
      if (watermark === undefined) return Effect.void
      const { [key]: _, ...files } = watermark.files
      return replaceFile(path, `${JSON.stringify({ ...watermark, files })}\n`)
    },
    { discard: true }
  )

export const commitWatermark = (
  state: string,
  session: string,
  destination: Destination,
  watermark: Watermark
): Effect.Effect<void, NotWritten> =>
  replaceFile(watermarkFile(state, session, destination), `${JSON.stringify(watermark)}\n`)
