/** The collector as hooks start it: one process, all sessions, nothing lost. */
import { afterEach, beforeEach, expect, test } from "bun:test"
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { watermarksOf } from "../../src/collector/watermark.ts"
import { arrived, missing, type Stage, startStage, until } from "./stage.ts"

let stage: Stage
beforeEach(() => {
  stage = startStage()
})
afterEach(() => stage.end())

test("a hook starts the collector, which delivers what the hooks and the transcript say, and leaves when idle", async () => {
  const session = stage.session()
  session.begin()
  expect(await session.hook("SessionStart")).toEqual({ exitCode: 0, said: "" })
  await arrived(stage, session)
  session.write(5)
  await arrived(stage, session)
  await session.hook("Stop")
  await arrived(stage, session)
  expect(stage.running().length).toBe(1)
  await until(stage.running, (running) => running.length === 0)
  expect(stage.backend.rows.get(`session ${session.threadId}`)).toMatchObject({ end: 2, metrics: { lines: 8 } })
  expect(existsSync(join(stage.state, "collector.sock"))).toBe(false)
  expect(watermarksOf(stage.state, session.threadId)).toMatchObject([{ sink: "braintrust", ended: true, spans: 9 }])
  expect([...stage.backend.times.entries()].filter(([id, times]) => times > 1 && !id.startsWith("session"))).toEqual([])
}, 20_000)

test("hooks that fire at the same instant start one collector", async () => {
  const session = stage.session()
  session.begin()
  await Promise.all(Array.from({ length: 12 }, () => session.hook("PreToolUse")))
  await arrived(stage, session)
  expect(stage.running().length).toBe(1)
  expect(stage.began()).toBe(1)
}, 30_000)

test("what was delivered is not delivered again after kill -9, and the rest is", async () => {
  const session = stage.session()
  session.begin()
  session.write(100)
  await session.hook("SessionStart")
  await arrived(stage, session)
  await until(
    () => watermarksOf(stage.state, session.threadId)[0]?.spans,
    (spans) => spans === 102
  )
  await stage.kill()
  session.write(50)
  await session.hook("Stop")
  await arrived(stage, session)
  expect(stage.began()).toBe(2)
  expect([...stage.backend.times.entries()].filter(([id, times]) => times > 1 && !id.startsWith("session"))).toEqual([])
}, 30_000)

test("a session that went on while no collector ran is completed by the next start, whoever causes it", async () => {
  stage.writeConfig(`[braintrust]\napi_key = "key"\n`)
  const { BRAINTRUST_API_KEY: _, ...environment } = stage.environment
  const abandoned = stage.session()
  Object.assign(stage.environment, environment)
  delete stage.environment.BRAINTRUST_API_KEY
  abandoned.begin()
  await abandoned.hook("SessionStart")
  await arrived(stage, abandoned)
  await stage.kill()
  abandoned.write(20)
  const other = stage.session()
  other.begin()
  await other.hook("SessionStart")
  await arrived(stage, abandoned)
  await arrived(stage, other)
}, 30_000)

test("a session whose hooks never reached a collector is found by its journal, with the settings of the file", async () => {
  stage.writeConfig(`[braintrust]\napi_key = "key"\napi_url = "${stage.backend.url}"\n`)
  const { BRAINTRUST_API_KEY: _, BRAINTRUST_API_URL: __, ...keyless } = stage.environment
  for (const name of Object.keys(stage.environment)) delete stage.environment[name]
  Object.assign(stage.environment, keyless)
  const unlucky = stage.session()
  unlucky.begin()
  unlucky.write(4)
  const folder = join(stage.state, "sessions", unlucky.threadId)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(
    join(folder, "journal.jsonl"),
    `{"at_ns": 1, "payload": {"cwd": "/", "hook_event_name": "SessionStart"}}\n`
  )
  const other = stage.session()
  other.begin()
  await other.hook("SessionStart")
  await arrived(stage, unlucky)
}, 20_000)

test("a session whose key came from the environment waits for its next hook after a crash", async () => {
  const session = stage.session()
  session.begin()
  await session.hook("SessionStart")
  await arrived(stage, session)
  await stage.kill()
  session.write(3)
  const { BRAINTRUST_API_KEY: _, ...keyless } = stage.environment
  const other = stage.session()
  other.begin()
  for (const name of Object.keys(stage.environment)) delete stage.environment[name]
  Object.assign(stage.environment, keyless)
  await other.hook("SessionStart")
  await until(stage.log, (log) =>
    log.some((entry) => entry.session === session.threadId && /no API key/.test(entry.what))
  )
  stage.environment.BRAINTRUST_API_KEY = "key"
  await session.hook("Stop")
  await arrived(stage, session)
}, 30_000)

test("secrets are nowhere on the disk, and everything is the user's alone", async () => {
  stage.environment.BRAINTRUST_API_KEY = "sk-very-secret-0123456789"
  const session = stage.session()
  session.begin()
  await session.hook("SessionStart")
  await arrived(stage, session)
  await until(
    () => watermarksOf(stage.state, session.threadId).length,
    (count) => count === 1
  )
  const files = [...new Bun.Glob("**/*").scanSync({ cwd: stage.state, dot: true, onlyFiles: false })]
  expect(files.length).toBeGreaterThan(5)
  for (const file of files) {
    const path = join(stage.state, file)
    const stat = statSync(path)
    expect([file, (stat.mode & 0o077).toString(8)]).toEqual([file, "0"])
    if (stat.isFile()) expect(readFileSync(path, "latin1")).not.toContain("very-secret")
  }
}, 20_000)

test("a line that is longer than the session's setting is skipped and said, and the others arrive", async () => {
  const session = stage.session(undefined, { TRACER_LINE_BYTES_MAX: "1000" })
  session.begin()
  appendFileSync(session.transcript, `${JSON.stringify({ type: "event_msg", payload: "x".repeat(1000) })}\n`)
  session.write(2)
  await session.hook("SessionStart")
  await until(
    () => missing(stage, session),
    (lacking) => lacking.length === 1
  )
  await until(
    () => stage.log().map(({ what }) => what),
    (said) => said.includes(`${session.transcript}:2: the line is longer than 1000 bytes`)
  )
  expect(missing(stage, session)).toEqual([`${session.threadId}:2`])
}, 30_000)
