/**
 * Standard input as portions of lines: a pipe, a file, a terminal or nothing, read once to its end.
 *
 * Reads the descriptor itself into one buffer: a stream would hold what it read ahead, and keep the process alive.
 * A read that waits is left behind by an interrupt; the process leaves all the same.
 */
import { Effect } from "effect"
import { type LineReader, lineReader, type PullBytes, portionBytes, readInto } from "./file.ts"
import type { SplitOptions } from "./lines.ts"

/** The name under which lines of standard input are reported. */
export const stdinName = "-"

const descriptor = 0

/** Whoever started us may have left the descriptor non-blocking: then we look again, rarely enough to cost nothing. */
const readStdin = (buffer: Buffer): Effect.Effect<number> =>
  readInto(stdinName, descriptor, buffer, null).pipe(
    Effect.catch((failure) =>
      failure.code === "EAGAIN" || failure.code === "EWOULDBLOCK"
        ? Effect.delay(readStdin(buffer), "10 millis")
        : // A closed descriptor, a hang-up of the terminal: there is nothing more to read.
          Effect.succeed(0)
    )
  )

/** The lines of standard input. To be opened once a process. */
export const stdinLines = (options: SplitOptions = {}): LineReader => {
  const buffer = Buffer.allocUnsafe(portionBytes)
  const pull: PullBytes = Effect.map(readStdin(buffer), (taken) =>
    taken === 0 ? undefined : buffer.subarray(0, taken)
  )
  return lineReader(stdinName, pull, options)
}
