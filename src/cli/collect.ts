/**
 * `tracer collect`: the collector in the foreground, for a supervisor or a look at it; `--stop` ends the one that runs.
 *
 * Hooks start it on their own (`--woken`, which the executable's door answers without loading the command line).
 */
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { becomeCollector } from "../collector/start.ts"
import { askToStop, isAlive } from "../collector/status.ts"
import { stateFolder } from "../hook/places.ts"

const stop = Flag.Boolean("stop").pipe(
  Flag.withDescription("Let the running collector deliver what it can, and end it"),
  Flag.withDefault(false)
)

/** A collector that delivers its last rows takes this long at most; after that it is only awaited no more. */
const goneMsMax = 10_000

const stopRunning = Effect.gen(function* () {
  const pid = yield* askToStop(stateFolder(process.env))
  const deadline = Date.now() + goneMsMax
  while (isAlive(pid) && Date.now() < deadline) yield* Effect.sleep("20 millis")
  yield* Console.log(
    isAlive(pid) ? `the collector (pid ${pid}) is still delivering` : `the collector (pid ${pid}) has ended`
  )
}).pipe(
  Effect.catchIf(
    (failure) => failure.why === "none",
    () => Console.log("no collector is running")
  )
)

const alreadyRuns = Console.log("a collector is running already; tracer status shows it, tracer collect --stop ends it")

export const collectCommand = Command.make(
  "collect",
  { stop },
  Effect.fnUntraced(function* (given) {
    if (given.stop) return yield* stopRunning
    const started = yield* Effect.promise(() => becomeCollector(stateFolder(process.env), [], 0))
    if (started === undefined) return yield* alreadyRuns
    const [{ run }, { productParts }] = yield* Effect.promise(() =>
      Promise.all([import("../collector/collector.ts"), import("../collector/product.ts")])
    )
    yield* Effect.promise(() => run(started, productParts))
  })
).pipe(
  Command.withDescription("The background process that hooks start: follows sessions and delivers their spans"),
  Command.withExamples([
    { command: "tracer collect --stop", description: "End the running collector cleanly" },
    { command: "tracer collect", description: "Run it in the foreground until it is idle" }
  ])
)
