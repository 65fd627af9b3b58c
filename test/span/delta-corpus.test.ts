/**
 * `--llm-input delta` loses nothing: of every real session, the deltas put together are the full inputs.
 */
import { expect, test } from "bun:test"
import { Effect, Stream } from "effect"
import { sessionFold } from "../../src/pipeline/session-fold.ts"
import { foldersBeside, makeCatalogue } from "../../src/source/catalogue.ts"
import { readSession } from "../../src/source/session.ts"
import { captureDefault, makeSpanEncoder } from "../../src/span/encode.ts"
import { isModelInput } from "../../src/span/model-input.ts"
import type { Span } from "../../src/span/span.ts"
import { describeCorpus, transcriptsOf } from "../support/corpus.ts"

interface Row {
  readonly id: string
  readonly input: ReadonlyArray<unknown>
  readonly metadata: { readonly input_base?: string; readonly input_items?: number }
}

const rows = (spans: ReadonlyArray<Span>, llmInput: "full" | "delta"): ReadonlyArray<Row> => {
  const encoder = makeSpanEncoder({ ...captureDefault, llmInput, llmInputBytesMax: 1e9 })
  return spans.map((span) => JSON.parse(encoder.line(span).texts.join("")))
}

describeCorpus("deltas of model inputs", (cases) => {
  for (const one of cases)
    test(`${one.name}: put together they are the full inputs`, async () => {
      const catalogue = makeCatalogue(foldersBeside(transcriptsOf(one)[0] as string))
      for (const session of await Effect.runPromise(catalogue.sessions)) {
        const fold = sessionFold({ rootId: session.rootThreadId })
        const calls = new Map<string, Span>()
        const keep = ({ writes }: ReturnType<typeof fold.push>) => {
          for (const { span } of writes) if (span.kind === "llm" && isModelInput(span.input)) calls.set(span.id, span)
        }
        await Effect.runPromise(
          Stream.runForEach(readSession(catalogue, session), ({ origin, lines }) =>
            Effect.sync(() => keep(fold.push(origin, lines)))
          )
        )
        keep(fold.end())
        const inOrder = [...calls.values()].sort((a, b) => a.start - b.start)
        const full = new Map(rows(inOrder, "full").map((row) => [row.id, row.input]))
        for (const { id, input, metadata } of rows(inOrder, "delta")) {
          const before = metadata.input_base === undefined ? [] : full.get(metadata.input_base)
          expect([...(before ?? ["its base is missing"]), ...input]).toEqual(full.get(id) as never)
        }
      }
    })
})
