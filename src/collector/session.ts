/**
 * One session at work: its settings, a lane for each sink, and the end when all of them rest.
 *
 * What is wrong with the settings or a sink makes the session wait for its next hook, and never touches another one.
 * Times are milliseconds, in reports Unix seconds.
 */
import { Deferred, Effect, type Scope } from "effect"
import { codexFolder, type Environment, journalFile } from "../hook/places.ts"
import { isTraced } from "../hook/switches.ts"
import { loadSettings, type Settings, type SettingsBroken } from "../settings/settings.ts"
import { deliver, type Trouble } from "../sink/deliver.ts"
import type { SinkFailed } from "../sink/failure.ts"
import { endless } from "../sink/retry.ts"
import { withLineBytesMax } from "../source/file.ts"
import type { AskGit } from "../source/origin.ts"
import { destinationOf, foldOptions, jsonlPath, sinkContext } from "./destination.ts"
import { askGitOnce } from "./git.ts"
import { type Lane, makeLane } from "./lane.ts"
import { CollectorLog } from "./log.ts"
import { Parts } from "./parts.ts"
import { recordingsIn } from "./recordings.ts"
import { SpanFiles } from "./span-files.ts"
import { transcriptsOf } from "./transcripts.ts"
import { TranscriptWatch } from "./watch.ts"
import type { Cut } from "./watermark.ts"
import { keepWatermark, type WatermarkKeeper } from "./watermark-keeper.ts"

export interface LaneReport {
  readonly sink: string
  readonly destination: string
  /** Bytes written by Codex that were not folded yet, and rows that wait to be acknowledged. */
  readonly unreadBytes: number
  readonly waitingSpans: number
  readonly acknowledgedSpans: number
  readonly acknowledgedAt?: number
  /** What is wrong now. */
  readonly trouble?: string
}

export interface SessionWork {
  readonly wake: () => void
  readonly flush: Effect.Effect<void, SinkFailed>
  readonly reports: () => ReadonlyArray<LaneReport>
}

/** Why a session is not worked on. The next hook tries again. */
export interface Waiting {
  readonly why: string
  /** Tracing is off for it: nothing to be done about. */
  readonly isOff: boolean
}

/** Rows and bytes that one lane holds back at most: with twenty sessions and a backend that is away, 80 MiB. */
const queue = { writesMax: 256, bytesMax: 4 * 1024 * 1024 }
const shutdownMs = 2_000

interface OpenLane {
  readonly lane: Lane
  readonly report: () => LaneReport
}

interface Place {
  readonly state: string
  readonly session: string
  readonly environment: Environment
  /** Called after everything that makes garbage (memory.ts). */
  readonly keepSmall: () => void
}

const oncePerText = (write: (what: string) => Effect.Effect<void>) => {
  const seen = new Set<string>()
  return (what: string) => {
    if (seen.size > 1000 || seen.has(what)) return Effect.void
    seen.add(what)
    return write(what)
  }
}

const describeTrouble = (trouble: Trouble): string | undefined => {
  if (trouble._tag === "Recovered") return undefined
  if (trouble._tag === "SetAside") return undefined
  return [trouble.failure.message, trouble.failure.hint].filter(Boolean).join("; ")
}

const openLane = (
  { state, session, environment, keepSmall }: Place,
  settings: Settings,
  sink: string,
  askGit: (ask: AskGit) => Effect.Effect<void>,
  onRest: () => void
): Effect.Effect<OpenLane, SinkFailed, Scope.Scope | Parts | CollectorLog | SpanFiles> =>
  Effect.gen(function* () {
    const [parts, log, files] = [yield* Parts, yield* CollectorLog, yield* SpanFiles]
    const output = files.output(jsonlPath(state, settings))
    const destination = destinationOf(state, settings, sink)
    const open = yield* parts.openSink(sink, sinkContext(environment, settings, output))
    const keeper: WatermarkKeeper = yield* keepWatermark(state, session, destination)
    let trouble: string | undefined
    const delivery = yield* deliver<Cut>(open, {
      retry: endless,
      queue,
      shutdownMs,
      onAcknowledged: (cut) => Effect.tap(keeper.acknowledge(cut), () => Effect.sync(keepSmall)),
      onTrouble: (told) => {
        const before = trouble
        if (told._tag === "SetAside")
          return log.write("warning", `span ${told.spanId ?? "?"} was set aside: ${told.failure.message}`, session)
        trouble = describeTrouble(told)
        if (trouble === before) return Effect.void
        return log.write(trouble === undefined ? "info" : "warning", trouble ?? `${sink} takes spans again`, session)
      }
    })
    const recorded = settings.recordings ? environment.CODEX_ROLLOUT_TRACE_ROOT : undefined
    const lane = yield* makeLane(
      {
        session,
        journal: journalFile(state, session),
        transcripts: transcriptsOf(codexFolder(environment), session),
        recordings: recordingsIn(recorded),
        openFold: () =>
          parts.openFold({ ...foldOptions(settings), rootId: session, isRecorded: recorded !== undefined }),
        delivery,
        keepSmall,
        askGit,
        acknowledged: keeper.acknowledged,
        quietMs: settings.idleExitSeconds * 1000,
        onOddity: oncePerText((what) => log.write("info", what, session))
      },
      onRest
    )
    const report = (): LaneReport => {
      const acknowledgedAt = keeper.acknowledgedAt()
      return {
        sink,
        destination: destination.label,
        unreadBytes: lane.unreadBytes(),
        waitingSpans: delivery.counts().waiting,
        acknowledgedSpans: keeper.acknowledged().spans,
        ...(acknowledgedAt !== undefined && { acknowledgedAt }),
        ...(trouble !== undefined && { trouble })
      }
    }
    return { lane, report }
  })

const waitingFor = (failure: SettingsBroken | SinkFailed): Waiting => ({
  why: [failure.message, failure.hint].filter(Boolean).join("; "),
  isOff: false
})

/**
 * Works on a session until all its lanes rest. `onWork` gets the handle as soon as there is one, and `onRest` is called,
 * at once and synchronously, when the work is over: whoever wakes the session after that must begin anew.
 * Answers why the session could not be worked on, where it could not.
 */
export const workOnSession = (
  place: Place & { readonly cwd?: string },
  onWork: (work: SessionWork) => void,
  onRest: () => void
): Effect.Effect<Waiting | undefined, never, Parts | CollectorLog | TranscriptWatch | SpanFiles> =>
  Effect.scoped(
    Effect.gen(function* () {
      const settings = yield* loadSettings(place.environment)
      if (!isTraced(settings, place.cwd, place.environment.HOME)) return { why: "tracing is off here", isOff: true }
      const atRest = yield* Deferred.make<void>()
      const lanes: Array<OpenLane> = []
      const checkRest = () => {
        if (!lanes.every(({ lane }) => lane.isResting()) || Deferred.isDoneUnsafe(atRest)) return
        onRest()
        Deferred.doneUnsafe(atRest, Effect.void)
      }
      const wake = () => {
        for (const { lane } of lanes) lane.wake()
      }
      const askGit = yield* askGitOnce(place.state, place.session, wake)
      const failures: Array<SinkFailed> = []
      for (const sink of new Set(settings.to)) {
        const opened = yield* openLane(place, settings, sink, askGit, checkRest).pipe(
          Effect.catchTag("SinkFailed", (failure) =>
            Effect.as(
              Effect.sync(() => failures.push(failure)),
              undefined
            )
          )
        )
        if (opened !== undefined) lanes.push(opened)
      }
      const failed = failures[0]
      if (lanes.length === 0)
        return failed === undefined ? { why: "`to` names no sink", isOff: true } : waitingFor(failed)
      onWork({
        wake,
        flush: Effect.forEach(lanes, ({ lane }) => lane.flush, { concurrency: "unbounded", discard: true }),
        reports: () => lanes.map(({ report }) => report())
      })
      yield* (yield* TranscriptWatch).onChange(codexFolder(place.environment), wake)
      for (const { lane } of lanes) yield* Effect.forkScoped(withLineBytesMax(settings.lineBytesMax)(lane.run))
      yield* Deferred.await(atRest)
      return failed === undefined ? undefined : waitingFor(failed)
    })
  ).pipe(Effect.catchTag("SettingsBroken", (failure) => Effect.succeed(waitingFor(failure))))
