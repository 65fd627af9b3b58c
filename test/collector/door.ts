/**
 * The executable of the collector's tests: the real hook and the real collector around the tally fold, and a sink that
 * posts rows to the address in `BRAINTRUST_API_URL`. Started by hooks like the product itself.
 */
import { Effect, Layer } from "effect"
import { Parts } from "../../src/collector/parts.ts"
import { becomeCollector, readMessages } from "../../src/collector/start.ts"
import { stateFolder } from "../../src/hook/places.ts"
import { SinkFailed } from "../../src/sink/failure.ts"
import { tallyFold } from "./tally-fold.ts"

const parts = Layer.succeed(Parts, {
  openFold: tallyFold,
  openSink: (name, { env }) => {
    const { BRAINTRUST_API_URL: address, BRAINTRUST_API_KEY: key } = env
    const failed = (retry: SinkFailed["retry"], reason: string) => new SinkFailed({ sink: name, retry, reason })
    if (address === undefined || key === undefined) return Effect.fail(failed("permanent", "no API key"))
    return Effect.succeed({
      name,
      wants: "all",
      repeats: "last",
      batch: { rows: 50, bytes: 1_000_000, withinMs: 20 },
      encode: (write) => {
        const text = JSON.stringify(write.span)
        return { write, texts: [text], bytes: Buffer.byteLength(text) }
      },
      send: (rows) =>
        Effect.tryPromise({
          try: async () => {
            const answer = await fetch(`${address}/rows`, {
              method: "POST",
              headers: { authorization: `Bearer ${key}` },
              body: `[${rows.map((row) => row.texts.join("")).join(",")}]`,
              signal: AbortSignal.timeout(2000)
            })
            await answer.json()
            if (answer.status === 401) throw failed("permanent", "the key was refused")
            if (!answer.ok) throw failed("transient", `status ${answer.status}`)
          },
          catch: (cause) => (cause instanceof SinkFailed ? cause : failed("transient", String(cause)))
        })
    })
  }
})

if (process.argv[2] === "hook") await (await import("../../src/hook/hook.ts")).main()
const started = await becomeCollector(stateFolder(process.env), await readMessages())
if (started !== undefined) await (await import("../../src/collector/collector.ts")).run(started, parts)
process.exit(0)
