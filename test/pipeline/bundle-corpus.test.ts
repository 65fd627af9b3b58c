/**
 * Recorded sessions read from their bundles and from their transcripts: the same spans, under the same ids.
 *
 * A bundle has no event for a local compaction nor for a user's own command, and knows nothing of what its process did
 * not run; a transcript knows nothing of attempts that left nothing behind. Everything else both must tell.
 */
import { expect, test } from "bun:test"
import { Effect, Stream } from "effect"
import { readRecording } from "../../bench/fidelity/truth-bundle.ts"
import { sessionFold } from "../../src/pipeline/session-fold.ts"
import { readBundles } from "../../src/source/bundle.ts"
import { bundleSessions } from "../../src/source/bundle-session.ts"
import { foldersBeside, makeCatalogue } from "../../src/source/catalogue.ts"
import type { Arrival } from "../../src/source/origin.ts"
import { fileLines, readSession } from "../../src/source/session.ts"
import type { Span } from "../../src/span/span.ts"
import type { Json, JsonObject } from "../../src/wire/json.ts"
import { type Case, describeCorpus, transcriptsOf } from "../support/corpus.ts"
import { inputOf } from "../support/reading.ts"

type Spans = ReadonlyMap<string, Span>

const journalLines = (file: string): Stream.Stream<Arrival> =>
  Stream.map(fileLines(file), (batch): Arrival => ({ origin: { _tag: "Journal" }, ...batch }))

const read = async (rootId: string, arrivals: Stream.Stream<Arrival>, into: Map<string, Span>) => {
  const fold = sessionFold({ rootId })
  const keep = (step: ReturnType<typeof fold.end>) => {
    for (const { span } of step.writes) into.set(span.id, span)
  }
  await Effect.runPromise(
    Stream.runForEach(arrivals, ({ origin, lines }) => Effect.sync(() => keep(fold.push(origin, lines))))
  )
  keep(fold.end())
}

const fromTranscripts = async (one: Case): Promise<Spans> => {
  const spans = new Map<string, Span>()
  const [any] = transcriptsOf(one)
  const catalogue = makeCatalogue(foldersBeside(any as string))
  for (const session of await Effect.runPromise(catalogue.sessions))
    await read(session.rootThreadId, readSession(catalogue, session), spans)
  return spans
}

const fromBundles = async (one: Case): Promise<Spans> => {
  const spans = new Map<string, Span>()
  for (const { rootThreadId, directories } of bundleSessions(one.bundles))
    await read(rootThreadId, readBundles(directories), spans)
  return spans
}

/** Items as they are compared: Codex may add an id or a state of its own to one that it repeats. */
const plain = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== "object" || value === null) return value
  const own = Object.entries(value as JsonObject).filter(([key, v]) => key !== "id" && key !== "status" && v !== null)
  return Object.fromEntries(own.sort().map(([key, v]) => [key, plain(v)]))
}

/** What a bundle has no event for. */
const leftOut = (span: Span, transcript: Spans): boolean =>
  span.kind === "compaction" ||
  transcript.get(span.parent_id ?? "")?.kind === "compaction" ||
  (span.kind === "tool" && span.metadata.requested_by === undefined && span.metadata.attribution === undefined)

/** A moment of the recording; doubles of Unix seconds carry about 0.2 µs. */
const ms = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : Math.round(seconds * 1000)

describeCorpus("spans from the bundles of a recorded session", (cases) => {
  for (const one of cases.filter(({ bundles }) => bundles.length > 0)) {
    test(`${one.name}: have the ids, parents and inputs that the transcripts give, and no others`, async () => {
      const [bundle, transcript] = [await fromBundles(one), await fromTranscripts(one)]
      const missing = [...transcript.values()].filter((span) => !bundle.has(span.id) && !leftOut(span, transcript))
      expect(missing.map(({ kind, name }) => `${kind} ${name}`)).toEqual([])
      let both = 0
      for (const [id, told] of transcript) {
        const recorded = bundle.get(id)
        if (recorded === undefined) continue
        both++
        expect(recorded.trace_id).toBe(told.trace_id)
        if (told.metadata.attribution === undefined) expect(recorded.parent_id).toBe(told.parent_id as string)
        expect([recorded.kind, recorded.thread_id, recorded.name]).toEqual([told.kind, told.thread_id, told.name])
        if (told.kind === "llm") {
          expect(plain(inputOf(recorded))).toEqual(plain(inputOf(told)))
          // Older transcripts do not tell it.
          const { response_id: responseId = recorded.metadata.response_id } = told.metadata
          expect(recorded.metadata.response_id).toBe(responseId as string)
        }
      }
      expect(both).toBeGreaterThan(transcript.size / 2)
      const more = [...bundle.values()].filter(
        (span) => !transcript.has(span.id) && transcript.has(span.parent_id ?? "") && span.status === "ok"
      )
      expect(more.map(({ kind, name }) => `${kind} ${name}`)).toEqual([])
    })

    test(`${one.name}: are the same with the facts of hooks beside them, whichever come first`, async () => {
      const { hooks } = one
      const [only, ...others] = bundleSessions(one.bundles)
      if (hooks === undefined || only === undefined || others.length > 0) return
      // What never ended was last seen when a hook saw it.
      const timesOf = (spans: Spans) =>
        [...spans.values()]
          .filter(({ kind, status }) => kind !== "session" && status !== "unfinished")
          .map(({ id, kind, start, end }) => [id, kind, start, end])
          .sort()
      const alone = timesOf(await fromBundles(one))
      const [journal, bundles] = [journalLines(hooks), readBundles(only.directories)]
      for (const arrivals of [Stream.concat(journal, bundles), Stream.concat(bundles, journal)]) {
        const spans = new Map<string, Span>()
        await read(only.rootThreadId, arrivals, spans)
        expect(timesOf(spans)).toEqual(alone)
      }
    })

    test(`${one.name}: have the recording's own times, to the millisecond`, async () => {
      const spans = [...(await fromBundles(one)).values()]
      const recording = readRecording(one.bundles)
      let compared = 0
      for (const turn of recording.turns) {
        const span = spans.find(
          (s) => s.kind === "turn" && s.metadata.turn_id === turn.id && s.thread_id === turn.thread
        )
        if (span === undefined || turn.startedMs === undefined || turn.endedMs === undefined) continue
        compared++
        expect([ms(span.start), ms(span.end)]).toEqual([turn.startedMs, turn.endedMs])
      }
      for (const call of recording.inferences.values()) {
        const span = spans.find((s) => s.kind === "llm" && ms(s.start) === call.startMs && s.thread_id === call.thread)
        compared++
        expect(span?.metadata.response_id).toBe(call.responseId as string)
        if (call.endMs !== undefined) expect(ms(span?.end)).toBe(call.endMs)
      }
      for (const tool of recording.tools.values()) {
        const span = spans.find(
          (s) => s.kind === "tool" && s.metadata.call_id === tool.id && ms(s.start) === tool.startedMs
        )
        const cell = recording.cells.find((c) => c.callId === tool.id && c.thread === tool.thread)
        compared++
        expect(span?.thread_id).toBe(tool.thread)
        const over = cell?.yielded === true ? cell.endedMs : tool.endedMs
        if (over !== undefined) expect(ms(span?.end)).toBe(Math.max(over, tool.runtimeEndedMs ?? 0))
      }
      expect(compared).toBeGreaterThan(2)
    })
  }
})
