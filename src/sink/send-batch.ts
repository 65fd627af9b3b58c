/**
 * Sends the writes of one batch: encoded one by one, cut by bytes, and taken apart when the backend refuses them.
 *
 * A batch that is too large is halved, a single row that is too large is shortened; a refused batch is halved until
 * the row at fault stands alone, which is then set aside so that the others arrive. A backend that refuses every row
 * is not taken for one with many bad rows: that fails for good. Waiting and trying again is `attempt`, given by the
 * caller.
 */
import { Effect } from "effect"
import type { SpanWrite } from "../span/span.ts"
import { type ReaderLeft, SinkFailed } from "./failure.ts"
import type { OpenSink, Row } from "./sink.ts"

export interface SetAside {
  readonly write: SpanWrite
  /** Which it is; not known of one that cannot be made. */
  readonly spanId?: string
  readonly failure: SinkFailed
}

/** What is said of a span that cannot be made, or made into a row: an error of ours, which must cost nothing but it. */
export const unwritable = (sink: string, cause: unknown): SinkFailed =>
  new SinkFailed({
    sink,
    retry: "refused",
    reason: `a span could not be written: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: "the other spans are not affected; please report this with the version of Codex",
    cause
  })

export interface BatchResult {
  /** Rows that the sink acknowledged. */
  readonly taken: number
  /** Rows that it will never take. */
  readonly setAside: ReadonlyArray<SetAside>
}

export type Attempt = (rows: ReadonlyArray<Row>) => Effect.Effect<void, SinkFailed | ReaderLeft>

/** The last write of each span, where the span was first named: parents that came first stay first. */
export const lastOfEach = (writes: ReadonlyArray<SpanWrite>): ReadonlyArray<SpanWrite> => {
  const byId = new Map<string, SpanWrite>()
  for (const write of writes) byId.set(write.span.id, write)
  return [...byId.values()]
}

/** `takenBefore`: the sink has acknowledged rows before, so its address and key are right. */
export const sendBatch = (
  sink: OpenSink,
  writes: ReadonlyArray<SpanWrite>,
  attempt: Attempt,
  takenBefore: boolean
): Effect.Effect<BatchResult, SinkFailed | ReaderLeft> =>
  Effect.gen(function* () {
    let taken = 0
    const setAside: Array<SetAside> = []
    const unwritten: Array<SetAside> = []

    const encode = (write: SpanWrite, bytesMax?: number): Row | undefined => {
      try {
        return sink.encode(write, bytesMax)
      } catch (cause) {
        unwritten.push({ write, spanId: write.span.id, failure: unwritable(sink.name, cause) })
        return undefined
      }
    }

    const sendRows = (rows: ReadonlyArray<Row>): Effect.Effect<void, SinkFailed | ReaderLeft> =>
      attempt(rows).pipe(
        Effect.andThen(
          Effect.sync(() => {
            taken += rows.length
          })
        ),
        Effect.catchTag("SinkFailed", (failure) => {
          if (failure.retry !== "too-large" && failure.retry !== "refused") return Effect.fail(failure)
          const [first, second] = rows
          if (first === undefined) return Effect.fail(failure)
          if (second !== undefined) {
            const middle = Math.ceil(rows.length / 2)
            return Effect.andThen(sendRows(rows.slice(0, middle)), sendRows(rows.slice(middle)))
          }
          if (failure.retry === "too-large") {
            const shorter = encode(first.write, Math.floor(first.bytes / 2))
            if (shorter === undefined) return Effect.void
            if (shorter.bytes < first.bytes) return sendRows([shorter])
          }
          setAside.push({ write: first.write, spanId: first.write.span.id, failure })
          return Effect.void
        })
      )

    let rows: Array<Row> = []
    let bytes = 0
    for (const write of sink.repeats === "last" ? lastOfEach(writes) : writes) {
      const row = encode(write)
      if (row === undefined) continue
      if (rows.length > 0 && (bytes + row.bytes > sink.batch.bytes || rows.length >= sink.batch.rows)) {
        yield* sendRows(rows)
        rows = []
        bytes = 0
      }
      rows.push(row)
      bytes += row.bytes
    }
    if (rows.length > 0) yield* sendRows(rows)

    const [first, second] = setAside
    if (first !== undefined && taken === 0 && (second !== undefined || !takenBefore)) {
      const { sink: name, reason, hint, cause } = first.failure
      return yield* new SinkFailed({
        sink: name,
        retry: "permanent",
        reason: `refuses every span: ${reason}`,
        ...(hint !== undefined && { hint }),
        ...(cause !== undefined && { cause })
      })
    }
    return { taken, setAside: [...unwritten, ...setAside] }
  })
