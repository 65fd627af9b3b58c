/**
 * Codex's own recordings of one session: the bundles below `CODEX_ROLLOUT_TRACE_ROOT`, one for each process that ran it.
 *
 * The folder comes from the environment of the session's hooks, which is the one that Codex recorded with. A bundle is
 * known by its manifest, which never changes, so each is read once. What is read must lie in that folder with every link
 * resolved. Reading a bundle's payloads: source/bundle.ts.
 */
import { realpathSync, statSync } from "node:fs"
import { basename, isAbsolute, sep } from "node:path"
import { bundlesIn, recordingsOf, rootThreadOf } from "../source/bundle-session.ts"

export interface Recordings {
  /** The bundles of these threads as they are now, in the order in which their processes began. */
  readonly list: (threadIds: ReadonlySet<string>) => ReadonlyArray<string>
  /** Whether a bundle's log may be read, asked again whenever it is opened: names can be changed under us. */
  readonly isAdmitted: (log: string) => boolean
}

/** The name under which a bundle's log is remembered. */
export const recordingKey = (directory: string): string => `recording/${basename(directory)}`

const none: Recordings = { list: () => [], isAdmitted: () => false }

/** The recordings in a folder; none where Codex was not asked for any, or where a relative path leaves open which. */
export const recordingsIn = (root: string | undefined): Recordings => {
  if (root === undefined || !isAbsolute(root)) return none
  const roots = new Map<string, string>()
  const rootOf = (directory: string): string | undefined => {
    const known = roots.get(directory) ?? rootThreadOf(directory)
    if (known !== undefined) roots.set(directory, known)
    return known
  }
  return {
    list: (threadIds) =>
      recordingsOf(
        bundlesIn(root).filter((directory) => threadIds.has(rootOf(directory) ?? "")),
        threadIds
      ),
    isAdmitted: (log) => {
      try {
        const real = realpathSync(log)
        return real.startsWith(realpathSync(root) + sep) && statSync(real).isFile()
      } catch {
        return false // Gone, or not ours to see.
      }
    }
  }
}
