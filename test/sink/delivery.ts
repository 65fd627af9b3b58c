/**
 * A delivery under test: on a clock that only the test moves, with what it acknowledged and what troubled it.
 */
import { test } from "bun:test"
import { Effect, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { type DeliverOptions, deliver, type Trouble } from "../../src/sink/deliver.ts"
import { bounded } from "../../src/sink/retry.ts"
import type { OpenSink } from "../../src/sink/sink.ts"
import type { SpanWrite } from "../../src/span/span.ts"
import { closed } from "../support/spans.ts"

/** A test on a clock that only it moves. */
export const it = <E>(name: string, body: Effect.Effect<void, E, Scope.Scope>) =>
  test(name, () => Effect.runPromise(body.pipe(Effect.scoped, Effect.provide(TestClock.layer()))))

export const ids = (...names: ReadonlyArray<string>): ReadonlyArray<SpanWrite> => names.map((id) => closed({ id }))

/** A delivery that writes down what it was told to acknowledge and what troubled it. */
export const delivery = (sink: OpenSink, options: Partial<DeliverOptions<number>> = {}) =>
  Effect.gen(function* () {
    const acknowledged: Array<number> = []
    const troubles: Array<Trouble> = []
    const made = yield* deliver<number>(sink, {
      retry: bounded,
      onAcknowledged: (position) => Effect.sync(() => acknowledged.push(position)),
      onTrouble: (trouble) => Effect.sync(() => troubles.push(trouble)),
      ...options
    })
    const tags = () => troubles.map((trouble) => trouble._tag)
    return { ...made, acknowledged, troubles, tags }
  })
