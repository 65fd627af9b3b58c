/**
 * npm run test:codex -- [--matrix] [--seeds N [--from SEED] [--user USER]] [--only NAME]… [--codex VERSION]… [--keep DIR]
 *                       [--timed] [--learn] [--list]
 *
 * Plays scenarios on the real Codex, says what is new in their records, and has bench/fidelity compare the product's
 * spans with what was really sent. Without options: a handful on the newest version and two on an older one.
 * --matrix: every scenario on every version, and the table of docs/VERSIONS.md. --seeds N: N sessions of the random
 * model; --user restless or busy: another user than the steady one. --timed: hold the product to its times too,
 * which only a quiet machine can do. --keep: where the recorded cases stay. --learn: what is new becomes known.
 * --list: the scenarios. Exit code: 0 all passed, 1 something failed, 2 wrong use.
 */
import { existsSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { availableParallelism, loadavg, tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { CodexNotInstalled, codexBinary } from "./codex/install.ts"
import { versionNamed } from "./codex/versions.ts"
import { caseName, type Options, type Planned, planOf, UnknownScenario } from "./plan.ts"
import { play } from "./play.ts"
import { scenarios } from "./scenarios/index.ts"
import { merged, newIn, readKnownShapes, type Shapes, shapesOf, writeKnownShapes } from "./shapes.ts"
import { versionTable } from "./version-table.ts"

const { values } = parseArgs({
  options: {
    matrix: { type: "boolean", default: false },
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    user: { type: "string", default: "random" },
    only: { type: "string", multiple: true },
    codex: { type: "string", multiple: true },
    keep: { type: "string" },
    timed: { type: "boolean", default: false },
    learn: { type: "boolean", default: false },
    list: { type: "boolean", default: false }
  }
})

const options: Options = {
  matrix: values.matrix,
  from: Number(values.from),
  user: values.user,
  ...(values.seeds === undefined ? {} : { seeds: Number(values.seeds) }),
  ...(values.only === undefined ? {} : { only: values.only }),
  ...(values.codex === undefined ? {} : { codex: values.codex })
}

const wrongUse = (error: unknown): never => {
  if (!(error instanceof UnknownScenario)) throw error
  console.error(`test:codex: ${error.message}\nhint: ${error.hint}`)
  process.exit(2)
}

const planned = (): ReadonlyArray<Planned> => {
  try {
    return planOf(options)
  } catch (error) {
    return wrongUse(error)
  }
}

let passed = 0
let failed = 0
const verdict = (good: boolean, text: string) => {
  if (good) passed++
  else failed++
  console.log(`${good ? "ok  " : "FAIL"} ${text}`)
}

const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`

interface Recorded {
  readonly cases: ReadonlyArray<string>
  readonly shapes: ReadonlyMap<string, Shapes>
}

const playAll = async (plan: ReadonlyArray<Planned>, folder: string): Promise<Recorded> => {
  const cases: Array<string> = []
  const shapes = new Map<string, Shapes>()
  for (const one of plan) {
    const name = caseName(one)
    const codex = versionNamed(one.version)
    const lacking = (one.scenario.needs ?? []).filter((ability) => !codex.can(ability))
    if (lacking.length > 0) {
      console.log(`skip ${name}: this version lacks ${lacking.join(", ")}`)
      continue
    }
    const begun = performance.now()
    const target = join(folder, name)
    try {
      const { strangers } = await play(one.scenario, codex, target)
      const asked = strangers.length === 0 ? "" : `, and it asked for ${[...new Set(strangers)].join(", ")}`
      verdict(true, `${name}: recorded in ${seconds(begun)}${asked}`)
      cases.push(target)
      shapes.set(one.version, merged(shapes.get(one.version) ?? new Map(), await shapesOf(target)))
    } catch (error) {
      verdict(false, error instanceof Error ? error.message : String(error))
    }
  }
  return { cases, shapes }
}

const tellNews = async (seen: Shapes): Promise<void> => {
  const known = await readKnownShapes()
  for (const { kind, fields, newKind } of newIn(seen, known)) {
    console.log(newKind ? `new kind: ${kind} {${fields.join(", ")}}` : `new in ${kind}: ${fields.join(", ")}`)
  }
  if (values.learn) await writeKnownShapes(merged(known, seen))
}

/** The releases whose reducers differ most; each reads the recordings of its schema, or bundles that are made up. */
const reducers = ["0.128.0", "0.142.0", "0.155.0", "0.169.0"]
/** Cuts are tried at every event of a bundle: a few recordings fill half a minute. */
const oracleRecordings = 3

/** A look at our reducer beside Codex's: recordings as they are and cut at every event, and each broken at random. */
const oracleArguments = async (cases: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const traces = cases.map((folder) => join(folder, "trace")).filter(existsSync)
  const versions: Array<string> = []
  for (const version of reducers) {
    try {
      await codexBinary(version)
      versions.push("--version", version)
    } catch (error) {
      if (!(error instanceof CodexNotInstalled)) throw error
      console.log(`skip the reducer of ${version}: ${error.message}`)
    }
  }
  const kinds = ["--kinds", "plain,cuts,random,programs", "--cases", "50", "--seed", "1"]
  return [...kinds, ...versions, ...traces.slice(0, oracleRecordings)]
}

/** The checker runs the product as a user would, so it is a process of its own; its table goes straight through. */
const check = async (title: string, script: string, args: ReadonlyArray<string>): Promise<void> => {
  console.log(`\n${title}`)
  const checker = resolve(import.meta.dir, script)
  const child = Bun.spawn([process.execPath, checker, ...args], { stdio: ["ignore", "inherit", "inherit"] })
  verdict((await child.exited) === 0, title)
}

if (values.list) {
  for (const { name, summary } of scenarios) console.log(`${name.padEnd(18)} ${summary}`)
  process.exit(0)
}

const folder = resolve(values.keep ?? (await mkdtemp(join(tmpdir(), "tracer-cases-"))))
const { cases, shapes } = await playAll(planned(), folder)
const [load = 0] = loadavg()
if (load > availableParallelism()) {
  console.log(`note: the machine was busy (load ${load.toFixed(1)}), so these recordings' times are far apart`)
}
await tellNews(merged(...shapes.values()))
if (values.matrix) console.log(`\nwhat each version can tell\n\n${versionTable(shapes)}`)
if (cases.length > 0) {
  const judged = values.timed ? [] : ["--untimed"]
  const fidelity = "../../bench/fidelity/main.ts"
  await check("fidelity from transcripts alone", fidelity, [...cases, ...judged])
  await check("fidelity with hooks", fidelity, [...cases, "--hooks", ...judged])
  await check("what tracer record writes, reduced by Codex", "../bundle/record-oracle.ts", cases)
  await check("tracer reduce beside Codex's reducer", "../bundle/oracle.ts", await oracleArguments(cases))
}
if (!values.matrix && values.seeds === undefined && values.only === undefined) {
  const untimed = values.timed ? [] : ["--untimed"]
  const hooked = (title: string, ...args: ReadonlyArray<string>) => check(title, "hooked.ts", [...args, ...untimed])
  await hooked("hooks, collector and backend", "--only", "simple,code,agents,ephemeral,terminal")
  await hooked("hooks on an older Codex", "--only", "tools,interrupt", "--codex", "0.142.0")
  await hooked("turns that wait for the backend", "--only", "tools", "--flush")
  await hooked("a collector that is killed again and again", "--only", "code", "--kill")
  await hooked("a session that Codex records", "--only", "code,agents,resume", "--recorded")
}
if (values.keep === undefined) await rm(folder, { recursive: true, force: true })
else console.log(`recorded cases: ${folder}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
