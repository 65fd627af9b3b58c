/**
 * The backends of the sinks, for the contract: where their rows end up, and the weather there.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { SinkFailed } from "../../src/sink/failure.ts"
import { descriptorOutput, type Output } from "../../src/sink/output.ts"
import type { Fault } from "../lab/braintrust/faults.ts"
import { startFakeBraintrust } from "../lab/braintrust/server.ts"
import type { Backend, Weather } from "./contract.ts"

/** A repeatable source of numbers from 0 to 1 (mulberry32). */
const randomFrom = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const failing = (fields: { readonly retryAfterMs?: number } = {}) =>
  new SinkFailed({ sink: "output", retry: "transient", reason: "scripted", ...fields })

/** An output with weather before each write. */
const weathered = (output: Output): readonly [Output, Backend["weather"]] => {
  let before: Effect.Effect<void, SinkFailed> = Effect.void
  return [
    {
      ...output,
      write: (texts) =>
        Effect.andThen(
          Effect.suspend(() => before),
          output.write(texts)
        )
    },
    (weather: Weather, seed) => {
      const random = randomFrom(seed)
      let asked = 0
      before = Effect.suspend(() => {
        if (weather === "slow") return Effect.sleep(5)
        if (weather === "busy") return ++asked <= 2 ? Effect.fail(failing({ retryAfterMs: 20 })) : Effect.void
        return random() < 0.5 ? Effect.fail(failing()) : Effect.void
      })
    }
  ]
}

const countNames = (names: Iterable<string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A file of lines: the last line of a span counts, as readers of the format do. */
const jsonl = async (): Promise<Backend> => {
  const folder = mkdtempSync(join(tmpdir(), "tracer-sink-"))
  const path = join(folder, "spans.jsonl")
  const fd = openSync(path, "w")
  const [output, weather] = weathered(descriptorOutput(fd, path))
  return {
    context: { env: {}, output },
    arrived: async () => {
      const rows = readFileSync(path, "utf8")
        .trimEnd()
        .split("\n")
        .map((line): { readonly id: string; readonly name: string } => JSON.parse(line))
      return countNames(new Map(rows.map((row) => [row.id, row.name])).values())
    },
    weather,
    stop: async () => {
      closeSync(fd)
      rmSync(folder, { recursive: true })
    }
  }
}

/** A terminal in memory. A later process draws its own tree, so only the last one's lines count. */
const tree = async (): Promise<Backend> => {
  let screen = ""
  const [output, weather] = weathered({
    name: "screen",
    isTerminal: false,
    columns: () => 200,
    write: (texts) =>
      Effect.sync(() => {
        screen += texts.join("")
      })
  })
  return {
    context: { env: {}, output },
    arrived: async () => {
      const drawn = screen.slice(screen.lastIndexOf("the-session"))
      return countNames(drawn.match(/the-session|turn-\d+;|tool-\d+-\d+;/g) ?? [])
    },
    weather,
    stop: async () => {}
  }
}

const storm = (random: () => number): Fault => {
  const faults: ReadonlyArray<Fault> = [
    { kind: "none" },
    { kind: "none" },
    { kind: "status", status: 500 },
    { kind: "status", status: 503 },
    { kind: "status", status: 429, headers: { "retry-after": "0" } },
    { kind: "reset" },
    { kind: "applied then reset" },
    { kind: "answer", text: "<html>" },
    { kind: "answer", text: '{"ids":[' },
    { kind: "answer", text: "", applied: false },
    { kind: "delay", ms: 5 }
  ]
  return faults[Math.floor(random() * faults.length)] ?? { kind: "none" }
}

const braintrust = async (): Promise<Backend> => {
  const fake = await startFakeBraintrust()
  const weathers: { readonly [weather in Weather]: (seed: number) => ReadonlyArray<Fault> } = {
    slow: () => Array.from({ length: 100 }, () => ({ kind: "delay", ms: 20 })),
    busy: () => Array.from({ length: 2 }, () => ({ kind: "status", status: 429, headers: { "retry-after": "0.05" } })),
    stormy: (seed) => {
      const random = randomFrom(seed)
      return Array.from({ length: 60 }, () => storm(random))
    }
  }
  return {
    context: {
      env: { BRAINTRUST_API_KEY: fake.apiKey, BRAINTRUST_APP_URL: fake.url, BRAINTRUST_PROJECT: "contract" },
      output: { name: "none", isTerminal: false, columns: () => undefined, write: () => Effect.void }
    },
    arrived: async () => countNames(fake.rows().map((row) => (row.span_attributes as { readonly name: string }).name)),
    weather: (weather, seed) => {
      for (const path of ["/logs3", ...(weather === "stormy" ? ["/api/apikey/login", "/v1/project"] : [])]) {
        fake.fault(path, weathers[weather](seed))
      }
    },
    stop: fake.stop
  }
}

/** By the sink's name. */
export const backends: { readonly [sink: string]: () => Promise<Backend> } = { jsonl, tree, braintrust }
