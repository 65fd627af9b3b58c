/** setup, uninstall, status, doctor and collect as a user runs them, in a home of their own and with a scripted Codex. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { Effect } from "effect"
import { commitWatermark } from "../../src/collector/watermark.ts"
import { journalFile, sessionFolder } from "../../src/hook/places.ts"
import { type CodexSays, scriptedCodex } from "../support/scripted-codex.ts"

const door = resolve(import.meta.dir, "../../src/main.ts")

let home: string
let codex: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "tracer-commands-"))
  codex = join(home, "codex")
  fakeCodex({ trust: "untrusted" })
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const hooksFile = () => join(home, ".codex", "hooks.json")
const hooksOf = () => JSON.parse(readFileSync(hooksFile(), "utf8")).hooks

const fakeCodex = (says: CodexSays) => scriptedCodex(codex, says)

const tracer = async (args: ReadonlyArray<string>, environment: Record<string, string> = {}) => {
  const ran = Bun.spawn({
    cmd: [process.execPath, door, ...args],
    cwd: home,
    env: { PATH: "/usr/bin:/bin", HOME: home, ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe"
  })
  const [stdout, stderr] = await Promise.all([new Response(ran.stdout).text(), new Response(ran.stderr).text()])
  return { exitCode: await ran.exited, stdout, stderr }
}

const program = () => {
  const path = join(home, "tracer")
  writeFileSync(path, "#!/bin/sh\n")
  chmodSync(path, 0o755)
  return path
}
const setup = (...more: ReadonlyArray<string>) => tracer(["setup", "--codex", codex, "--program", program(), ...more])

describe("tracer setup", () => {
  test("writes hooks.json and says the step that is left", async () => {
    const { exitCode, stdout } = await setup()
    expect(exitCode).toBe(0)
    expect(stdout).toContain("14 hooks added")
    expect(stdout).toContain("/hooks")
    expect(Object.keys(hooksOf()).length).toBe(14)
    expect(hooksOf().Stop[0].hooks[0].command).toBe(`'${home}/tracer' hook`)
  })

  test("asks only for the events that this Codex has", async () => {
    fakeCodex({ trust: "untrusted", events: ["SessionStart", "Stop"] })
    await setup()
    expect(Object.keys(hooksOf())).toEqual(["SessionStart", "Stop"])
  })

  test("with --dry-run prints what it would write, and writes nothing", async () => {
    const { stdout } = await setup("--dry-run")
    expect(Object.keys(JSON.parse(stdout).hooks).length).toBe(14)
    expect(existsSync(hooksFile())).toBe(false)
  })

  test("refuses a hooks.json that is not JSON, changes nothing and says why", async () => {
    mkdirSync(join(home, ".codex"))
    writeFileSync(hooksFile(), "{ mine: ")
    const { exitCode, stderr } = await setup()
    expect(exitCode).toBe(1)
    expect(stderr).toContain(`${hooksFile()} is not JSON`)
    expect(readFileSync(hooksFile(), "utf8")).toBe("{ mine: ")
  })

  test("refuses a program by whose name it would not know its own hooks again", async () => {
    const { exitCode, stderr } = await tracer(["setup", "--program", join(home, "tracerouter")])
    expect(exitCode).toBe(2)
    expect(stderr).toContain("is not a tracer executable")
    expect(existsSync(hooksFile())).toBe(false)
  })

  test("leaves Codex's own config.toml as it is, to the byte, and so does tracer uninstall", async () => {
    mkdirSync(join(home, ".codex"))
    const config = '# mine\r\nnotify = ["say", "done"] # keep\n\n[projects."/w"]\ntrust_level = "trusted"'
    const file = join(home, ".codex", "config.toml")
    writeFileSync(file, config)
    const { mtimeMs } = statSync(file)
    await setup()
    await tracer(["uninstall"])
    expect([readFileSync(file, "utf8"), statSync(file).mtimeMs]).toEqual([config, mtimeMs])
  })

  test("writes through a link, and keeps the file's rights", async () => {
    mkdirSync(join(home, ".codex"))
    const dotfiles = join(home, "dotfiles-hooks.json")
    writeFileSync(dotfiles, "{}", { mode: 0o640 })
    symlinkSync(dotfiles, hooksFile())
    await setup()
    expect(Object.keys(JSON.parse(readFileSync(dotfiles, "utf8")).hooks).length).toBe(14)
    expect(statSync(dotfiles).mode & 0o777).toBe(0o640)
  })

  test("without a Codex writes what every version runs", async () => {
    const { exitCode, stderr } = await tracer(["setup", "--program", program()])
    expect(exitCode).toBe(0)
    expect(stderr).toContain("no codex on the PATH")
    expect(Object.keys(hooksOf()).length).toBe(6)
    expect(JSON.stringify(hooksOf())).not.toContain("async")
  })

  test("is undone by tracer uninstall", async () => {
    mkdirSync(join(home, ".codex"))
    const before = { hooks: { Stop: [{ hooks: [{ type: "command", command: "say done" }] }] } }
    writeFileSync(hooksFile(), JSON.stringify(before))
    await setup()
    const { exitCode, stdout } = await tracer(["uninstall"])
    expect(exitCode).toBe(0)
    expect(stdout).toContain("14 hooks removed")
    expect(JSON.parse(readFileSync(hooksFile(), "utf8"))).toEqual(before)
  })

  test("names what stays of ours after tracer uninstall, and nothing that is not there", async () => {
    const left = async () => {
      await setup()
      return (await tracer(["uninstall"])).stdout.split("\n").filter((line) => line.startsWith("Left in place"))
    }
    expect(await left()).toEqual([])
    mkdirSync(join(home, ".config", "tracer"), { recursive: true })
    writeFileSync(join(home, ".config", "tracer", "config.toml"), "enabled = true\n", { mode: 0o600 })
    expect(await left()).toEqual([`Left in place: ${join(home, ".config", "tracer", "config.toml")} (settings)`])
  })
})

describe("tracer doctor", () => {
  const doctor = async (environment: Record<string, string> = {}) => {
    const { exitCode, stdout } = await tracer(["doctor", "--json", "--codex", codex], environment)
    const { findings } = JSON.parse(stdout) as { findings: ReadonlyArray<Record<string, string>> }
    const states = (check: string) => findings.filter((finding) => finding.check === check)
    return { exitCode, findings, states }
  }

  test("says what is missing at first, with a remedy for each", async () => {
    const { exitCode, findings, states } = await doctor()
    expect(exitCode).toBe(1)
    expect(states("backend")).toMatchObject([{ state: "broken", what: expect.stringContaining("BRAINTRUST_API_KEY") }])
    expect(states("hooks")).toMatchObject([{ state: "broken", remedy: "tracer setup" }])
    expect(findings.filter(({ state, remedy }) => state === "broken" && !remedy)).toEqual([])
  })

  test("tells untrusted hooks from trusted ones by asking Codex", async () => {
    await setup()
    expect((await doctor({ TRACER_TO: "jsonl" })).states("trust")).toMatchObject([
      {
        state: "broken",
        what: expect.stringContaining("before they are approved"),
        remedy: expect.stringContaining("/hooks")
      }
    ])
    fakeCodex({ trust: "trusted" })
    const { exitCode, states } = await doctor({ TRACER_TO: "jsonl" })
    expect(states("trust")).toMatchObject([{ state: "ok" }])
    expect(states("hooks")).toMatchObject([{ state: "ok" }])
    expect(exitCode).toBe(0)
  })

  test("names the place and the key of a broken setting", async () => {
    const { states } = await doctor({ TRACER_CONTENT: "some" })
    expect(states("settings")).toMatchObject([
      { state: "broken", what: `TRACER_CONTENT: content: expected "full" | "none"` }
    ])
  })

  test("says that the hooks call a program that is gone", async () => {
    await setup()
    rmSync(join(home, "tracer"))
    expect((await doctor()).states("hooks")).toMatchObject([
      { state: "broken", what: expect.stringContaining("does not exist") }
    ])
  })
})

test("tracer doctor looks at hooks.json also where there is no Codex to ask", async () => {
  mkdirSync(join(home, ".codex"))
  const hooks = { Stop: [{ hooks: [{ type: "command", command: "'/gone/tracer' hook" }] }] }
  writeFileSync(hooksFile(), JSON.stringify({ hooks }))
  const { exitCode, stdout } = await tracer(["doctor"], { TRACER_TO: "jsonl" })
  expect(exitCode).toBe(1)
  expect(stdout).toContain("BROKEN  hooks: the hooks call /gone/tracer, which does not exist")
})

describe("tracer status and collect", () => {
  test("without anything there is nothing, and that is no failure", async () => {
    expect(await tracer(["status"])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("not running") })
    expect(await tracer(["collect", "--stop"])).toEqual({
      exitCode: 0,
      stdout: "no collector is running\n",
      stderr: ""
    })
  })

  test("--json names everything in snake_case, of the disk and of the collector", async () => {
    const state = join(home, ".local", "state", "tracer")
    const session = "01a1fb04-0000-7000-8000-000000000001"
    mkdirSync(sessionFolder(state, session), { recursive: true })
    writeFileSync(journalFile(state, session), "")
    const destination = { sink: "jsonl", label: "spans.jsonl", address: "1" }
    const mark = { sink: "jsonl", destination: "spans.jsonl", files: {}, ended: false, spans: 3, acknowledgedAt: 1.5 }
    await Effect.runPromise(commitWatermark(state, session, destination, { version: 1, ...mark }))
    const running = tracer(["collect"], { TRACER_TO: "jsonl" })
    const status = async () => JSON.parse((await tracer(["status", "--json"])).stdout)
    for (let tries = 0; (await status()).collector !== "running" && tries < 50; tries++) await Bun.sleep(50)
    const found = await status()
    await tracer(["collect", "--stop"])
    await running
    expect(found).toMatchObject({
      state_folder: state,
      last_delivery_at: expect.any(Number),
      last_errors: [],
      answer: { started_at: expect.any(Number), resident_bytes: expect.any(Number) },
      sessions: [
        {
          session,
          last_hook_at: expect.any(Number),
          sinks: expect.arrayContaining([
            { sink: "jsonl", destination: "spans.jsonl", acknowledged_spans: 3, acknowledged_at: 1.5, lag_bytes: 0 }
          ])
        }
      ]
    })
    const keys: Array<string> = []
    JSON.stringify(found, (key, value) => {
      keys.push(key)
      return value
    })
    expect(keys.filter((key) => !/^[a-z0-9_]*$/.test(key))).toEqual([])
  }, 20_000)

  test("a running collector is shown, and ends when it is told to", async () => {
    const running = tracer(["collect"], { TRACER_TO: "jsonl" })
    const status = async () => JSON.parse((await tracer(["status", "--json"])).stdout)
    for (let tries = 0; (await status()).collector !== "running" && tries < 50; tries++) await Bun.sleep(50)
    expect((await status()).answer).toMatchObject({ sessions: [] })
    expect((await tracer(["collect"])).stdout).toContain("running already")
    expect((await tracer(["collect", "--stop"])).stdout).toContain("has ended")
    expect((await running).exitCode).toBe(0)
    expect((await status()).collector).toBe("not running")
  }, 20_000)
})
