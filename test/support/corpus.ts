/**
 * The corpus of recorded Codex sessions, for tests that hold the product against real input.
 *
 * The corpus is not part of the product: it lies beside the checkout, in `../shared/corpus`. Tests that use it go
 * through `describeCorpus`, which skips them visibly where it is absent. Where a case's parts lie: bench/fidelity/case.ts.
 */
import { describe, test } from "bun:test"
import { existsSync, readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { type Case, listCases } from "../../bench/fidelity/case.ts"

export type { Case } from "../../bench/fidelity/case.ts"

/** The corpus beside this checkout, or undefined. */
export const corpusDirectory = ((directory) => (existsSync(directory) ? directory : undefined))(
  resolve(import.meta.dir, "../../../shared/corpus")
)

/** All cases by name; none where the corpus is absent. */
export const corpusCases: ReadonlyArray<Case> = corpusDirectory === undefined ? [] : listCases(corpusDirectory)

/** A case by name; throws where there is none, so only call it inside `describeCorpus`. */
export const corpusCase = (name: string): Case => {
  const found = corpusCases.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`the corpus has no case ${name} (in ${corpusDirectory ?? "no corpus"})`)
  return found
}

/** The transcripts of a case, sorted by name, archived ones last. */
export const transcriptsOf = (one: Case): ReadonlyArray<string> =>
  one.transcriptFolders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.startsWith("rollout-"))
      .sort()
      .map((name) => join(folder, name))
  )

/** `describe`, run only where the corpus is; otherwise one skipped test says what is missing. */
export const describeCorpus = (title: string, body: (cases: ReadonlyArray<Case>) => void) =>
  corpusCases.length > 0
    ? describe(title, () => body(corpusCases))
    : describe(title, () => test.skip("needs the corpus in ../shared/corpus", () => {}))
