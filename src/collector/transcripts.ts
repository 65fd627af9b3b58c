/**
 * The transcripts of one session, and which files may be read at all.
 *
 * A hook's `transcript_path` is never opened: it is untrusted, and the session's id is enough to find its files in the
 * Codex home of the hook's environment. What is found there must be a regular file inside that home's transcript folders
 * with every link resolved, so a link to elsewhere, a fifo or a device gains nobody anything.
 */
import { realpathSync, statSync } from "node:fs"
import { basename, join, sep } from "node:path"
import { Effect } from "effect"
import { type Catalogue, foldersOfHome, makeCatalogue } from "../source/catalogue.ts"
import type { Rollout } from "../source/rollout.ts"
import { plainName } from "../source/rollout.ts"

/** Whether the path leads to a regular file inside a Codex home's transcript folders. */
export const isAdmitted = (codexHome: string, path: string): boolean => {
  try {
    const real = realpathSync(path)
    const folders = foldersOfHome(realpathSync(codexHome))
    return folders.some((folder) => real.startsWith(folder + sep)) && statSync(real).isFile()
  } catch {
    return false // Gone, or not ours to see.
  }
}

export interface Transcripts {
  readonly catalogue: Catalogue
  /** The session's files as they are now, those that may be read. Lists folders, so it is asked only when needed. */
  readonly list: Effect.Effect<ReadonlyArray<Rollout>>
  /** Whether a file may be read, asked again whenever it is opened: names can be changed under us. */
  readonly isAdmitted: (path: string) => boolean
}

/** The name that a transcript keeps when it is archived or compressed. */
export const fileKey = (path: string): string => basename(plainName(path))

export const transcriptsOf = (codexHome: string, session: string): Transcripts => {
  const admitted = (path: string) => isAdmitted(codexHome, path)
  const catalogue = makeCatalogue(["sessions", "archived_sessions"].map((folder) => join(codexHome, folder)))
  const list = Effect.map(catalogue.session(session), (found) =>
    (found?.rollouts ?? []).filter((rollout) => admitted(rollout.path))
  )
  return { catalogue, list, isAdmitted: admitted }
}
