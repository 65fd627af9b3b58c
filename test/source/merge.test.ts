import { describe, expect, test } from "bun:test"
import { Arbitrary, Effect, Schema, Stream } from "effect"
import { mergeByTime, type Strand } from "../../src/source/merge.ts"
import type { Arrival } from "../../src/source/origin.ts"
import { holds } from "../support/property.ts"
import { at, record } from "../support/rollout.ts"

const origin = { _tag: "Mixed" } as const

/** A strand of records, given as seconds, in portions of the given sizes. */
const strand = (name: string, seconds: ReadonlyArray<number>, sizes: ReadonlyArray<number> = []): Strand => {
  const lines = seconds.map((second, index) => ({
    file: name,
    lineNumber: index + 1,
    byteOffset: 0,
    text: record(name, second).trim()
  }))
  const portions: Array<Arrival> = []
  let from = 0
  for (const size of [...sizes, lines.length]) {
    portions.push({ origin, lines: lines.slice(from, from + size), skipped: [] })
    from += size
  }
  return { startsAt: at(Math.min(...seconds, 1000)), arrivals: Stream.fromIterable(portions) }
}

const merged = (strands: ReadonlyArray<Strand>) =>
  Effect.runPromise(Stream.runCollect(mergeByTime(strands))).then((arrivals) =>
    arrivals.flatMap((arrival) => arrival.lines)
  )

const order = async (strands: ReadonlyArray<Strand>) =>
  (await merged(strands)).map((line) => `${line.file}${line.lineNumber}`).join(" ")

const second = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })))
const strandsOf = Arbitrary.array(
  Arbitrary.all({
    seconds: Arbitrary.array(second, { maxLength: 12 }),
    sizes: Arbitrary.array(Arbitrary.schema(Schema.Literals([0, 1, 2, 5])), { maxLength: 6 })
  }),
  { maxLength: 5 }
)

describe("merge", () => {
  test("lines of several files come in the order of their times", async () => {
    expect(await order([strand("a", [1, 4, 5, 9]), strand("b", [2, 3, 6], [1, 1]), strand("c", [7, 8])])).toBe(
      "a1 b1 b2 a2 a3 b3 c1 c2 a4"
    )
  })

  test("order within a file is kept, whatever its times say", async () => {
    expect(await order([strand("a", [5, 1, 6]), strand("b", [3, 7])])).toBe("b1 a1 a2 a3 b2")
  })

  test("a strand is opened when its time comes, and closed at its end", async () => {
    const log: Array<string> = []
    const told = (name: string, seconds: ReadonlyArray<number>): Strand => {
      const { startsAt, arrivals } = strand(name, seconds)
      const opened = Stream.fromEffect(Effect.sync(() => log.push(`open ${name}`)))
      return {
        startsAt,
        arrivals: Stream.flatMap(opened, () => arrivals).pipe(
          Stream.onExit(() => Effect.sync(() => log.push(`close ${name}`)))
        )
      }
    }
    await merged([told("a", [1, 2]), told("b", [5, 6]), told("c", [0, 9])])
    expect(log).toEqual(["open c", "open a", "close a", "open b", "close b", "close c"])
  })

  holds(
    "every line comes exactly once, in the order of its file, and in time where the files are in time",
    strandsOf,
    async (told) => {
      const strands = told.map(({ seconds, sizes }, index) =>
        strand(
          `${index}`,
          seconds.toSorted((left, right) => left - right),
          sizes
        )
      )
      const lines = await merged(strands)
      const times = lines.map((line) => JSON.parse(line.text).timestamp)
      return (
        told.every(({ seconds }, index) => {
          const numbers = lines.filter((line) => line.file === `${index}`).map((line) => line.lineNumber)
          return Bun.deepEquals(
            numbers,
            seconds.map((_, at) => at + 1)
          )
        }) && Bun.deepEquals(times, times.toSorted())
      )
    },
    { runs: 300 }
  )
})
