/**
 * `tracer reduce BUNDLE`: a rollout-trace bundle to the graph that Codex makes of it.
 *
 * Ties the reducer to files and to stdout: the state is written beside the bundle or where `-o` says, and the path is
 * printed, as `codex debug trace-reduce` does. `--check` and `--explain` write nothing.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { Console, Effect, Option, Result, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { differences } from "../bundle/compare.ts"
import { explain, explanationText, NothingNamed } from "../bundle/explain/explain.ts"
import { type Features, generationOf, generationsOf, UnknownGeneration } from "../bundle/generation.ts"
import { type Bundle, openBundle } from "../bundle/open.ts"
import { stateText } from "../bundle/print.ts"
import { type ReducedTrace, reduceBundle } from "../bundle/reduce.ts"
import { type LeftOut, placeText } from "../bundle/refusal.ts"
import { type JsonValue, readJson } from "../wire/bundle/json.ts"
import { Incomplete } from "./errors.ts"

const stateName = "state.json"

/** The state could not be written, or the one to compare with could not be read. */
export class StateFile extends Schema.TaggedError<StateFile>()("StateFile", {
  file: Schema.String,
  doing: Schema.Literals(["written", "read"]),
  reason: Schema.String
}) {
  override get message() {
    return `the state cannot be ${this.doing}: ${this.reason}`
  }
  get place() {
    return this.file
  }
  get hint() {
    return this.doing === "written"
      ? "name another file with -o"
      : "--check compares with the state.json that codex debug trace-reduce wrote into the bundle"
  }
}

const bundleFolder = Argument.String("bundle").pipe(
  Argument.withDescription("The folder of a bundle: it holds manifest.json, trace.jsonl and payloads")
)
const output = Flag.String("output").pipe(
  Flag.withAlias("o"),
  Flag.withDescription("Where the state goes; - is standard output (default: state.json in the bundle)"),
  Flag.optional
)
const as = Flag.String("as").pipe(
  Flag.withDescription("Reduce as this release of Codex does, such as 0.142.0 (default: the newest of the schema)"),
  Flag.optional
)
const check = Flag.Boolean("check").pipe(
  Flag.withDescription("Compare with the state.json in the bundle and print the differences"),
  Flag.withDefault(false)
)
const lenient = Flag.Boolean("lenient").pipe(
  Flag.withDescription("Reduce what can be understood, and list what was left out"),
  Flag.withDefault(false)
)
const explained = Flag.String("explain").pipe(
  Flag.withDescription(
    "Tell where something came from and where it went: a tool call, an item, a response, an agent …"
  ),
  Flag.optional
)
const json = Flag.Boolean("json").pipe(Flag.withDescription("Explain as JSON"), Flag.withDefault(false))

const featuresOf = (version: Option.Option<string>): Effect.Effect<Features | undefined, UnknownGeneration> => {
  if (Option.isNone(version)) return Effect.succeed(undefined)
  const features = generationOf(version.value)
  return features === undefined
    ? Effect.fail(new UnknownGeneration({ version: version.value }))
    : Effect.succeed(features)
}

const reasonOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/** Writes the state piece by piece into a new file, which takes the place of the old one when it is whole. */
const writeState = (file: string, pieces: Iterable<string>): Effect.Effect<void, StateFile> =>
  Effect.try({
    try: () => {
      const temporary = `${file}.${process.pid}.part`
      const descriptor = fs.openSync(temporary, "w")
      try {
        for (const piece of pieces) fs.writeSync(descriptor, piece)
        fs.closeSync(descriptor)
        fs.renameSync(temporary, file)
      } catch (error) {
        fs.rmSync(temporary, { force: true })
        throw error
      }
    },
    catch: (cause) => new StateFile({ file, doing: "written", reason: reasonOf(cause) })
  })

const readState = (file: string): Effect.Effect<{ readonly text: string; readonly value: JsonValue }, StateFile> =>
  Effect.try({
    try: () => {
      const bytes = fs.readFileSync(file)
      return { text: bytes.toString("utf8"), value: readJson(bytes) }
    },
    catch: (cause) => new StateFile({ file, doing: "read", reason: reasonOf(cause) })
  })

const differencesShownMax = 100

const textOf = ({ trace }: ReducedTrace): string => [...stateText(trace)].join("")

/** Another release whose reducer makes just this state of the bundle; a bundle does not say which one wrote it. */
const releaseThatWrote = Effect.fnUntraced(function* (bundle: Bundle, schema: 1 | 2, text: string) {
  for (const { features, version } of generationsOf(schema)) {
    const reduced = yield* Effect.result(reduceBundle(bundle, { as: features }))
    if (Result.isSuccess(reduced) && textOf(reduced.success) === text) return version
  }
  return undefined
})

const compareStates = Effect.fnUntraced(function* (
  bundle: Bundle,
  reduced: ReducedTrace,
  file: string,
  isGenerationNamed: boolean
) {
  const theirs = yield* readState(file)
  const ours = textOf(reduced)
  if (ours === theirs.text) return yield* Console.log(`${file} is what the bundle reduces to`)
  const other = isGenerationNamed
    ? undefined
    : yield* releaseThatWrote(bundle, reduced.trace.schema_version, theirs.text)
  if (other !== undefined) return yield* Console.log(`${file} is what the bundle reduces to with --as ${other}`)
  let count = 0
  for (const difference of differences(readJson(Buffer.from(ours)), theirs.value)) {
    if (++count > differencesShownMax) continue
    const { path: where, ours: here = "nothing", theirs: there = "nothing" } = difference
    yield* Console.log(`${where}: the bundle gives ${here}, the file has ${there}`)
  }
  if (count > differencesShownMax) yield* Console.log(`… and ${count - differencesShownMax} more`)
  if (count === 0) yield* Console.log(`${file} has the same values in another form`)
  return yield* new Incomplete({})
})

const leftOutText = ({ file, place, what }: LeftOut): string =>
  `  ${place === undefined ? "at the end" : placeText(place)}: ${what}${file === undefined ? "" : ` (${file})`}`

const sayLeftOut = (leftOut: ReadonlyArray<LeftOut>): Effect.Effect<void> =>
  leftOut.length === 0
    ? Effect.void
    : Console.error(["tracer: left out or not in order:", ...leftOut.map(leftOutText)].join("\n"))

const explainIn = Effect.fnUntraced(function* ({ trace }: ReducedTrace, id: string, asJson: boolean) {
  const explanations = explain(trace, id)
  if (explanations.length === 0) return yield* new NothingNamed({ id })
  yield* Console.log(asJson ? JSON.stringify(explanations, null, 2) : explanations.map(explanationText).join("\n\n"))
})

export const reduceCommand = Command.make(
  "reduce",
  { bundle: bundleFolder, output, as, check, lenient, explained, json },
  Effect.fnUntraced(function* (given) {
    const features = yield* featuresOf(given.as)
    const bundle = yield* openBundle(given.bundle)
    const reduced = yield* reduceBundle(bundle, {
      lenient: given.lenient,
      ...(features !== undefined && { as: features })
    })
    yield* sayLeftOut(reduced.leftOut)
    const file = Option.getOrElse(given.output, () => path.join(given.bundle, stateName))
    if (Option.isSome(given.explained)) yield* explainIn(reduced, given.explained.value, given.json)
    else if (given.check)
      yield* compareStates(bundle, reduced, path.join(given.bundle, stateName), features !== undefined)
    else if (file === "-") for (const piece of stateText(reduced.trace)) fs.writeSync(1, piece)
    else {
      yield* writeState(file, stateText(reduced.trace))
      yield* Console.log(file)
    }
    if (reduced.leftOut.length > 0) return yield* new Incomplete({})
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
