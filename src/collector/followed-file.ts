/**
 * One file that a lane follows: how far it was read, and reading on from there to its present end.
 *
 * Each reading opens the file anew by its path, so a file that was moved, replaced or compressed needs no care beyond
 * its path, and no descriptor is held over hours. A last line without its end stays for the next reading. A file that
 * became shorter was rewritten, and is read from its beginning. Counts bytes (of a compressed file, those inside).
 */
import { closeSync, openSync, readSync, statSync } from "node:fs"
import { Effect } from "effect"
import { isCompressed, openLines, type SourceFailed } from "../source/file.ts"
import { fileStart, type LineBatch, type Position } from "../source/line.ts"
import type { Origin } from "../source/origin.ts"

export interface FollowedFile {
  /** The name that the file keeps, wherever it is moved. */
  readonly key: string
  readonly origin: Origin
  path: string
  /** Where the first line begins that was not read. */
  position: Position
  /** What the file was like when it was last read to its end: if it still is, there is nothing to read. */
  readAs: string
}

export const followedFile = (key: string, path: string, origin: Origin): FollowedFile => ({
  key,
  origin,
  path,
  position: fileStart,
  readAs: ""
})

/** Present form of a file; undefined where it is gone. */
const formOf = (path: string): { readonly form: string; readonly bytes: number } | undefined => {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats && { form: `${path} ${stats.ino} ${stats.size} ${stats.mtimeMs}`, bytes: stats.size }
}

export const isGone = (file: FollowedFile): boolean => statSync(file.path, { throwIfNoEntry: false }) === undefined

const newline = 10

/**
 * Whether a line begins at this offset: the file still has what was read below it. One that lost its end in a power cut
 * and was written to since has not. (Of a compressed file nothing can be said, and nothing is written to it.)
 */
export const isLineStart = ({ path }: FollowedFile, offset: number): boolean => {
  if (offset === 0 || isCompressed(path)) return true
  try {
    const descriptor = openSync(path, "r")
    try {
      const before = Buffer.alloc(1)
      return readSync(descriptor, before, 0, 1, offset - 1) === 1 && before[0] === newline
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return true // Gone or unreadable: that is said when it is read.
  }
}

/** Bytes of the file that were not read yet; 0 for one that is gone or compressed. */
export const unreadBytes = (file: FollowedFile): number =>
  isCompressed(file.path) ? 0 : Math.max(0, (formOf(file.path)?.bytes ?? 0) - file.position.byteOffset)

/**
 * Reads on, portion by portion; `take` sees the file's new position already. With `until`, only the lines that begin
 * before that offset. Answers whether there was anything.
 */
export const readOn = <E, R>(
  file: FollowedFile,
  take: (batch: LineBatch) => Effect.Effect<void, E, R>,
  until = Number.POSITIVE_INFINITY
): Effect.Effect<boolean, SourceFailed | E, R> =>
  Effect.scoped(
    Effect.gen(function* () {
      const found = formOf(file.path)
      if (found === undefined || found.form === file.readAs || file.position.byteOffset >= until) return false
      if (!isCompressed(file.path) && found.bytes < file.position.byteOffset) file.position = fileStart
      const reader = yield* openLines(file.path, { from: file.position, growing: true })
      // One that is damaged is unpacked again when it has changed, not at every look.
      const next = Effect.tapError(reader.next, () =>
        Effect.sync(() => {
          if (isCompressed(file.path)) file.readAs = found.form
        })
      )
      let news = false
      for (let batch = yield* next; batch !== undefined; batch = yield* next) {
        const beyond = batch.lines.findIndex((line) => line.byteOffset >= until)
        const lines = beyond < 0 ? batch.lines : batch.lines.slice(0, beyond)
        const first = batch.lines[beyond]
        file.position = first ?? reader.position()
        if (lines.length > 0 || batch.skipped.length > 0) {
          news = true
          yield* take({ lines, skipped: batch.skipped })
        }
        if (first !== undefined) return news
      }
      if (until === Number.POSITIVE_INFINITY) file.readAs = found.form
      return news
    })
  )
