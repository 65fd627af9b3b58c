/**
 * Files and hooks may be read in any interleaving: the final spans are the same.
 *
 * Order is kept within each file and within the journal. Every story is read in every dialect, and every recorded
 * session, in random orders from fixed seeds; the last write of each span is compared deeply.
 */
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { chance, interleaved } from "../support/chance.ts"
import { describeCorpus } from "../support/corpus.ts"
import { sessionsOf } from "../support/corpus-strands.ts"
import { byTime, plainSpans, readLines, type Strand, strandsOf } from "../support/reading.ts"
import { written } from "../support/stories.ts"

setDefaultTimeout(60_000)

/** Reads the strands by time, one after another in both directions, and in random orders. */
const readsTheSame = (rootId: string, strands: ReadonlyArray<Strand>, seeds: number) => {
  const expected = plainSpans(readLines(rootId, byTime(strands)))
  expect(Object.keys(expected).length).toBeGreaterThan(0)
  const orders: Array<Strand> = [strands.flat(), strands.toReversed().flat()]
  for (let seed = 1; seed <= seeds; seed++) orders.push(interleaved(strands, seed))
  for (const order of orders) {
    const found = plainSpans(readLines(rootId, order))
    if (!Bun.deepEquals(found, expected)) expect(found).toEqual(expected)
  }
}

describe("a told session, read in any order", () => {
  for (const [name, story, dialect] of written) {
    test(`${name} gives the same spans`, () => readsTheSame(story.rootId, strandsOf(story, dialect), 12))
  }
})

describeCorpus("a recorded session, read in any order", (cases) => {
  for (const one of cases) {
    test(`${one.name} gives the same spans, with and without its hooks`, () => {
      for (const hooks of [false, true]) {
        for (const { rootId, strands } of sessionsOf(one, { hooks })) readsTheSame(rootId, strands, 6)
      }
    })
  }
})

describe("a random order", () => {
  test("keeps the order within each strand, and is the same for the same seed", () => {
    const strands = ["a", "b", "c"].map((file) =>
      Array.from({ length: 20 }, (_, index) => ({
        origin: { _tag: "Journal" } as const,
        line: { file, lineNumber: index + 1, byteOffset: 0, text: "" },
        at: 0
      }))
    )
    const order = interleaved(strands, 7)
    expect(order).toEqual(interleaved(strands, 7))
    expect(order).not.toEqual(strands.flat())
    for (const strand of strands) expect(order.filter((one) => one.line.file === strand[0]?.line.file)).toEqual(strand)
    expect(new Set(Array.from({ length: 9 }, chance(3))).size).toBe(9)
  })
})
