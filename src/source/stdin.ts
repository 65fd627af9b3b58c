/**
 * Standard input as portions of lines: a pipe, a file, a terminal or nothing, read once to its end.
 *
 * Reads the descriptor itself: a stream would hold what it read ahead, and keep the process alive. A file is read in
 * place: handing each portion to another thread took a tenth of the time. Of anything else, the next portion is read
 * while one is folded; a read that waits is left behind by an interrupt, and the process leaves all the same.
 */
import { fstatSync, read, readSync } from "node:fs"
import { promisify } from "node:util"
import { Effect } from "effect"
import { type LineReader, lineReader, type PullBytes, portionBytes, SourceFailed } from "./file.ts"
import type { SplitOptions } from "./lines.ts"
import { beginsZstd } from "./zstd.ts"

/** The name under which lines of standard input are reported. */
export const stdinName = "-"

const descriptor = 0

/** Whoever started us may have left the descriptor non-blocking: then we look again, rarely enough to cost nothing. */
const emptyPipeMs = 10

const readWaiting = promisify(read)

/** How many bytes came. A closed descriptor, a hang-up of the terminal, a failing disk: there is nothing more to read. */
const fill = async (buffer: Buffer): Promise<number> => {
  for (;;) {
    try {
      return (await readWaiting(descriptor, buffer, 0, buffer.length, null)).bytesRead
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== "EAGAIN" && code !== "EWOULDBLOCK") return 0
      await Bun.sleep(emptyPipeMs)
    }
  }
}

/** Two buffers in turn: one is folded while the other is filled. */
const readAhead = (): PullBytes => {
  let [filling, folding] = [Buffer.allocUnsafe(portionBytes), Buffer.allocUnsafe(portionBytes)]
  let coming: Promise<number> | undefined
  return Effect.promise(async () => {
    const taken = await (coming ?? fill(filling))
    if (taken === 0) return undefined
    ;[filling, folding] = [folding, filling]
    coming = fill(filling)
    return folding.subarray(0, taken)
  })
}

const readInPlace = (): PullBytes => {
  const buffer = Buffer.allocUnsafe(portionBytes)
  return Effect.sync(() => {
    let taken = 0
    try {
      taken = readSync(descriptor, buffer, 0, buffer.length, null)
    } catch {
      // A disk that fails is the end of what can be read.
    }
    return taken === 0 ? undefined : buffer.subarray(0, taken)
  })
}

const isFile = (): boolean => {
  try {
    return fstatSync(descriptor).isFile()
  } catch {
    // Closed before we began.
    return false
  }
}

/** Whether a compressed file is whole is seen from the file alone, so there it is read by its name. */
const compressed = new SourceFailed({
  file: "standard input",
  reason: "it is compressed (zstd)",
  hint: "name the file: tracer FILE.zst, or decompress it: zstdcat FILE | tracer"
})

/** The bytes, unless they begin as a compressed file does. */
const uncompressed = (pull: PullBytes): PullBytes => {
  let isFirst = true
  return Effect.flatMap(pull, (bytes) => {
    const isRefused = isFirst && bytes !== undefined && beginsZstd(bytes)
    isFirst = false
    return isRefused ? Effect.fail(compressed) : Effect.succeed(bytes)
  })
}

/** The lines of standard input. To be opened once a process. */
export const stdinLines = (options: SplitOptions = {}): LineReader =>
  lineReader(stdinName, uncompressed(isFile() ? readInPlace() : readAhead()), options)
