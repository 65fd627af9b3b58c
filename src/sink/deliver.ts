/**
 * What stands around every sink, in this order: choice of writes, bounded queue, batch by count and time, last write
 * of a span wins, encoding (capture modes and redaction), cut by bytes, sending with retries, acknowledgement.
 *
 * One delivery belongs to one sink and sends one batch at a time, so that acknowledgements come in the order of the
 * offers and a late old write never overwrites a newer one. A full queue holds the producer back: nothing is dropped
 * while the sink lives. Leaves out what a row is (the sink), how a refused batch is taken apart (send-batch.ts) and
 * when to give up (retry.ts). Times are milliseconds.
 */
import { Cause, Deferred, Effect, Latch, Option, Random, type Scope } from "effect"
import type { SpanWrite } from "../span/span.ts"
import { ReaderLeft, SinkFailed } from "./failure.ts"
import { type RetryPolicy, waitMs } from "./retry.ts"
import { type Attempt, type SetAside, sendBatch, unwritable } from "./send-batch.ts"
import type { OpenSink } from "./sink.ts"
import { makeWriteQueue } from "./write-queue.ts"

/** What a user should hear of, as it happens. */
export type Trouble =
  /** The sink did not take a batch; it is tried again in `inMs`. */
  | { readonly _tag: "Waiting"; readonly failure: SinkFailed; readonly tries: number; readonly inMs: number }
  /** The sink takes batches again. */
  | { readonly _tag: "Recovered"; readonly sink: string }
  /** One span that the backend will never take; the others go on. */
  | ({ readonly _tag: "SetAside" } & SetAside)
  /** Nothing more is sent. `lost` writes were accepted here and have not arrived. */
  | { readonly _tag: "GivenUp"; readonly failure: SinkFailed; readonly lost: number }

export interface DeliverOptions<P> {
  readonly retry: RetryPolicy
  /** Called in order with the position up to which everything is acknowledged: the place to move a watermark. */
  readonly onAcknowledged?: (position: P) => Effect.Effect<void>
  readonly onTrouble?: (trouble: Trouble) => Effect.Effect<void>
  /** How long the end of the scope waits for what is still queued. */
  readonly shutdownMs?: number
  readonly queue?: { readonly writesMax: number; readonly bytesMax: number }
}

export interface Delivery<P> {
  readonly sink: string
  /** Hands over the writes of one step of the fold; waits while the queue is full. `position` is acknowledged with
   * the last of them, also when there is none. */
  readonly offer: (writes: ReadonlyArray<SpanWrite>, position: P) => Effect.Effect<void>
  /** Waits until everything offered so far is acknowledged, without waiting for more rows to fill a batch. */
  readonly drain: Effect.Effect<void, SinkFailed>
  /** Tries at once what waits for its next try. */
  readonly tryNow: Effect.Effect<void>
  /** Completes when nothing more will be sent: the sink was given up, or its reader has left. */
  readonly over: Effect.Effect<void>
  /** Spans acknowledged and set aside so far. */
  readonly counts: () => { readonly taken: number; readonly setAside: number; readonly waiting: number }
}

const queueDefault = { writesMax: 1024, bytesMax: 2 * 1024 * 1024 }
const shutdownMsDefault = 5_000

/** Spans are made when they are first looked at, which is here: one that cannot be made is not let in. */
const madeSpans = (sink: string, writes: ReadonlyArray<SpanWrite>) => {
  const unmade: Array<SetAside> = []
  const made = writes.filter((write) => {
    try {
      return write.span !== undefined
    } catch (cause) {
      unmade.push({ write, failure: unwritable(sink, cause) })
      return false
    }
  })
  return [made, unmade] as const
}

/** Puts a delivery around an open sink. It lives as long as the scope, whose end flushes what it can in time. */
export const deliver = <P>(
  sink: OpenSink,
  options: DeliverOptions<P>
): Effect.Effect<Delivery<P>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const queue = makeWriteQueue<P>(options.queue ?? queueDefault)
    const over = yield* Deferred.make<void, SinkFailed>()
    const [arrived, room, ripe, retryNow] = [
      Latch.makeUnsafe(),
      Latch.makeUnsafe(true),
      Latch.makeUnsafe(),
      Latch.makeUnsafe()
    ]
    const drains: Array<{ readonly until: number; readonly done: Deferred.Deferred<void, SinkFailed> }> = []
    let [taken, setAside, flushUntil, inTrouble, ended] = [0, 0, 0, false, false]
    const tell = (trouble: Trouble) => options.onTrouble?.(trouble) ?? Effect.void

    const end = (failure: SinkFailed | undefined): Effect.Effect<void> =>
      Effect.suspend(() => {
        if (ended) return Effect.void
        ended = true
        const lost = queue.clear()
        const told = failure === undefined ? Effect.void : tell({ _tag: "GivenUp", failure, lost })
        return Effect.map(told, () => {
          // Whoever waits for the end finds it told.
          const result = failure === undefined ? Effect.void : Effect.fail(failure)
          Deferred.doneUnsafe(over, result)
          for (const { done } of drains.splice(0)) Deferred.doneUnsafe(done, result)
          room.openUnsafe()
        })
      })

    /** Waits for the next try, or fails when there is none to come. */
    const pause = (failure: SinkFailed, tries: number) =>
      Effect.gen(function* () {
        const inMs = waitMs(options.retry, failure, tries, yield* Random.next)
        if (inMs === undefined) return yield* failure
        inTrouble = true
        yield* tell({ _tag: "Waiting", failure, tries, inMs })
        retryNow.closeUnsafe()
        yield* Effect.timeoutOption(retryNow.await, inMs)
      })

    const attempt: Attempt = (rows) =>
      Effect.gen(function* () {
        for (let tries = 1; ; tries++) {
          const failure = yield* sink.send(rows).pipe(
            Effect.as(undefined),
            Effect.catchTag("SinkFailed", (failed) =>
              failed.retry === "transient" ? Effect.succeed(failed) : Effect.fail(failed)
            )
          )
          if (failure === undefined) break
          yield* pause(failure, tries)
        }
        if (inTrouble) yield* tell({ _tag: "Recovered", sink: sink.name })
        inTrouble = false
      })

    const acknowledge = (entries: number) =>
      Effect.gen(function* () {
        const completed = queue.finish(entries)
        if (!queue.isFull()) room.openUnsafe()
        if (completed !== undefined) yield* options.onAcknowledged?.(completed.position) ?? Effect.void
        while (drains[0] !== undefined && drains[0].until <= queue.finished()) {
          const drained = drains.shift()
          if (drained !== undefined) Deferred.doneUnsafe(drained.done, Effect.void)
        }
      })

    /** Lets a batch fill, unless someone waits for it. */
    const gather = Effect.suspend(() => {
      const { rows, withinMs } = sink.batch
      if (withinMs === 0 || queue.length() >= rows || queue.isFull() || flushUntil > queue.finished())
        return Effect.void
      ripe.closeUnsafe()
      return Effect.timeoutOption(ripe.await, withinMs)
    })

    const step = (probes: number): Effect.Effect<number, SinkFailed | ReaderLeft> =>
      Effect.gen(function* () {
        if (queue.length() === 0) {
          arrived.closeUnsafe()
          yield* arrived.await
        }
        yield* gather
        const { entries, writes } = queue.peek(sink.batch.rows)
        // A batch that failed for good is taken afresh for each probe: with more rows in it, one bad row can be told
        // from a backend that refuses everything.
        const result = yield* sendBatch(sink, writes, attempt, taken > 0).pipe(
          Effect.catchTag("SinkFailed", (failure) =>
            failure.retry === "permanent" ? Effect.as(pause(failure, probes + 1), undefined) : Effect.fail(failure)
          )
        )
        if (result === undefined) return probes + 1
        taken += result.taken
        setAside += result.setAside.length
        for (const each of result.setAside) yield* tell({ _tag: "SetAside", ...each })
        yield* acknowledge(entries)
        return 0
      })

    const worker = Effect.gen(function* () {
      for (let probes = 0; ; ) probes = yield* step(probes)
    }).pipe(
      Effect.catchCause((cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.void
        const error = Cause.squash(cause)
        if (error instanceof ReaderLeft) return end(undefined)
        if (error instanceof SinkFailed) return end(error)
        const reason = `stopped on an error of ours: ${error instanceof Error ? error.message : String(error)}`
        return end(new SinkFailed({ sink: sink.name, retry: "permanent", reason, cause: error }))
      })
    )
    yield* Effect.forkScoped(worker)

    const drain = Effect.suspend(() => {
      if (ended) return Deferred.await(over)
      if (queue.finished() >= queue.offered()) return Effect.void
      const done = Deferred.makeUnsafe<void, SinkFailed>()
      flushUntil = queue.offered()
      drains.push({ until: flushUntil, done })
      ripe.openUnsafe()
      return Deferred.await(done)
    })

    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        const shutdownMs = options.shutdownMs ?? shutdownMsDefault
        const drained = yield* Effect.timeoutOption(Effect.ignore(drain), shutdownMs)
        const reason = `not everything was taken within ${shutdownMs / 1000} s of the end`
        if (Option.isNone(drained)) yield* end(new SinkFailed({ sink: sink.name, retry: "transient", reason }))
        else yield* end(undefined)
      })
    )

    return {
      sink: sink.name,
      offer: (writes, position) =>
        Effect.gen(function* () {
          while (queue.isFull() && !ended) {
            ripe.openUnsafe()
            room.closeUnsafe()
            yield* room.await
          }
          if (ended) return
          const wanted = sink.wants === "all" ? writes : writes.filter((write) => write.op === "close")
          const [made, unmade] = madeSpans(sink.name, wanted)
          setAside += unmade.length
          for (const each of unmade) yield* tell({ _tag: "SetAside", ...each })
          queue.push(made, position)
          arrived.openUnsafe()
          if (queue.length() >= sink.batch.rows) ripe.openUnsafe()
        }),
      drain,
      tryNow: Effect.asVoid(retryNow.open),
      over: Effect.ignore(Deferred.await(over)),
      counts: () => ({ taken, setAside, waiting: queue.length() })
    }
  })
