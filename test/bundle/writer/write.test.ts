import { expect, test } from "bun:test"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Result } from "effect"
import type { PlannedEvent } from "../../../src/bundle/writer/event.ts"
import { createBundle, writeBundle } from "../../../src/bundle/writer/write.ts"
import type { JsonObject } from "../../../src/wire/json.ts"
import { temporaryFolder } from "../../support/folder.ts"

const identity = { schema: 2, traceId: "trace-1", rootThreadId: "T1" } as const

const thread: PlannedEvent = {
  atMs: 5,
  rank: 1,
  type: "thread_started",
  fields: { thread_id: "T1" },
  payloads: { metadata_payload: { kind: "session_metadata", json: { model: "m" } } },
  derived: "agent path"
}
const ended: PlannedEvent = { atMs: 6, rank: 2, threadId: "T1", turnId: "U1", type: "rollout_ended", fields: {} }

const logIn = (folder: string): ReadonlyArray<JsonObject> =>
  readFileSync(join(folder, "trace.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))

test("a bundle is a manifest, a log that is numbered from 1, and a file for each payload", async () => {
  const below = temporaryFolder()
  const folder = await Effect.runPromise(writeBundle(below, identity, [thread, ended]))
  expect(folder).toBe(join(below, "trace-trace-1-T1"))
  expect(JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"))).toMatchObject({
    schema_version: 2,
    rollout_id: "T1",
    started_at_unix_ms: 5
  })
  const reference = { raw_payload_id: "raw_payload:1", kind: { type: "session_metadata" }, path: "payloads/1.json" }
  expect(logIn(folder)).toEqual([
    {
      schema_version: 2,
      seq: 1,
      wall_time_unix_ms: 5,
      rollout_id: "T1",
      thread_id: null,
      codex_turn_id: null,
      derived: "agent path",
      payload: { type: "thread_started", thread_id: "T1", metadata_payload: reference }
    },
    {
      schema_version: 2,
      seq: 2,
      wall_time_unix_ms: 6,
      rollout_id: "T1",
      thread_id: "T1",
      codex_turn_id: "U1",
      payload: { type: "rollout_ended" }
    }
  ])
  expect(JSON.parse(readFileSync(join(folder, "payloads/1.json"), "utf8"))).toEqual({ model: "m" })
})

test("a bundle that grows goes on numbering its events and payloads, and never names a file that is not there", async () => {
  const writer = await Effect.runPromise(createBundle(temporaryFolder(), { ...identity, startedAtMs: 5 }))
  expect(readFileSync(join(writer.folder, "trace.jsonl"), "utf8")).toBe("")
  for (const count of [1, 2, 3]) {
    await Effect.runPromise(writer.append([thread]))
    const log = logIn(writer.folder)
    expect(log.map(({ seq }) => seq)).toEqual([1, 2, 3].slice(0, count))
    expect(existsSync(join(writer.folder, `payloads/${count}.json`))).toBe(true)
  }
})

test("a bundle that is there already is not touched, and the error says what to do", async () => {
  const below = temporaryFolder()
  const folder = await Effect.runPromise(writeBundle(below, identity, [thread]))
  const before = readFileSync(join(folder, "trace.jsonl"), "utf8")
  const again = await Effect.runPromise(Effect.result(writeBundle(below, identity, [ended])))
  if (!Result.isFailure(again)) throw new Error("it was written over")
  expect(again.failure.message).toContain(folder)
  expect(again.failure.hint).toContain("-o")
  expect(readFileSync(join(folder, "trace.jsonl"), "utf8")).toBe(before)
})

test("a folder that cannot be made is an error that names the bundle", async () => {
  const file = join(temporaryFolder(), "file")
  writeFileSync(file, "")
  const failed = await Effect.runPromise(Effect.result(writeBundle(file, identity, [thread])))
  if (!Result.isFailure(failed)) throw new Error("it was written")
  expect(failed.failure.path).toBe(join(file, "trace-trace-1-T1"))
})
