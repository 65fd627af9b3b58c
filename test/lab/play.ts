/**
 * Plays a scenario on one version of Codex and records it.
 *
 * Owns a run's life: model server, home, hooks, the processes, and the limit on its time. Whatever happens, everything
 * it started is gone when it returns.
 */
import { join } from "node:path"
import { Schema } from "effect"
import { type AppServer, connect } from "./codex/app-server.ts"
import { type CodexHome, makeHome } from "./codex/home.ts"
import { codexBinary } from "./codex/install.ts"
import { installJournal } from "./codex/journal.ts"
import { processesOf } from "./codex/processes.ts"
import { approveHooks } from "./codex/trust.ts"
import { type CodexVersion, modelOf } from "./codex/versions.ts"
import { startModelServer } from "./model/server.ts"
import { record } from "./recording.ts"
import type { Exec, Scenario, Stage } from "./scenario.ts"

export class ScenarioFailed extends Schema.TaggedError<ScenarioFailed>()("ScenarioFailed", {
  scenario: Schema.String,
  version: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.scenario} on Codex ${this.version}: ${this.reason}`
  }
}

export interface Played {
  /** Requests to the server that it has no route for. */
  readonly strangers: ReadonlyArray<string>
}

/** Hooks of the player's own instead of the recording ones. */
export interface OwnHooks {
  /** What Codex, and with it every hook, finds in its environment. */
  readonly environment: (home: CodexHome) => Readonly<Record<string, string>>
  /** Writes hooks.json; what Codex then finds is approved. */
  readonly install: (home: CodexHome, binary: string) => Promise<void>
  /** After the drive, before the run is recorded: leaves the calls in the home's journal folder. */
  readonly settle: (home: CodexHome) => Promise<void>
}

const playMsMax = 180_000

/** Plays `scenario` and writes the case to `folder`. */
export const play = async (
  scenario: Scenario,
  codex: CodexVersion,
  folder: string,
  ownHooks?: OwnHooks
): Promise<Played> => {
  const binary = await codexBinary(codex.version)
  await using model = startModelServer(typeof scenario.script === "function" ? scenario.script(codex) : scenario.script)
  const { config = [], tables = [], hooks = true } = scenario
  const { slug, features } = modelOf(codex, scenario.model)
  await using home = await makeHome({
    baseUrl: model.baseUrl,
    model: slug,
    codex,
    provider: scenario.provider ?? "mock",
    config,
    features: [...features, ...(scenario.features ?? [])],
    tables
  })
  const environment = {
    HOME: home.root,
    CODEX_HOME: home.home,
    CODEX_ROLLOUT_TRACE_ROOT: home.trace,
    ...ownHooks?.environment(home)
  }
  using processes = processesOf(crypto.randomUUID(), environment)
  const failed = (reason: string) => new ScenarioFailed({ scenario: scenario.name, version: codex.version, reason })

  for (const [path, text] of Object.entries(scenario.homeFiles ?? {})) await Bun.write(join(home.home, path), text)
  if (hooks && codex.can("hooks")) {
    if (ownHooks === undefined) await installJournal(home, codex, scenario.guard)
    else await ownHooks.install(home, binary)
    if (codex.can("trustedHooks")) await approveHooks(home, processes.start([binary, "app-server"], home.work))
  }

  const start = (args: ReadonlyArray<string>): Exec & { readonly complaint: () => string } => {
    const child = processes.start([binary, "exec", ...args], home.work)
    child.stdin.end()
    let complaint = ""
    const output = Promise.all([child.stdout.text(), child.stderr.text()]).then((texts) => {
      complaint = texts.join("\n")
    })
    return {
      complaint: () => complaint,
      ended: async () => {
        const code = await child.exited
        await output
        return code
      },
      crash: async () => {
        child.kill("SIGKILL")
        await child.exited
      }
    }
  }
  /** A turn that fails is a scenario's right, and Codex then exits with 1; anything else is not. */
  const whole = async (args: ReadonlyArray<string>) => {
    const exec = start(args)
    const code = await exec.ended()
    if (code > 1 || (code === 1 && model.requests.length === 0)) {
      throw failed(`codex exec ended with ${code}: ${exec.complaint().slice(-1000)}`)
    }
  }
  const flags = ["--json", "--skip-git-repo-check"]
  const stage: Stage = {
    codex,
    model,
    work: home.work,
    start: (...args) => start([...flags, ...args]),
    exec: (prompt) => whole([...flags, prompt]),
    resume: (prompt) => whole([...flags, "resume", "--last", prompt]),
    sh: async (command) => {
      const child = processes.start(["sh", "-c", command], home.work)
      child.stdin.end()
      if ((await child.exited) !== 0) throw failed(`${command}: ${await child.stderr.text()}`)
    },
    appServer: async (): Promise<AppServer> => connect(processes.start([binary, "app-server"], home.work))
  }

  const limit = Promise.withResolvers<never>()
  const timer = setTimeout(() => limit.reject(failed(`not over after ${playMsMax / 1000} s`)), playMsMax)
  try {
    await Promise.race([scenario.drive(stage), limit.promise])
    await ownHooks?.settle(home)
  } finally {
    clearTimeout(timer)
    processes.killAll()
  }
  await record({ home, requests: model.requests, binary, processes }, folder)
  const left = Object.entries(model.leftOver()).map(([agent, count]) => `${agent} has ${count} left`)
  if (left.length > 0) throw failed(`not all answers were asked for: ${left.join(", ")}`)
  return { strangers: model.strangers }
}
