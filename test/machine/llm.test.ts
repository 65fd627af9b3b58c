/**
 * Requests and answers, as hooks tell them: each hook is a process, and one may overtake another.
 */
import { describe, expect, test } from "bun:test"
import { Arbitrary, Schema } from "effect"
import { type Answer, type Attempt, paired } from "../../src/machine/llm.ts"
import { holds } from "../support/property.ts"

const answer = (at: number, outcome: Answer["outcome"] = "completed"): Answer => ({ at, outcome })

const ends = (attempts: ReadonlyArray<Attempt>) => attempts.map(({ startedAt, endedAt }) => [startedAt, endedAt])

describe("a request and its answer", () => {
  test("belong together where nothing lies between them", () => {
    expect(ends(paired([1, 3], [answer(2), answer(4)]))).toEqual([
      [1, 2],
      [3, 4]
    ])
  })

  test("a request that was cut has none, and the next one keeps its own", () => {
    expect(ends(paired([1, 3], [answer(4)]))).toEqual([
      [1, undefined],
      [3, 4]
    ])
    expect(ends(paired([1, 3], [answer(2)]))).toEqual([
      [1, 2],
      [3, undefined]
    ])
  })

  test("belong together though the answer's hook came first: when it began is then not known", () => {
    const attempts = paired([1, 3.02, 5], [answer(2), answer(3), answer(6)])
    expect(ends(attempts)).toEqual([
      [1, 2],
      [3, 3],
      [5, 6]
    ])
    expect(attempts.map(({ startMissed }) => startMissed)).toEqual([undefined, true, undefined])
  })

  test("belong together where two in a row were overtaken", () => {
    const attempts = paired([1.02, 2.02], [answer(1), answer(2, "failed")])
    expect(attempts.map(({ outcome }) => outcome)).toEqual(["completed", "failed"])
  })

  test("belong together where two answers come at once, the later request's first", () => {
    const attempts = paired([1, 1.2], [answer(1.3, "failed"), answer(1.301)])
    expect(attempts.map(({ startedAt, outcome }) => [startedAt, outcome])).toEqual([
      [1, "completed"],
      [1.2, "failed"]
    ])
  })

  test("are strangers where the request came long after: its hook was lost", () => {
    expect(ends(paired([9], [answer(1)]))).toEqual([[9, undefined]])
  })
})

const delays = Arbitrary.array(Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 80 }))), {
  minLength: 2,
  maxLength: 24
})

holds("however hooks overtake each other, every answered request is one attempt", delays, (late) => {
  // Requests of 50 ms, 200 ms after each other; each hook is late by up to 80 ms, but a turn's tools keep them apart.
  const count = Math.floor(late.length / 2)
  const requests = Array.from({ length: count }, (_, n) => (n * 250 + (late[2 * n] ?? 0)) / 1000)
  const answers = Array.from({ length: count }, (_, n) => answer((n * 250 + 50 + (late[2 * n + 1] ?? 0)) / 1000))
  const attempts = paired(requests, answers)
  return attempts.length === count && attempts.every(({ outcome }) => outcome === "completed")
})
