/** The hook against everything that can go wrong: it always leaves with 0 and says nothing. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readComplaints } from "../../src/hook/complaints.ts"
import { journalFile } from "../../src/hook/places.ts"
import { hookEvents } from "../../src/setup/events.ts"
import { version } from "../../src/version.ts"
import { type HookPlace, hookPlace, journal, listen, runHook, sessionId, silent } from "./support.ts"

const events = [...hookEvents, "AnEventOfTheFuture"]
const payload = (event: string, more: object = {}) =>
  JSON.stringify({ session_id: sessionId, hook_event_name: event, cwd: "/somewhere", ...more })

let place: HookPlace
let collector: ReturnType<typeof listen>

beforeEach(() => {
  place = hookPlace()
  mkdirSync(place.state, { mode: 0o700 })
  collector = listen(join(place.state, "collector.sock"))
})
afterEach(() => {
  collector.stop()
  place.remove()
})

describe("the journal", () => {
  test("holds every event, known or not, as Codex gave it and with its arrival time", async () => {
    const before = Date.now()
    for (const event of events) expect(await runHook(place, payload(event))).toEqual(silent)
    const lines = journal(place).trimEnd().split("\n")
    expect(lines.map((line) => JSON.parse(line).payload.hook_event_name)).toEqual(events)
    for (const line of lines) {
      const at = /^\{"at_ns": (\d{19}), "payload": /.exec(line)?.[1] ?? ""
      expect(Number(at.slice(0, 13))).toBeGreaterThanOrEqual(before)
      expect(Number(at.slice(0, 13))).toBeLessThanOrEqual(Date.now())
    }
  }, 20_000)

  test("keeps numbers and text of the payload exactly, on one line however it was laid out", async () => {
    await runHook(
      place,
      `{\n  "session_id": "${sessionId}",\r\n  "big": 12345678901234567890,\n  "text": "a\\nb €"\n}\n`
    )
    expect(journal(place)).toContain(
      `"payload": {   "session_id": "${sessionId}",   "big": 12345678901234567890,   "text": "a\\nb €" }}\n`
    )
    expect(journal(place).split("\n").length).toBe(2)
  })

  test("is private to the user", async () => {
    const fresh = { ...place, state: join(place.folder, "new", "state") }
    await runHook(fresh, payload("Stop"), { environment: { TRACER_HOME: fresh.state } })
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
    expect(mode(fresh.state)).toBe("700")
    expect(mode(join(fresh.state, "sessions", sessionId))).toBe("700")
    expect(mode(journalFile(fresh.state, sessionId))).toBe("600")
  })

  test("heals after a torn line: only the torn one is lost", async () => {
    mkdirSync(join(place.state, "sessions", sessionId), { recursive: true })
    writeFileSync(journalFile(place.state, sessionId), `{"at_ns": 1, "payl`)
    await runHook(place, payload("Stop"))
    const [torn, whole] = journal(place).split("\n")
    expect(torn).toBe(`{"at_ns": 1, "payl`)
    expect(JSON.parse(whole ?? "").payload.hook_event_name).toBe("Stop")
  })

  test("a hundred hooks at once write a hundred whole lines", async () => {
    const ran = await Promise.all(
      Array.from({ length: 100 }, (_, n) => runHook(place, payload("PreToolUse", { n, filler: "x".repeat(20_000) })))
    )
    expect(ran.filter((one) => one.exitCode !== 0)).toEqual([])
    const seen = journal(place)
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line).payload.n)
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n))
  }, 60_000)
})

describe("the collector", () => {
  test("is told the session, the event and the settings of the environment, and nothing else of it", async () => {
    await runHook(place, payload("Stop", { transcript_path: "/t.jsonl" }), {
      environment: { BRAINTRUST_API_KEY: "sk-1", OPENAI_API_KEY: "not ours", TRACER_TO: "jsonl" }
    })
    const [message] = collector.told
    expect(message).toMatchObject({
      type: "wake",
      version,
      session: sessionId,
      event: "Stop",
      cwd: "/somewhere",
      transcriptPath: "/t.jsonl",
      environment: { BRAINTRUST_API_KEY: "sk-1", TRACER_TO: "jsonl", TRACER_HOME: place.state }
    })
    expect(JSON.stringify(message)).not.toContain("not ours")
  })

  test("that hangs costs a flushing Stop no more than its limit", async () => {
    const environment = { TRACER_FLUSH_ON_TURN_END: "1", TRACER_FLUSH_TIMEOUT_SECONDS: "0.5" }
    const begun = Date.now()
    expect(await runHook(place, payload("Stop"), { environment })).toEqual(silent)
    expect(Date.now() - begun).toBeLessThan(3000)
    expect(collector.told[0]).toMatchObject({ type: "flush", withinMs: 500 })
    expect(readComplaints(place.state, 1)[0]?.what).toContain("no answer within 500 ms")
  })

  test("answers a flushing Stop, which then leaves", async () => {
    collector.stop()
    collector = listen(join(place.state, "collector.sock"), () => `{"type":"flushed","acknowledged":true}`)
    const environment = { TRACER_FLUSH_ON_TURN_END: "1", TRACER_FLUSH_TIMEOUT_SECONDS: "60" }
    const begun = Date.now()
    expect(await runHook(place, payload("Stop"), { environment })).toEqual(silent)
    expect(Date.now() - begun).toBeLessThan(5000)
  })

  test("is not asked for an answer by any other event, and SessionEnd asks within what Codex grants", async () => {
    const environment = { TRACER_FLUSH_ON_TURN_END: "1", TRACER_FLUSH_TIMEOUT_SECONDS: "60" }
    await runHook(place, payload("PreToolUse"), { environment })
    expect(collector.told.map((message) => message.type)).toEqual(["wake"])
    await runHook(place, payload("SessionEnd"), { environment })
    expect(collector.told[1]).toMatchObject({ type: "flush", withinMs: 2500 })
  })
})

describe("what goes wrong never reaches Codex", () => {
  const broken: ReadonlyArray<readonly [string, string]> = [
    ["empty", ""],
    ["no JSON", "garbage {"],
    ["cut off", payload("Stop").slice(0, -5)],
    ["null", "null"],
    ["a number", "7"],
    ["an array", "[]"],
    ["without a session", `{"hook_event_name":"Stop"}`],
    ["with a session that is a path", `{"session_id":"../../../../tmp/x","hook_event_name":"Stop"}`],
    ["with bytes that are no text", "\u0000\ufffd\u0001"]
  ]
  for (const [name, input] of broken) {
    test(`input that is ${name}`, async () => {
      expect(await runHook(place, input)).toEqual(silent)
      expect(existsSync(join(place.state, "sessions"))).toBe(false)
      expect(readComplaints(place.state, 9).length).toBe(1)
    })
  }

  test("a stdin that nobody closes", async () => {
    const open = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from(payload("Stop"))) })
    expect(await runHook(place, open)).toEqual(silent)
    expect(journal(place)).toContain("Stop")
  }, 10_000)

  test("a state folder that is a file", async () => {
    collector.stop()
    const file = join(place.folder, "file")
    writeFileSync(file, "")
    expect(await runHook(place, payload("Stop"), { environment: { TRACER_HOME: file } })).toEqual(silent)
    expect(readFileSync(file, "utf8")).toBe("")
  })

  test("a state folder that cannot be made", async () => {
    expect(await runHook(place, payload("Stop"), { environment: { TRACER_HOME: "/proc/nowhere/state" } })).toEqual(
      silent
    )
  })

  test("a journal that is a folder: the collector is woken all the same", async () => {
    mkdirSync(journalFile(place.state, sessionId), { recursive: true })
    expect(await runHook(place, payload("Stop"))).toEqual(silent)
    expect(collector.told.length).toBe(1)
    expect(readComplaints(place.state, 1)[0]).toMatchObject({ event: "Stop", session: sessionId })
  })

  test("a broken config file: the call is journaled", async () => {
    const config = join(place.folder, "config.toml")
    writeFileSync(config, "deny = [")
    expect(await runHook(place, payload("Stop"), { environment: { TRACER_CONFIG: config } })).toEqual(silent)
    expect(journal(place)).toContain("Stop")
  })

  test("a log that grew: it stays bounded", async () => {
    writeFileSync(join(place.state, "hook.log"), "x".repeat(70_000))
    await runHook(place, "garbage")
    expect(statSync(join(place.state, "hook.log")).size).toBeLessThan(1000)
    expect(statSync(join(place.state, "hook.log.1")).size).toBe(70_000)
  })
})

describe("a hostile repository", () => {
  test("gains nothing by its files: no setting comes from the current directory", async () => {
    const repository = join(place.folder, "repository")
    mkdirSync(repository)
    const elsewhere = join(place.folder, "elsewhere")
    for (const file of [".env", ".env.local", ".env.braintrust", ".env.production"])
      writeFileSync(join(repository, file), `TRACER_HOME=${elsewhere}\nTRACER_ENABLED=0\nBRAINTRUST_API_KEY=theirs\n`)
    writeFileSync(join(repository, "config.toml"), "enabled = false\n")
    symlinkSync("/etc", join(repository, "sessions"))
    // The interpreter reads a .env of its own accord; the executable is built not to. Tests run the interpreter.
    const command = [process.execPath, "--no-env-file", join(import.meta.dir, "../../src/main.ts"), "hook"]
    const ran = Bun.spawnSync({
      cmd: command,
      cwd: repository,
      env: place.environment,
      stdin: Buffer.from(payload("Stop"))
    })
    expect(ran.exitCode).toBe(0)
    expect(journal(place)).toContain("Stop")
    await Bun.sleep(20)
    expect(JSON.stringify(collector.told)).not.toContain("theirs")
    expect(existsSync(elsewhere)).toBe(false)
  })

  test("gains nothing by relative paths in the environment", async () => {
    const ran = await runHook(place, payload("Stop"), {
      environment: { XDG_STATE_HOME: "state", TRACER_HOME: "./here" }
    })
    expect(ran).toEqual(silent)
    expect(existsSync(join(place.folder, "here"))).toBe(false)
    expect(existsSync(join(place.folder, ".local/state/tracer/sessions"))).toBe(true)
  })
})

describe("folders that are not traced", () => {
  const here = (more: object) => payload("Stop", more)

  test("leave no journal and wake nobody", async () => {
    const folder = join(place.folder, "secret", "inner")
    mkdirSync(folder, { recursive: true })
    const environment = { TRACER_DENY: "/nowhere, ~/secret" }
    expect(await runHook(place, here({ cwd: folder }), { environment })).toEqual(silent)
    expect(collector.told).toEqual([])
    expect(existsSync(join(place.state, "sessions"))).toBe(false)
    await runHook(place, here({ cwd: place.folder }), { environment })
    expect(collector.told.length).toBe(1)
  })

  test("tracing that is switched off leaves nothing at all", async () => {
    expect(await runHook(place, here({}), { environment: { TRACER_ENABLED: "false" } })).toEqual(silent)
    expect(collector.told).toEqual([])
    expect(existsSync(join(place.state, "sessions"))).toBe(false)
  })
})

test("a read-only state folder is survived", async () => {
  if (process.getuid?.() === 0) return // root may write everywhere; the tmpfs test covers a full disk
  chmodSync(place.state, 0o500)
  expect(await runHook(place, payload("Stop"))).toEqual(silent)
  chmodSync(place.state, 0o700)
})
