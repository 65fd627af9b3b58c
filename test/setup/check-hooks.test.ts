/** What `tracer doctor` finds of the hooks: with a Codex to ask (a scripted one), and without. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Result } from "effect"
import { checkHooks } from "../../src/setup/check-hooks.ts"
import { wantedHooks } from "../../src/setup/events.ts"
import { planInstall } from "../../src/setup/hooks-file.ts"
import { type CodexSays, scriptedCodex } from "../support/scripted-codex.ts"

let home: string
let program: string
let file: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "tracer-check-hooks-"))
  program = join(home, "tracer")
  file = join(home, ".codex", "hooks.json")
  mkdirSync(join(home, ".codex"))
  mkdirSync(join(home, "state"))
  writeFileSync(program, "#!/bin/sh\n")
  chmodSync(program, 0o755)
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const events = ["SessionStart", "PostToolUse", "Stop"] as const

/** As `tracer setup` writes it for a Codex that has these events. */
const installed = (calling = program): string => {
  const wanted = wantedHooks({ events, runsAsync: true }, { flushOnTurnEnd: false, flushTimeoutSeconds: 5 })
  return Result.getOrThrow(planInstall(file, undefined, wanted, calling, () => true)).text
}

const check = (codex: string | undefined, more: Record<string, string> = {}) =>
  Effect.runPromise(checkHooks({ HOME: home, TRACER_HOME: join(home, "state"), ...more }, codex))

const checkWith = (says: Partial<CodexSays> = {}) => {
  const codex = join(home, "codex")
  scriptedCodex(codex, { trust: "trusted", events, ...says })
  return check(codex)
}

const containing = (text: string) => expect.stringContaining(text)

describe("without a Codex to ask", () => {
  const unknown = { check: "trust", state: "warning", remedy: "tracer doctor --codex PATH" }

  test("the file is looked at, and nothing is claimed of trust", async () => {
    writeFileSync(file, installed())
    expect(await check(undefined)).toMatchObject([
      { check: "hooks", state: "ok", what: `${file}: 3 events call '${program}' hook` },
      unknown
    ])
  })

  test("a file without our hooks, or none, is said; they may come with the plugin", async () => {
    const none = { check: "hooks", state: "warning", what: `${file} has no hook of ours` }
    expect(await check(undefined)).toMatchObject([none, unknown])
    writeFileSync(file, "{}")
    expect(await check(undefined)).toMatchObject([none, unknown])
  })

  test("a file that is no JSON is broken", async () => {
    writeFileSync(file, "{ mine: ")
    expect(await check(undefined)).toMatchObject([
      { check: "hooks", state: "broken", what: containing("is not JSON"), remedy: containing("correct the file") },
      unknown
    ])
  })

  test("a program that is gone is named", async () => {
    writeFileSync(file, installed("/gone/tracer"))
    expect(await check(undefined)).toMatchObject([
      {
        check: "hooks",
        state: "broken",
        what: "the hooks call /gone/tracer, which does not exist",
        remedy: "tracer setup"
      },
      unknown
    ])
  })

  test("a program without a folder is looked for on the PATH", async () => {
    writeFileSync(file, JSON.stringify({ hooks: { Stop: [{ hooks: [{ type: "command", command: "tracer hook" }] }] } }))
    expect(await check(undefined, { PATH: home })).toMatchObject([{ state: "ok" }, unknown])
    expect(await check(undefined, { PATH: "/nowhere" })).toMatchObject([
      { state: "broken", what: containing("the hooks call tracer, which") },
      unknown
    ])
  })

  test("one that cannot be started is as good as none", async () => {
    writeFileSync(file, installed("/gone/tracer"))
    expect(await check(join(home, "no-codex"))).toMatchObject([
      { check: "hooks", state: "broken", what: containing("/gone/tracer") },
      { check: "trust", state: "warning", what: containing("cannot be started"), remedy: containing("--codex PATH") }
    ])
  })
})

describe("with a Codex", () => {
  test("all is well where the file is current and trusted", async () => {
    writeFileSync(file, installed())
    expect(await checkWith()).toMatchObject([
      { check: "hooks", state: "ok", what: `${file}: 3 events call '${program}' hook` },
      { check: "trust", state: "ok", what: "Codex runs all 3 hooks" }
    ])
  })

  test("no hook of ours anywhere is broken, in the file and for Codex", async () => {
    expect(await checkWith()).toMatchObject([
      { check: "hooks", state: "broken", what: `${file} has no hook of ours`, remedy: "tracer setup" },
      { check: "trust", state: "broken", what: "Codex sees no hook of ours", remedy: "tracer setup" }
    ])
  })

  test("a file that lacks what this Codex could run is not current", async () => {
    const { hooks } = JSON.parse(installed())
    delete hooks.PostToolUse
    writeFileSync(file, JSON.stringify({ hooks }))
    expect(await checkWith()).toMatchObject([
      {
        check: "hooks",
        state: "warning",
        what: containing("could run: PostToolUse"),
        remedy: containing("tracer setup")
      },
      { check: "trust", state: "ok" }
    ])
  })

  test("a program that is gone goes before what is not current", async () => {
    writeFileSync(file, installed("/gone/tracer"))
    expect(await checkWith({ events: ["Stop"] })).toMatchObject([
      { check: "hooks", state: "broken", what: containing("/gone/tracer") },
      { check: "trust" }
    ])
  })

  test.each(["untrusted", "modified"])("hooks that are %s do not run before they are approved", async (trust) => {
    writeFileSync(file, installed())
    expect(await checkWith({ trust })).toMatchObject([
      { check: "hooks", state: "ok" },
      {
        check: "trust",
        state: "broken",
        what: containing("3 of 3 hooks before they are approved: SessionStart, PostToolUse, Stop"),
        remedy: containing("/hooks")
      }
    ])
  })

  test("hooks that the user disabled in Codex are named", async () => {
    writeFileSync(file, installed())
    expect(await checkWith({ disabled: ["Stop"] })).toMatchObject([
      { check: "hooks", state: "ok" },
      { check: "trust", state: "broken", what: "disabled in Codex: Stop", remedy: containing("/hooks") }
    ])
  })

  test("hooks that come with the plugin need no file", async () => {
    expect(await checkWith({ plugin: events })).toMatchObject([
      { check: "hooks", state: "ok", what: "3 hooks come from the plugin" },
      { check: "trust", state: "ok" }
    ])
  })

  test("a file that is no JSON is broken, whatever the plugin brings", async () => {
    writeFileSync(file, "{ mine: ")
    expect(await checkWith({ plugin: events })).toMatchObject([
      { check: "hooks", state: "broken", what: containing("is not JSON") },
      { check: "trust", state: "ok" }
    ])
  })

  test("hooks that are registered twice, by the file and by the plugin, are said", async () => {
    writeFileSync(file, installed())
    expect(await checkWith({ plugin: events })).toMatchObject([
      { check: "hooks", state: "ok" },
      { check: "hooks", state: "warning", what: containing("comes twice"), remedy: containing("tracer uninstall") },
      { check: "trust", state: "ok", what: "Codex runs all 6 hooks" }
    ])
  })

  test("what Codex itself warns of is handed on", async () => {
    writeFileSync(file, installed())
    expect(await checkWith({ warnings: ["hooks.json: odd"] })).toMatchObject([
      { check: "hooks", state: "ok" },
      { check: "hooks", state: "warning", what: "Codex says: hooks.json: odd" },
      { check: "trust", state: "ok" }
    ])
  })
})
