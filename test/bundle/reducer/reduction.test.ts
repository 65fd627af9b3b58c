import { expect, test } from "bun:test"
import { finish, pair, pushTo, pushUnique, started } from "../../../src/bundle/reducer/reduction.ts"
import { bundle } from "../../support/bundle.ts"
import { refusalOf, stateOf } from "../../support/reduced.ts"

const event = {
  schema_version: 2,
  seq: 7,
  wall_time_unix_ms: -5,
  rollout_id: "R",
  thread_id: null,
  codex_turn_id: null
}

test("a window opens running and is closed by the event that closes it", () => {
  const execution = started(event)
  expect(execution).toEqual({
    started_at_unix_ms: -5,
    started_seq: 7,
    ended_at_unix_ms: null,
    ended_seq: null,
    status: "running"
  })
  finish(execution, { ...event, seq: 9 }, "failed")
  expect(execution).toMatchObject({ ended_at_unix_ms: -5, ended_seq: 9, status: "failed" })
})

test("different pairs have different keys, whatever their parts hold", () => {
  const parts = ["", "a", "1:a", "a\0", "\0a", "1:"]
  const keys = parts.flatMap((a) => parts.map((b) => pair(a, b)))
  expect(new Set(keys).size).toBe(keys.length)
})

test("lists under a key grow, and an id is listed once", () => {
  const lists = new Map<string, Array<number>>()
  pushTo(lists, "a", 1)
  pushTo(lists, "a", 2)
  const ids = ["x"]
  pushUnique(ids, "x")
  pushUnique(ids, "y")
  expect([lists.get("a"), ids]).toEqual([
    [1, 2],
    ["x", "y"]
  ])
})

test("a payload is opened when a rule needs it: before schema 2 a lost one that nobody needs is no loss", () => {
  const story = (schema: 1 | 2) => bundle(schema).calls("c1", "web").toolEnds("c1", {})
  const lost = story(1)
  lost.payloads.clear()
  expect(stateOf(lost, "0.155.0").tool_calls.size).toBe(1)
  const broken = bundle().calls("c1", "web", "[1,")
  expect(refusalOf(broken)).toMatchObject({ rule: "payload", file: "payloads/1.json" })
})
