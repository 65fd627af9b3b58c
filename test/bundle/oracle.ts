/**
 * Our reducer against the real one: the same verdict on every bundle, and the same state wherever it is accepted.
 *
 *     bun test/bundle/oracle.ts [--version 0.169.0]… [--kinds plain,forms,cuts,payloads,lines,frames,random,programs]
 *                               [--cases 1000] [--seed 1] [--show 20] [BUNDLE]…
 *
 * Bundles are directories, or files that list them; without any, the corpus beside the checkout. Each is reduced as
 * every installed version that reads its schema. Prints the seed, and each difference. Exit 1 if anything differs.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { generationOf } from "../../src/bundle/generation.ts"
import { openBundle } from "../../src/bundle/open.ts"
import { stateText } from "../../src/bundle/print.ts"
import { reduceBundle } from "../../src/bundle/reduce.ts"
import { BundleRefused } from "../../src/bundle/refusal.ts"
import { corpusDirectory } from "../support/corpus.ts"
import { orRefused } from "../support/reduced.ts"
import { codexBinary, codexVerdict, type Verdict } from "./oracle/codex.ts"
import { forms } from "./oracle/forms.ts"
import { cuts, frames, lostPayloads, type Mutation, movedLines, randomDamage } from "./oracle/mutations.ts"
import { randomProgram } from "./oracle/programs.ts"
import { Random } from "./oracle/random.ts"
import { BundleSlot, loadTexts } from "./oracle/texts.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    version: { type: "string", multiple: true },
    kinds: { type: "string", default: "plain,forms,cuts,payloads,lines,frames,random,programs" },
    cases: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    show: { type: "string", default: "20" }
  }
})
const kinds = new Set(values.kinds.split(","))
const caseCount = Number(values.cases)
const firstSeed = Number(values.seed)
const versions = values.version ?? ["0.128.0", "0.142.0", "0.155.0", "0.169.0"]

const bundlesUnder = (path: string): ReadonlyArray<string> => {
  if (!existsSync(path) || !statSync(path).isDirectory()) return []
  if (existsSync(join(path, "manifest.json"))) return [path]
  return readdirSync(path).flatMap((name) => bundlesUnder(join(path, name)))
}

const ourVerdict = (directory: string, version: string): Verdict => {
  const features = generationOf(version)
  if (features === undefined) throw new Error(`no generation for ${version}`)
  const result = orRefused(() => reduceBundle(openBundle(directory), { as: features }))
  return result instanceof BundleRefused
    ? { state: undefined, reason: result.message }
    : { state: [...stateText(result.trace)].join(""), reason: "" }
}

/** The first line in which two states differ, with what stands around it. */
const firstDifference = (ours: string, theirs: string): string => {
  const [a, b] = [ours.split("\n"), theirs.split("\n")]
  const at = a.findIndex((line, index) => line !== b[index])
  const around = a
    .slice(Math.max(0, at - 3), at)
    .join(" ")
    .replaceAll(/\s+/g, " ")
  return `line ${at + 1} after «${around.slice(-120)}»: ours ${a[at]?.trim()}, theirs ${b[at]?.trim()}`
}

const difference = (ours: Verdict, theirs: Verdict): string | undefined => {
  if (ours.state === undefined && theirs.state === undefined) return undefined
  if (ours.state === undefined) return `ours refuses: ${ours.reason.slice(0, 300)}`
  if (theirs.state === undefined) return `ours accepts, theirs: ${theirs.reason.slice(0, 300)}`
  return ours.state === theirs.state ? undefined : firstDifference(ours.state, theirs.state)
}

interface Case extends Mutation {
  readonly version: string
}

function* casesOf(bundles: ReadonlyArray<string>): Generator<Case> {
  for (const version of versions) {
    const schema = generationOf(version)?.schema
    const own = bundles
      .map((path) => ({ path, texts: loadTexts(path) }))
      .filter(({ texts }) => {
        const manifest = JSON.parse(texts.manifest) as { readonly schema_version: number }
        return manifest.schema_version === schema
      })
    for (const { path, texts } of own) {
      const named = (mutations: Iterable<Mutation>) =>
        [...mutations].map((mutation) => ({ ...mutation, name: `${path}: ${mutation.name}`, version }))
      if (kinds.has("plain")) yield* named([{ name: "as it is", texts }])
      if (kinds.has("cuts")) yield* named(cuts(texts))
      if (kinds.has("payloads")) yield* named(lostPayloads(texts))
      if (kinds.has("lines")) yield* named(movedLines(texts))
      if (kinds.has("frames")) yield* named(frames(texts))
    }
    if (kinds.has("forms")) for (const form of forms(schema ?? 2)) yield { ...form, version }
    for (let seed = firstSeed; kinds.has("random") && seed < firstSeed + caseCount; seed++) {
      const random = new Random(seed)
      // Without a bundle of this schema, one that is made up.
      const { path, texts } =
        own.length > 0 ? random.oneOf(own) : { path: "a program", texts: randomProgram(random, schema ?? 2) }
      const mutation = randomDamage(texts, random)
      yield { ...mutation, name: `${path}: seed ${seed}: ${mutation.name}`, version }
    }
    for (let seed = firstSeed; kinds.has("programs") && seed < firstSeed + caseCount; seed++) {
      const texts = randomProgram(new Random(seed), schema ?? 2)
      yield { name: `program ${seed}`, texts, version }
    }
  }
}

const workplace = mkdtempSync(join(tmpdir(), "tracer-oracle-"))
process.on("exit", () => rmSync(workplace, { recursive: true, force: true }))

const counts = { cases: 0, accepted: 0, refused: 0, different: 0 }
const work = async (cases: Iterator<Case>, worker: number): Promise<void> => {
  const slot = new BundleSlot(join(workplace, `bundle-${worker}`))
  for (let next = cases.next(); next.done !== true; next = cases.next()) {
    const { name, texts, version } = next.value
    const binary = codexBinary(version)
    if (binary === undefined) throw new Error(`Codex ${version} is not installed under .cache/codex/${version}`)
    slot.put(texts)
    const theirs = await codexVerdict(binary, slot.directory, join(workplace, `state-${worker}.json`))
    const ours = ourVerdict(slot.directory, version)
    counts.cases++
    counts[theirs.state === undefined ? "refused" : "accepted"]++
    const found = difference(ours, theirs)
    if (found === undefined) continue
    if (++counts.different <= Number(values.show)) console.log(`${version} ${name}\n    ${found}`)
  }
}

const roots = positionals.length > 0 ? positionals : corpusDirectory === undefined ? [] : [corpusDirectory]
const cases = casesOf(roots.flatMap(bundlesUnder))
await Promise.all([work(cases, 1), work(cases, 2)])
console.log(
  `seed ${firstSeed}, ${counts.cases} cases: Codex accepts ${counts.accepted} and refuses ${counts.refused}; ${counts.different} differ`
)
process.exitCode = counts.different === 0 ? 0 : 1
