/**
 * A sink in memory whose backend follows a script: what it answers to each batch, and what arrived.
 */
import { Effect } from "effect"
import { ReaderLeft, SinkFailed } from "../../src/sink/failure.ts"
import type { OpenSink, Row } from "../../src/sink/sink.ts"

type Answer = "taken" | "left" | "hangs" | Partial<Pick<SinkFailed, "retry" | "retryAfterMs" | "reason">>

export const failed = (fields: Partial<Pick<SinkFailed, "retry" | "retryAfterMs" | "reason">> = {}): SinkFailed =>
  new SinkFailed({ sink: "scripted", retry: "transient", reason: "scripted", ...fields })

export interface ScriptedSink {
  readonly sink: OpenSink
  /** Ids of each batch that was sent, whatever the answer. */
  readonly sent: Array<ReadonlyArray<string>>
  /** Rows that were taken, in order. */
  readonly taken: Array<Row>
  readonly takenIds: () => ReadonlyArray<string>
}

/** Answers batches in the order of `answers`, then takes everything; `refuse` decides over batches first. */
export const scriptedSink = (
  answers: ReadonlyArray<Answer> = [],
  options: Partial<Omit<OpenSink, "send">> & {
    readonly refuse?: (rows: ReadonlyArray<Row>) => SinkFailed | undefined
    readonly takesMs?: number
  } = {}
): ScriptedSink => {
  const script = [...answers]
  const sent: Array<ReadonlyArray<string>> = []
  const taken: Array<Row> = []
  const { refuse, takesMs, ...overrides } = options
  const respond = (rows: ReadonlyArray<Row>): Effect.Effect<void, SinkFailed | ReaderLeft> => {
    sent.push(rows.map((row) => row.write.span.id))
    const refused = refuse?.(rows)
    if (refused !== undefined) return Effect.fail(refused)
    const answer = script.shift() ?? "taken"
    if (answer === "left") return Effect.fail(new ReaderLeft({ sink: "scripted" }))
    if (answer === "hangs") return Effect.never
    if (answer !== "taken") return Effect.fail(failed(answer))
    taken.push(...rows)
    return Effect.void
  }
  const sink: OpenSink = {
    name: "scripted",
    wants: "all",
    repeats: "last",
    batch: { rows: 4, bytes: 1_000_000, withinMs: 0 },
    encode: (write, bytesMax) => {
      const whole = JSON.stringify(write.span)
      const text = bytesMax === undefined ? whole : whole.slice(0, Math.max(100, bytesMax))
      return { write, texts: [text], bytes: text.length }
    },
    ...overrides,
    send: (rows) =>
      takesMs === undefined
        ? Effect.suspend(() => respond(rows))
        : Effect.andThen(
            Effect.sleep(takesMs),
            Effect.suspend(() => respond(rows))
          )
  }
  return { sink, sent, taken, takenIds: () => taken.map((row) => row.write.span.id) }
}
