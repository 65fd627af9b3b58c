/**
 * `tracer record PATH… -o DIR`: rollout-trace bundles for sessions that Codex did not record.
 *
 * Ties sessions to the writer: every session that is named becomes one bundle, and its folder is printed; with `--live`
 * one session's bundle grows while it runs. What a bundle holds is bundle/writer/. All spans of a session are kept
 * until it is written; what requests share is kept once.
 */
import { Console, Effect, type Scope, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { Schema } from "../bundle/writer/items.ts"
import { planBundle } from "../bundle/writer/plan.ts"
import { makeUnwritten } from "../bundle/writer/unwritten.ts"
import { type BundleNotWritten, type BundleWriter, createBundle, writeBundle } from "../bundle/writer/write.ts"
import { codexFolder } from "../hook/places.ts"
import type { FoldStep } from "../pipeline/fold.ts"
import { sessionFold } from "../pipeline/session-fold.ts"
import { loadSettings } from "../settings/settings.ts"
import type { Catalogue, Session } from "../source/catalogue.ts"
import { withLineBytesMax } from "../source/file.ts"
import { liveSession, watchFolders } from "../source/live-session.ts"
import type { Arrival } from "../source/origin.ts"
import { locateAll, type TraceSource } from "../source/trace-source.ts"
import type { Span, SpanKind } from "../span/span.ts"
import { Incomplete, WrongUse } from "./errors.ts"
import * as flags from "./flags.ts"
import { checkJournals } from "./journals.ts"
import { readingOf } from "./reading.ts"
import { makeReport, type Report } from "./report.ts"
import { Stop } from "./stop.ts"

const named = flags.paths.pipe(
  Argument.withDescription("Transcripts, folders of them, ids of sessions or their beginnings")
)
const output = Flag.String("output").pipe(
  Flag.withAlias("o"),
  Flag.withMetavar("DIR"),
  Flag.withDescription("The folder that the bundles are written into")
)
const schema = Flag.Literals("schema", ["1", "2"]).pipe(
  Flag.withDescription("2 for Codex 0.169, 1 for 0.142 to 0.164 (and 0.128, unless agents sent messages)"),
  Flag.withDefault("2")
)
const live = Flag.Boolean("live").pipe(
  Flag.withDescription("Record one session while it runs, until Ctrl-C"),
  Flag.withDefault(false)
)

/** Images stay as they were sent: a bundle is evidence. */
const foldOptions = { inlineImages: true }

/** What runs on before its span closes, and has a start in a recording. */
const startedKinds: ReadonlySet<SpanKind> = new Set(["session", "agent", "turn"])

/** The spans of a session as they were last told: those that are closed, and threads and turns that are open. */
const makeTold = (report: Report) => {
  const spans = new Map<string, Span>()
  return {
    take: ({ skipped, notes, writes }: FoldStep): void => {
      report.skipped(skipped)
      report.noted(notes)
      for (const { op, span } of writes) if (op === "close" || startedKinds.has(span.kind)) spans.set(span.id, span)
    },
    spans: (): ReadonlyArray<Span> => [...spans.values()]
  }
}

/** The spans of a source, read once. */
export const recordedSpans = (source: TraceSource, journals: ReadonlyArray<string>, report: Report) => {
  const { fold: makeFold, arrivals } = readingOf(source, { journals })
  const fold = makeFold(foldOptions)
  const told = makeTold(report)
  return arrivals.pipe(
    Stream.runForEach(({ origin, lines, skipped }) =>
      Effect.sync(() => {
        report.skipped(skipped)
        told.take(fold.push(origin, lines))
      })
    ),
    Effect.map(() => {
      told.take(fold.end())
      return told.spans()
    })
  )
}

const identityOf = (spans: ReadonlyArray<Span>, wanted: Schema) => {
  const root = spans.find((span) => span.kind === "session")
  return root && { schema: wanted, traceId: crypto.randomUUID(), rootThreadId: root.thread_id }
}

/** Planning again costs time with the square of a session's length, so it may take this part of the time. */
const planningShare = 0.1

/** Writes what is new, planned from all that is known: the bundle is made when its session is. */
const makeRecorder = (folder: string, wanted: Schema) => {
  const unwritten = makeUnwritten()
  let recording:
    | { readonly writer: BundleWriter; readonly identity: NonNullable<ReturnType<typeof identityOf>> }
    | undefined
  let idleUntilMs = 0
  return (spans: ReadonlyArray<Span>, isRunning: boolean): Effect.Effect<boolean, BundleNotWritten> =>
    Effect.gen(function* () {
      const startedMs = performance.now()
      if (isRunning && startedMs < idleUntilMs) return false
      const identity = recording?.identity ?? identityOf(spans, wanted)
      if (identity === undefined) return true
      const plan = planBundle(spans, { ...identity, isRunning })
      if (recording === undefined) {
        recording = { identity, writer: yield* createBundle(folder, { ...identity, startedAtMs: plan[0]?.atMs ?? 0 }) }
        yield* Console.log(recording.writer.folder)
      }
      yield* recording.writer.append(unwritten(plan))
      idleUntilMs = performance.now() + (performance.now() - startedMs) / planningShare
      return true
    })
}

interface LiveOptions {
  readonly journals: ReadonlyArray<string>
  readonly folder: string
  readonly schema: Schema
  readonly report: Report
}

/** Records a session from its first record on, and goes on while it runs. */
const recordLive = (
  catalogue: Catalogue,
  session: Session,
  { journals, folder, schema: wanted, report }: LiveOptions
): Effect.Effect<void, BundleNotWritten, Scope.Scope | Stop> =>
  Effect.gen(function* () {
    const stop = yield* Stop
    const watch = yield* watchFolders(catalogue.folders, journals)
    const running = yield* liveSession(catalogue, session, watch, { journals })
    const fold = sessionFold({ ...foldOptions, rootId: session.rootThreadId })
    const told = makeTold(report)
    const record = makeRecorder(folder, wanted)
    let hasNews = false
    const write = Effect.gen(function* () {
      if (hasNews) hasNews = !(yield* record(told.spans(), true))
    })
    const arrived = ({ origin, lines, skipped }: Arrival) =>
      Effect.suspend(() => {
        report.skipped(skipped)
        const step = fold.push(origin, lines)
        told.take(step)
        hasNews ||= step.writes.length > 0
        return Effect.forEach(step.follow, running.follow, { discard: true })
      })
    yield* Stream.merge(
      Stream.map(running.arrivals, (arrival) => arrived(arrival)),
      Stream.map(Stream.tick("500 millis"), () => write)
    ).pipe(
      Stream.interruptWhen(stop.requested),
      Stream.runForEach((act) => act)
    )
    told.take(fold.end())
    yield* record(told.spans(), false)
  })

const onlySession = (sources: ReadonlyArray<TraceSource>) => {
  const [source, ...others] = sources
  return source?._tag === "Session" && others.length === 0
    ? Effect.succeed(source)
    : Effect.fail(
        new WrongUse({
          reason: "--live records one session at a time",
          hint: "name one transcript or one session's id, or use --latest"
        })
      )
}

/** Is there nothing in it but what can be recorded? */
const isWritten = (source: TraceSource): boolean =>
  source._tag === "File" || (source._tag === "Session" && source.bundles.length === 0)

export const recordCommand = Command.make(
  "record",
  { named, latest: flags.latest, hooks: flags.hooks, output, schema, live },
  Effect.fnUntraced(function* ({ named, latest, hooks, output: folder, schema: wanted, live: isLive }) {
    yield* checkJournals(hooks)
    const sources = yield* locateAll(named, latest, codexFolder(process.env))
    if (sources.length === 0) {
      return yield* new WrongUse({
        reason: "nothing to record",
        hint: "name a transcript, a folder or a session's id, or use --latest"
      })
    }
    if (!sources.every(isWritten)) {
      return yield* new WrongUse({
        reason: "only transcripts can be recorded: not standard input, and not what is a bundle already",
        hint: "name a transcript, a folder or a session's id, or use --latest"
      })
    }
    const { lineBytesMax } = yield* loadSettings(process.env)
    const report = makeReport()
    const chosen: Schema = wanted === "1" ? 1 : 2
    if (isLive) {
      const { catalogue, session } = yield* onlySession(sources)
      yield* withLineBytesMax(lineBytesMax)(
        recordLive(catalogue, session, { journals: hooks, folder, schema: chosen, report })
      )
    } else {
      for (const source of sources) {
        const spans = yield* withLineBytesMax(lineBytesMax)(recordedSpans(source, hooks, report))
        const identity = identityOf(spans, chosen)
        if (identity !== undefined)
          yield* Console.log(yield* writeBundle(folder, identity, planBundle(spans, identity)))
      }
    }
    const summary = report.text()
    if (summary !== "") yield* Console.error(summary)
    if (!report.isComplete()) return yield* new Incomplete()
  }, Effect.scoped)
).pipe(
  Command.withDescription("Write rollout-trace bundles of sessions that Codex did not record"),
  Command.withExamples([
    { command: "tracer record --latest -o bundles", description: "The last session as a bundle of today's Codex" },
    { command: "tracer record --latest --live -o bundles", description: "The session that runs now, until Ctrl-C" },
    { command: "tracer record rollout.jsonl -o bundles --schema 1", description: "For Codex 0.142 to 0.164" }
  ])
)
