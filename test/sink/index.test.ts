/**
 * Every sink of the list keeps the contract, and several at once do not touch each other.
 */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import type { Trouble } from "../../src/sink/deliver.ts"
import { openSinks, sinks } from "../../src/sink/index.ts"
import { bounded } from "../../src/sink/retry.ts"
import { captureDefault } from "../../src/span/encode.ts"
import { memoryOutput } from "../support/memory-output.ts"
import { closed } from "../support/spans.ts"
import { backends } from "./backends.ts"
import { sinkContract } from "./contract.ts"

for (const sink of sinks) {
  const start = backends[sink.name]
  if (start === undefined) test(`${sink.name} has a backend for the contract`, () => expect(start).toBeDefined())
  else sinkContract(sink, start)
}

test("sinks are known by different names and say in one line what they are", () => {
  expect(new Set(sinks.map((sink) => sink.name)).size).toBe(sinks.length)
  for (const { summary } of sinks) expect(summary).toMatch(/^[^\n]{10,100}$/)
})

describe("several sinks at once", () => {
  /** Offers a hundred spans to the sinks; what the jsonl sink wrote, and what was told. */
  const run = async (names: ReadonlyArray<string>, env: { readonly [name: string]: string }) => {
    const { output, text } = memoryOutput()
    const troubles: Array<Trouble> = []
    const failures = await Effect.gen(function* () {
      const deliveries = yield* openSinks(
        names,
        { capture: captureDefault, env, live: false, events: false, output },
        {
          retry: { ...bounded, firstWaitMs: 1, waitMsMax: 2 },
          onTrouble: (trouble) => Effect.sync(() => troubles.push(trouble))
        }
      )
      for (let n = 0; n < 100; n++) yield* deliveries.offer([closed({ id: `s${n}` })])
      return yield* deliveries.drain
    }).pipe(Effect.scoped, Effect.runPromise)
    return { lines: text().trimEnd().split("\n").length, failures, tags: troubles.map((trouble) => trouble._tag) }
  }

  test("a sink without its key fails at once, by name and with a hint; the others get every line", async () => {
    const { lines, failures, tags } = await run(["jsonl", "braintrust"], {})
    expect(lines).toBe(100)
    expect(failures.map((failure) => [failure.message, failure.hint !== undefined])).toEqual([
      ["braintrust: BRAINTRUST_API_KEY is not set", true]
    ])
    expect(tags).toEqual(["GivenUp"])
  })

  test("a sink whose backend is away is given up after its tries; the others get every line", async () => {
    const env = { BRAINTRUST_API_KEY: "k", BRAINTRUST_API_URL: "http://127.0.0.1:9", BRAINTRUST_PROJECT_ID: "p" }
    const { lines, failures } = await run(["jsonl", "braintrust"], env)
    expect(lines).toBe(100)
    expect(failures.length).toBe(1)
    expect(failures[0]?.message).toContain("http://127.0.0.1:9")
  })

  test("a sink whose queue is full does not keep anything from the others", async () => {
    const { output, text } = memoryOutput()
    const lines = () => text().split("\n").length - 1
    const hanging = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Promise<Response>(() => {}) })
    const env = { BRAINTRUST_API_KEY: "k", BRAINTRUST_API_URL: hanging.url.origin, BRAINTRUST_PROJECT_ID: "p" }
    await Effect.gen(function* () {
      const context = { capture: captureDefault, env, live: false, events: false, output }
      const deliveries = yield* openSinks(["braintrust", "jsonl"], context, { retry: bounded, shutdownMs: 1 })
      const many = Array.from({ length: 5_000 }, (_, n) => closed({ id: `s${n}` }))
      yield* deliveries.offer(many)
      yield* Effect.forkScoped(deliveries.offer([closed({ id: "last" })]))
      while (lines() < 5_001) yield* Effect.sleep(5)
    }).pipe(Effect.scoped, Effect.runPromise)
    expect(lines()).toBe(5_001)
    await hanging.stop(true)
  })

  test("a drawing goes aside while another sink writes lines, and not otherwise", async () => {
    const drawn = async (names: ReadonlyArray<string>) => {
      const [output, aside] = [memoryOutput(), memoryOutput()]
      await Effect.gen(function* () {
        const context = { capture: captureDefault, env: {}, live: false, events: false }
        const outputs = { output: output.output, aside: aside.output }
        const deliveries = yield* openSinks(names, { ...context, ...outputs }, { retry: bounded })
        yield* deliveries.offer([closed({ kind: "turn", name: "turn 1" })])
      }).pipe(Effect.scoped, Effect.runPromise)
      return { output: output.text().slice(0, 1), aside: aside.text().slice(0, 6) }
    }
    expect(await drawn(["tree", "jsonl"])).toEqual({ output: "{", aside: "codex:" })
    expect(await drawn(["tree"])).toEqual({ output: "c", aside: "" })
  })

  test("a name that is no sink is said so, with the names that are", async () => {
    const { failures } = await run(["jsnol"], {})
    expect(failures[0]?.hint).toBe("sinks are tree, jsonl, braintrust")
  })
})
