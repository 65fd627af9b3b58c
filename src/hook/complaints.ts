/**
 * The bounded log of what went wrong in hooks: one JSON object a line, never anything of the session's content.
 *
 * A hook can tell nobody (stdout is Codex's, stderr is shown to the user), so it writes here, and `tracer status` and
 * `tracer doctor` read it. Two files of at most `bytesMax` each; what cannot be written is dropped.
 */
import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { complaintsFile } from "./places.ts"

const bytesMax = 64 * 1024

export interface Complaint {
  /** ISO time. */
  readonly at: string
  /** What the hook was doing, and what happened. */
  readonly what: string
  readonly event?: string
  readonly session?: string
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause)).slice(0, 300)

/** Adds a line. Best effort: a full disk or a read-only home must not break the agent. */
export const complainBestEffort = (
  state: string,
  doing: string,
  cause: unknown,
  about: { readonly event?: string; readonly session?: string } = {}
): void => {
  const file = complaintsFile(state)
  const complaint: Complaint = { at: new Date().toISOString(), what: `${doing}: ${reasonOf(cause)}`, ...about }
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > bytesMax) renameSync(file, `${file}.1`)
    appendFileSync(file, `${JSON.stringify(complaint)}\n`, { mode: 0o600 })
  } catch {
    // Nobody is left to tell.
  }
}

/** The last complaints, oldest first. An unreadable log is an empty one. */
export const readComplaints = (state: string, limit: number): ReadonlyArray<Complaint> => {
  const file = complaintsFile(state)
  return [`${file}.1`, file]
    .flatMap((path) => {
      try {
        return readFileSync(path, "utf8").split("\n")
      } catch {
        // No such file: nothing to complain of.
        return []
      }
    })
    .flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as Complaint]
      } catch {
        // A line torn by a crash: the others are shown.
        return []
      }
    })
    .slice(-limit)
}
