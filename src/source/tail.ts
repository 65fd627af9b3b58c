/**
 * A file that goes on to grow: its lines as they are written, wherever the file is moved.
 *
 * Owns how far it was read, and where it is now. Each look opens the file by its path and reads on to its present end,
 * so that no descriptor is held over hours; a look at a file that has not changed is one `stat`.
 * - torn last line: stays for a later look
 * - moved to archived_sessions and back, compressed, copied over itself: read on where it was left
 * - truncated or replaced by something else: read from its beginning; the same place in the file is then said twice
 * - missing: waited for
 * Whether it is the same file is told by its bytes, not by its inode: its beginning and what stands before the place
 * where it was left. Counts bytes (of a compressed file, those inside).
 */
import type { Stats } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { Effect, Latch, Stream } from "effect"
import { foldersBeside } from "./catalogue.ts"
import {
  isCompressed,
  linesOf,
  type OpenFile,
  openRegularFile,
  type ReadOptions,
  readerLines,
  readInto,
  type SourceFailed,
  statOf
} from "./file.ts"
import { fileStart, type LineBatch, type Position } from "./line.ts"
import { plainName } from "./rollout.ts"
import { fileLines } from "./session.ts"
import type { Change, Watch } from "./watch.ts"

export interface TailOptions extends Pick<ReadOptions, "lineBytesMax"> {
  readonly from?: Position
}

/** Where a transcript may be found when it is no longer where it was. */
const placesOf = (path: string): ReadonlyArray<string> => {
  const name = basename(plainName(path))
  const [, year, month, day] = /^rollout-(\d{4})-(\d{2})-(\d{2})T/.exec(name) ?? []
  const [sessions, archived] = foldersBeside(path)
  const folders = [
    dirname(resolve(path)),
    ...(sessions !== undefined && year && month && day ? [join(sessions, year, month, day)] : []),
    ...(archived !== undefined ? [archived] : [])
  ]
  const elsewhere = folders.flatMap((folder) => [join(folder, name), join(folder, `${name}.zst`)])
  return [...new Set([path, ...elsewhere])]
}

/** What a file is like, for the question whether anything happened to it. */
const formOf = (path: string, { ino, size, mtimeMs }: Stats) => `${path} ${ino} ${size} ${mtimeMs}`

/** File times are as coarse as the kernel's clock, which ticks every few milliseconds. */
const settledMs = 50

const printBytes = 256

/** The beginning of a file and what stands before a position: what makes it the file that was read. */
const printOf = ({ path, descriptor }: OpenFile, end: number) =>
  Effect.gen(function* () {
    const length = Math.min(printBytes, end)
    const [head, tail] = [Buffer.alloc(length), Buffer.alloc(length)]
    if (length > 0) {
      yield* readInto(path, descriptor, head, 0)
      yield* readInto(path, descriptor, tail, end - length)
    }
    return Buffer.concat([head, tail])
  })

export interface Tail {
  /** Reads on to the present end. Looks are made one after the other, each to its end. */
  readonly look: Stream.Stream<LineBatch>
  /** May this change be one of the file's? Cheap enough to be asked at every beat. */
  readonly isWorthALook: (changed: Change) => boolean
}

/** A tail of the file that the user or Codex named, present or not. */
export const makeTail = (named: string, options: TailOptions = {}): Tail => {
  let path = named
  let position = options.from ?? fileStart
  /** Of what was read up to `position`; absent where that was not done here. */
  let print: Buffer | undefined
  let readAs = ""
  let failedWith = ""

  /** Goes back to the beginning when the file is no longer the one that was read. */
  const recognise = (file: OpenFile) =>
    Effect.gen(function* () {
      if (file.stats.size >= position.byteOffset) {
        const present = yield* printOf(file, position.byteOffset)
        if (print === undefined || print.equals(present)) return
      }
      position = fileStart
    })

  const readOn = (found: string): Stream.Stream<LineBatch, SourceFailed> =>
    Stream.unwrap(
      Effect.gen(function* () {
        const file = yield* openRegularFile(found)
        if (!isCompressed(found)) yield* recognise(file)
        path = found
        print = undefined
        const reader = yield* linesOf(file, { ...options, from: position, growing: true })
        const atEnd = Effect.gen(function* () {
          position = reader.position()
          if (!isCompressed(found)) print = yield* printOf(file, position.byteOffset)
          // Written to a moment ago, it may be written to again without its times showing it: then it is looked at again.
          const isSettled = Date.now() - file.stats.mtimeMs > settledMs
          readAs = isSettled ? formOf(found, file.stats) : ""
          failedWith = ""
        })
        const batches = Stream.map(readerLines(reader), (batch) => {
          position = reader.position()
          return batch
        })
        return Stream.concat(batches, Stream.fromEffectDrain(atEnd))
      })
    )

  const places = placesOf(named)
  /** Where the file is now, if there is anything new about it. */
  const news = (): string | undefined => {
    for (const place of path === named ? places : [path, ...places]) {
      const stats = statOf(place)
      if (stats !== undefined) return readAs === formOf(place, stats) ? undefined : place
    }
    return undefined
  }

  const look = Stream.suspend((): Stream.Stream<LineBatch> => {
    const place = news()
    if (place === undefined) return Stream.empty
    return Stream.catch(readOn(place), ({ code, message }) => {
      // Gone since: it is waited for. Anything else is said once, not at every look.
      const stats = isCompressed(place) ? statOf(place) : undefined
      // One that is damaged is unpacked again when it has changed, not at every look.
      if (stats !== undefined) readAs = formOf(place, stats)
      if (code === "ENOENT" || message === failedWith) return Stream.empty
      failedWith = message
      return Stream.succeed({ lines: [], skipped: [{ file: place, ...position, reason: message }] })
    })
  })

  const name = basename(plainName(named))
  return {
    look,
    isWorthALook: (changed) =>
      typeof changed === "symbol" ? news() !== undefined : basename(plainName(changed)) === name
  }
}

/** Follows a file until interrupted: looks whenever it may have changed. */
export const followTail = (tail: Tail, watch: Watch): Stream.Stream<LineBatch> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const changed = Latch.makeUnsafe(true)
      yield* watch.listen((change) => {
        if (tail.isWorthALook(change)) changed.openUnsafe()
      })
      const wait = Effect.tap(changed.await, () => changed.close)
      return Stream.flatMap(Stream.fromEffectRepeat(wait), () => tail.look)
    })
  )

/** A file that goes on: what it holds now, and then what is written to it, until interrupted. */
export const growingFile = (path: string, watch: Watch) => {
  let left = fileStart
  const onEnd = (_: string, position: Position) => {
    left = position
  }
  return {
    present: fileLines(path, { growing: true, onEnd }),
    further: Stream.suspend(() => followTail(makeTail(path, { from: left }), watch))
  }
}
