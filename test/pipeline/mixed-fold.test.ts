/**
 * Lines that do not say whose they are: standard input, told apart line by line.
 */
import { describe, expect, test } from "bun:test"
import { mixedFold } from "../../src/pipeline/mixed-fold.ts"
import type { Span, SpanWrite } from "../../src/span/span.ts"
import { plainSpan, plainSpans, read } from "../support/reading.ts"
import { session } from "../support/session.ts"
import { type Dialect, dialects, newer, v169 } from "../support/session-dialect.ts"

const readMixed = (texts: ReadonlyArray<string>) => {
  const fold = mixedFold()
  let byteOffset = 0
  const placed = texts.map((text, index) => {
    const line = { file: "-", lineNumber: index + 1, byteOffset, text }
    byteOffset += text.length + 1
    return line
  })
  const steps = [fold.push({ _tag: "Mixed" }, placed), fold.end()]
  const writes: ReadonlyArray<SpanWrite> = steps.flatMap((step) => step.writes)
  const spans: ReadonlyArray<Span> = [...new Map(writes.map(({ span }) => [span.id, span])).values()]
  return { spans, skipped: steps.flatMap((step) => step.skipped), notes: steps.flatMap((step) => step.notes) }
}

const plain = ({ spans }: { readonly spans: ReadonlyArray<Span> }) =>
  Object.fromEntries(
    spans.map((span): readonly [string, unknown] => {
      const { metadata, ...rest } = plainSpan(span) as { metadata: { transcript_path?: unknown } }
      const { transcript_path: _, ...facts } = metadata
      return [span.id, { ...rest, metadata: facts }]
    })
  )

const asRead = (told: ReturnType<typeof session>, dialect: Dialect, hooks: boolean) =>
  plain({ spans: read(told, dialect, { hooks }).spans })

describe("a transcript on standard input", () => {
  test("gives the same spans as the file", () => {
    for (const dialect of dialects) {
      const told = session().turn("fix it").execs("make").says("Done.").ends()
      const mixed = readMixed(told.lines(dialect))
      expect(plain(mixed)).toEqual(asRead(told, dialect, false))
      expect(mixed.skipped).toEqual([])
    }
  })

  test("may be followed by its hooks' journal", () => {
    for (const dialect of newer) {
      const told = session().turn("fix it").fails("500").execs("make").says("Done.").ends().leaves()
      expect(plain(readMixed([...told.lines(dialect), ...told.journal(dialect)]))).toEqual(asRead(told, dialect, true))
    }
  })

  test("may be followed by the transcripts of its agents: one trace", () => {
    for (const dialect of newer) {
      const told = session().turn("use agents")
      const alpha = told.spawns("alpha")
      alpha.turn().says("found").finishes()
      const beta = told.spawns("beta", { history: true })
      beta.turn("do beta").says("beta done").finishes()
      told.says("Done.").ends()
      const texts = [told, alpha, beta].flatMap((thread) => thread.lines(dialect))
      expect(plain(readMixed(texts))).toEqual(asRead(told, dialect, false))
    }
  })

  test("may be followed by another session: a trace of its own", () => {
    const [first, second] = [
      session().turn("one").says("One.").ends(),
      session().after(60).turn("two").says("Two.").ends()
    ]
    const other = second.lines(v169).map((text) => text.replaceAll(second.id, second.id.replace(/^0/, "1")))
    const { spans } = readMixed([...first.lines(v169), ...other])
    expect(new Set(spans.map(({ trace_id: id }) => id)).size).toBe(2)
    expect(spans.filter(({ kind }) => kind === "session")).toHaveLength(2)
  })

  test("of a fork without its parent says that the history is missing", () => {
    const fork = session().turn("one").says("One.").ends().forks()
    fork.turn("left").says("Left.").ends()
    const root = readMixed(fork.lines(v169)).spans.find(({ kind }) => kind === "session")
    expect(root?.metadata.history_missing).toBe(true)
  })

  test("that begins in the middle has its lines skipped until it is known whose they are", () => {
    const told = session().turn("one").says("One.").ends()
    const [meta = "", ...rest] = told.lines(v169)
    const { skipped, spans } = readMixed([...rest, meta])
    expect(skipped).toHaveLength(rest.length)
    expect(skipped[0]?.reason).toContain("before any session_meta")
    expect(spans.map(({ kind }) => kind)).toEqual(["session"])
  })
})

describe("bare hook payloads", () => {
  test("are read without a journal around them", () => {
    const told = session().turn("fix it").says("Done.").ends()
    const bare = told.journal(v169).map((text) => JSON.stringify(JSON.parse(text).payload))
    const { spans, skipped } = readMixed([...told.lines(v169), ...bare])
    expect(skipped).toEqual([])
    expect(spans.find(({ kind }) => kind === "session")?.metadata.permission_mode).toBe("default")
  })

  test("tell no time, wherever they stand: the spans are those of the transcript alone", () => {
    const told = session().turn("fix it").execs("ls").says("Done.").ends()
    const bare = told.journal(v169).map((text) => JSON.stringify(JSON.parse(text).payload))
    const times = (texts: ReadonlyArray<string>) =>
      readMixed(texts)
        .spans.map(({ id, start, end }) => [id, start, end])
        .sort()
    const alone = times(told.lines(v169))
    expect(times([...bare, ...told.lines(v169)])).toEqual(alone)
    expect(times([...told.lines(v169), ...bare])).toEqual(alone)
    expect(readMixed([...bare, ...told.lines(v169)]).notes).toContainEqual({
      topic: "hook",
      detail: "PreModelRequest without its time"
    })
  })

  test("alone tell of nothing that can be put anywhere", () => {
    const told = session().turn("fix it").says("Done.").ends()
    const bare = told.journal(v169).map((text) => JSON.stringify(JSON.parse(text).payload))
    const { spans, skipped, notes } = readMixed(bare)
    expect([spans.length, skipped.length + notes.length]).toEqual([0, bare.length])
    expect(skipped[0]?.reason).toContain("without its time")
  })

  test("that no session can be told from are skipped", () => {
    expect(readMixed(['{"hook_event_name":"Stop"}']).skipped).toHaveLength(1)
  })
})

test("garbage is skipped with its place, and the spans are as before", () => {
  const told = session().turn("one").says("One.").ends()
  const clean = readMixed(told.lines(v169))
  const [meta = "", ...rest] = told.lines(v169)
  const spoilt = readMixed(["{", meta, "nonsense", ...rest, "[]"])
  expect(spoilt.skipped.map(({ lineNumber, reason }) => [lineNumber, reason])).toEqual([
    [1, "not JSON"],
    [3, "not JSON"],
    [rest.length + 4, "not a JSON object"]
  ])
  expect(plainSpans({ ...spoilt, writes: [], follow: [] })).toEqual(plainSpans({ ...clean, writes: [], follow: [] }))
})
