/**
 * The user's `hooks.json` on disk: reading it, and replacing it without losing what it is (a link, its rights).
 */
import { mkdirSync, readFileSync, realpathSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { type NotWritten, replaceFile } from "../collector/replace-file.ts"
import { HooksFileBroken } from "./hooks-file.ts"

export const hooksFile = (codexHome: string): string => join(codexHome, "hooks.json")

/** The text; undefined where there is no file yet. */
export const readHooksFile = (file: string): Effect.Effect<string | undefined, HooksFileBroken> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(readFileSync(file, "utf8"))
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === "ENOENT") return Effect.undefined
      return Effect.fail(new HooksFileBroken({ file, reason: `cannot be read (${code ?? String(cause)})` }))
    }
  })

/** Dotfiles are often links into a repository: the file they lead to is replaced, not the link. */
const target = (file: string): { readonly path: string; readonly mode: number } => {
  try {
    const path = realpathSync(file)
    return { path, mode: statSync(path).mode & 0o777 }
  } catch {
    // There is no such file yet: it is made, for its owner alone.
    return { path: file, mode: 0o600 }
  }
}

export const writeHooksFile = (file: string, text: string): Effect.Effect<void, NotWritten> =>
  Effect.suspend(() => {
    const { path, mode } = target(file)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return replaceFile(path, text, mode)
  })
