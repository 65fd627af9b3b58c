/**
 * What `tracer record` writes, against the real Codex: accepted by it, and with the same graph as our spans hold.
 *
 *     bun test/bundle/record-oracle.ts [--show 20] [CASE]…
 *
 * A case is a folder that holds `sessions/` (and `archived_sessions/`, `hooks.jsonl`), or one that holds cases; without
 * any, the corpus beside the checkout. Each session is recorded in both schemas and reduced by the release of each and
 * by our own reducer, whose state must be the same text. Exit 1 if anything differs.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { Effect, Result } from "effect"
import { generationOf } from "../../src/bundle/generation.ts"
import { openBundle } from "../../src/bundle/open.ts"
import { stateText } from "../../src/bundle/print.ts"
import { reduceBundle } from "../../src/bundle/reduce.ts"
import { BundleRefused } from "../../src/bundle/refusal.ts"
import { planBundle } from "../../src/bundle/writer/plan.ts"
import { writeBundle } from "../../src/bundle/writer/write.ts"
import { recordedSpans } from "../../src/cli/record.ts"
import { makeReport } from "../../src/cli/report.ts"
import { locateAll } from "../../src/source/trace-source.ts"
import type { Span } from "../../src/span/span.ts"
import { corpusDirectory } from "../support/corpus.ts"
import { orRefused } from "../support/reduced.ts"
import { codexBinary, codexVerdict } from "./oracle/codex.ts"
import { graphDifferences, graphSize, type State } from "./oracle/graph.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { show: { type: "string", default: "20" } }
})

const releases = [
  { schema: 2, version: "0.169.0" },
  { schema: 1, version: "0.155.0" }
] as const

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory()

const casesUnder = (path: string): ReadonlyArray<string> => {
  if (!isFolder(path)) return []
  if (isFolder(join(path, "sessions"))) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => casesUnder(join(path, name)))
}

/** The sessions of a case, each as its spans. A session that lies half in the archive is read once. */
const sessionsOf = async (folder: string): Promise<ReadonlyArray<ReadonlyArray<Span>>> => {
  const journal = join(folder, "hooks.jsonl")
  const sessions = new Map<string, ReadonlyArray<Span>>()
  for (const name of ["sessions", "archived_sessions"]) {
    const transcripts = join(folder, name)
    if (!isFolder(transcripts)) continue
    const journals = existsSync(journal) ? [journal] : []
    const read = locateAll([transcripts], false, folder).pipe(
      Effect.flatMap((sources) => Effect.forEach(sources, (source) => recordedSpans(source, journals, makeReport()))),
      Effect.result
    )
    const result = await Effect.runPromise(read)
    if (Result.isFailure(result)) continue
    for (const spans of result.success) {
      const root = spans.find((span) => span.kind === "session")
      if (root !== undefined) sessions.set(root.thread_id, spans)
    }
  }
  return [...sessions.values()]
}

const ourState = (bundle: string, version: string): string => {
  const features = generationOf(version)
  const reduced = orRefused(() => reduceBundle(openBundle(bundle), features === undefined ? {} : { as: features }))
  return reduced instanceof BundleRefused ? `refused: ${reduced.message}` : [...stateText(reduced.trace)].join("")
}

const workplace = mkdtempSync(join(tmpdir(), "tracer-record-oracle-"))
process.on("exit", () => rmSync(workplace, { recursive: true, force: true }))

const missing = new Set<string>()
const compared = new Map<string, number>()
let [bundles, different] = [0, 0]
const differs = (text: string): void => {
  if (++different <= Number(values.show)) console.log(text)
}

const roots = positionals.length > 0 ? positionals : corpusDirectory === undefined ? [] : [corpusDirectory]
for (const folder of roots.flatMap(casesUnder)) {
  for (const spans of await sessionsOf(folder)) {
    const rootThreadId = spans.find((span) => span.kind === "session")?.thread_id ?? ""
    for (const { schema, version } of releases) {
      const binary = codexBinary(version)
      if (binary === undefined) {
        missing.add(`skip schema ${schema}: Codex ${version} is not installed under .cache/codex/${version}`)
        continue
      }
      const identity = { schema, traceId: crypto.randomUUID(), rootThreadId }
      const bundle = await Effect.runPromise(writeBundle(workplace, identity, planBundle(spans, identity)))
      const theirs = await codexVerdict(binary, bundle, join(workplace, "state.json"))
      const ours = ourState(bundle, version)
      const title = `${folder} ${rootThreadId} schema ${schema}`
      bundles++
      if (theirs.state === undefined) differs(`${title}: Codex ${theirs.reason.slice(-400)}`)
      else {
        if (ours !== theirs.state) differs(`${title}: our reducer's state is another (${ours.slice(0, 200)})`)
        const state: State = JSON.parse(theirs.state)
        for (const [part, count] of Object.entries(graphSize(state)))
          compared.set(part, (compared.get(part) ?? 0) + count)
        for (const one of graphDifferences(spans, state)) differs(`${title}: ${one}`)
      }
      rmSync(bundle, { recursive: true, force: true })
    }
  }
}
for (const one of missing) console.log(one)
console.log(`${bundles} bundles; ${different} differences`)
console.log([...compared].map(([part, count]) => `${part} ${count}`).join(", "))
process.exitCode = different === 0 && bundles > 0 ? 0 : 1
