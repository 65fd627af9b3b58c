import { expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { corpusCase, describeCorpus, transcriptsOf } from "./corpus.ts"

describeCorpus("corpus", (cases) => {
  test("every case has transcripts and requests", () => {
    for (const one of cases) {
      expect(transcriptsOf(one).length).toBeGreaterThan(0)
      expect(existsSync(one.requests)).toBe(true)
    }
  })

  test("a case knows its bundles, its hooks and its archived transcripts", () => {
    expect(corpusCase("crash").bundles.length).toBe(4)
    expect(corpusCase("forks").transcriptFolders.length).toBe(2)
    expect(corpusCase("tools").hooks).toBeUndefined()
    expect(corpusCase("simple").hooks).toBeDefined()
  })

  test("a name that is not there is an error that names it", () => {
    expect(() => corpusCase("nowhere")).toThrow("nowhere")
  })
})
