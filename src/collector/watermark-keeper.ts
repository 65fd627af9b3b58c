/**
 * Keeps one watermark: takes every acknowledgement, writes the latest one down a few times a second at most.
 *
 * Its scope's end writes the last one. What cannot be written (a full disk) stays in memory and is tried again with the
 * next acknowledgement. Times are milliseconds, in the file Unix seconds.
 */
import { Clock, Effect, Latch, type Scope } from "effect"
import { CollectorLog } from "./log.ts"
import { type Cut, commitWatermark, type Destination, emptyCut, readWatermark, type Watermark } from "./watermark.ts"

const commitEveryMs = 200

export interface WatermarkKeeper {
  readonly acknowledged: () => Cut
  /** Unix seconds of the last acknowledgement, also of an earlier collector. */
  readonly acknowledgedAt: () => number | undefined
  readonly acknowledge: (cut: Cut) => Effect.Effect<void>
}

export const keepWatermark = (
  state: string,
  session: string,
  destination: Destination
): Effect.Effect<WatermarkKeeper, never, Scope.Scope | CollectorLog> =>
  Effect.gen(function* () {
    const log = yield* CollectorLog
    const moved = Latch.makeUnsafe()
    let latest: Watermark | undefined = readWatermark(state, session, destination)
    let written = latest
    let failing = false

    const commit = Effect.suspend(() => {
      const watermark = latest
      if (watermark === undefined || watermark === written) return Effect.void
      return commitWatermark(state, session, destination, watermark).pipe(
        Effect.tap(() =>
          Effect.sync(() => {
            written = watermark
            failing = false
          })
        ),
        Effect.catchTag("NotWritten", (failure) => {
          if (failing) return Effect.void
          failing = true
          return log.write("error", failure.message, session)
        })
      )
    })

    yield* Effect.addFinalizer(() => commit)
    yield* Effect.forkScoped(
      Effect.forever(
        Effect.gen(function* () {
          yield* moved.await
          moved.closeUnsafe()
          yield* Effect.uninterruptible(commit)
          yield* Effect.sleep(commitEveryMs)
        })
      )
    )

    return {
      acknowledged: () =>
        latest === undefined ? emptyCut : { files: latest.files, ended: latest.ended, spans: latest.spans },
      acknowledgedAt: () => latest?.acknowledgedAt,
      acknowledge: (cut) =>
        Effect.map(Clock.currentTimeMillis, (nowMs) => {
          const { sink, label } = destination
          latest = { version: 1, sink, destination: label, ...cut, acknowledgedAt: nowMs / 1000 }
          moved.openUnsafe()
        })
    }
  })
