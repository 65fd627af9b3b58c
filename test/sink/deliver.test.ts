/**
 * What delivery promises around any sink, told on a clock that only the test moves.
 */
import { describe, expect, test } from "bun:test"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { SinkFailed } from "../../src/sink/failure.ts"
import { bounded, endless } from "../../src/sink/retry.ts"
import type { SpanWrite } from "../../src/span/span.ts"
import { closed, opened } from "../support/spans.ts"
import { delivery, ids, it } from "./delivery.ts"
import { failed, scriptedSink } from "./scripted-sink.ts"

/** Lets every fiber that can go on go on. */
const settle = TestClock.adjust(0)

describe("acknowledgement", () => {
  it(
    "comes in the order of the offers, after everything before it was taken",
    Effect.gen(function* () {
      const { sink, taken } = scriptedSink([{}, "taken", {}], { batch: { rows: 2, bytes: 1e6, withinMs: 0 } })
      const seen: Array<readonly [position: number, taken: number]> = []
      const { offer, drain } = yield* delivery(sink, {
        onAcknowledged: (position) => Effect.sync(() => seen.push([position, taken.length]))
      })
      yield* offer(ids("a"), 1)
      yield* offer(ids("b", "c", "d"), 2)
      yield* offer(ids("e"), 3)
      const drained = yield* Effect.forkChild(drain)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(drained)
      expect(seen.map(([position]) => position)).toEqual([1, 2, 3].slice(-seen.length))
      expect(seen.every(([position, count]) => count >= ([0, 1, 4, 5][position] ?? 0))).toBe(true)
      expect(seen.at(-1)).toEqual([3, 5])
    })
  )

  it(
    "also comes for a step without spans, in its turn",
    Effect.gen(function* () {
      const { offer, drain, acknowledged } = yield* delivery(scriptedSink().sink)
      yield* offer(ids("a"), 1)
      yield* offer([], 2)
      yield* drain
      expect(acknowledged.at(-1)).toBe(2)
    })
  )

  it(
    "never comes for a batch that was not taken",
    Effect.gen(function* () {
      const { sink } = scriptedSink([{ retry: "permanent" }])
      const { offer, drain, acknowledged } = yield* delivery(sink)
      yield* offer(ids("a"), 1)
      const failure = yield* Effect.flip(drain)
      expect(failure.reason).toBe("scripted")
      expect(acknowledged).toEqual([])
    })
  )
})

describe("a batch", () => {
  it(
    "holds each span once, as last told, where it was first named",
    Effect.gen(function* () {
      const { sink, sent, taken } = scriptedSink()
      const { offer, drain } = yield* delivery(sink)
      yield* offer([opened({ id: "parent" }), closed({ id: "child" }), closed({ id: "parent" })], 1)
      yield* drain
      expect(sent).toEqual([["parent", "child"]])
      expect(taken[0]?.write.op).toBe("close")
    })
  )

  it(
    "holds each write of a sink that keeps a log",
    Effect.gen(function* () {
      const { sink, taken } = scriptedSink([], { repeats: "each" })
      const { offer, drain } = yield* delivery(sink)
      yield* offer([opened(), closed(), closed()], 1)
      yield* drain
      expect(taken.map((row) => row.write.op)).toEqual(["open", "close", "close"])
    })
  )

  it(
    "holds only closed spans for a sink that wants no others",
    Effect.gen(function* () {
      const { sink, takenIds } = scriptedSink([], { wants: "closed" })
      const { offer, drain } = yield* delivery(sink)
      yield* offer([opened({ id: "a" }), closed({ id: "b" })], 1)
      yield* drain
      expect(takenIds()).toEqual(["b"])
    })
  )

  it(
    "is cut by count and by bytes",
    Effect.gen(function* () {
      const rowBytes = JSON.stringify(closed({ id: "a" }).span).length
      const byCount = scriptedSink([], { batch: { rows: 2, bytes: 1e6, withinMs: 0 } })
      const byBytes = scriptedSink([], { batch: { rows: 100, bytes: rowBytes * 2.5, withinMs: 0 } })
      for (const { sink } of [byCount, byBytes]) {
        const { offer, drain } = yield* delivery(sink)
        yield* offer(ids("a", "b", "c", "d", "e"), 1)
        yield* drain
      }
      expect(byCount.sent).toEqual([["a", "b"], ["c", "d"], ["e"]])
      expect(byBytes.sent).toEqual([["a", "b"], ["c", "d"], ["e"]])
    })
  )

  it(
    "waits so long for more rows, and not when someone waits for it",
    Effect.gen(function* () {
      const { sink, sent } = scriptedSink([], { batch: { rows: 4, bytes: 1e6, withinMs: 500 } })
      const { offer, drain } = yield* delivery(sink)
      yield* offer(ids("a"), 1)
      yield* TestClock.adjust("499 millis")
      yield* offer(ids("b"), 2)
      yield* settle
      expect(sent).toEqual([])
      yield* TestClock.adjust("1 millis")
      expect(sent).toEqual([["a", "b"]])
      yield* offer(ids("c"), 3)
      yield* drain
      expect(sent).toEqual([["a", "b"], ["c"]])
      yield* offer(ids("d", "e", "f", "g"), 4)
      yield* settle
      expect(sent.at(-1)).toEqual(["d", "e", "f", "g"])
    })
  )
})

describe("a backend in trouble", () => {
  it(
    "gets the batch again after growing waits, and is not told twice what it took",
    Effect.gen(function* () {
      const { sink, sent, takenIds } = scriptedSink([{}, {}, {}])
      const { offer, drain, tags, troubles } = yield* delivery(sink)
      yield* offer(ids("a"), 1)
      const drained = yield* Effect.forkChild(drain)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(drained)
      const waits = troubles.flatMap((trouble) => (trouble._tag === "Waiting" ? [trouble.inMs] : []))
      for (const [index, expected] of [500, 1000, 2000].entries()) {
        expect(waits[index]).toBeGreaterThanOrEqual(expected * 0.8)
        expect(waits[index]).toBeLessThanOrEqual(expected * 1.2)
      }
      expect(tags()).toEqual(["Waiting", "Waiting", "Waiting", "Recovered"])
      expect(sent.length).toBe(4)
      expect(takenIds()).toEqual(["a"])
    })
  )

  it(
    "is not asked before the time it named",
    Effect.gen(function* () {
      const { sink, sent } = scriptedSink([{ retryAfterMs: 20_000 }])
      const { offer } = yield* delivery(sink)
      yield* offer(ids("a"), 1)
      yield* TestClock.adjust("19999 millis")
      expect(sent.length).toBe(1)
      yield* TestClock.adjust("1 millis")
      expect(sent.length).toBe(2)
    })
  )

  it(
    "is given up by a command after a bounded number of tries, and what was lost is counted",
    Effect.gen(function* () {
      const { sink, sent } = scriptedSink(Array.from({ length: 50 }, () => ({})))
      const { offer, drain, over, troubles } = yield* delivery(sink)
      yield* offer(ids("a", "b"), 1)
      const drained = yield* Effect.forkChild(Effect.flip(drain))
      yield* TestClock.adjust("1 minute")
      const failure = yield* Fiber.join(drained)
      yield* over
      expect(failure._tag).toBe("SinkFailed")
      expect(sent.length).toBe(bounded.triesMax)
      expect(troubles.at(-1)).toMatchObject({ _tag: "GivenUp", lost: 2 })
      yield* offer(ids("c"), 2)
      expect(sent.length).toBe(bounded.triesMax)
    })
  )

  it(
    "is never given up by the collector",
    Effect.gen(function* () {
      const { sink, takenIds } = scriptedSink(Array.from({ length: 200 }, () => ({})))
      const { offer, acknowledged } = yield* delivery(sink, { retry: endless })
      yield* offer(ids("a"), 1)
      yield* TestClock.adjust("5 hours")
      expect(takenIds()).toEqual(["a"])
      expect(acknowledged).toEqual([1])
    })
  )

  it(
    "that takes nothing is probed slowly by the collector, and keeps everything until it does",
    Effect.gen(function* () {
      const { sink, sent, takenIds } = scriptedSink([{ retry: "permanent" }, { retry: "permanent" }])
      const { offer, acknowledged } = yield* delivery(sink, { retry: endless })
      yield* offer(ids("a"), 1)
      yield* TestClock.adjust("4 minutes")
      expect(sent.length).toBe(1)
      yield* offer(ids("b"), 2)
      yield* TestClock.adjust("10 minutes")
      expect(takenIds()).toEqual(["a", "b"])
      expect(acknowledged.at(-1)).toBe(2)
    })
  )

  it(
    "is tried at once when asked to",
    Effect.gen(function* () {
      const { sink, takenIds } = scriptedSink([{ retry: "permanent" }])
      const { offer, drain, tryNow } = yield* delivery(sink, { retry: endless })
      yield* offer(ids("a"), 1)
      yield* settle
      expect(takenIds()).toEqual([])
      yield* tryNow
      yield* drain
      expect(takenIds()).toEqual(["a"])
    })
  )

  it(
    "holds the producer back when the queue is full, and loses nothing",
    Effect.gen(function* () {
      const { sink, takenIds } = scriptedSink([{}, {}], { takesMs: 10 })
      const { offer, drain } = yield* delivery(sink, { queue: { writesMax: 4, bytesMax: 1e9 } })
      let offered = 0
      const names = Array.from({ length: 40 }, (_, index) => `s${index}`)
      const producer = yield* Effect.forkChild(
        Effect.forEach(names, (id) => Effect.tap(offer(ids(id), offered), () => Effect.sync(() => void offered++)), {
          discard: true
        })
      )
      yield* TestClock.adjust("5 millis")
      expect(offered).toBeLessThanOrEqual(5)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(producer)
      const drained = yield* Effect.forkChild(drain)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(drained)
      expect(takenIds()).toEqual(names)
    })
  )

  it(
    "holds the producer back by bytes as well",
    Effect.gen(function* () {
      const { sink } = scriptedSink(["hangs"])
      const { offer } = yield* delivery(sink, { queue: { writesMax: 1000, bytesMax: 10_000 }, shutdownMs: 1 })
      yield* offer([closed({ output: "x".repeat(20_000) })], 1)
      const second = yield* Effect.forkChild(offer(ids("b"), 2))
      yield* TestClock.adjust("1 minute")
      expect(second.pollUnsafe()).toBeUndefined()
      yield* Fiber.interrupt(second)
      yield* Effect.forkChild(TestClock.adjust("1 second"))
    })
  )
})

describe("a batch that is refused", () => {
  const refusing = (bad: string, retry: SinkFailed["retry"]) => ({
    refuse: (rows: ReadonlyArray<{ readonly write: SpanWrite }>) =>
      rows.some((row) => row.write.span.id === bad) ? failed({ retry }) : undefined
  })

  it(
    "is taken apart until the row at fault is alone; the others arrive",
    Effect.gen(function* () {
      const { sink, takenIds } = scriptedSink([], refusing("c", "refused"))
      const { offer, drain, acknowledged, troubles, counts } = yield* delivery(sink)
      yield* offer(ids("a", "b", "c", "d"), 1)
      yield* drain
      expect([...takenIds()].sort()).toEqual(["a", "b", "d"])
      expect(acknowledged).toEqual([1])
      expect(troubles).toMatchObject([{ _tag: "SetAside", write: { span: { id: "c" } } }])
      expect(counts()).toEqual({ taken: 3, setAside: 1, waiting: 0 })
    })
  )

  it(
    "is no reason to set every span aside: a backend that refuses all of them has failed",
    Effect.gen(function* () {
      const { sink } = scriptedSink([], { refuse: () => failed({ retry: "refused", reason: "unknown field" }) })
      const { offer, drain, acknowledged } = yield* delivery(sink)
      yield* offer(ids("a", "b", "c"), 1)
      const failure = yield* Effect.flip(drain)
      expect(failure.retry).toBe("permanent")
      expect(failure.reason).toContain("refuses every span: unknown field")
      expect(acknowledged).toEqual([])
    })
  )

  it(
    "is halved when it is too large",
    Effect.gen(function* () {
      const { sink, takenIds } = scriptedSink([], {
        refuse: (rows) => (rows.length > 1 ? failed({ retry: "too-large" }) : undefined)
      })
      const { offer, drain } = yield* delivery(sink)
      yield* offer(ids("a", "b", "c", "d"), 1)
      yield* drain
      expect(takenIds()).toEqual(["a", "b", "c", "d"])
    })
  )

  it(
    "is one shortened row when a single span is too large",
    Effect.gen(function* () {
      const { sink, taken } = scriptedSink([], {
        refuse: ([row]) => (row !== undefined && row.bytes > 1000 ? failed({ retry: "too-large" }) : undefined)
      })
      const { offer, drain } = yield* delivery(sink)
      yield* offer([closed({ id: "a", output: "x".repeat(5000) })], 1)
      yield* drain
      expect(taken.length).toBe(1)
      expect(taken[0]?.bytes).toBeLessThanOrEqual(1000)
    })
  )
})

describe("the end", () => {
  test("of the scope sends what is queued", async () => {
    const { sink, takenIds } = scriptedSink([], { batch: { rows: 4, bytes: 1e6, withinMs: 60_000 } })
    await Effect.runPromise(Effect.scoped(Effect.flatMap(delivery(sink), ({ offer }) => offer(ids("a", "b"), 1))))
    expect(takenIds()).toEqual(["a", "b"])
  })

  test("of the scope is bounded when the backend hangs, and says so", async () => {
    const { sink } = scriptedSink(["hangs"])
    const startedMs = performance.now()
    const troubles = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const made = yield* delivery(sink, { shutdownMs: 50 })
          yield* made.offer(ids("a"), 1)
          return made.troubles
        })
      )
    )
    expect(performance.now() - startedMs).toBeLessThan(2000)
    expect(troubles).toMatchObject([{ _tag: "GivenUp", lost: 1 }])
  })

  it(
    "is quiet when the reader has left: no failure, and nothing waits",
    Effect.gen(function* () {
      const { sink } = scriptedSink(["left"])
      const { offer, drain, over, troubles } = yield* delivery(sink)
      yield* offer(ids("a"), 1)
      yield* over
      yield* drain
      yield* offer(ids("b"), 2)
      expect(troubles).toEqual([])
    })
  )
})
