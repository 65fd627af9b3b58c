/**
 * One session on its way to one sink: files → fold → delivery → watermark.
 *
 * Each sink of a session has a lane with a fold of its own, so that a sink that stalls holds back nothing but itself: its
 * queue fills, its fold waits, and the transcript on disk is the buffer. A lane runs one course after another
 * (course.ts): when nothing has been written for a while, or the session has ended, it closes what is open, lets go of
 * the fold, and rests until it is woken. Times are milliseconds.
 */
import { Deferred, Effect, Latch, type Scope } from "effect"
import type { Delivery } from "../sink/deliver.ts"
import type { SinkFailed } from "../sink/failure.ts"
import { beginCourse, type Course, type CourseOptions } from "./course.ts"
import { elapsedMs } from "./elapsed.ts"

export interface LaneOptions extends CourseOptions {
  /** Without news for so long, what is open is closed as unfinished; if it goes on later, it is corrected. */
  readonly quietMs: number
}

export interface Lane {
  readonly sink: string
  /** Something was written, or a setting may have changed: look now. */
  readonly wake: () => void
  /** Succeeds when everything that was written before is acknowledged. */
  readonly flush: Effect.Effect<void, SinkFailed>
  readonly isResting: () => boolean
  /** Bytes that were written and not folded yet, as far as the files are known. */
  readonly unreadBytes: () => number
  /** Works until interrupted. */
  readonly run: Effect.Effect<never>
}

/** A SessionEnd is the last word of a session, but its files may still be written to the end. */
const afterEndMs = 1_000
/** A safety net under the file system's messages and the hooks' wake calls. */
const pollMs = 1_000
/**
 * Where something was just written Codex and its hooks are at work, perhaps on two cores: we step aside for a moment, and
 * take together what comes meanwhile. (A turn of five tools with synchronous hooks: 0.1 s less.)
 */
const breathMs = 100

type Asked = Deferred.Deferred<void, SinkFailed>

/** Tells those who asked, once everything offered until now is acknowledged. */
const answer = <P>(delivery: Delivery<P>, asked: ReadonlyArray<Asked>, scope: Scope.Scope) =>
  asked.length === 0
    ? Effect.void
    : Effect.forkIn(
        Effect.flatMap(Effect.exit(delivery.drain), (exit) =>
          Effect.sync(() => {
            for (const one of asked) Deferred.doneUnsafe(one, exit)
          })
        ),
        scope
      )

/** Makes a lane at work; `onRest` is called, synchronously, whenever it has come to rest. */
export const makeLane = (options: LaneOptions, onRest: () => void): Effect.Effect<Lane, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { delivery } = options
    const scope = yield* Effect.scope
    const signal = Latch.makeUnsafe(true)
    const flushes: Array<Asked> = []
    /** Somebody waits for an answer. */
    const urgent = Latch.makeUnsafe(false)
    /** Woken since the files were looked at. */
    let woken = true
    let resting = false
    let course: Course | undefined

    const wake = () => {
      woken = true
      signal.openUnsafe()
    }

    /** From the watermark to rest. */
    const follow = Effect.gen(function* () {
      const at = beginCourse(options)
      course = at
      yield* at.replay
      let newsAt = yield* elapsedMs
      for (;;) {
        signal.closeUnsafe()
        woken = false
        urgent.closeUnsafe()
        const asked = flushes.splice(0)
        const news = yield* asked.length > 0 ? at.settle : at.catchUp
        yield* answer(delivery, asked, scope)
        const now = yield* elapsedMs
        if (news) newsAt = now
        else if (now - newsAt >= (at.sessionEnded() ? afterEndMs : options.quietMs)) {
          if (yield* at.findMore(newsAt)) continue
          return yield* at.close
        }
        if (news) yield* Effect.timeoutOption(urgent.await, breathMs)
        yield* Effect.timeoutOption(signal.await, pollMs)
      }
    })

    const run = Effect.gen(function* () {
      for (;;) {
        resting = false
        yield* follow
        course = undefined
        yield* Effect.ignore(delivery.drain)
        if (woken) continue
        resting = true
        onRest()
        yield* signal.await
      }
    })

    return {
      sink: delivery.sink,
      wake,
      flush: Effect.suspend(() => {
        const done = Deferred.makeUnsafe<void, SinkFailed>()
        flushes.push(done)
        urgent.openUnsafe()
        wake()
        return Effect.andThen(delivery.tryNow, Deferred.await(done))
      }),
      isResting: () => resting && !woken,
      unreadBytes: () => course?.unreadBytes() ?? 0,
      run
    } satisfies Lane
  })
