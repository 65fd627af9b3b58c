/**
 * Braintrust: whole rows to `/logs3`, merged by id, acknowledged by each request's own answer.
 *
 * Opening checks the settings only; the connection is made with the first rows, so that delivery's retries cover a
 * login that fails.
 */
import { Effect } from "effect"
import type { JsonObject } from "../../wire/json.ts"
import { SinkFailed } from "../failure.ts"
import type { Row, Sink } from "../sink.ts"
import { type Connection, connect, outerSpanOf, projectTarget } from "./connection.ts"
import { makeRowEncoder } from "./row.ts"
import { braintrustSettings } from "./settings.ts"

/** Bytes of one request while the backend's limit is not known. */
const bytesUnknown = 3 * 1024 * 1024
/** More than this at once is not faster, and is memory. */
const bytesMost = 6 * 1024 * 1024

/** Rows whose last content is remembered: more than a session has spans. */
const rememberedMost = 50_000

/** What was last acknowledged of each row, as a hash: usage is counted by what is sent, so nothing goes twice. */
const makeMemory = () => {
  const hashes = new Map<string, number | bigint>()
  const hashOf = (row: Row) => Bun.hash(row.texts.join(""))
  return {
    isNews: (row: Row): boolean => hashes.get(row.write.span.id) !== hashOf(row),
    keep: (rows: ReadonlyArray<Row>): void => {
      for (const row of rows) hashes.set(row.write.span.id, hashOf(row))
      for (const id of hashes.keys()) {
        if (hashes.size <= rememberedMost) break
        hashes.delete(id)
      }
    }
  }
}

/** Milliseconds for one request, its answer included. */
const timeoutMsDefault = 30_000

export const makeBraintrust = (timeoutMs = timeoutMsDefault): Sink => ({
  name: "braintrust",
  summary: "rows of a Braintrust project; settings are BRAINTRUST_API_KEY, BRAINTRUST_PROJECT …",
  writes: "nothing",
  open: ({ capture, env, live, exportedParent }) =>
    Effect.gen(function* () {
      const settings = yield* braintrustSettings(env)
      const outer = exportedParent === undefined ? undefined : yield* outerSpanOf(exportedParent)
      const target = outer?.target ?? projectTarget(settings)
      const encoder = makeRowEncoder(capture, outer)
      const memory = makeMemory()
      let connection: Connection | undefined

      const connected = Effect.suspend(() => {
        if (connection !== undefined) return Effect.succeed(connection)
        return Effect.tap(connect(settings, target, timeoutMs), (made) =>
          Effect.sync(() => {
            connection = made
          })
        )
      })

      const post = (rows: ReadonlyArray<Row>, { destination, bytesMax, ...to }: Connection) => {
        const texts = rows.map((row) => `${row.texts.join("").slice(0, -1)},${destination}}`)
        const body = `{"rows":[${texts.join(",")}],"api_version":2}`
        if (bytesMax === undefined || Buffer.byteLength(body) <= bytesMax) return to.post(body)
        const [only, ...others] = texts
        if (only !== undefined && others.length === 0) return to.postLarge(body, JSON.parse(only) as JsonObject)
        // Known before it is sent: the limit was not, when this batch was cut.
        const reason = `${rows.length} rows are more than the ${bytesMax} bytes that one request may have`
        return new SinkFailed({ sink: "braintrust", retry: "too-large", reason })
      }

      return {
        name: "braintrust",
        wants: live ? "all" : "closed",
        repeats: "last",
        batch: {
          rows: 100,
          get bytes() {
            const limit = connection?.bytesMax
            return limit === undefined ? bytesUnknown : Math.min(bytesMost, Math.floor(limit / 2))
          },
          withinMs: 500
        },
        encode: encoder.row,
        send: (rows): Effect.Effect<void, SinkFailed> => {
          const news = rows.filter(memory.isNews)
          if (news.length === 0) return Effect.void
          return connected.pipe(
            Effect.flatMap((made) => post(news, made)),
            Effect.map(() => memory.keep(news)),
            Effect.tapError((failure) =>
              Effect.sync(() => {
                // A key, a project or an address that was changed meanwhile is only seen by a new login.
                if (failure.retry === "permanent") connection = undefined
              })
            )
          )
        }
      }
    })
})

export const braintrust: Sink = makeBraintrust()
