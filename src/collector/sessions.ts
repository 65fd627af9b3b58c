/**
 * All sessions of the collector: which are worked on, which wait, and what wakes them.
 *
 * Sessions live in fibers of their own, so one that fails or stalls touches no other. The settings of a session (with
 * secrets) are kept in memory only; what a later collector may know is in its record. Times are milliseconds.
 */
import { statSync } from "node:fs"
import { Cause, Clock, Context, Effect, FiberMap, Layer, Schedule } from "effect"
import type { WakeMessage } from "../hook/message.ts"
import { configFile, type Environment } from "../hook/places.ts"
import type { Flush, Wake } from "./inbox.ts"
import { CollectorLog } from "./log.ts"
import { makeMemoryKeeper } from "./memory.ts"
import type { Parts } from "./parts.ts"
import { pruneJournals } from "./prune.ts"
import { type LaneReport, type SessionWork, type Waiting, workOnSession } from "./session.ts"
import { keepOuterSpan, readSessionRecord, sessionRecord, writeSessionRecord } from "./session-record.ts"
import type { SpanFiles } from "./span-files.ts"
import { recordOf, unfinishedSessions } from "./unfinished.ts"
import type { TranscriptWatch } from "./watch.ts"

export interface SessionReport {
  readonly session: string
  readonly state: "following" | "waiting"
  readonly why?: string
  readonly lanes: ReadonlyArray<LaneReport>
}

interface Entry {
  readonly session: string
  readonly cwd: string | undefined
  environment: Environment
  /** The settings that the work began with. */
  settledOn: string
  work: SessionWork | undefined
  waiting: Waiting | undefined
  /** Woken since the work was found to be at rest. */
  again: boolean
  isRunning: boolean
}

/** How many sessions of an earlier collector are taken up at the same time. */
const recoveriesMax = 4
/** How often journals are looked at that may go. */
const pruneEvery = "1 day"

/** What the settings are made of: a change of it begins the work anew. */
const settingsForm = (environment: Environment): string => {
  const config = statSync(configFile(environment), { throwIfNoEntry: false })
  return JSON.stringify([Object.entries(environment).sort(), config?.mtimeMs, config?.size])
}

export class Sessions extends Context.Service<
  Sessions,
  {
    /** Follows the session, or looks at its files now. */
    readonly wake: (message: Wake | Flush) => Effect.Effect<void>
    /** Whether everything written before was acknowledged in time. */
    readonly flush: (message: Flush) => Effect.Effect<boolean>
    /** Takes up what an earlier collector left unfinished. */
    readonly recover: Effect.Effect<void>
    /** Removes, now and each day, what is kept of sessions that are long over. Does not end. */
    readonly prune: Effect.Effect<void>
    readonly report: () => ReadonlyArray<SessionReport>
    readonly isWorking: () => boolean
    /** What a successor must be told, secrets included. */
    readonly handOver: (command: ReadonlyArray<string>, version: string) => ReadonlyArray<WakeMessage>
  }
>()("tracer/collector/Sessions") {
  static readonly layer = (state: string) => Layer.effect(Sessions, makeSessions(state))
}

const makeSessions = (state: string) =>
  Effect.gen(function* () {
    const log = yield* CollectorLog
    const fibers = yield* FiberMap.make<string>()
    const context = yield* Effect.context<Parts | CollectorLog | TranscriptWatch | SpanFiles>()
    const entries = new Map<string, Entry>()
    const keepSmall = makeMemoryKeeper()

    /** Works on the session until it rests and was not woken since. */
    const work = (entry: Entry): Effect.Effect<void> =>
      Effect.gen(function* () {
        for (let again = true; again; again = entry.again) {
          entry.again = false
          entry.waiting = undefined
          const { session, environment, cwd } = entry
          const place = { state, session, environment, keepSmall, ...(cwd !== undefined && { cwd }) }
          entry.waiting = yield* workOnSession(
            place,
            (begun) => {
              entry.work = begun
            },
            () => {
              entry.work = undefined
            }
          )
          if (entry.waiting !== undefined && !entry.waiting.isOff)
            yield* log.write("warning", entry.waiting.why, session)
        }
      }).pipe(
        Effect.provide(context),
        Effect.catchCause((cause) => {
          if (Cause.hasInterruptsOnly(cause)) return Effect.void
          entry.waiting = { why: `stopped on an error of ours: ${Cause.pretty(cause).slice(0, 2000)}`, isOff: false }
          return log.write("error", entry.waiting.why, entry.session)
        }),
        Effect.ensuring(
          Effect.sync(() => {
            entry.work = undefined
            entry.isRunning = false
            // One that rests is forgotten, with its secrets; one that waits is shown until its next hook.
            if (entry.waiting === undefined && entries.get(entry.session) === entry) entries.delete(entry.session)
          })
        )
      )

    /** Begins the work, after that of the entry's predecessor has been brought to an end. */
    const start = (entry: Entry) =>
      Effect.suspend(() => {
        // Known before anything is waited for: hooks of one moment come as messages of one moment.
        entries.set(entry.session, entry)
        entry.isRunning = true
        return FiberMap.remove(fibers, entry.session)
      }).pipe(
        Effect.andThen(
          Effect.suspend(() =>
            entries.get(entry.session) === entry ? FiberMap.run(fibers, entry.session, work(entry)) : Effect.void
          )
        )
      )

    const entryFor = (message: Wake | Flush, environment: Environment): Entry => ({
      session: message.session,
      cwd: message.cwd,
      environment,
      settledOn: settingsForm(environment),
      work: undefined,
      waiting: undefined,
      again: false,
      isRunning: false
    })

    const wake = (message: Wake | Flush) =>
      Effect.gen(function* () {
        const { session } = message
        const known = entries.get(session)
        const earlier = known?.environment ?? readSessionRecord(state, session)?.environment
        const environment = keepOuterSpan(message.environment, earlier)
        if (known?.isRunning === true && known.settledOn === settingsForm(environment)) {
          if (known.work === undefined) known.again = true
          else known.work.wake()
          return
        }
        yield* start(entryFor(message, environment))
        yield* Effect.catchTag(
          writeSessionRecord(state, sessionRecord(session, message.cwd, environment)),
          "NotWritten",
          (failure) => log.write("warning", failure.message, session)
        )
      })

    const flush = (message: Flush) =>
      Effect.gen(function* () {
        yield* wake(message)
        for (;;) {
          const entry = entries.get(message.session)
          if (entry === undefined || !entry.isRunning) return entry?.waiting === undefined
          if (entry.work !== undefined) {
            yield* entry.work.flush
            return true
          }
          yield* Effect.sleep(10)
        }
      }).pipe(
        Effect.timeoutOrElse({ duration: message.withinMs, orElse: () => Effect.succeed(false) }),
        Effect.catchTag("SinkFailed", () => Effect.succeed(false))
      )

    const recoverOne = (session: string) =>
      Effect.gen(function* () {
        if (entries.has(session)) return
        const { environment, cwd } = recordOf(state, session)
        const message: Wake = { type: "wake", version: "", command: [], session, event: "", environment }
        yield* start(entryFor(cwd === undefined ? message : { ...message, cwd }, environment))
      })

    const recover = Effect.gen(function* () {
      const unfinished = unfinishedSessions(state, yield* Clock.currentTimeMillis)
      yield* Effect.forEach(unfinished, recoverOne, { concurrency: recoveriesMax, discard: true })
      if (unfinished.length > 0) yield* log.write("info", `unfinished sessions found: ${unfinished.length}`)
    })

    const prune = Effect.gen(function* () {
      const pruned = yield* pruneJournals(state, yield* Clock.currentTimeMillis)
      if (pruned > 0) yield* log.write("info", `removed the journals of ${pruned} sessions that are long over`)
    }).pipe(Effect.repeat(Schedule.spaced(pruneEvery)), Effect.asVoid)

    return {
      wake,
      flush,
      recover,
      prune,
      report: () =>
        [...entries.values()]
          .filter((entry) => entry.waiting?.isOff !== true)
          .map(({ session, waiting, work: at }) => ({
            session,
            state: waiting === undefined ? ("following" as const) : ("waiting" as const),
            ...(waiting !== undefined && { why: waiting.why }),
            lanes: at?.reports() ?? []
          })),
      isWorking: () => [...entries.values()].some((entry) => entry.isRunning),
      handOver: (command: ReadonlyArray<string>, version: string) =>
        [...entries.values()].map(({ session, cwd, environment }): WakeMessage => {
          const message = { type: "wake", version, command, session, event: "", environment } as const
          return cwd === undefined ? message : { ...message, cwd }
        })
    }
  })
