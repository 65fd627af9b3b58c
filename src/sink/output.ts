/**
 * Where text goes: standard output or a file, written in order, waiting for a slow reader without blocking the thread.
 *
 * Leaves out what the text means. Counts in bytes.
 */
import * as NodeFS from "node:fs"
import { Effect, type Scope } from "effect"
import { ReaderLeft, SinkFailed } from "./failure.ts"

export interface Output {
  /** For messages: `standard output`, or the path. */
  readonly name: string
  /** A person looks at it: it may be redrawn, and its width matters. */
  readonly isTerminal: boolean
  /** Width in columns, read at each call: terminals are resized. */
  readonly columns: () => number | undefined
  readonly write: (text: string) => Effect.Effect<void, SinkFailed | ReaderLeft>
}

const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined

/** Milliseconds between tries when the reader of a non-blocking pipe (a parent's choice, not ours) is behind. */
const fullPipeMs = 2

const writeAll = (fd: number, name: string, text: string): Effect.Effect<void, SinkFailed | ReaderLeft> =>
  Effect.callback((resume) => {
    const bytes = Buffer.from(text)
    let at = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    let stopped = false
    const step = (): void => {
      if (stopped) return
      NodeFS.write(fd, bytes, at, bytes.length - at, null, (cause, written) => {
        const code = codeOf(cause)
        if (cause === null || cause === undefined) {
          at += written
          if (at < bytes.length) step()
          else resume(Effect.void)
        } else if (code === "EAGAIN") timer = setTimeout(step, fullPipeMs)
        else if (code === "EPIPE") resume(Effect.fail(new ReaderLeft({ sink: name })))
        else
          resume(
            Effect.fail(
              new SinkFailed({
                sink: name,
                // A full disk is cleared by its user, and what was written so far stays.
                retry: "permanent",
                reason: `could not write (${code ?? String(cause)})`,
                hint:
                  code === "ENOSPC" ? "free some space, then run the command again" : "check the path and its rights",
                cause
              })
            )
          )
      })
    }
    step()
    return Effect.sync(() => {
      stopped = true
      if (timer !== undefined) clearTimeout(timer)
    })
  })

/** The process' standard output. */
export const standardOutput: Output = {
  name: "standard output",
  isTerminal: process.stdout.isTTY === true,
  columns: () => process.stdout.columns,
  write: (text) => writeAll(1, "standard output", text)
}

/** A file, begun anew; closed with the scope. Readable by its owner only: it holds what the user's agent did. */
export const fileOutput = (path: string): Effect.Effect<Output, SinkFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => NodeFS.openSync(path, "w", 0o600),
      catch: (cause) =>
        new SinkFailed({
          sink: path,
          retry: "permanent",
          reason: `could not open it for writing (${codeOf(cause) ?? String(cause)})`,
          hint: "check the path and its rights",
          cause
        })
    }),
    (fd) => Effect.sync(() => NodeFS.closeSync(fd))
  ).pipe(
    Effect.map((fd) => ({
      name: path,
      isTerminal: false,
      columns: () => undefined,
      write: (text) => writeAll(fd, path, text)
    }))
  )
