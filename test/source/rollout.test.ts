import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { readRollout, rolloutName, rolloutOf } from "../../src/source/rollout.ts"
import { temporaryFolder } from "../support/folder.ts"
import { at, rolloutText, threadId, writeRollout } from "../support/rollout.ts"

const meta = (fields: { readonly [key: string]: unknown }) =>
  rolloutOf("x.jsonl", rolloutText({ home: "", thread: 1, meta: fields }).trim())

describe("rollout", () => {
  test("a name tells the thread, and after a revert the segment", () => {
    const [thread, segment] = [threadId(1), threadId(2)]
    const name = (rest: string) => rolloutName(`/a/rollout-2026-11-21T00-05-12-${rest}`)
    expect(name(`${thread}.jsonl`)).toMatchObject({ threadId: thread, rolloutId: thread })
    expect(name(`${thread}.jsonl.zst`)).toMatchObject({ threadId: thread, rolloutId: thread })
    expect(name(`${thread}_${segment}.jsonl`)).toMatchObject({ threadId: thread, rolloutId: segment })
    expect(name("x.jsonl")).toBeUndefined()
    expect(rolloutName("/a/hooks.jsonl")).toBeUndefined()
  })

  test("an agent knows its parent, in the new form and in the old one", () => {
    const spawn = { subagent: { thread_spawn: { parent_thread_id: threadId(0), depth: 1 } } }
    expect(meta({ session_id: threadId(0), parent_thread_id: threadId(0), source: spawn })).toMatchObject({
      sessionId: threadId(0),
      parentThreadId: threadId(0)
    })
    expect(meta({ source: spawn })?.parentThreadId).toBe(threadId(0))
    expect(meta({ source: { subagent: "review" }, parent_thread_id: threadId(0) })?.parentThreadId).toBe(threadId(0))
    expect(meta({ source: "exec" })?.parentThreadId).toBeUndefined()
  })

  test("a fork names what it goes on from; an agent that was given its parent's history does not", () => {
    const base = { thread_id: threadId(0), end_ordinal_exclusive: 28, end_byte_offset: 1 }
    const fork = { forked_from_id: threadId(0), forked_from_ordinal_exclusive: 28 }
    const found = { rolloutId: threadId(0), endOrdinalExclusive: 28 }
    expect(meta({ history_base: base })?.historyBase).toEqual(found)
    expect(meta(fork)?.historyBase).toEqual(found)
    expect(meta({ forked_from_id: threadId(0) })?.historyBase).toBeUndefined()
  })

  test("a first record of any length is read, also from a compressed file", async () => {
    const home = temporaryFolder()
    for (const compressed of [false, true]) {
      const long = { base_instructions: { text: "x".repeat(300_000) } }
      const path = writeRollout({ home, thread: 3, meta: long, says: ["hello"], compressed })
      expect(await Effect.runPromise(readRollout(path))).toEqual({
        path,
        threadId: threadId(3),
        rolloutId: threadId(3),
        createdAt: at(3)
      })
    }
  })

  test("a file that begins otherwise is no transcript", async () => {
    const path = join(temporaryFolder(), "a.jsonl")
    for (const text of ["", "no json\n", '{"timestamp":"x","type":"event_msg","payload":{}}\n']) {
      writeFileSync(path, text)
      expect((await Effect.runPromise(Effect.flip(readRollout(path)))).reason).toStartWith(
        "it does not begin with session_meta"
      )
    }
  })
})
