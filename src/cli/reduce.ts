/**
 * `tracer reduce BUNDLE`: a rollout-trace bundle to the graph that Codex makes of it.
 *
 * Owns the command line and `--explain`; what is done is in reduction.ts, which a plain call reaches without coming
 * here (reduce-door.ts).
 */
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { explain, explanationText, NothingNamed } from "../bundle/explain/explain.ts"
import type { ReducedTrace } from "../bundle/reduce.ts"
import { Incomplete } from "./errors.ts"
import { flagNames, type Wanted } from "./reduce-door.ts"
import { isExpected, reduceWanted, writeReduction } from "./reduction.ts"

const bundleFolder = Argument.String("bundle").pipe(
  Argument.withDescription("The folder of a bundle: it holds manifest.json, trace.jsonl and payloads")
)
const output = Flag.String(flagNames.output).pipe(
  Flag.withAlias(flagNames.outputAlias),
  Flag.withDescription("Where the state goes; - is standard output (default: state.json in the bundle)"),
  Flag.optional
)
const as = Flag.String(flagNames.as).pipe(
  Flag.withDescription("Reduce as this release of Codex does, such as 0.142.0 (default: the newest of the schema)"),
  Flag.optional
)
const check = Flag.Boolean(flagNames.check).pipe(
  Flag.withDescription("Compare with the state.json in the bundle and print the differences"),
  Flag.withDefault(false)
)
const lenient = Flag.Boolean(flagNames.lenient).pipe(
  Flag.withDescription("Reduce what can be understood, and list what was left out"),
  Flag.withDefault(false)
)
const explained = Flag.String(flagNames.explain).pipe(
  Flag.withDescription(
    "Tell where something came from and where it went: a tool call, an item, a response, an agent …"
  ),
  Flag.optional
)
const json = Flag.Boolean(flagNames.json).pipe(Flag.withDescription("Explain as JSON"), Flag.withDefault(false))

/** Runs a step of a reduction; an error that it tells of is the command's. */
const attempt = <A>(step: () => A) =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(step())
    } catch (error) {
      if (isExpected(error)) return Effect.fail(error)
      throw error
    }
  })

const explainIn = Effect.fnUntraced(function* ({ trace }: ReducedTrace, id: string, asJson: boolean) {
  const explanations = explain(trace, id)
  if (explanations.length === 0) return yield* new NothingNamed({ id })
  yield* Console.log(asJson ? JSON.stringify(explanations, null, 2) : explanations.map(explanationText).join("\n\n"))
})

export const reduceCommand = Command.make(
  "reduce",
  { bundle: bundleFolder, output, as, check, lenient, explained, json },
  Effect.fnUntraced(function* (given) {
    const speech = yield* Console.Console
    const { bundle, check, lenient } = given
    const wanted: Wanted = {
      bundle,
      check,
      lenient,
      output: Option.getOrUndefined(given.output),
      as: Option.getOrUndefined(given.as)
    }
    if (Option.isSome(given.explained)) {
      const { reduced } = yield* attempt(() => reduceWanted(wanted, speech))
      yield* explainIn(reduced, given.explained.value, given.json)
      if (reduced.leftOut.length > 0) return yield* new Incomplete({})
    } else if ((yield* attempt(() => writeReduction(wanted, speech))) === "incomplete") return yield* new Incomplete({})
  })
).pipe(
  Command.withDescription("Reduce a rollout-trace bundle to the graph that codex debug trace-reduce makes of it"),
  Command.withExamples([
    { command: "tracer reduce trace-… -o state.json", description: "The same file as Codex's own reducer writes" },
    { command: "tracer reduce trace-… --check", description: "Is the state.json in the bundle what it reduces to?" },
    { command: "tracer reduce trace-… --explain call_1", description: "Who asked for it, and what the model saw" },
    { command: "tracer reduce trace-… --lenient", description: "What there is of a bundle that Codex refuses" }
  ])
)
