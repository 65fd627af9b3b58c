/** The plugin that `codex plugin add` copies out of a checkout: its files agree with the product, its launcher behaves. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { hookEvents, wantedHooks } from "../../src/setup/events.ts"
import { hookProgram } from "../../src/setup/hooks-file.ts"
import { version } from "../../src/version.ts"

const root = resolve(import.meta.dir, "../..")
const json = (path: string) => Bun.file(join(root, path)).json()

test("the marketplace names the plugin, and the plugin has the product's version", async () => {
  const { plugins } = await json(".agents/plugins/marketplace.json")
  expect(plugins.map(({ source }: { source: { path: string } }) => source.path)).toEqual(["./plugins/tracer"])
  expect(await json("plugins/tracer/.codex-plugin/plugin.json")).toMatchObject({ name: "tracer", version })
})

test("its hooks are those of tracer setup, and doctor knows them as ours", async () => {
  const { hooks } = await json("plugins/tracer/hooks/hooks.json")
  const wanted = wantedHooks({ events: hookEvents, runsAsync: true }, { flushOnTurnEnd: false, flushTimeoutSeconds: 5 })
  expect(Object.keys(hooks)).toEqual(wanted.map(({ event }) => event))
  for (const { event, async, timeout } of wanted) {
    const [{ hooks: entries }] = hooks[event]
    const [entry] = entries
    expect([event, entry.async ?? false, entry.timeout]).toEqual([event, async, timeout])
    expect(hookProgram(entry.command)).toBeDefined()
  }
})

describe("the launcher", () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tracer-plugin-"))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const launch = (event: string, environment: Record<string, string> = {}) => {
    const ran = Bun.spawnSync({
      cmd: [join(root, "plugins/tracer/bin/tracer"), "hook"],
      env: { PATH: "/usr/bin:/bin", HOME: folder, ...environment },
      stdin: Buffer.from(`{"session_id":"s","hook_event_name":"${event}"}`)
    })
    return { exitCode: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
  }

  test("hands its input to the executable in TRACER_PROGRAM, on the PATH, or in ~/.local/bin", () => {
    const bin = join(folder, ".local", "bin")
    mkdirSync(bin, { recursive: true })
    const program = join(bin, "tracer")
    writeFileSync(program, `#!/bin/sh\necho "$1" >> '${folder}/called'\ncat > /dev/null\n`)
    chmodSync(program, 0o755)
    for (const environment of [{}, { PATH: `${bin}:/usr/bin:/bin` }, { HOME: "/nowhere", TRACER_PROGRAM: program }]) {
      expect(launch("Stop", environment)).toEqual({ exitCode: 0, stdout: "", stderr: "" })
    }
    expect(Bun.spawnSync({ cmd: ["cat", join(folder, "called")] }).stdout.toString()).toBe("hook\nhook\nhook\n")
  })

  test("without an executable says at the session's start how to get it, and is silent otherwise", () => {
    const { exitCode, stdout } = launch("SessionStart")
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout).systemMessage).toContain("TRACER_PROGRAM")
    expect(launch("PreToolUse")).toEqual({ exitCode: 0, stdout: "", stderr: "" })
  })
})
