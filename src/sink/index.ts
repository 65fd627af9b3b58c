/**
 * The only list of sinks, and the opening of several at once: each behind its own delivery, so that one that fails
 * or stalls never loses a row of another.
 */
import { Effect, type Scope } from "effect"
import type { SpanWrite } from "../span/span.ts"
import { braintrust } from "./braintrust/braintrust.ts"
import { type DeliverOptions, type Delivery, deliver, type Trouble } from "./deliver.ts"
import { SinkFailed } from "./failure.ts"
import { jsonl } from "./jsonl.ts"
import type { OpenSink, Sink, SinkContext } from "./sink.ts"
import { tree } from "./tree/tree.ts"

export const sinks: ReadonlyArray<Sink> = [tree, jsonl, braintrust]

export const sinkNames: ReadonlyArray<string> = sinks.map((sink) => sink.name)

export const sinkNamed = (name: string): Sink | undefined => sinks.find((sink) => sink.name === name)

export interface Deliveries {
  /** Hands the writes to every sink that is left; waits for the slowest while its queue is full. */
  readonly offer: (writes: ReadonlyArray<SpanWrite>) => Effect.Effect<void>
  /** Waits until every sink has acknowledged everything or was given up; the failures of the latter. */
  readonly drain: Effect.Effect<ReadonlyArray<SinkFailed>>
  /** Completes when no sink is left that takes anything: all given up, or their readers gone. */
  readonly over: Effect.Effect<void>
  /** Spans that a backend will never take. */
  readonly setAside: () => number
}

/**
 * Opens the sinks of the list by name and puts a delivery around each. A sink that cannot be opened (a missing key)
 * is reported as `GivenUp` at once and counts as a failure in `drain`; the others work.
 */
export const openSinks = (
  names: ReadonlyArray<string>,
  context: SinkContext,
  options: Pick<DeliverOptions<void>, "retry" | "onTrouble" | "shutdownMs">
): Effect.Effect<Deliveries, never, Scope.Scope> =>
  Effect.gen(function* () {
    const failures: Array<SinkFailed> = []
    const deliveries: Array<Delivery<void>> = []
    const onTrouble = (trouble: Trouble) => {
      if (trouble._tag === "GivenUp") failures.push(trouble.failure)
      return options.onTrouble?.(trouble) ?? Effect.void
    }
    const chosen = new Set(names)
    const hasLines = sinks.some((sink) => sink.writes === "lines" && chosen.has(sink.name))
    const contextOf = (sink: Sink): SinkContext =>
      sink.writes === "drawing" && hasLines && context.aside !== undefined
        ? { ...context, output: context.aside }
        : context
    const unknown = (name: string): Effect.Effect<OpenSink, SinkFailed> =>
      new SinkFailed({
        sink: name,
        retry: "permanent",
        reason: "there is no such sink",
        hint: `sinks are ${sinkNames.join(", ")}`
      })
    for (const name of chosen) {
      const sink = sinkNamed(name)
      const opened = sink === undefined ? unknown(name) : sink.open(contextOf(sink))
      const delivery = yield* opened.pipe(
        Effect.flatMap((open) => deliver<void>(open, { ...options, onTrouble })),
        Effect.catchTag("SinkFailed", (failure) =>
          Effect.as(onTrouble({ _tag: "GivenUp", failure, lost: 0 }), undefined)
        )
      )
      if (delivery !== undefined) deliveries.push(delivery)
    }
    const concurrency = deliveries.length > 1 ? "unbounded" : 1
    return {
      // A full queue of one does not keep the writes from the others.
      offer: (writes) =>
        Effect.forEach(deliveries, (delivery) => delivery.offer(writes), { concurrency, discard: true }),
      drain: Effect.forEach(deliveries, (delivery) => Effect.ignore(delivery.drain), {
        concurrency: "unbounded",
        discard: true
      }).pipe(Effect.map(() => [...failures])),
      over: Effect.forEach(deliveries, (delivery) => delivery.over, { concurrency: "unbounded", discard: true }),
      setAside: () => deliveries.reduce((sum, delivery) => sum + delivery.counts().setAside, 0)
    }
  })
