/**
 * Transcripts and bundles of one session as one trace.
 */
import { describe, expect, test } from "bun:test"
import { Effect, Stream } from "effect"
import type { Fold } from "../../src/pipeline/fold.ts"
import { liveRecordedFold, recordedFold } from "../../src/pipeline/recorded-fold.ts"
import { readBundles } from "../../src/source/bundle.ts"
import { recordingsOf } from "../../src/source/bundle-session.ts"
import { foldersBeside, makeCatalogue } from "../../src/source/catalogue.ts"
import type { Line } from "../../src/source/line.ts"
import type { Arrival, Origin } from "../../src/source/origin.ts"
import { readSession } from "../../src/source/session.ts"
import type { Span, SpanWrite } from "../../src/span/span.ts"
import type { JsonObject } from "../../src/wire/json.ts"
import { BundleStory, functionCall, userMessage } from "../support/bundle.ts"
import { linesOf } from "../support/bundle-reading.ts"
import { describeCorpus, transcriptsOf } from "../support/corpus.ts"
import { inputOf } from "../support/reading.ts"
import { dice, plainSpan } from "../support/replay.ts"

const turnId = "01a1fb04-dcc6-7ea1-ae4f-f70fa744b91e"
const question = userMessage("hi")

/** A transcript of one turn; its records are written a second after each other, from ten seconds in. */
const transcript = (records: ReadonlyArray<readonly [type: string, payload: JsonObject]>) =>
  records.map(([type, payload], index) => ({
    file: "rollout.jsonl",
    lineNumber: index + 1,
    byteOffset: index,
    text: JSON.stringify({ timestamp: new Date(1_700_000_010_000 + 1000 * index).toISOString(), type, payload })
  }))

const begun = [
  ["session_meta", { id: "T1", cwd: "/w", cli_version: "0.169.0" }],
  ["event_msg", { type: "task_started", turn_id: turnId }],
  ["response_item", question],
  [
    "event_msg",
    {
      type: "item_completed",
      turn_id: turnId,
      item: { type: "UserMessage", id: "u", content: [{ type: "text", text: "hi!" }] }
    }
  ],
  ["response_item", functionCall("c1", { cmd: "ls" })],
  ["token_usage_record", { response_id: "r-I1", turn_id: turnId, usage: { input_tokens: 3, output_tokens: 2 } }]
] as const

const recorded = () =>
  new BundleStory()
    .threadStarts()
    .turnStarts(turnId)
    .asks("I1", [question])
    .answers("I1", [functionCall("c1", { cmd: "ls" })])
    .calls("c1", "exec_command")

const read = (lines: ReturnType<typeof transcript>, bundle: BundleStory): ReadonlyArray<SpanWrite> => {
  const fold = recordedFold({ rootId: "T1" })
  const early = [
    ...fold.push({ _tag: "Transcript", threadId: "T1" }, lines).writes,
    ...fold.push({ _tag: "Bundle", directory: "b" }, linesOf(bundle)).writes
  ]
  expect(early).toEqual([])
  return fold.end().writes
}

const the = (writes: ReadonlyArray<SpanWrite>, kind: Span["kind"]): Span => {
  const found = writes.filter(({ span }) => span.kind === kind)
  expect(found).toHaveLength(1)
  return found[0]?.span as Span
}

const bundleAt = (seq: number) => 1_700_000_000 + seq

describe("one trace of two sources", () => {
  const ended = [
    ...begun,
    ["event_msg", { type: "task_complete", turn_id: turnId, last_agent_message: "done" }]
  ] as const

  test("has the bundle's times, and what the user typed from the transcript", () => {
    const writes = read(transcript(ended), recorded().toolEnds("c1").turnEnds())
    const turn = the(writes, "turn")
    expect([turn.start, turn.end, turn.input, turn.output]).toEqual([bundleAt(2), bundleAt(7), "hi!", "done"])
    const call = the(writes, "llm")
    expect([call.start, call.end]).toEqual([bundleAt(3), bundleAt(4)])
    expect<unknown>(inputOf(call)).toEqual([question])
    const tool = the(writes, "tool")
    expect([tool.start, tool.end, tool.parent_id]).toEqual([bundleAt(5), bundleAt(6), turn.id])
  })

  test("goes on with the transcript where the recording stops", () => {
    const turn = the(read(transcript(ended), recorded()), "turn")
    expect([turn.start, turn.end, turn.status]).toEqual([bundleAt(2), 1_700_000_016, "ok"])
  })

  test("has what only one of them tells, each span once, inner ones first", () => {
    const story = recorded().toolEnds("c1").asks("I2", [question]).breaksOff("I2", "failed")
    const writes = read(transcript(ended), story.turnEnds())
    expect(writes.map(({ op, span }) => [op, span.kind])).toEqual([
      ["close", "llm"],
      ["close", "tool"],
      ["close", "llm"],
      ["close", "turn"],
      ["close", "session"]
    ])
    expect(new Set(writes.map(({ span }) => span.id)).size).toBe(writes.length)
  })

  test("keeps the transcript's input of a request whose payload is lost", () => {
    const fold = recordedFold({ rootId: "T1" })
    fold.push({ _tag: "Transcript", threadId: "T1" }, transcript(ended))
    fold.push({ _tag: "Bundle", directory: "b" }, linesOf(recorded().turnEnds(), ["raw_payload:1"]))
    expect<unknown>(inputOf(the(fold.end().writes, "llm"))).toEqual([question])
  })
})

describe("one trace of two sources that go on", () => {
  const ended = [
    ...begun,
    ["event_msg", { type: "task_complete", turn_id: turnId, last_agent_message: "done" }]
  ] as const
  const written = () => transcript(ended)
  const recording = () => linesOf(recorded().toolEnds("c1").turnEnds())
  const live = () => {
    const fold = liveRecordedFold({ rootId: "T1" })
    return {
      fold,
      written: (lines: ReturnType<typeof transcript>) =>
        fold.push({ _tag: "Transcript", threadId: "T1" }, lines).writes,
      recorded: (lines: ReturnType<typeof recording>) => fold.push({ _tag: "Bundle", directory: "b" }, lines).writes
    }
  }

  test("tells a turn as soon as one of them has seen its end, and exactly when the other has", () => {
    const one = live()
    one.recorded(recording().slice(0, 3))
    expect(the(one.written(written()), "turn")).toMatchObject({ start: bundleAt(2), end: 1_700_000_016, status: "ok" })
    // A recorded end waits for what the protocol adds to it.
    const corrected = [...one.recorded(recording().slice(3)), ...one.fold.end().writes]
    const turns = corrected.filter(({ span }) => span.kind === "turn")
    expect(turns).toMatchObject([{ op: "close", span: { start: bundleAt(2), end: bundleAt(7), output: "done" } }])
  })

  test("keeps a thread open while its transcript is, whatever process ends", () => {
    const one = live()
    one.written(written().slice(0, 3))
    const writes = one.recorded(recording())
    expect(writes.filter(({ span }) => span.kind === "session").map(({ op }) => op)).not.toContain("close")
    const atEnd = one.fold.end().writes.filter(({ span }) => span.kind === "session")
    expect(atEnd.map(({ op }) => op)).toEqual(["close"])
  })

  test("forgets spans that both have closed long ago, and none that is open", () => {
    const one = live()
    const many = Array.from({ length: 6000 }, (_, n) => [
      "response_item",
      { type: "function_call", name: "exec_command", call_id: `c${n}`, arguments: "{}" }
    ]) as unknown as ReadonlyArray<readonly [string, JsonObject]>
    one.written(transcript([...begun, ...many]))
    const told = one.fold.end().writes
    expect(told.filter(({ op }) => op !== "close")).toEqual([])
    expect(told.length).toBeGreaterThan(6000)
  })
})

/** Everything of a session in one order of arrival; the lines of one file keep theirs. */
const arrivalsOf = async (directory: string, file: string) => {
  const catalogue = makeCatalogue(foldersBeside(file))
  const strands: Array<{ readonly rootId: string; readonly arrivals: ReadonlyArray<Arrival> }> = []
  for (const session of await Effect.runPromise(catalogue.sessions)) {
    const threads = new Set([session.rootThreadId, ...session.rollouts.map(({ threadId }) => threadId)])
    const bundles = recordingsOf([`${directory}/trace`], threads)
    const arrivals = await Effect.runPromise(
      Stream.runCollect(Stream.concat(readSession(catalogue, session), readBundles(bundles)))
    )
    strands.push({ rootId: session.rootThreadId, arrivals: [...arrivals] })
  }
  return strands
}

/** Single lines, dealt by chance: `written` and `recorded` each in their own order. */
function* dealt(arrivals: ReadonlyArray<Arrival>, seed: number) {
  const single = arrivals.flatMap(({ origin, lines }) => lines.map((line) => ({ origin, line })))
  const sides = [single.filter(isRecorded), single.filter((one) => !isRecorded(one))]
  const next = dice(seed)
  for (let [a, b] = [0, 0]; ; ) {
    const takesFirst = b >= (sides[1]?.length ?? 0) || (a < (sides[0]?.length ?? 0) && next() < 0.5)
    const one = takesFirst ? sides[0]?.[a++] : sides[1]?.[b++]
    if (one === undefined) return
    yield one
  }
}

const isRecorded = ({ origin }: { readonly origin: Origin }) => origin._tag === "Bundle"

const lastOfEach = (fold: Fold, dealtLines: Iterable<{ readonly origin: Origin; readonly line: Line }>) => {
  const last = new Map<string, Span>()
  const take = (writes: ReadonlyArray<SpanWrite>) => {
    for (const { span } of writes) last.set(span.id, span)
  }
  for (const { origin, line } of dealtLines) take(fold.push(origin, [line]).writes)
  take(fold.end().writes)
  return [...last.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(plainSpan)
}

describeCorpus("a recorded session that is followed", (cases) => {
  for (const one of cases.filter(({ bundles }) => bundles.length > 0))
    test(`${one.name}: ends with the spans of one that was read once, however its files come`, async () => {
      for (const { rootId, arrivals } of await arrivalsOf(one.directory, transcriptsOf(one)[0] as string)) {
        const whole = lastOfEach(recordedFold({ rootId }), dealt(arrivals, 0))
        for (const seed of [1, 2, 3])
          expect(lastOfEach(liveRecordedFold({ rootId }), dealt(arrivals, seed))).toEqual(whole)
      }
    })
})

describeCorpus("a recorded session whose collector is killed", (cases) => {
  for (const one of cases.filter(({ bundles }) => bundles.length > 0))
    test(`${one.name}: ends as if nothing had happened, wherever it was`, async () => {
      for (const { rootId, arrivals } of await arrivalsOf(one.directory, transcriptsOf(one)[0] as string)) {
        const whole = lastOfEach(recordedFold({ rootId }), dealt(arrivals, 0))
        for (const seed of [1, 2, 3]) {
          const lines = [...dealt(arrivals, seed)]
          const cut = Math.floor(dice(seed + 100)() * lines.length)
          const last = new Map<string, Span>()
          const take = (writes: ReadonlyArray<SpanWrite>) => {
            for (const { span } of writes) last.set(span.id, span)
          }
          const killed = liveRecordedFold({ rootId })
          for (const { origin, line } of lines.slice(0, cut)) take(killed.push(origin, [line]).writes)
          // Folded again below the cut, one source after the other, and only what is open there is told.
          const below = lines.slice(0, cut)
          const resumed = liveRecordedFold({ rootId })
          const open = new Map<string, SpanWrite>()
          for (const { origin, line } of [...below.filter((each) => !isRecorded(each)), ...below.filter(isRecorded)])
            for (const write of resumed.push(origin, [line]).writes)
              if (write.op === "close") open.delete(write.span.id)
              else open.set(write.span.id, write)
          take([...open.values()])
          for (const { origin, line } of lines.slice(cut)) take(resumed.push(origin, [line]).writes)
          take(resumed.end().writes)
          expect([...last.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(plainSpan)).toEqual(whole)
        }
      }
    })
})

describeCorpus("recorded sessions, from transcripts and bundles together", (cases) => {
  for (const one of cases.filter(({ bundles }) => bundles.length > 0))
    test(`${one.name}: no parent is missing, and no nested call's cell is inferred`, async () => {
      const catalogue = makeCatalogue(foldersBeside(transcriptsOf(one)[0] as string))
      for (const session of await Effect.runPromise(catalogue.sessions)) {
        const threads = new Set([session.rootThreadId, ...session.rollouts.map(({ threadId }) => threadId)])
        const bundles = recordingsOf([`${one.directory}/trace`], threads)
        const fold = recordedFold({ rootId: session.rootThreadId })
        const arrivals = Stream.concat(readSession(catalogue, session), readBundles(bundles))
        await Effect.runPromise(
          Stream.runForEach(arrivals, ({ origin, lines }) => Effect.sync(() => void fold.push(origin, lines)))
        )
        const spans = fold.end().writes.map(({ span }) => span)
        const ids = new Set(spans.map(({ id }) => id))
        expect(ids.size).toBe(spans.length)
        for (const { parent_id: parent, kind, metadata } of spans) {
          expect(parent === undefined ? kind === "session" : ids.has(parent)).toBe(true)
          expect(metadata.attribution).toBeUndefined()
        }
      }
    })
})
