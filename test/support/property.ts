/**
 * A property as a test: it holds for every generated value, or the test fails with the smallest one that breaks it.
 *
 * Seeded, so that a run can be repeated; the failure message says how to replay one value.
 */
import { test } from "bun:test"
import { Arbitrary, Effect } from "effect"

export interface PropertyOptions {
  readonly runs?: number
  readonly seed?: number
  readonly timeoutMs?: number
}

/** A test of one property; the property answers whether it holds, or throws. */
export const holds = <A>(
  name: string,
  values: Arbitrary.Arbitrary<A>,
  property: (value: A) => boolean | Promise<boolean>,
  { runs = 200, seed = 1, timeoutMs = 20_000 }: PropertyOptions = {}
) =>
  test(
    name,
    async () => {
      const result = await Effect.runPromise(
        Arbitrary.checkEffect(
          values,
          (value) => Effect.tryPromise({ try: async () => property(value), catch: (cause) => cause }),
          { runs, seed }
        )
      )
      const failure = Arbitrary.formatCheckFailure(result)
      if (failure !== undefined) throw new Error(failure)
    },
    timeoutMs
  )
