/**
 * `bun test/lab/turn-cost.ts [--codex VERSION] [--runs 7]`: what hooks cost a turn of the real Codex.
 *
 * One turn with five tool calls, without hooks, with those of `tracer setup`, with all of them made synchronous, and
 * with `cat >/dev/null` in their place as the floor of any hook; interleaved, median time from the start of
 * `codex exec` to its end. A collector runs already. Needs dist/tracer and a machine that does nothing else.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import type { CodexHome } from "./codex/home.ts"
import { newest, versionNamed } from "./codex/versions.ts"
import { answer, calls, says } from "./model/answer.ts"
import { play } from "./play.ts"
import type { Scenario } from "./scenario.ts"

const { values } = parseArgs({
  options: {
    codex: { type: "string", default: newest },
    runs: { type: "string", default: "7" },
    tracer: { type: "string", default: resolve(import.meta.dir, "../../dist/tracer") }
  }
})
const codex = versionNamed(values.codex)
const tracer = resolve(values.tracer)
const folder = mkdtempSync(join(tmpdir(), "tracer-turn-cost-"))
const state = join(folder, "state")

let tookMs = 0
const scenario: Scenario = {
  name: "five tools",
  summary: "five tool calls, one after the other, and an answer",
  model: "plain",
  script: {
    "/root": [
      ...[1, 2, 3, 4, 5].map((n) => answer(calls("exec_command", { cmd: `echo ${n}` }))),
      answer(says("Done.", "final_answer"))
    ]
  },
  drive: async ({ exec }) => {
    const begun = performance.now()
    await exec("call five tools")
    tookMs = performance.now() - begun
  }
}

type Kind = "no hooks" | "tracer setup" | "all synchronous" | "cat, as set up" | "cat, all synchronous"

const environment = (home: CodexHome) => ({
  HOME: home.root,
  CODEX_HOME: home.home,
  TRACER_HOME: state,
  TRACER_CONFIG: join(folder, "none.toml"),
  TRACER_TO: "jsonl",
  TRACER_IDLE_EXIT_SECONDS: "60"
})

const install = (kind: Kind) => async (home: CodexHome, binary: string) => {
  if (kind === "no hooks") return
  const env = { PATH: process.env.PATH ?? "", ...environment(home) }
  const ran = Bun.spawnSync({ cmd: [tracer, "setup", "--codex", binary], env, cwd: "/" })
  if (ran.exitCode !== 0) throw new Error(ran.stderr.toString())
  const file = join(home.home, "hooks.json")
  let text = readFileSync(file, "utf8")
  if (kind.endsWith("all synchronous")) text = text.replace(/,\s*"async": true/g, "")
  if (kind.startsWith("cat")) text = text.replaceAll(`'${tracer}' hook`, "cat >/dev/null")
  writeFileSync(file, text)
}

const median = (times: ReadonlyArray<number>): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0

const kinds: ReadonlyArray<Kind> = [
  "no hooks",
  "tracer setup",
  "all synchronous",
  "cat, as set up",
  "cat, all synchronous"
]
const times = new Map<Kind, Array<number>>(kinds.map((kind) => [kind, []]))
try {
  for (let run = -1; run < Number(values.runs); run++) {
    for (const kind of kinds) {
      await play(scenario, codex, join(folder, "case"), { environment, install: install(kind), settle: async () => {} })
      if (run >= 0) times.get(kind)?.push(tookMs) // The first round warms up.
    }
  }
} finally {
  Bun.spawnSync({ cmd: [tracer, "collect", "--stop"], env: { TRACER_HOME: state }, cwd: "/" })
  rmSync(folder, { recursive: true, force: true })
}
const none = times.get("no hooks") ?? []
console.log(`Codex ${values.codex}, a turn with five tools, ${none.length} runs; median ms, and beyond no hooks`)
for (const [kind, took] of times) {
  const spread = `${Math.min(...took).toFixed(0)}–${Math.max(...took).toFixed(0)}`
  console.log(
    `${kind.padEnd(22)}${median(took).toFixed(0).padStart(6)}  +${(median(took) - median(none)).toFixed(0)} (${spread})`
  )
}
