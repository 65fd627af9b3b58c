/**
 * The background process: listens, follows sessions, and leaves when it is idle, told to stop, or outdated.
 *
 * Ties the rooms together and decides the process' end; sessions.ts decides everything about sessions. One a state
 * folder (lock.ts), started by hooks (start.ts). Times are milliseconds.
 */
import { existsSync } from "node:fs"
import { Cause, Clock, Deferred, Effect, Layer } from "effect"
import type { WakeMessage } from "../hook/message.ts"
import { type Environment, socketName } from "../hook/places.ts"
import { startCollector } from "../hook/wake.ts"
import { idleExitSecondsDefault, loadSettings } from "../settings/settings.ts"
import { version } from "../version.ts"
import { elapsedMs } from "./elapsed.ts"
import { type Flush, type Message, parseMessage, type Wake } from "./inbox.ts"
import { CollectorLog } from "./log.ts"
import type { Parts } from "./parts.ts"
import { listen } from "./server.ts"
import { Sessions } from "./sessions.ts"
import { SpanFiles } from "./span-files.ts"
import type { Started } from "./start.ts"
import type { CollectorStatus } from "./status.ts"
import { isNewer } from "./versions.ts"
import { TranscriptWatch } from "./watch.ts"

/** Why the collector leaves. */
type End =
  | { readonly _tag: "Idle" }
  | { readonly _tag: "Stopped" }
  /** The state folder or the socket was removed: nobody can reach us any more. */
  | { readonly _tag: "Unreachable" }
  | { readonly _tag: "Outdated"; readonly by: Wake | Flush }

const lookEveryMs = 1_000

/** How long to stay without work; `otherwise` where the settings cannot be read. */
const idleExitOf = (environment: Environment, otherwise: number): Effect.Effect<number> =>
  loadSettings(environment).pipe(
    Effect.map(({ idleExitSeconds }) => idleExitSeconds * 1000),
    Effect.orElseSucceed(() => otherwise)
  )

const collect = ({ state, messages }: Started) =>
  Effect.gen(function* () {
    const [sessions, log] = [yield* Sessions, yield* CollectorLog]
    const ending = yield* Deferred.make<End>()
    const startedAtMs = yield* Clock.currentTimeMillis
    let activeAtMs = yield* elapsedMs
    /** A hook's settings hold from then on; before the first, those that we were started with. */
    let idleExitMs = yield* idleExitOf(process.env, idleExitSecondsDefault * 1000)

    const noteWake = (message: Wake | Flush) =>
      Effect.gen(function* () {
        activeAtMs = yield* elapsedMs
        idleExitMs = yield* idleExitOf(message.environment, idleExitMs)
      })

    const status = (): CollectorStatus => ({
      type: "status",
      version,
      pid: process.pid,
      startedAt: startedAtMs / 1000,
      residentBytes: process.memoryUsage.rss(),
      sessions: sessions.report()
    })

    /** Only a hook can hand us over, never what we were started with: else two that disagree would start each other. */
    const handOverTo = (message: Wake | Flush) =>
      isNewer(message.version, version) ? Deferred.succeed(ending, { _tag: "Outdated", by: message }) : Effect.void

    const answer = (message: Message): Effect.Effect<object | undefined> => {
      switch (message.type) {
        case "wake":
          return Effect.as(Effect.andThen(noteWake(message), sessions.wake(message)), undefined)
        case "flush":
          return Effect.map(Effect.andThen(noteWake(message), sessions.flush(message)), (acknowledged) => ({
            type: "flushed",
            acknowledged
          }))
        case "status":
          return Effect.sync(status)
        case "stop":
          return Effect.as(Deferred.succeed(ending, { _tag: "Stopped" }), { type: "stopping", pid: process.pid })
      }
    }

    const stop = () => Deferred.doneUnsafe(ending, Effect.succeed({ _tag: "Stopped" }))
    process.on("SIGTERM", stop).on("SIGINT", stop).on("SIGHUP", stop)

    const end = yield* Effect.scoped(
      Effect.gen(function* () {
        yield* listen(state, (message) =>
          message.type === "wake" || message.type === "flush"
            ? Effect.andThen(handOverTo(message), answer(message))
            : answer(message)
        )
        yield* log.write("info", `collector ${version} began (pid ${process.pid})`)
        for (const given of messages) {
          const message = parseMessage(JSON.stringify(given))
          if (message !== undefined) yield* answer(message)
        }
        yield* sessions.recover
        yield* Effect.forkScoped(sessions.prune)
        const watch = Effect.gen(function* () {
          for (;;) {
            yield* Effect.sleep(lookEveryMs)
            if (process.platform !== "win32" && !existsSync(socketName(state))) return { _tag: "Unreachable" } as const
            const now = yield* elapsedMs
            if (sessions.isWorking()) activeAtMs = Math.max(activeAtMs, now - idleExitMs)
            else if (now - activeAtMs >= idleExitMs) return { _tag: "Idle" } as const
          }
        })
        return yield* Effect.raceFirst(Deferred.await(ending), watch)
      })
    )
    // No new connection is taken from here on: hooks that come now start the next collector, which waits for the lock.
    yield* log.write("info", `collector ${version} ends: ${end._tag}`)
    return end._tag === "Outdated" ? { by: end.by, left: sessions.handOver(end.by.command, end.by.version) } : undefined
  })

/** Runs the collector to its end, and starts its successor where a newer version asked for that. */
export const run = async (started: Started, parts: Layer.Layer<Parts>): Promise<void> => {
  const { state, lock } = started
  const log = CollectorLog.layer(state)
  const layer = Sessions.layer(state).pipe(
    Layer.provideMerge(Layer.mergeAll(log, parts, TranscriptWatch.layer, SpanFiles.layer))
  )
  const outdated = await Effect.runPromise(
    collect(started).pipe(
      Effect.provide(layer),
      Effect.catchCause((cause) =>
        CollectorLog.use((to) => to.write("error", Cause.pretty(cause).slice(0, 4000))).pipe(
          Effect.provide(log),
          Effect.as(undefined)
        )
      )
    )
  )
  lock.release()
  if (outdated !== undefined) await startSuccessor(outdated.by, outdated.left)
}

/** The newer executable gets everything that lives in this one's memory only. */
const startSuccessor = async (by: Wake | Flush, left: ReadonlyArray<WakeMessage>): Promise<void> => {
  const messages: ReadonlyArray<WakeMessage> = [
    { ...by, type: "wake" },
    ...left.filter(({ session }) => session !== by.session)
  ]
  await startCollector(messages, process.env)
}
