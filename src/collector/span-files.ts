/**
 * The files of the jsonl sink: appended to, and shared by all sessions that name the same one.
 *
 * One descriptor and one writer a path, so that lines of different sessions never mix. A batch that a full disk cut off
 * is sent again, after a line break that closes what is left of it.
 */
import { closeSync, openSync } from "node:fs"
import { Context, Effect, Exit, Layer, Semaphore } from "effect"
import { SinkFailed } from "../sink/failure.ts"
import { descriptorOutput, type Output } from "../sink/output.ts"

export class SpanFiles extends Context.Service<SpanFiles, { readonly output: (path: string) => Output }>()(
  "tracer/collector/SpanFiles"
) {
  static readonly layer = Layer.effect(
    SpanFiles,
    Effect.gen(function* () {
      const outputs = new Map<string, Output>()
      const descriptors: Array<number> = []
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => descriptors.forEach((descriptor) => void closeSync(descriptor)))
      )
      const open = (path: string): Output => {
        const descriptor = openSync(path, "a", 0o600)
        descriptors.push(descriptor)
        return healing(descriptorOutput(descriptor, path))
      }
      return {
        output: (path) => {
          const known = outputs.get(path)
          if (known !== undefined) return known
          const lazy = openedLater(path, () => open(path))
          outputs.set(path, lazy)
          return lazy
        }
      }
    })
  )
}

/** Opens the file with the first rows: a session whose spans go elsewhere leaves no empty file. */
const openedLater = (path: string, open: () => Output): Output => {
  let opened: Output | undefined
  return {
    name: path,
    isTerminal: false,
    columns: () => undefined,
    write: (texts) =>
      Effect.try({
        try: () => {
          opened ??= open()
          return opened
        },
        catch: (cause) =>
          new SinkFailed({
            sink: "jsonl",
            retry: "permanent",
            reason: `could not open ${path} (${cause instanceof Error ? cause.message : String(cause)})`,
            hint: "check the path and its rights",
            cause
          })
      }).pipe(Effect.flatMap((output) => output.write(texts)))
  }
}

const healing = (output: Output): Output => {
  const oneAtATime = Semaphore.makeUnsafe(1)
  let isTorn = false
  const write: Output["write"] = (texts) =>
    Effect.suspend(() => output.write(isTorn ? ["\n", ...texts] : texts)).pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          isTorn = Exit.isFailure(exit)
        })
      )
    )
  return { ...output, write: (texts) => oneAtATime.withPermit(write(texts)) }
}
