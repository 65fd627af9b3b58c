/**
 * Files as portions of lines: opened with care, read in order, pulled by whoever wants the next portion.
 *
 * Owns opening (nothing but regular files: a fifo would block, a device never ends), plain and zstd-compressed
 * bytes, and the end of a one-shot read. Growing files are tail.ts. Counts bytes; of a compressed file, those inside.
 */
import { close, constants, fstat, fstatSync, open, read, type Stats, statSync } from "node:fs"
import { Readable } from "node:stream"
import { createZstdDecompress } from "node:zlib"
import { Context, Effect, Schema, type Scope, Stream } from "effect"
import { fileStart, type LineBatch, type Position } from "./line.ts"
import { defaultLineBytesMax, lineSplitter, type SplitOptions } from "./lines.ts"
import { isWholeZstd } from "./zstd.ts"

/** A source that cannot be read, or not further. */
export class SourceFailed extends Schema.TaggedError<SourceFailed>()("SourceFailed", {
  file: Schema.String,
  reason: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  /** The system's name of the error, where it was one: ENOENT, EACCES, … */
  code: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    return `cannot read ${this.file}: ${this.reason}`
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  ENXIO: "it is not a regular file"
}

/** What the system said about a file, in our words. */
export const systemFailure = (file: string, error: unknown): SourceFailed => {
  const { code, message } = error as NodeJS.ErrnoException
  return new SourceFailed({
    file,
    reason: (code === undefined ? undefined : reasons[code]) ?? message,
    ...(code !== undefined && { code })
  })
}

/** What there is under a path, if we may know: a folder on the way may be closed to us. */
export const statOf = (path: string): Stats | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    // A folder on the way is closed to us (EACCES), or the path is none (ENOTDIR, ELOOP).
    return undefined
  }
}

type Callback<A> = (error: NodeJS.ErrnoException | null, value: A) => void

/** A callback of node:fs as an effect. Its work is not cancelled by an interrupt, only left behind. */
const call = <A>(file: string, start: (callback: Callback<A>) => void): Effect.Effect<A, SourceFailed> =>
  Effect.callback((resume) =>
    start((error, value) => resume(error ? Effect.fail(systemFailure(file, error)) : Effect.succeed(value)))
  )

export interface OpenFile {
  readonly path: string
  readonly descriptor: number
  readonly stats: Stats
}

/** Opens a regular file and refuses everything else. `O_NONBLOCK`: opening a fifo must not wait for its writer. */
export const openRegularFile = Effect.fnUntraced(function* (path: string) {
  const descriptor = yield* Effect.acquireRelease(
    call<number>(path, (callback) => open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0), callback)),
    (descriptor) => Effect.callback<void>((resume) => close(descriptor, () => resume(Effect.void)))
  )
  const stats = yield* call<Stats>(path, (callback) => fstat(descriptor, callback))
  if (stats.isFile()) return { path, descriptor, stats } satisfies OpenFile
  return yield* new SourceFailed({
    file: path,
    reason: stats.isDirectory() ? "it is a folder" : "it is not a regular file",
    ...(!stats.isDirectory() && { hint: "to read a pipe or a device, give it as standard input: tracer < FILE" })
  })
})

/** Reads into the buffer from a place in the file (null: from where the descriptor stands). 0 bytes are the end. */
export const readInto = (file: string, descriptor: number, buffer: Buffer, at: number | null) =>
  call<number>(file, (callback) => read(descriptor, buffer, 0, buffer.length, at, callback))

/** The next bytes, or nothing at the end. They may be overwritten by the next pull. */
export type PullBytes = Effect.Effect<Uint8Array | undefined, SourceFailed>

/** Large enough that a pull's cost vanishes, small enough that a hundred open files stay small. */
export const portionBytes = 256 * 1024

const plainBytes = (file: string, descriptor: number, from: number, portion: number): PullBytes => {
  const buffer = Buffer.allocUnsafe(portion)
  let at = from
  return Effect.suspend(() =>
    Effect.map(readInto(file, descriptor, buffer, at), (taken) => {
      at += taken
      return taken === 0 ? undefined : buffer.subarray(0, taken)
    })
  )
}

/**
 * A file's bytes for a decompressor. `createReadStream` would do, but closes the descriptor when it is destroyed, even
 * with `autoClose: false`; the number may be another file's by the time that we close it.
 */
const packedBytes = (file: string, descriptor: number): Readable =>
  Readable.from(
    (async function* () {
      for (let at = 0; ; ) {
        const portion = Buffer.allocUnsafe(portionBytes)
        const taken = await Effect.runPromise(readInto(file, descriptor, portion, at))
        if (taken === 0) return
        at += taken
        yield portion.subarray(0, taken)
      }
    })(),
    { objectMode: false }
  )

/** The bytes inside a zstd file, without the first `from` of them. */
const unpackedBytes = (file: string, descriptor: number, from: number): Effect.Effect<PullBytes, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const packed = packedBytes(file, descriptor)
        const unpacked = createZstdDecompress()
        packed.on("error", (error) => unpacked.destroy(error))
        unpacked.on("error", () => {}) // Told by the pull that meets it, which may come later.
        return { packed, unpacked: packed.pipe(unpacked) }
      }),
      ({ packed, unpacked }) =>
        Effect.sync(() => {
          packed.destroy()
          unpacked.destroy()
        })
    ),
    ({ unpacked }) => {
      const portions: AsyncIterator<Uint8Array> = unpacked[Symbol.asyncIterator]()
      let left = from
      const next = Effect.tryPromise({
        try: () => portions.next(),
        catch: (error) =>
          error instanceof SourceFailed
            ? error
            : new SourceFailed({ file, reason: `it is not whole zstd (${(error as Error).message})` })
      })
      return Effect.gen(function* () {
        for (;;) {
          const { done, value } = yield* next
          if (done === true) {
            if (isWholeZstd(descriptor, fstatSync(descriptor).size)) return undefined
            return yield* new SourceFailed({ file, reason: "it is not whole zstd (it ends too early)" })
          }
          if (left < value.length) {
            const wanted = value.subarray(left)
            left = 0
            return wanted
          }
          left -= value.length
        }
      })
    }
  )

export const isCompressed = (path: string) => path.endsWith(".zst")

/** An open file's bytes from a place on, compressed or not. */
const bytesOf = (
  { path, descriptor }: OpenFile,
  from: number,
  portion = portionBytes
): Effect.Effect<PullBytes, never, Scope.Scope> =>
  isCompressed(path)
    ? unpackedBytes(path, descriptor, from)
    : Effect.sync(() => plainBytes(path, descriptor, from, portion))

/** The lines of something that ends, portion by portion. */
export interface LineReader {
  /** The next portion (it may hold no line), or nothing at the end. */
  readonly next: Effect.Effect<LineBatch | undefined, SourceFailed>
  /** Where the first line begins that was not handed on. */
  readonly position: () => Position
}

export interface ReadOptions extends SplitOptions {
  /** The file goes on to grow: a last line without its ending is left for later, not judged. */
  readonly growing?: boolean
  /** Bytes asked of the file at a time. */
  readonly portionBytes?: number
}

/** Lines of the bytes that are pulled; `file` is the name that the lines carry. */
export const lineReader = (file: string, pull: PullBytes, options: ReadOptions = {}): LineReader => {
  const splitter = lineSplitter(file, options)
  let ended = false
  const next = Effect.suspend(() => {
    if (ended) return Effect.undefined
    return Effect.map(pull, (bytes): LineBatch | undefined => {
      if (bytes !== undefined) return splitter.push(bytes)
      ended = true
      return options.growing === true ? undefined : splitter.end()
    })
  })
  return { next, position: splitter.position }
}

/** The longest line that is read, where the one who reads does not say. A command or a session sets it, once. */
export const LineBytesMax = Context.Reference<number>("tracer/source/LineBytesMax", {
  defaultValue: () => defaultLineBytesMax
})

/** Reads within the user's setting; without one the default holds. */
export const withLineBytesMax =
  (bytes: number | undefined) =>
  <A, E, R>(reading: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    bytes === undefined ? reading : Effect.provideService(reading, LineBytesMax, bytes)

/** The lines of an open file, once, to its present end. */
export const linesOf = (file: OpenFile, options: ReadOptions = {}): Effect.Effect<LineReader, never, Scope.Scope> =>
  Effect.gen(function* () {
    const lineBytesMax = yield* LineBytesMax
    const pull = yield* bytesOf(file, (options.from ?? fileStart).byteOffset, options.portionBytes)
    return lineReader(file.path, pull, { lineBytesMax, ...options })
  })

/** Opens a file to read its lines once, to its present end. */
export const openLines = (
  path: string,
  options: ReadOptions = {}
): Effect.Effect<LineReader, SourceFailed, Scope.Scope> =>
  Effect.flatMap(openRegularFile(path), (file) => linesOf(file, options))

/** A reader's portions as a stream; `onEnd` is told where it ended. */
export const readerLines = (
  { next, position }: LineReader,
  onEnd?: (position: Position) => void
): Stream.Stream<LineBatch, SourceFailed> =>
  Stream.unfold(undefined, () =>
    Effect.map(next, (batch) => {
      if (batch !== undefined) return [batch, undefined]
      onEnd?.(position())
      return undefined
    })
  )
