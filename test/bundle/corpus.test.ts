import { expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { generationOf } from "../../src/bundle/generation.ts"
import { openBundle } from "../../src/bundle/open.ts"
import { stateText } from "../../src/bundle/print.ts"
import { reduceBundle } from "../../src/bundle/reduce.ts"
import { BundleRefused } from "../../src/bundle/refusal.ts"
import { corpusDirectory, describeCorpus } from "../support/corpus.ts"

const bundlesOf = (name: string): ReadonlyArray<string> => {
  const folder = join(corpusDirectory ?? "", name, "trace")
  return existsSync(folder) ? readdirSync(folder).map((bundle) => join(folder, bundle)) : []
}

describeCorpus("every recorded bundle", (cases) => {
  for (const { name } of cases) {
    // A case that is named after a release was recorded, and reduced, by that release.
    const as = generationOf(name.replace("codex-", ""))
    for (const directory of bundlesOf(name)) {
      const truth = join(directory, "state.json")
      const title = existsSync(truth) ? "reduces to Codex's own state, byte by byte" : "is refused, as Codex refuses it"
      test(`${name} ${directory.slice(-12)} ${title}`, () => {
        const reduced = () => reduceBundle(openBundle(directory), as === undefined ? {} : { as })
        if (!existsSync(truth)) expect(reduced).toThrow(BundleRefused)
        else expect([...stateText(reduced().trace)].join("")).toBe(readFileSync(truth, "utf8"))
      })
    }
  }
})
