/**
 * The fold as a whole: what must hold for every session, however its lines come.
 *
 * Chunks of bytes, restarts, garbage between the lines, frozen state and repeated writes. Orders of files: confluence.test.ts.
 */
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import type { DomainEvent } from "../../src/domain/event.ts"
import { end, newSession, reduce, type Session } from "../../src/machine/session.ts"
import { decodeHook, decodeRecord, parseLine } from "../../src/pipeline/decode.ts"
import { sessionFold } from "../../src/pipeline/session-fold.ts"
import { lineSplitter } from "../../src/source/lines.ts"
import type { Span, SpanWrite } from "../../src/span/span.ts"
import { chance } from "../support/chance.ts"
import { describeCorpus } from "../support/corpus.ts"
import { sessionsOf } from "../support/corpus-strands.ts"
import { byTime, type Placed, plainSpan, plainSpans, readLines, type Strand, strandsOf } from "../support/reading.ts"
import { session } from "../support/session.ts"
import { v169 } from "../support/session-dialect.ts"
import { written } from "../support/stories.ts"

setDefaultTimeout(60_000)

/** Every told session by time, as one list of lines. */
const told = written.map(([name, story, dialect]) => ({
  name,
  rootId: story.rootId,
  lines: byTime(strandsOf(story, dialect))
}))

const last = (writes: ReadonlyArray<SpanWrite>): ReadonlyMap<string, Span> =>
  new Map(writes.map(({ span }) => [span.id, span]))

const plainLast = (writes: ReadonlyArray<SpanWrite>) =>
  Object.fromEntries([...last(writes)].map(([id, span]) => [id, plainSpan(span)] as const).sort())

describe("chunks", () => {
  test("any cut of a file's bytes gives the same spans", () => {
    const story = session().turn("größer — 変更 🚀").execs("make").says("fertig ✓").ends()
    const bytes = Buffer.from(`${story.lines(v169).join("\n")}\n`)
    const read = (cuts: () => number) => {
      const splitter = lineSplitter("a.jsonl")
      const fold = sessionFold({ rootId: story.id })
      const writes: Array<SpanWrite> = []
      const push = (lines: Parameters<typeof fold.push>[1]) =>
        writes.push(...fold.push({ _tag: "Transcript", threadId: story.id }, lines).writes)
      for (let at = 0; at < bytes.length; ) {
        const next = Math.min(bytes.length, at + cuts())
        push(splitter.push(bytes.subarray(at, next)).lines)
        at = next
      }
      push(splitter.end().lines)
      return plainLast([...writes, ...fold.end().writes])
    }
    const whole = read(() => bytes.length)
    expect(Object.keys(whole)).toHaveLength(5)
    expect(read(() => 1)).toEqual(whole)
    for (let seed = 1; seed <= 20; seed++) {
      const next = chance(seed)
      expect(read(() => 1 + Math.floor(next() * 300))).toEqual(whole)
    }
  })
})

describe("a restart", () => {
  /** What a process that died after `stop` lines had written, and what the next one writes from there on. */
  const restarted = (rootId: string, lines: Strand, stop: number): ReadonlyArray<SpanWrite> => {
    const dead = sessionFold({ rootId })
    const before = lines.slice(0, stop).flatMap(({ origin, line }) => dead.push(origin, [line]).writes)
    const alive = sessionFold({ rootId })
    for (const { origin, line } of lines.slice(0, stop)) alive.push(origin, [line])
    const after = lines.slice(stop).flatMap(({ origin, line }) => alive.push(origin, [line]).writes)
    return [...before, ...after, ...alive.end().writes]
  }

  test("at any line leaves the same spans, under the same ids", () => {
    for (const { rootId, lines } of told) {
      const expected = plainSpans(readLines(rootId, lines))
      for (let stop = 0; stop <= lines.length; stop += 3) {
        const found = plainLast(restarted(rootId, lines, stop))
        if (!Bun.deepEquals(found, expected)) expect(found).toEqual(expected)
      }
    }
  })
})

describe("garbage", () => {
  const garbage = [
    "",
    "{",
    "[]",
    "null",
    "\u0000\u0001",
    '{"timestamp":"x","type":"y"}',
    '{"type":"event_msg"}',
    "{}{}"
  ]

  test("between the lines changes only the count of skipped lines", () => {
    for (const { rootId, lines } of told) {
      const clean = readLines(rootId, lines)
      expect(clean.skipped).toEqual([])
      const next = chance(lines.length)
      const spoilt: Array<Placed> = []
      let inserted = 0
      for (const placed of lines) {
        spoilt.push(placed)
        if (next() < 0.5) continue
        const text = garbage[Math.floor(next() * garbage.length)] ?? ""
        spoilt.push({ ...placed, line: { ...placed.line, text } })
        inserted++
      }
      const found = readLines(rootId, spoilt)
      expect(found.skipped).toHaveLength(inserted)
      expect(found.notes).toEqual(clean.notes)
      expect(plainSpans(found)).toEqual(plainSpans(clean))
    }
  })

  test("is reported with the place and the reason", () => {
    const fold = sessionFold({ rootId: "t" })
    const line = { file: "a.jsonl", lineNumber: 7, byteOffset: 120, text: "{" }
    const place = { file: "a.jsonl", lineNumber: 7, byteOffset: 120 }
    const skipped = (text: string) => fold.push({ _tag: "Transcript", threadId: "t" }, [{ ...line, text }]).skipped
    expect(skipped("{")).toEqual([{ ...place, reason: "not JSON" }])
    expect(skipped("[]")).toEqual([{ ...place, reason: "not a JSON object" }])
    expect(
      skipped('{"timestamp":"2026-11-20T08:00:00Z","type":"event_msg","payload":{"type":"task_started"}}')
    ).toEqual([{ ...place, reason: "a event_msg.task_started record without the fields that it needs" }])
  })
})

describe("the state", () => {
  /** Lists that views share and that grow behind their back (machine/table.ts, machine/history.ts). */
  const sharedLists: ReadonlySet<string> = new Set(["keys", "items"])

  const freeze = (value: unknown, seen: WeakSet<object>, name = ""): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return
    seen.add(value)
    for (const [key, part] of Object.entries(value)) freeze(part, seen, key)
    if (!(Array.isArray(value) && sharedLists.has(name)) && !(value instanceof Map) && !(value instanceof Set))
      Object.freeze(value)
  }

  const eventsOf = ({ origin, line }: Placed): ReadonlyArray<DomainEvent> => {
    const value = parseLine(line.text)
    if (typeof value === "string") return []
    const decoded =
      origin._tag === "Transcript" ? decodeRecord(value, origin.threadId, line.text.length) : decodeHook(value, 0)
    return decoded._tag === "Events" ? decoded.events : []
  }

  test("is never changed: every transition makes a new one", () => {
    for (const { rootId, lines } of told) {
      const seen = new WeakSet<object>()
      let state: Session = newSession(rootId)
      for (const event of lines.flatMap(eventsOf)) {
        freeze(state, seen)
        freeze(event, seen)
        state = reduce(state, event)[0]
      }
      freeze(state, seen)
      expect(end(state).length).toBeGreaterThan(0)
    }
  })

  test("of an earlier moment gives the same next one, whatever was made of it since", () => {
    for (const { rootId, lines } of told.slice(0, 20)) {
      const events = lines.flatMap(eventsOf)
      const middle = Math.floor(events.length / 2)
      const fold = (from: Session, some: ReadonlyArray<DomainEvent>) => some.reduce((s, e) => reduce(s, e)[0], from)
      const half = fold(newSession(rootId), events.slice(0, middle))
      const tags = (from: Session) => end(fold(from, events.slice(middle))).map((effect) => effect._tag)
      const first = tags(half)
      // Another future of the same state grows the shared lists.
      fold(half, events.slice(middle).toReversed())
      expect(tags(half)).toEqual(first)
    }
  })
})

describe("writes", () => {
  const repeats = (writes: ReadonlyArray<SpanWrite>): ReadonlyArray<string> => {
    const closed = new Map<string, string>()
    return writes.flatMap(({ op, span }) => {
      if (op !== "close") return []
      const text = JSON.stringify(plainSpan(span))
      const repeated = closed.get(span.id) === text
      closed.set(span.id, text)
      return repeated ? [`${span.kind} ${span.name}`] : []
    })
  }

  test("no span is closed twice with the same facts", () => {
    for (const { name, rootId, lines } of told) {
      expect({ name, repeats: repeats(readLines(rootId, lines).writes) }).toEqual({ name, repeats: [] })
    }
  })

  test("at the end every span is closed", () => {
    for (const { rootId, lines } of told) {
      const closed = new Set(
        readLines(rootId, lines).writes.flatMap(({ op, span }) => (op === "close" ? [span.id] : []))
      )
      expect(readLines(rootId, lines).spans.filter(({ id }) => !closed.has(id))).toEqual([])
    }
  })

  test("every span's parent is a span of the same trace, and the session alone has none", () => {
    for (const { rootId, lines } of told) {
      const { spans } = readLines(rootId, lines)
      const ids = new Set(spans.map(({ id }) => id))
      const orphans = spans.filter(({ kind, parent_id: id }) => (id === undefined ? kind !== "session" : !ids.has(id)))
      expect(orphans.map(({ kind, name }) => `${kind} ${name}`)).toEqual([])
      expect(spans.filter(({ kind }) => kind === "session")).toHaveLength(1)
      expect(spans.every((span) => span.trace_id === rootId)).toBe(true)
    }
  })

  test("no span ends before it begins, each has a status, and what went wrong is said where it did", () => {
    for (const { rootId, lines } of told) {
      for (const span of readLines(rootId, lines).spans) {
        expect(span.end ?? span.start).toBeGreaterThanOrEqual(span.start)
        expect(span.status).toBeDefined()
        const whole = span.kind === "session" || span.kind === "agent"
        if (!whole) expect(span.error !== undefined).toBe(span.status === "error")
      }
    }
  })

  describeCorpus("of recorded sessions", (cases) => {
    test("close no span twice with the same facts, with and without hooks", () => {
      for (const one of cases) {
        for (const hooks of [false, true]) {
          for (const { rootId, strands } of sessionsOf(one, { hooks })) {
            expect(repeats(readLines(rootId, byTime(strands)).writes)).toEqual([])
          }
        }
      }
    })
  })
})
