/**
 * The collector of the product: its own fold, and the sinks of the list.
 */
import { Effect, Layer } from "effect"
import { liveRecordedFold } from "../pipeline/recorded-fold.ts"
import { sessionFold } from "../pipeline/session-fold.ts"
import { SinkFailed } from "../sink/failure.ts"
import { sinkNamed, sinkNames } from "../sink/index.ts"
import { Parts } from "./parts.ts"

export const productParts = Layer.succeed(Parts, {
  openFold: ({ isRecorded, ...options }) => (isRecorded ? liveRecordedFold : sessionFold)(options),
  openSink: (name, context) => {
    const sink = sinkNamed(name)
    if (sink !== undefined) return sink.open(context)
    const [reason, hint] = ["there is no such sink", `sinks are ${sinkNames.join(", ")}`]
    return Effect.fail(new SinkFailed({ sink: name, retry: "permanent", reason, hint }))
  }
})
