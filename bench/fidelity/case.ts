/**
 * A case: one folder with what a real Codex session left behind, and what it really sent and recorded.
 *
 * Owns where the parts of a case lie (see `Case`). Reads no content: truth.ts and spans.ts do.
 */
import { existsSync, readdirSync } from "node:fs"
import { basename, join, resolve } from "node:path"

export interface Case {
  readonly name: string
  readonly directory: string
  /** Folders of transcripts, `sessions` first, `archived_sessions` where there is one. */
  readonly transcriptFolders: ReadonlyArray<string>
  /** The hook journal, where hooks ran. */
  readonly hooks?: string
  /** Every HTTP request that Codex sent to the model, in order. */
  readonly requests: string
  /** Folders of rollout-trace bundles: none before 0.128, several after a resume, a fork or a review. */
  readonly bundles: ReadonlyArray<string>
}

const isCase = (directory: string) =>
  existsSync(join(directory, "sessions")) && existsSync(join(directory, "requests.jsonl"))

const subfolders = (directory: string): ReadonlyArray<string> =>
  existsSync(directory)
    ? readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(directory, entry.name))
        .sort()
    : []

const caseAt = (directory: string): Case => ({
  name: basename(resolve(directory)),
  directory,
  transcriptFolders: ["sessions", "archived_sessions"].map((name) => join(directory, name)).filter(existsSync),
  ...(existsSync(join(directory, "hooks.jsonl")) && { hooks: join(directory, "hooks.jsonl") }),
  requests: join(directory, "requests.jsonl"),
  bundles: subfolders(join(directory, "trace")).filter((bundle) => existsSync(join(bundle, "trace.jsonl")))
})

/** Lists the cases of a folder: itself, if it is one, else those among its subfolders. */
export const listCases = (directory: string): ReadonlyArray<Case> =>
  (isCase(directory) ? [directory] : subfolders(directory).filter(isCase)).map(caseAt)
