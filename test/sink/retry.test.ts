/**
 * How long a failing sink is waited for.
 */
import { expect, test } from "bun:test"
import { Arbitrary, Schema } from "effect"
import { bounded, endless, waitMs } from "../../src/sink/retry.ts"
import { holds } from "../support/property.ts"
import { failed } from "./scripted-sink.ts"

const tries = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5 })))
const random = Arbitrary.schema(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })))

holds("waits double up to the cap, spread by a fifth", Arbitrary.all([tries, random]), ([count, spread]) => {
  const wait = waitMs(bounded, failed(), count, spread) ?? Number.NaN
  const plain = Math.min(bounded.waitMsMax, bounded.firstWaitMs * 2 ** (count - 1))
  return wait >= plain * 0.8 && wait <= plain * 1.2
})

test("the wait that the backend asks for is a lower bound", () => {
  expect(waitMs(bounded, failed({ retryAfterMs: 7_000 }), 1, 0.5)).toBe(7_000)
  expect(waitMs(bounded, failed({ retryAfterMs: 1 }), 1, 0.5)).toBe(500)
})

test("a command gives up after its tries, or when it is asked to wait too long", () => {
  expect(waitMs(bounded, failed(), bounded.triesMax, 0.5)).toBeUndefined()
  expect(waitMs(bounded, failed({ retryAfterMs: 61_000 }), 1, 0.5)).toBeUndefined()
})

test("the collector never gives up, and its waits stay bounded however often it tried", () => {
  expect(waitMs(endless, failed(), 100_000, 1)).toBeLessThanOrEqual(endless.waitMsMax * 1.2)
  expect(waitMs(endless, failed({ retryAfterMs: 3_600_000 }), 1, 0.5)).toBe(3_600_000)
})

test("a sink that takes nothing is given up by a command and probed by the collector", () => {
  expect(waitMs(bounded, failed({ retry: "permanent" }), 1, 0.5)).toBeUndefined()
  expect(waitMs(endless, failed({ retry: "permanent" }), 1, 0.5)).toBe(300_000)
})

test("what is refused as it is is not sent again as it is", () => {
  expect(waitMs(endless, failed({ retry: "refused" }), 1, 0.5)).toBeUndefined()
  expect(waitMs(endless, failed({ retry: "too-large" }), 1, 0.5)).toBeUndefined()
})
