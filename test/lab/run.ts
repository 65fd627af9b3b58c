/**
 * npm run test:codex -- [--matrix] [--seeds N] [--from SEED] [--only NAME]… [--codex VERSION]… [--keep DIR] [--learn]
 *
 * Plays scenarios on the real Codex, says what is new in their records, and has bench/fidelity compare the product's
 * spans with what was really sent. Without options: a handful on the newest version and two on an older one.
 * --matrix: every scenario on every version, and the table of docs/VERSIONS.md. --seeds N: N sessions of the random model, the first half plain, the
 * second half code mode. --keep: where the recorded cases stay. --learn: what is new becomes known.
 * Exit code: 0 all passed, 1 something failed, 2 wrong use.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { newest, versionNamed, versions } from "./codex/versions.ts"
import { play } from "./play.ts"
import { randomScenario } from "./random.ts"
import type { Scenario } from "./scenario.ts"
import { scenarios } from "./scenarios/index.ts"
import { merged, newIn, readKnownShapes, type Shapes, shapesOf, writeKnownShapes } from "./shapes.ts"
import { versionTable } from "./version-table.ts"

const { values } = parseArgs({
  options: {
    matrix: { type: "boolean", default: false },
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    only: { type: "string", multiple: true },
    codex: { type: "string", multiple: true },
    keep: { type: "string" },
    learn: { type: "boolean", default: false },
    list: { type: "boolean", default: false }
  }
})

const handful = ["simple", "tools", "code", "agents", "compact-auto", "failures"]
const legacy = "0.118.0"

interface Planned {
  readonly scenario: Scenario
  readonly version: string
}

const plan = (): ReadonlyArray<Planned> => {
  if (values.seeds !== undefined) {
    const count = Number(values.seeds)
    return Array.from({ length: count }, (_, at) => ({
      scenario: randomScenario(at < Math.ceil(count / 2) ? "plain" : "code", Number(values.from) + at),
      version: values.codex?.[0] ?? newest
    }))
  }
  const named = values.only === undefined ? scenarios : values.only.map(scenarioNamed)
  if (values.matrix)
    return (values.codex ?? versions).flatMap((version) => named.map((scenario) => ({ scenario, version })))
  if (values.codex !== undefined || values.only !== undefined) {
    return (values.codex ?? [newest]).flatMap((version) => named.map((scenario) => ({ scenario, version })))
  }
  return [
    ...handful.map((name) => ({ scenario: scenarioNamed(name), version: newest })),
    ...["simple", "tools"].map((name) => ({ scenario: scenarioNamed(name), version: legacy }))
  ]
}

/** `random-plain-7` is the scenario of seed 7: how a seed that found something is played again. */
const scenarioNamed = (name: string): Scenario => {
  const random = /^random-(plain|code)-(\d+)$/.exec(name)
  if (random !== null) return randomScenario(random[1] === "code" ? "code" : "plain", Number(random[2]))
  const known = scenarios.find((scenario) => scenario.name === name)
  if (known !== undefined) return known
  console.error(`test:codex: no scenario is called ${name}; --list tells their names`)
  process.exit(2)
}

if (values.list) {
  for (const { name, summary } of scenarios) console.log(`${name.padEnd(16)} ${summary}`)
  process.exit(0)
}

let passed = 0
let failures = 0
const verdict = (good: boolean, text: string) => {
  if (good) passed++
  else failures++
  console.log(`${good ? "ok  " : "FAIL"} ${text}`)
}

const folder = resolve(values.keep ?? (await mkdtemp(join(tmpdir(), "tracer-cases-"))))
const cases: Array<string> = []
const seenBy = new Map<string, Shapes>()

for (const { scenario, version } of plan()) {
  const codex = versionNamed(version)
  const name = version === newest ? scenario.name : `${version}-${scenario.name}`
  const lacking = (scenario.needs ?? []).filter((ability) => !codex.can(ability))
  if (lacking.length > 0) {
    console.log(`skip ${name}: this version lacks ${lacking.join(", ")}`)
    continue
  }
  const begun = performance.now()
  try {
    const { strangers } = await play(scenario, codex, join(folder, name))
    cases.push(join(folder, name))
    seenBy.set(version, merged(seenBy.get(version) ?? new Map(), await shapesOf(join(folder, name))))
    const asked = strangers.length === 0 ? "" : `, and it asked for ${[...new Set(strangers)].join(", ")}`
    verdict(true, `${name}: recorded in ${((performance.now() - begun) / 1000).toFixed(1)} s${asked}`)
  } catch (cause) {
    verdict(false, cause instanceof Error ? cause.message : String(cause))
  }
}

const known = await readKnownShapes()
const seen = merged(...seenBy.values())
for (const { kind, fields, newKind } of newIn(seen, known)) {
  console.log(newKind ? `new kind: ${kind} {${fields.join(", ")}}` : `new in ${kind}: ${fields.join(", ")}`)
}
if (values.matrix) console.log(`\nwhat each version can tell\n\n${versionTable(seenBy)}`)
if (values.learn) await writeKnownShapes(merged(known, seen))

/** The checker runs the product as a user would, so it is a process of its own; its table goes straight through. */
const check = async (...flags: ReadonlyArray<string>): Promise<boolean> => {
  const checker = resolve(import.meta.dir, "../../bench/fidelity/main.ts")
  const child = Bun.spawn([process.execPath, checker, ...cases, ...flags], { stdio: ["ignore", "inherit", "inherit"] })
  return (await child.exited) === 0
}

if (cases.length > 0) {
  console.log("\nfidelity, from transcripts alone")
  verdict(await check(), "fidelity from transcripts alone")
  console.log("\nfidelity, with hooks")
  verdict(await check("--hooks"), "fidelity with hooks")
}

if (values.keep === undefined) await rm(folder, { recursive: true, force: true })
else console.log(`recorded cases: ${folder}`)
console.log(`${passed} passed, ${failures} failed`)
process.exitCode = failures === 0 && passed > 0 ? 0 : 1
