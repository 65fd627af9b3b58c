/**
 * What is owed of a Codex that was killed: its bundle is cut, and so may its transcript be, elsewhere. And of an answer
 * that the server gave to the end, while Codex no longer waited for it.
 */
import { afterAll, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { readTruth } from "../../bench/fidelity/truth-reader.ts"
import type { JsonObject } from "../../src/wire/json.ts"

const folder = mkdtempSync(join(tmpdir(), "truth-cut-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const write = (file: string, lines: ReadonlyArray<JsonObject>) =>
  writeFileSync(join(folder, file), lines.map((line) => `${JSON.stringify(line)}\n`).join(""))

const at = (ms: number) => new Date(1_795_000_000_000 + ms).toISOString()
const event = (ms: number, payload: JsonObject): JsonObject => ({
  wall_time_unix_ms: 1_795_000_000_000 + ms,
  thread_id: "root",
  codex_turn_id: "t1",
  payload
})

/** A case whose transcript holds `call_1`, and whose model requests are recorded and hooked as given. */
const caseOf = (name: string, events: ReadonlyArray<JsonObject>, hookedMs: ReadonlyArray<number> = []) => {
  for (const part of ["sessions", "trace"]) mkdirSync(join(folder, name, part), { recursive: true })
  write(`${name}/sessions/rollout-root.jsonl`, [
    { timestamp: at(0), type: "session_meta", payload: { id: "root" } },
    { timestamp: at(50), type: "response_item", payload: { type: "function_call", name: "x", call_id: "call_1" } }
  ])
  const started = { type: "thread_started", thread_id: "root" }
  const turn = { type: "codex_turn_started", codex_turn_id: "t1", thread_id: "root" }
  write(`${name}/trace/trace.jsonl`, [event(0, started), event(1, turn), ...events])
  const ids = events.map(({ payload }) => payload as JsonObject).filter(({ type }) => type === "inference_started")
  write(
    `${name}/requests.jsonl`,
    ids.map(({ inference_call_id = "" }) => ({ inference_call_id, thread_id: "root", outcome: "cancelled", input: [] }))
  )
  write(
    `${name}/hooks.jsonl`,
    hookedMs.map((ms) => ({
      at_ns: (1_795_000_000_000 + ms) * 1e6,
      payload: { hook_event_name: "PreModelRequest", turn_id: "t1" }
    }))
  )
  const directory = join(folder, name)
  return {
    name,
    directory,
    transcriptFolders: [join(directory, "sessions")],
    hooks: join(directory, "hooks.jsonl"),
    requests: join(directory, "requests.jsonl"),
    bundles: [join(directory, "trace")]
  }
}

const asked = (ms: number, id: string) => event(ms, { type: "inference_started", inference_call_id: id })
const failed = (ms: number, id: string) => event(ms, { type: "inference_failed", inference_call_id: id })

describe("of a bundle that was cut", () => {
  test("a call that only the transcript holds may be told, where its response has no end", () => {
    const { tools } = readTruth(caseOf("cut", [asked(10, "a")]), false)
    expect(tools).toMatchObject([{ id: "call_1", thread: "root", owed: false }])
  })

  test("the same call stands for nothing where every response has ended", () => {
    expect(readTruth(caseOf("whole", [asked(10, "a"), failed(40, "a")]), false).tools).toEqual([])
  })

  test("a hook that came late announced the attempt before its end, not the next one", () => {
    const events = [asked(10, "a"), failed(40, "a"), asked(60, "b"), failed(70, "b")]
    const hooked = (name: string, hookedMs: ReadonlyArray<number>) =>
      readTruth(caseOf(name, events, hookedMs), true).calls.map(({ key, startHooked }) => [key, startHooked])
    expect(hooked("late", [12])).toEqual([
      ["a", true],
      ["b", false]
    ])
    expect(hooked("both", [12, 62])).toEqual([
      ["a", true],
      ["b", true]
    ])
  })

  test("a thread that asked nothing and has no file is not owed, every other one is", () => {
    const child = (ms: number, id: string): JsonObject => ({
      ...event(ms, { type: "thread_started", thread_id: id }),
      thread_id: id
    })
    const busy = { ...asked(30, "b"), thread_id: "busy" }
    const { threads } = readTruth(caseOf("threads", [child(20, "idle"), child(21, "busy"), busy]), false)
    const owed = Object.fromEntries([...threads.values()].map((thread) => [thread.id, thread.owed]))
    expect(owed).toEqual({ root: true, idle: false, busy: true })
  })
})

describe("of an answer that was whole when its turn was interrupted", () => {
  /** A request without an inference call id (before 0.142), answered in full after 40 ms. */
  const answered = (name: string, events: ReadonlyArray<JsonObject>, interruptedMs?: number) => {
    const one = caseOf(name, events)
    const [receivedMs, endedMs] = [1_795_000_000_012, 1_795_000_000_052]
    write(`${name}/requests.jsonl`, [
      {
        thread_id: "root",
        response_id: "r",
        outcome: "completed",
        input: [],
        received_at_ns: receivedMs * 1e6,
        ended_at_ns: endedMs * 1e6
      }
    ])
    const aborted = { type: "turn_aborted", turn_id: "t1" }
    if (interruptedMs !== undefined)
      write(`${name}/sessions/rollout-b.jsonl`, [
        { timestamp: at(0), type: "session_meta", payload: { id: "root" } },
        { timestamp: at(interruptedMs), type: "event_msg", payload: aborted }
      ])
    return readTruth(one, false).calls.map(({ key, owed }) => [key, owed])
  }
  const cancelled = (ms: number) => event(ms, { type: "inference_cancelled", inference_call_id: "a" })

  test("the bundle's word counts, where it saw the same request go out", () => {
    expect(answered("told cancelled", [asked(10, "a"), cancelled(53)])).toEqual([["a", false]])
    expect(answered("told of another", [asked(300, "a"), cancelled(353)])).toEqual([
      ["request 1", true],
      ["a", false]
    ])
  })

  test("without a bundle, an interrupt recorded at its very end is believed, an earlier or later one is not", () => {
    expect(answered("at its end", [], 54)).toEqual([["request 1", false]])
    expect(answered("in the middle", [], 30)).toEqual([["request 1", true]])
    expect(answered("long after", [], 90)).toEqual([["request 1", true]])
    expect(answered("never", [])).toEqual([["request 1", true]])
  })
})
