/**
 * The tree as it grows on a terminal: when something appears, and that it appears once.
 */
import { describe, expect, test } from "bun:test"
import { nodeOf } from "../../../src/sink/tree/node.ts"
import { painter } from "../../../src/sink/tree/paint.ts"
import { makeGrowth } from "../../../src/sink/tree/tree.ts"
import { captureDefault } from "../../../src/span/encode.ts"
import type { Span, SpanWrite } from "../../../src/span/span.ts"
import { closed, opened } from "../../support/spans.ts"

/** What the terminal shows after each write; columns of figures are cut off. */
const growing = (redrawn = false) => {
  const growth = makeGrowth(painter(false), () => 80, redrawn)
  const told = (write: SpanWrite) => ({ node: nodeOf(write.span, captureDefault), closed: write.op === "close" })
  const names = (text: string) => text.split("\n").map((line) => line.replace(/ {3,}.*/, "").trimEnd())
  return {
    grow: (...writes: ReadonlyArray<SpanWrite>) => names(growth.grow(writes.map(told))).slice(0, -1),
    raw: (...writes: ReadonlyArray<SpanWrite>) => growth.grow(writes.map(told)),
    finish: () => names(growth.finish()).slice(0, -1)
  }
}

const session = { id: "s", kind: "session", name: "codex: work" } as const
const turn = (number: number, more: Partial<Span> = {}) =>
  ({
    id: `t${number}`,
    parent_id: "s",
    kind: "turn",
    name: `turn ${number}`,
    start: number,
    end: number + 1,
    ...more
  }) as const
const tool = (id: string, parent: string, start = 1) => ({ id, parent_id: parent, name: id, start, end: start + 0.1 })

describe("a turn", () => {
  test("appears when it ends, with everything in it, under a header that is printed once", () => {
    const { grow } = growing()
    expect(grow(opened(session), opened(turn(1)), closed(tool("make", "t1")))).toEqual([])
    expect(grow(closed(turn(1)))).toEqual(["codex: work", "├─ turn 1", "│  └─ make"])
    expect(grow(closed(turn(2)))).toEqual(["├─ turn 2"])
  })

  test("is complete when it was named before what is in it", () => {
    const { grow } = growing()
    expect(grow(closed(turn(1)), closed(tool("make", "t1")))).toEqual(["codex: thread-1", "├─ turn 1", "│  └─ make"])
  })

  test("appears once, however often it is told", () => {
    const { grow } = growing()
    grow(opened(session), closed(turn(1)), closed(tool("make", "t1")))
    expect(grow(closed(turn(1)), closed(tool("make", "t1")))).toEqual([])
  })

  test("shows what still runs in it, which follows when it ends, with where it belongs", () => {
    const { grow } = growing()
    grow(opened(session), opened(turn(1)), opened(tool("serve", "t1")))
    expect(grow(closed(turn(1)))).toEqual(["codex: work", "├─ turn 1", "│  └─ serve"])
    expect(grow(closed(tool("serve", "t1")))).toEqual(["├─ turn 1 › serve"])
  })
})

test("a session's total comes after all that is in it, also where the session was named first", () => {
  const { grow } = growing()
  const other = { ...session, id: "u", trace_id: "thread-2", name: "codex: play" }
  const lines = grow(closed(session), closed(other), closed(turn(1)))
  expect([lines.slice(0, 2), lines[2]?.slice(0, 9)]).toEqual([["codex: work", "├─ turn 1"], "└─ 1 turn"])
})

test("an agent that outlives its turn goes on below, with where it belongs", () => {
  const { grow } = growing()
  const agent = { id: "a", parent_id: "t1", kind: "agent", name: "agent alpha", start: 1 } as const
  grow(opened(session), opened(turn(1)), opened(agent))
  grow(closed(turn(1)))
  expect(grow(closed({ ...turn(7), parent_id: "a", name: "turn 1" }), closed(tool("look", "t7")))).toEqual([
    "├─ turn 1 › agent alpha › turn 1",
    "│  └─ look"
  ])
})

test("an agent that is heard of after its turn was printed says where it belongs, and so do its turns", () => {
  const { grow } = growing()
  const agent = { id: "a", parent_id: "t1", kind: "agent", name: "agent alpha", start: 1, end: 9 } as const
  grow(opened(session), closed(turn(1)))
  expect(grow(opened(turn(2)), closed(agent))).toEqual(["├─ turn 1 › agent alpha"])
  expect(grow(closed({ ...turn(7), parent_id: "a", name: "turn 1" }))).toEqual(["├─ turn 1 › agent alpha › turn 1"])
})

test("sessions that run at the same time are told apart by their headers", () => {
  const { grow } = growing()
  const other = { trace_id: "thread-2" }
  grow(opened(session), opened({ ...session, ...other, id: "s2", name: "codex: other" }))
  expect(grow(closed(turn(1)))).toEqual(["codex: work", "├─ turn 1"])
  expect(grow(closed({ ...turn(2), ...other, parent_id: "s2" }))).toEqual(["", "codex: other", "├─ turn 2"])
  expect(grow(closed(turn(3)))).toEqual(["", "codex: work  (continued)", "├─ turn 3"])
})

test("a session's end is one line that sums it up", () => {
  const { grow } = growing()
  const call = closed({ ...tool("gpt", "t1"), kind: "llm", metrics: { prompt_tokens: 1200, completion_tokens: 30 } })
  grow(opened(session), call, closed(turn(1)))
  expect(grow(closed({ ...session, start: 0, end: 65 }))).toEqual([
    "└─ 1 turn · 1 model call · 1.2k → 30 tokens · 1 m 05 s · ok"
  ])
  expect(grow(closed({ ...session, start: 0, end: 65 }))).toEqual([])
})

test("what never ended is there at the end", () => {
  const { grow, finish } = growing()
  grow(opened(session), opened(turn(1)), closed(tool("make", "t1")))
  expect(finish()).toEqual(["codex: work", "├─ turn 1", "│  └─ make"])
})

test("on a terminal one line says what is open, and the next output takes its place", () => {
  const { raw } = growing(true)
  const first = raw(opened(session), opened(turn(1)), opened({ ...tool("make", "t1"), input: { cmd: "make all" } }))
  expect(first).toBe("⋯ turn 1 › make  make all")
  expect(raw(closed(turn(2)))).toStartWith("\r\u001b[Kcodex: work\n├─ turn 2")
})
