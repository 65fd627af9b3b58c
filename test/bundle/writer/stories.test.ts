import { describe, expect, test } from "bun:test"
import { planBundle } from "../../../src/bundle/writer/plan.ts"
import { makeUnwritten } from "../../../src/bundle/writer/unwritten.ts"
import { byTime, read, readLines, strandsOf } from "../../support/reading.ts"
import { stories } from "../../support/stories.ts"
import { graphDifferences } from "../oracle/graph.ts"
import { schemas, stateOfEvents, stateOfSpans } from "./reduced.ts"

const told = stories.flatMap(({ name, dialects, tell }) =>
  dialects.map((dialect) => ({ name: `${name}, as ${dialect.name} writes it`, dialect, tell }))
)

describe("a session that is recorded has the graph of its spans:", () => {
  for (const { name, dialect, tell } of told) {
    test(name, async () => {
      const story = tell()
      const { spans } = read(story, dialect)
      for (const schema of schemas) {
        expect(graphDifferences(spans, await stateOfSpans(spans, story.rootId, schema))).toEqual([])
      }
    })
  }
})

/** The spans that a live recording knows after some of the lines. */
const startedKinds = new Set(["session", "agent", "turn"])

describe("a session that is recorded while it runs ends up with the graph of its spans:", () => {
  for (const { name, dialect, tell } of told) {
    test(name, async () => {
      const story = tell()
      const lines = byTime(strandsOf(story, dialect))
      const unwritten = makeUnwritten()
      const schema = 2
      const grown = lines.flatMap((_, index) => {
        const { spans, writes } = readLines(story.rootId, lines.slice(0, index), { end: false })
        const closed = new Set(writes.filter(({ op }) => op === "close").map(({ span }) => span.id))
        const known = spans.filter(({ id, kind }) => closed.has(id) || startedKinds.has(kind))
        return unwritten(planBundle(known, { schema, traceId: "trace-1", isRunning: true }))
      })
      const { spans } = readLines(story.rootId, lines)
      const events = [...grown, ...unwritten(planBundle(spans, { schema, traceId: "trace-1" }))]
      expect(graphDifferences(spans, await stateOfEvents(events, story.rootId, schema))).toEqual([])
    })
  }
})
