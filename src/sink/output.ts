/**
 * Where text goes: standard output, or another descriptor, written in order, waiting for a slow reader without blocking the thread.
 *
 * Texts are encoded into one buffer that is used again and again: a model input of megabytes is never one string nor
 * one array of bytes. Leaves out what the text means. Counts in bytes.
 */
import * as NodeFS from "node:fs"
import { Effect, Semaphore } from "effect"
import { ReaderLeft, SinkFailed } from "./failure.ts"

export interface Output {
  /** For messages: `standard output`, or the path. */
  readonly name: string
  /** A person looks at it: it may be redrawn, and its width matters. */
  readonly isTerminal: boolean
  /** Width in columns, read at each call: terminals are resized. */
  readonly columns: () => number | undefined
  /** Writes the texts one after the other; two writes never mix. */
  readonly write: (texts: ReadonlyArray<string>) => Effect.Effect<void, SinkFailed | ReaderLeft>
}

/** A pipe holds 64 KiB; more at once saves calls, not time. */
const bufferBytes = 256 * 1024

const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined

/** Milliseconds between tries when the reader of a non-blocking pipe (a parent's choice, not ours) is behind. */
const fullPipeMs = 2

const failure = (name: string, cause: unknown): SinkFailed | ReaderLeft => {
  const code = codeOf(cause)
  if (code === "EPIPE") return new ReaderLeft({ sink: name })
  return new SinkFailed({
    sink: name,
    // A full disk is cleared by its user, and what was written so far stays.
    retry: "permanent",
    reason: `could not write (${code ?? String(cause)})`,
    hint: code === "ENOSPC" ? "free some space, then run the command again" : "check the path and its rights",
    cause
  })
}

const encoder = new TextEncoder()

/** Fills the buffer from the texts; a text that does not fit is continued in the next filling. */
const makeFilling = (texts: ReadonlyArray<string>, buffer: Buffer) => {
  let index = 0
  let from = 0
  return (): number => {
    let at = 0
    for (; index < texts.length; index++) {
      const text = texts[index] ?? ""
      // A character of a string takes at most three bytes. The common case makes no objects.
      if (from === 0 && text.length * 3 <= buffer.length - at) {
        at += buffer.write(text, at)
        continue
      }
      const { read, written } = encoder.encodeInto(from === 0 ? text : text.slice(from), buffer.subarray(at))
      at += written
      from += read
      if (from < text.length) return at
      from = 0
    }
    return at
  }
}

/** Writes to an open descriptor; whoever opened it closes it. */
export const descriptorOutput = (fd: number, name: string): Output => {
  let buffer: Buffer | undefined
  const oneAtATime = Semaphore.makeUnsafe(1)
  const writeAll = (texts: ReadonlyArray<string>): Effect.Effect<void, SinkFailed | ReaderLeft> =>
    Effect.callback((resume) => {
      buffer ??= Buffer.allocUnsafeSlow(bufferBytes)
      const bytes = buffer
      const fill = makeFilling(texts, bytes)
      let [at, end] = [0, 0]
      let timer: ReturnType<typeof setTimeout> | undefined
      let stopped = false
      const step = (): void => {
        if (stopped) return
        if (at === end) {
          at = 0
          end = fill()
          if (end === 0) {
            resume(Effect.void)
            return
          }
        }
        NodeFS.write(fd, bytes, at, end - at, null, (cause, written) => {
          if (cause === null || cause === undefined) {
            at += written
            step()
          } else if (codeOf(cause) === "EAGAIN") timer = setTimeout(step, fullPipeMs)
          else resume(Effect.fail(failure(name, cause)))
        })
      }
      step()
      return Effect.sync(() => {
        stopped = true
        // The write under way may still read the buffer.
        buffer = undefined
        if (timer !== undefined) clearTimeout(timer)
      })
    })
  return {
    name,
    isTerminal: false,
    columns: () => undefined,
    write: (texts) => oneAtATime.withPermit(writeAll(texts))
  }
}

/** The process' standard output. */
export const standardOutput: Output = {
  ...descriptorOutput(1, "standard output"),
  isTerminal: process.stdout.isTTY === true,
  columns: () => process.stdout.columns
}

/** The process' standard error: for a drawing, while standard output carries lines. */
export const standardError: Output = {
  ...descriptorOutput(2, "standard error"),
  isTerminal: process.stderr.isTTY === true,
  columns: () => process.stderr.columns
}
