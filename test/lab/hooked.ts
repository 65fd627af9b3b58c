/**
 * `bun test/lab/hooked.ts [--codex VERSION] [--only NAME] [--flush] [--kill] [--recorded] [--outage MINUTES] [--untimed]
 * [--keep DIR]`: real Codex sessions with the hooks of `tracer setup`, the collector that they start, and a fake
 * Braintrust behind it.
 *
 * Each scenario is played once and asked three questions: does the backend end with exactly the spans that the offline
 * reading of the same files gives, each id once; are no hook complaints and no collector errors left; and do the spans
 * keep the promises of bench/fidelity (run on what the backend has). With --flush (flush_on_turn_end) all spans must be
 * there the moment the last Codex has ended. With --recorded the collector may believe what Codex records of itself.
 * With --kill the collector is killed (-9) again and again while Codex works, and what is left is finished by the next one.
 * With --outage the backend refuses connections all the while that Codex works, and for so many minutes after it.
 * --untimed: the times are shown, not judged. Needs dist/tracer; the last line counts.
 *
 * Of a session without a transcript (`ephemeral`) the hooks are all that is read, and what the model server was asked is
 * all that it is held against.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { readLog } from "../../src/collector/log.ts"
import { startFakeBraintrust } from "./braintrust/server.ts"
import type { CodexHome } from "./codex/home.ts"
import { newest, versionNamed } from "./codex/versions.ts"
import { scenarioNamed } from "./plan.ts"
import { type OwnHooks, play } from "./play.ts"
import { ephemeral } from "./scenarios/ephemeral.ts"
import { terminal } from "./scenarios/terminal.ts"

const { values } = parseArgs({
  options: {
    codex: { type: "string", default: newest },
    only: { type: "string" },
    keep: { type: "string" },
    flush: { type: "boolean", default: false },
    kill: { type: "boolean", default: false },
    recorded: { type: "boolean", default: false },
    outage: { type: "string" },
    untimed: { type: "boolean", default: false },
    tracer: { type: "string", default: resolve(import.meta.dir, "../../dist/tracer") }
  }
})
const tracer = resolve(values.tracer)
const outageMs = values.outage === undefined ? undefined : Number(values.outage) * 60_000
const keep = values.keep ?? mkdtempSync(join(tmpdir(), "tracer-hooked-"))

interface Fields {
  readonly [key: string]: unknown
}

const run = (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>>, stdin?: string) => {
  const ran = Bun.spawnSync({
    cmd: [tracer, ...args],
    env: { PATH: process.env.PATH ?? "", ...environment },
    cwd: "/",
    ...(stdin !== undefined && { stdin: Buffer.from(stdin) })
  })
  if (ran.exitCode !== 0) throw new Error(`tracer ${args.join(" ")}: ${ran.stdout}${ran.stderr}`)
  return ran.stdout.toString()
}

const stateOf = (home: CodexHome) => join(home.root, "state")

/** The journals as the lab keeps calls: one file each, named after the arrival. */
const copyJournals = (home: CodexHome) => {
  const sessions = join(stateOf(home), "sessions")
  let calls = 0
  for (const session of readdirSync(sessions)) {
    for (const line of readFileSync(join(sessions, session, "journal.jsonl"), "utf8").split("\n")) {
      const at = /^\{"at_ns": (\d+)/.exec(line)?.[1]
      if (at !== undefined) writeFileSync(join(home.journal, `${at}-${++calls}`), line)
    }
  }
  return calls
}

/** Where a transcript lay when it was read is no part of the session: archived ones have moved since. */
const withoutPlace = (row: Fields): Fields => {
  const { transcript_path: _, ...metadata } = (row.metadata ?? {}) as Fields
  return { ...row, metadata }
}

/** The last row of each id, as the jsonl sink wrote it. */
const lastRows = (text: string): ReadonlyMap<string, Fields> =>
  new Map(
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => withoutPlace(JSON.parse(line) as Fields))
      .map((row) => [String(row.id), row])
  )

const differences = (
  live: ReadonlyMap<string, Fields>,
  offline: ReadonlyMap<string, Fields>
): ReadonlyArray<string> => [
  ...[...offline].flatMap(([id, row]) => {
    const other = live.get(id)
    const name = `${row.kind} ${row.name} (${id})`
    if (other === undefined) return [`missing: ${name}`]
    return Object.keys({ ...row, ...other })
      .filter((key) => JSON.stringify(sorted(row[key])) !== JSON.stringify(sorted(other[key])))
      .map((key) => `${name}: ${key} is ${short(other[key])}, offline ${short(row[key])}`)
  }),
  ...[...live.keys()]
    .filter((id) => !offline.has(id))
    .map((id) => `too much: ${live.get(id)?.kind} ${live.get(id)?.name} (${id})`)
]

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [key, sorted(inner)])
        )
      : value

const short = (value: unknown): string => (JSON.stringify(value) ?? "absent").slice(0, 160)

/** Threads that Codex keeps nothing of (the terminal interface has some, for titles) are in no trace. */
const forgetUnkept = (folder: string) => {
  const kept = readdirSync(join(folder, "sessions")).join()
  const isKept = (threadId: unknown) => kept.includes(String(threadId))
  const requests = join(folder, "requests.jsonl")
  const lines = readFileSync(requests, "utf8").split("\n").filter(Boolean)
  writeFileSync(
    requests,
    lines
      .filter((line) => isKept(JSON.parse(line).thread_id))
      .map((line) => `${line}\n`)
      .join("")
  )
  for (const bundle of readdirSync(join(folder, "trace"))) {
    if (!isKept(bundle.slice(-36))) rmSync(join(folder, "trace", bundle), { recursive: true })
  }
}

/** What is wrong with a session that only hooks told of: its tree, and the tokens that the server reported. */
const hookedProblems = (rows: ReadonlyMap<string, Fields>, requests: string): ReadonlyArray<string> => {
  const kinds = [...rows.values()].map(({ kind, status }) => `${kind} ${status}`).sort()
  const wanted = ["llm ok", "llm ok", "session ok", "tool ok", "tool ok", "turn ok"]
  const sum = (all: ReadonlyArray<Fields>, of: string, name: string) =>
    all.reduce((total, row) => total + Number((row[of] as Fields | undefined)?.[name] ?? 0), 0)
  const asked = requests.split("\n").filter(Boolean)
  const reported = sum(
    asked.map((line) => JSON.parse(line) as Fields),
    "usage",
    "total_tokens"
  )
  const told = sum([...rows.values()], "metrics", "tokens")
  return [
    ...(kinds.join() === wanted.join() ? [] : [`the trace has ${kinds.join()}`]),
    ...(told === reported ? [] : [`${told} tokens instead of ${reported}`])
  ]
}

/** Kills the collectors of a home, a few times a second, until told to stop; answers how many there were. */
const killCollectors = (home: CodexHome) => {
  const killed = new Set<number>()
  const timer = setInterval(() => {
    for (const { what } of readLog(stateOf(home), 1000)) {
      const pid = Number(/began \(pid (\d+)\)/.exec(what)?.[1] ?? 0)
      if (pid === 0 || killed.has(pid)) continue
      killed.add(pid)
      process.kill(pid, "SIGKILL")
    }
  }, 350)
  return () => {
    clearInterval(timer)
    return killed.size
  }
}

const hookedPlay = async (name: string): Promise<ReadonlyArray<string>> => {
  const scenario = [terminal, ephemeral].find((special) => special.name === name) ?? scenarioNamed(name)
  const backend = await startFakeBraintrust()
  const folder = join(keep, `${values.codex}-${name}`)
  const liveFile = join(folder, "live.jsonl")
  const problems: Array<string> = []
  let offline = ""
  let live = ""
  let stopKilling: () => number = () => 0
  const environmentOf = (home: CodexHome) => ({
    HOME: home.root,
    CODEX_HOME: home.home,
    TRACER_HOME: stateOf(home),
    TRACER_CONFIG: join(home.root, "tracer.toml"),
    TRACER_TO: "braintrust,jsonl",
    TRACER_IDLE_EXIT_SECONDS: "3",
    TRACER_RECORDINGS: values.recorded ? "on" : "off",
    CODEX_ROLLOUT_TRACE_ROOT: home.trace,
    ...(values.flush && { TRACER_FLUSH_ON_TURN_END: "1" }),
    BRAINTRUST_API_KEY: backend.apiKey,
    BRAINTRUST_API_URL: backend.url,
    BRAINTRUST_APP_URL: backend.url,
    BRAINTRUST_PROJECT: "hooked"
  })
  const ownHooks: OwnHooks = {
    environment: environmentOf,
    install: async (home, binary) => {
      run(["setup", "--codex", binary], environmentOf(home))
      if (outageMs !== undefined) await backend.down()
      if (!values.kill) return
      // What a killed collector leaves is finished without a hook: its key must be in a file.
      const key = `[braintrust]\napi_key = ${JSON.stringify(backend.apiKey)}\n`
      writeFileSync(environmentOf(home).TRACER_CONFIG, key, { mode: 0o600 })
      stopKilling = killCollectors(home)
    },
    settle: async (home) => {
      if (outageMs !== undefined) {
        await Bun.sleep(outageMs)
        await backend.up()
      }
      const flushed = new Set(backend.rows().map(({ id }) => String(id)))
      const environment = environmentOf(home)
      if (values.kill) {
        console.log(`        ${stopKilling()} collectors were killed`)
        // Not `run`: the backend is in this process, and must go on answering.
        await Bun.spawn([tracer, "collect"], { env: { PATH: process.env.PATH ?? "", ...environment }, cwd: "/" }).exited
      }
      const status = () => JSON.parse(run(["status", "--json"], environment))
      // After an outage the next try may be a minute away.
      const patienceMs = outageMs === undefined ? 30_000 : 120_000
      for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await Bun.sleep(200)) {
        if (status().collector === "not running") break
      }
      const told = status()
      if (told.collector !== "not running") problems.push("the collector did not leave")
      for (const { session, unfinished } of told.sessions)
        if (unfinished) problems.push(`session ${session} is unfinished`)
      // Of an outage the log tells, as it should.
      const errors = outageMs === undefined ? told.last_errors : []
      for (const error of errors) problems.push(`error: ${error.what}`)
      const late = backend.rows().filter(({ id }) => !flushed.has(String(id)))
      for (const row of values.flush ? late : [])
        problems.push(`came after Codex had ended: ${short(row.span_attributes)}`)
      if (copyJournals(home) === 0) problems.push("no hook fired")
      live = readFileSync(join(stateOf(home), "spans.jsonl"), "utf8")
      const sessions = join(stateOf(home), "sessions")
      const journals = readdirSync(sessions).map((session) => join(sessions, session, "journal.jsonl"))
      const calls = journals.map((journal) => readFileSync(journal, "utf8")).join("")
      const hooks = journals.flatMap((journal) => ["--hooks", journal])
      offline =
        scenario === ephemeral
          ? run(["--to", "jsonl"], environment, calls)
          : run([home.home, ...hooks, "--to", "jsonl"], environment)
    }
  }
  try {
    await play(scenario, versionNamed(values.codex), folder, ownHooks)
    mkdirSync(folder, { recursive: true })
    if (scenario === terminal) forgetUnkept(folder)
    const rows = lastRows(live)
    writeFileSync(liveFile, [...rows.values()].map((row) => `${JSON.stringify(row)}\n`).join(""))
    problems.push(...differences(rows, lastRows(offline)))
    const backendRows = new Map(backend.rows().map((row) => [String(row.id), row]))
    writeFileSync(
      join(folder, "backend.jsonl"),
      [...backendRows.values()].map((row) => `${JSON.stringify(row)}\n`).join("")
    )
    for (const id of rows.keys()) if (!backendRows.has(id)) problems.push(`not in the backend: ${id}`)
    for (const [id, row] of backendRows) {
      if (!rows.has(id)) problems.push(`only in the backend: ${short(row.span_attributes)} (${id})`)
    }
    if (scenario === ephemeral) {
      problems.push(...hookedProblems(rows, readFileSync(join(folder, "requests.jsonl"), "utf8")))
      return problems
    }
    const teller = join(folder, "tell.sh")
    writeFileSync(teller, `#!/bin/sh\ncat '${liveFile}'\n`, { mode: 0o755 })
    const judged = Bun.spawnSync({
      cmd: [
        process.execPath,
        resolve(import.meta.dir, "../../bench/fidelity/main.ts"),
        folder,
        "--hooks",
        "--tracer",
        teller,
        ...(values.untimed ? ["--untimed"] : [])
      ]
    })
    writeFileSync(join(folder, "fidelity.txt"), judged.stdout)
    if (judged.exitCode !== 0) problems.push(`fidelity:\n${judged.stdout}${judged.stderr}`)
  } catch (cause) {
    problems.push(cause instanceof Error ? cause.message : String(cause))
  } finally {
    stopKilling()
    await backend.stop()
  }
  return problems
}

const names = values.only?.split(",") ?? [
  "simple",
  "tools",
  "code",
  "agents",
  "resume",
  "interrupt",
  "failures",
  "forks",
  "ephemeral",
  "terminal"
]
let failed = 0
for (const name of names) {
  const problems = await hookedPlay(name)
  if (problems.length > 0) failed++
  console.log(`${problems.length === 0 ? "passed" : "FAILED"}  ${values.codex} ${name}`)
  for (const problem of problems.slice(0, 20)) console.log(`        ${problem}`)
}
if (values.keep === undefined && failed === 0) rmSync(keep, { recursive: true, force: true })
else console.log(`cases: ${keep}`)
console.log(`${names.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
