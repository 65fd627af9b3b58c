/**
 * The jsonl sink: one closed span a line, or every write as it happens.
 */
import { expect, test } from "bun:test"
import { Effect } from "effect"
import { deliver } from "../../src/sink/deliver.ts"
import { jsonl } from "../../src/sink/jsonl.ts"
import { bounded } from "../../src/sink/retry.ts"
import { captureDefault } from "../../src/span/encode.ts"
import type { SpanWrite } from "../../src/span/span.ts"
import { memoryOutput } from "../support/memory-output.ts"
import { closed, modelInput, opened, said, span } from "../support/spans.ts"

const written = async (writes: ReadonlyArray<SpanWrite>, events: boolean): Promise<ReadonlyArray<unknown>> => {
  const { output, text } = memoryOutput()
  await Effect.gen(function* () {
    const sink = yield* jsonl.open({ capture: captureDefault, env: {}, live: true, events, output })
    const delivery = yield* deliver<void>(sink, { retry: bounded })
    yield* delivery.offer(writes)
    yield* delivery.drain
  }).pipe(Effect.scoped, Effect.runPromise)
  return text()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

const input = modelInput([said("one"), said("two")])
const story = [opened({ id: "a" }), closed({ id: "b", input }), closed({ id: "a" })]
const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
const sent = { input: [said("one").value, said("two").value] }

test("a line is a closed span, keys as in the contract", async () => {
  expect(await written(story, false)).toEqual([plain({ ...span({ id: "b" }), ...sent }), plain(span({ id: "a" }))])
})

test("with --events a line is what happened to a span, in order, and the whole span as known then", async () => {
  const { end: _end, status: _status, ...open } = span({ id: "a" })
  expect(await written(story, true)).toEqual([
    plain({ op: "open", ...open }),
    plain({ op: "close", ...span({ id: "b" }), ...sent }),
    plain({ op: "close", ...span({ id: "a" }) })
  ])
})
