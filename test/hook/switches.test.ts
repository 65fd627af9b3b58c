import { describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { isTraced, readSwitches } from "../../src/hook/switches.ts"

const traced = (cwd: string | undefined, rules: { allow?: ReadonlyArray<string>; deny?: ReadonlyArray<string> }) =>
  isTraced({ enabled: true, allow: rules.allow ?? [], deny: rules.deny ?? [] }, cwd, "/home/dev")

describe("which folders are traced", () => {
  test("all of them without rules, none when tracing is off", () => {
    expect(traced("/anywhere", {})).toBe(true)
    expect(traced(undefined, {})).toBe(true)
    expect(isTraced({ enabled: false, allow: ["/anywhere"], deny: [] }, "/anywhere", undefined)).toBe(false)
  })

  test("a pattern means the folder and everything in it, and nothing that only begins like it", () => {
    expect(traced("/work/a", { deny: ["/work/a"] })).toBe(false)
    expect(traced("/work/a/b/c", { deny: ["/work/a/"] })).toBe(false)
    expect(traced("/work/ab", { deny: ["/work/a"] })).toBe(true)
    expect(traced("/anything", { deny: ["/"] })).toBe(false)
  })

  test("globs and the home folder are understood", () => {
    expect(traced("/home/dev/clients/acme/src", { deny: ["~/clients/*"] })).toBe(false)
    expect(traced("/home/dev/clients", { deny: ["~/clients/*"] })).toBe(true)
    expect(traced("/srv/x/secret/y", { deny: ["**/secret"] })).toBe(false)
  })

  test("outside of allow nothing is, and deny wins over allow", () => {
    const rules = { allow: ["~/work"], deny: ["~/work/secret"] }
    expect(traced("/home/dev/work/open", rules)).toBe(true)
    expect(traced("/home/dev/other", rules)).toBe(false)
    expect(traced("/home/dev/work/secret/x", rules)).toBe(false)
    expect(traced(undefined, rules)).toBe(false)
  })

  test("a link does not lead around a rule", () => {
    const folder = mkdtempSync(join(tmpdir(), "tracer-switches-"))
    mkdirSync(join(folder, "secret"))
    symlinkSync(join(folder, "secret"), join(folder, "innocent"))
    expect(traced(join(folder, "innocent"), { deny: [join(folder, "secret")] })).toBe(false)
    rmSync(folder, { recursive: true })
  })
})

describe("what a hook reads of the settings", () => {
  test("is the file with the environment over it, and the defaults where neither can be used", () => {
    const folder = mkdtempSync(join(tmpdir(), "tracer-switches-"))
    const config = join(folder, "config.toml")
    const read = (environment: Record<string, string> = {}) => readSwitches({ TRACER_CONFIG: config, ...environment })
    expect(read()).toEqual({ enabled: true, allow: [], deny: [], flushOnTurnEnd: false, flushTimeoutMs: 5000 })
    writeFileSync(config, `enabled = false\ndeny = ["/a"]\nflush_on_turn_end = true\nflush_timeout_seconds = 2`)
    expect(read()).toEqual({ enabled: false, allow: [], deny: ["/a"], flushOnTurnEnd: true, flushTimeoutMs: 2000 })
    expect(read({ TRACER_ENABLED: "yes", TRACER_DENY: "/b,/c", TRACER_FLUSH_TIMEOUT_SECONDS: "soon" })).toMatchObject({
      enabled: true,
      deny: ["/b", "/c"],
      flushTimeoutMs: 5000
    })
    writeFileSync(config, "deny = [")
    expect(read()).toMatchObject({ enabled: true, deny: [] })
    rmSync(folder, { recursive: true })
  })
})

test.skipIf(process.platform === "win32")("settings that are a pipe which nobody writes to are none", () => {
  const folder = mkdtempSync(join(tmpdir(), "switches-"))
  const pipe = join(folder, "config.toml")
  Bun.spawnSync({ cmd: ["mkfifo", pipe] })
  expect(readSwitches({ TRACER_CONFIG: pipe })).toEqual(readSwitches({ TRACER_CONFIG: join(folder, "none") }))
  rmSync(folder, { recursive: true })
})
