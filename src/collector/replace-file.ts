/**
 * Replacing a file as a whole: temp → sync → rename, so that a crash or a power cut leaves the old text or the new one.
 */
import { open, rename, rm } from "node:fs/promises"
import { Effect, Schema } from "effect"

let replacements = 0

/** A file could not be replaced; the old one is as it was. */
export class NotWritten extends Schema.TaggedError<NotWritten>()("NotWritten", {
  file: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `cannot write ${this.file}: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
  get hint() {
    return "free some space, or make its folder writable"
  }
}

/** Replaces a file as a whole: a reader, also one after a power cut, sees the old text or the new one. */
export const replaceFile = (file: string, text: string, mode = 0o600): Effect.Effect<void, NotWritten> =>
  Effect.tryPromise({
    try: async () => {
      // Two may replace one file at the same time: each has its own text, and the later rename wins.
      const temporary = `${file}.${process.pid}-${++replacements}.new`
      try {
        const handle = await open(temporary, "w", mode)
        try {
          await handle.writeFile(text)
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(temporary, file)
      } catch (cause) {
        await rm(temporary, { force: true })
        throw cause
      }
    },
    catch: (cause) => new NotWritten({ file, cause })
  })
