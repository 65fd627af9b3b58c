/**
 * Sessions told by chance: what holds for the stories we thought of holds for those that we did not.
 *
 * The seeds are fixed, so a failure can be repeated; `randomStory(seed)` is the session that broke.
 */
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import type { Span } from "../../src/span/span.ts"
import { delayed, interleaved, jostled, late } from "../support/chance.ts"
import { randomStory } from "../support/random-story.ts"
import { byTime, plainSpan, plainSpans, type Reading, readLines, type Strand, strandsOf } from "../support/reading.ts"
import type { Story } from "../support/session.ts"
import { type Dialect, newer, v118, v142 } from "../support/session-dialect.ts"

const seeds = Array.from({ length: 40 }, (_, index) => index + 1)

/** Runs a check over every seed in every dialect; a failure names both. */
const everywhere = (check: (story: Story, dialect: Dialect, strands: ReadonlyArray<Strand>) => unknown) => {
  for (const seed of seeds) {
    const story = randomStory(seed)
    for (const dialect of [v118, v142, ...newer]) {
      const found = check(story, dialect, strandsOf(story, dialect))
      expect({ seed, dialect: dialect.name, found }).toEqual({ seed, dialect: dialect.name, found: [] })
    }
  }
}

const inOrderOfTime = (story: Story, strands: ReadonlyArray<Strand>): Reading =>
  readLines(story.rootId, byTime(strands))

/** The session as it may be read live: each hook up to so many milliseconds late, each line later still. */
const heardLate = (strands: ReadonlyArray<Strand>, most: number): ReadonlyArray<Strand> => {
  const journal = strands.find(([first]) => first?.origin._tag === "Journal") ?? []
  const heard = [...strands.filter((strand) => strand !== journal), late(journal, most, journal.length)]
  return [20, 200, 2000].map((delay) => delayed(heard, delay, delay + journal.length))
}

const writtenIds = (story: Story, order: Strand): ReadonlySet<string> =>
  new Set(readLines(story.rootId, order).writes.map(({ span }) => span.id))

const named = (spans: ReadonlyArray<Span>) => spans.map(({ kind, name }) => `${kind} ${name}`)

setDefaultTimeout(60_000)

describe("a session told by chance", () => {
  test("gives the same spans in any order of its files and hooks", () => {
    everywhere((story, _, strands) => {
      const expected = plainSpans(inOrderOfTime(story, strands))
      const orders: ReadonlyArray<Strand> = [
        strands.toReversed().flat(),
        interleaved(strands, 1),
        interleaved(strands, 2)
      ]
      return orders.flatMap((order) => {
        const found = plainSpans(readLines(story.rootId, order))
        const ids = [...new Set([...Object.keys(expected), ...Object.keys(found)])]
        return ids.filter((id) => !Bun.deepEquals(found[id], expected[id])).map((id) => [expected[id], found[id]])
      })
    })
  })

  test("gives the same spans when hooks that ran at the same time wrote their lines the other way round", () => {
    everywhere((story, _, strands) => {
      const journal = strands.find(([first]) => first?.origin._tag === "Journal")
      if (journal === undefined) return []
      const records = strands.filter((strand) => strand !== journal).flat()
      const expected = plainSpans(inOrderOfTime(story, strands))
      const found = plainSpans(readLines(story.rootId, [...records, ...jostled(journal, records.length)]))
      return Object.keys(expected).filter((id) => !Bun.deepEquals(found[id], expected[id]))
    })
  })

  test("opens no span that is not there when its hooks come in time, however late they come and everything is read", () => {
    everywhere((story, _, strands) => {
      const there = new Set(Object.keys(plainSpans(inOrderOfTime(story, strands))))
      return heardLate(strands, 150).flatMap((order) => [...writtenIds(story, order).difference(there)])
    })
  })

  test("opens every span of them where its hooks come a little late", () => {
    everywhere((story, _, strands) => {
      const there = new Set(Object.keys(plainSpans(inOrderOfTime(story, strands))))
      return heardLate(strands, 40).flatMap((order) => [...there.difference(writtenIds(story, order))])
    })
  })

  test("is a tree: every parent is there, and no span is its own ancestor", () => {
    everywhere((story, _, strands) => {
      const { spans } = inOrderOfTime(story, strands)
      const parents = new Map(spans.map((span) => [span.id, span.parent_id]))
      const climbs = (id: string | undefined, left = spans.length): boolean =>
        id === undefined || (left >= 0 && parents.has(id) && climbs(parents.get(id), left - 1))
      return named(spans.filter(({ id }) => !climbs(id)))
    })
  })

  test("closes every span, with an end and a status, and none twice with the same facts", () => {
    everywhere((story, _, strands) => {
      const { spans, writes } = inOrderOfTime(story, strands)
      const closed = new Map<string, string>()
      const repeated = writes.flatMap(({ op, span }) => {
        const text = op === "close" ? JSON.stringify(plainSpan(span)) : undefined
        if (text === undefined) return []
        const again = closed.get(span.id) === text
        closed.set(span.id, text)
        return again ? [span] : []
      })
      const open = spans.filter(
        ({ id, start, end, status }) => !closed.has(id) || status === undefined || !(end && end >= start)
      )
      return [...named(repeated), ...named(open)]
    })
  })

  test("costs what its responses cost, neither more nor less", () => {
    everywhere((story, _, strands) => {
      const { spans } = inOrderOfTime(story, strands)
      const calls = spans.filter(({ kind }) => kind === "llm")
      const paid = calls.reduce((sum, { metrics }) => sum + (metrics.prompt_tokens ?? 0), 0)
      const usage = spans.find(({ kind }) => kind === "session")?.metadata.usage as { input_tokens: number } | undefined
      return paid === (usage?.input_tokens ?? 0) ? [] : [{ paid, usage }]
    })
  })

  test("reads no record twice and none in vain: nothing is skipped or noted", () => {
    everywhere((story, _, strands) => {
      const { skipped, notes } = inOrderOfTime(story, strands)
      return [...skipped, ...notes]
    })
  })
})
