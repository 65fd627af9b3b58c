/**
 * What `tracer doctor` finds by itself, without a Codex and without a backend: settings, folders, the collector, hooks
 * that fired. Hooks as they are installed: check-hooks.test.ts. As a user runs it: test/cli/hook-commands.test.ts.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { journalFile, sessionFolder } from "../../src/hook/places.ts"
import { checkBackend, checkCollector, checkDelivery, checkSettings, checkStateFolder } from "../../src/setup/checks.ts"

let home: string
let cwd: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "tracer-checks-"))
  cwd = process.cwd()
})
afterEach(() => {
  // Asking a collector changes into its folder.
  process.chdir(cwd)
  rmSync(home, { recursive: true, force: true })
})

const environment = (more: Record<string, string> = {}) => ({ HOME: home, TRACER_HOME: join(home, "state"), ...more })
const states = (findings: ReadonlyArray<{ readonly state: string }>) => findings.map(({ state }) => state)

describe("settings", () => {
  test("are well by default, and say where they come from and where spans go", () => {
    const [found] = checkSettings(environment())
    expect(found).toMatchObject({ check: "settings", state: "ok", what: expect.stringContaining("braintrust") })
    expect(checkSettings(environment({ TRACER_DENY: "/private/**" }))[0]?.what).toContain("not in /private/**")
  })

  test("that are wrong are each named, with what to do", () => {
    const found = checkSettings(environment({ TRACER_CONTENT: "some", TRACER_IDLE_EXIT_SECONDS: "soon" }))
    expect(states(found)).toEqual(["broken", "broken"])
    expect(found.map(({ what }) => what).join()).toMatch(/TRACER_CONTENT.*TRACER_IDLE_EXIT_SECONDS/s)
    expect(found.every(({ remedy }) => remedy !== undefined)).toBe(true)
  })

  test("that switch tracing off are a finding", () => {
    expect(checkSettings(environment({ TRACER_ENABLED: "no" }))).toMatchObject([
      { state: "broken", what: "tracing is switched off" }
    ])
  })
})

describe("the state folder", () => {
  test("is made, for its owner alone", () => {
    expect(states(checkStateFolder(environment()))).toEqual(["ok"])
    chmodSync(join(home, "state"), 0o755)
    expect(checkStateFolder(environment())).toMatchObject([
      { state: "warning", remedy: `chmod 700 '${join(home, "state")}'` }
    ])
  })

  test("that is a file cannot be written", () => {
    writeFileSync(join(home, "state"), "")
    expect(checkStateFolder(environment())).toMatchObject([
      { state: "broken", what: expect.stringContaining("cannot be written") }
    ])
  })
})

test("a backend is only asked where spans go to it", async () => {
  expect(await Effect.runPromise(checkBackend(environment(), undefined))).toEqual([])
})

test("no collector is well: the next hook starts one", async () => {
  expect(await Effect.runPromise(checkCollector(environment()))).toMatchObject([{ check: "collector", state: "ok" }])
})

describe("delivery", () => {
  const delivery = () => Effect.runPromise(checkDelivery(environment()))

  test("cannot be told before a hook has fired", async () => {
    expect(await delivery()).toMatchObject([{ check: "last hook", state: "warning", what: "no hook has fired yet" }])
  })

  test("is missing where a hook fired and no backend acknowledged anything", async () => {
    const session = "01a1fb04-0000-7000-8000-000000000001"
    const state = join(home, "state")
    mkdirSync(sessionFolder(state, session), { recursive: true })
    writeFileSync(journalFile(state, session), `{"at_ns": 1795000000000000000, "payload": {"cwd":"/w"}}\n`)
    const found = await delivery()
    expect(found).toMatchObject([
      { check: "last hook", state: "ok", what: expect.stringContaining(session) },
      { check: "delivery", state: "broken" }
    ])
  })
})
