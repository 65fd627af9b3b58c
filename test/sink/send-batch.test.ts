/**
 * Spans that no sink can do anything with: they cost nothing but themselves.
 */
import { describe, expect } from "bun:test"
import { Effect } from "effect"
import type { SpanWrite } from "../../src/span/span.ts"
import { delivery, ids, it } from "./delivery.ts"
import { scriptedSink } from "./scripted-sink.ts"

describe("a span that cannot be written", () => {
  const failing = (bad: string) => {
    const { encode } = scriptedSink().sink
    return {
      encode: (write: SpanWrite) => {
        if (write.span.id === bad) throw new RangeError("Maximum call stack size exceeded.")
        return encode(write)
      }
    }
  }

  it(
    "is set aside with a report, also where it is the first and only one; the others arrive",
    Effect.gen(function* () {
      const { sink, takenIds } = scriptedSink([], failing("a"))
      const { offer, drain, acknowledged, troubles, counts } = yield* delivery(sink)
      yield* offer(ids("a"), 1)
      yield* drain
      yield* offer(ids("b", "a", "c"), 2)
      yield* drain
      expect([takenIds(), acknowledged]).toEqual([
        ["b", "c"],
        [1, 2]
      ])
      expect(troubles).toMatchObject(Array(2).fill({ _tag: "SetAside", spanId: "a", failure: { retry: "refused" } }))
      expect(counts()).toEqual({ taken: 2, setAside: 2, waiting: 0 })
    })
  )

  it(
    "because it cannot even be made is set aside before it is let in",
    Effect.gen(function* () {
      const { sink, takenIds } = scriptedSink()
      const { offer, drain, acknowledged, troubles, counts } = yield* delivery(sink)
      const unmade: SpanWrite = {
        op: "close",
        get span(): never {
          throw new RangeError("Maximum call stack size exceeded.")
        }
      }
      yield* offer([...ids("a"), unmade, ...ids("b")], 1)
      yield* offer([unmade], 2)
      yield* drain
      expect([takenIds(), acknowledged.at(-1)]).toEqual([["a", "b"], 2])
      expect(troubles.map(({ _tag }) => _tag)).toEqual(["SetAside", "SetAside"])
      expect(counts()).toEqual({ taken: 2, setAside: 2, waiting: 0 })
    })
  )
})
