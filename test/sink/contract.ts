/**
 * What every sink promises behind its delivery, as one suite: nothing lost, nothing doubled, in any weather.
 *
 * A sink brings a backend of its own: a local server, a file, a terminal in memory. Recipes for a new sink: its backend
 * in backends.ts, nothing here.
 */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { deliver } from "../../src/sink/deliver.ts"
import type { RetryPolicy } from "../../src/sink/retry.ts"
import type { Sink, SinkContext } from "../../src/sink/sink.ts"
import { captureDefault } from "../../src/span/encode.ts"
import type { SpanWrite } from "../../src/span/span.ts"
import { closed, opened } from "../support/spans.ts"

export type Weather =
  /** Takes batches, slowly. */
  | "slow"
  /** Asks for a pause before it takes anything. */
  | "busy"
  /** Fails at random in all ways it can, some of them after it took the batch. */
  | "stormy"

export interface Backend {
  /** What the sink needs to find it. */
  readonly context: Pick<SinkContext, "env" | "output">
  /** How often each span stands there now, by name. */
  readonly arrived: () => Promise<ReadonlyMap<string, number>>
  readonly weather: (weather: Weather, seed: number) => void
  readonly stop: () => Promise<void>
}

/** Impatient, so that a storm takes milliseconds. */
const hurried: RetryPolicy = { triesMax: 100, firstWaitMs: 1, waitMsMax: 4, askedWaitMsMax: 5_000 }

const calls = 4

/** A session of so many turns; each span has a name of its own. */
const session = (turns: number): ReadonlyArray<SpanWrite> => {
  const root = { id: "session", kind: "session", name: "the-session", start: 0 } as const
  const writes: Array<SpanWrite> = [opened(root)]
  for (let turn = 0; turn < turns; turn++) {
    const above = { id: `turn${turn}`, kind: "turn", name: `turn-${turn};`, parent_id: "session", start: turn } as const
    writes.push(opened(above))
    for (let call = 0; call < calls; call++) {
      const id = `tool${turn}-${call}`
      const fields = { id, name: `tool-${turn}-${call};`, parent_id: above.id, start: turn + call / 10 }
      writes.push(opened(fields), closed({ ...fields, end: turn + call / 10 + 0.05, output: `output ${id}` }))
    }
    writes.push(closed({ ...above, end: turn + 1 }))
  }
  return [...writes, closed({ ...root, end: turns })]
}

const namesOf = (writes: ReadonlyArray<SpanWrite>): ReadonlyArray<string> =>
  [...new Set(writes.filter((write) => write.op === "close").map((write) => write.span.name))].sort()

/** Each span exactly once. */
const onceEach = (writes: ReadonlyArray<SpanWrite>) => new Map(namesOf(writes).map((name) => [name, 1]))

export const sinkContract = (sink: Sink, start: () => Promise<Backend>) => {
  const withBackend = (
    name: string,
    body: (
      backend: Backend,
      run: (writes: ReadonlyArray<SpanWrite>, drained?: boolean) => Promise<ReadonlyArray<number>>
    ) => Promise<void>
  ) =>
    test(name, async () => {
      const backend = await start()
      /** Delivers the writes one offer each; the positions in the order of their acknowledgement. */
      const run = (writes: ReadonlyArray<SpanWrite>, drained = true) =>
        Effect.gen(function* () {
          const acknowledged: Array<number> = []
          const context = { capture: captureDefault, live: true, events: false, ...backend.context }
          const delivery = yield* deliver<number>(yield* sink.open(context), {
            retry: hurried,
            shutdownMs: 20_000,
            queue: { writesMax: 64, bytesMax: 1e6 },
            onAcknowledged: (position) => Effect.sync(() => acknowledged.push(position))
          })
          for (const [position, write] of writes.entries()) yield* delivery.offer([write], position)
          if (drained) yield* delivery.drain
          return acknowledged
        }).pipe(Effect.scoped, Effect.runPromise)
      try {
        await body(backend, run)
      } finally {
        await backend.stop()
      }
    }, 30_000)

  describe(`${sink.name} keeps the contract of a sink`, () => {
    const story = session(40)

    withBackend("everything that was offered has arrived once the delivery is drained", async (backend, run) => {
      const acknowledged = await run(story)
      expect(await backend.arrived()).toEqual(onceEach(story))
      expect(acknowledged.at(-1)).toBe(story.length - 1)
      expect(acknowledged).toEqual([...acknowledged].sort((a, b) => a - b))
    })

    for (const weather of ["slow", "busy"] as const) {
      withBackend(`a ${weather} backend loses nothing and doubles nothing`, async (backend, run) => {
        backend.weather(weather, 1)
        await run(story)
        expect(await backend.arrived()).toEqual(onceEach(story))
      })
    }

    for (const seed of [1, 2, 3]) {
      withBackend(`a stormy backend loses nothing and doubles nothing (seed ${seed})`, async (backend, run) => {
        backend.weather("stormy", seed)
        await run(story)
        expect(await backend.arrived()).toEqual(onceEach(story))
      })
    }

    withBackend("a shutdown in mid-batch delivers what was accepted", async (backend, run) => {
      backend.weather("slow", 1)
      await run(story, false)
      expect(await backend.arrived()).toEqual(onceEach(story))
    })

    withBackend(
      "what was sent before the end and is sent again by the next process is there once",
      async (backend, run) => {
        await run(story.slice(0, 100))
        await run(story)
        expect(await backend.arrived()).toEqual(onceEach(story))
      }
    )
  })
}
