/**
 * `tracer [PATH | ID | -]…`: reads once, writes the spans, leaves.
 *
 * Owns which flags and surroundings count. Finding is source/trace-source.ts, reading reading.ts, the loop trace.ts.
 */
import { Effect } from "effect"
import { CliError, Command } from "effect/cli"
import { codexFolder } from "../hook/places.ts"
import { loadSettings } from "../settings/settings.ts"
import { bundlesIn } from "../source/bundle-session.ts"
import { headlessIn } from "../source/locate.ts"
import { stdinName } from "../source/stdin.ts"
import { locateAll, type TraceSource } from "../source/trace-source.ts"
import { WrongUse } from "./errors.ts"
import * as flags from "./flags.ts"
import { checkJournals } from "./journals.ts"
import { readingOf } from "./reading.ts"
import { runTrace } from "./trace.ts"

/** Where Codex was asked to record, unless the user does not want that believed. */
const recordingsOfCodex = Effect.map(loadSettings(process.env), (settings) => {
  const root = process.env.CODEX_ROLLOUT_TRACE_ROOT ?? ""
  return settings.recordings && root !== "" ? [root] : []
})

/** What is to be read: what was named, else what was piped; undefined where a person sits at the other end. */
const wantedOf = (named: ReadonlyArray<string>, isLatest: boolean): ReadonlyArray<string> | undefined =>
  named.length > 0 || isLatest ? named : process.stdin.isTTY === true ? undefined : [stdinName]

export const readCommand = Command.make(
  "tracer",
  { named: flags.paths, latest: flags.latest, hooks: flags.hooks, bundles: flags.bundles, ...flags.output },
  Effect.fnUntraced(function* ({ named, latest, hooks, bundles, ...output }) {
    const wanted = wantedOf(named, latest)
    if (wanted === undefined) return yield* new CliError.ShowHelp({ commandPath: ["tracer"], errors: [] })
    if (wanted.filter((one) => one === stdinName).length > 1)
      return yield* new WrongUse({ reason: "standard input can be read only once", hint: "give - at most once" })
    yield* checkJournals(hooks)
    for (const folder of bundles) {
      if (bundlesIn(folder).length > 0) continue
      return yield* new WrongUse({
        reason: `--bundle ${folder}: there is no trace bundle in this folder`,
        hint: "name a bundle (it holds manifest.json and trace.jsonl), or the folder that CODEX_ROLLOUT_TRACE_ROOT names"
      })
    }
    const headless = (yield* Effect.forEach(wanted, headlessIn)).flat()
    const sources: ReadonlyArray<TraceSource> = [
      ...(yield* locateAll(wanted, latest, codexFolder(process.env))),
      // Read for what can be said of them: that their lines belong to nobody.
      ...headless.map((path) => ({ _tag: "File", path }) as const)
    ]
    const recordings = bundles.length > 0 ? bundles : yield* recordingsOfCodex
    return yield* runTrace(output, false, (run) =>
      Effect.forEach(
        sources,
        (source) => {
          const { fold, arrivals } = readingOf(source, { journals: hooks, recordings })
          return run.trace(fold(run.foldOptions), arrivals)
        },
        { discard: true }
      )
    )
  })
).pipe(
  Command.withDescription(
    "Turns sessions of OpenAI Codex CLI into true traces: every turn, model call, tool and agent, with times and tokens.\n  " +
      "Given files, folders or ids it reads once and leaves; without any it reads standard input.\n  " +
      "Exit codes: 0 all well, 1 something was skipped or not delivered (said on stderr), 2 wrong use."
  ),
  Command.withExamples([
    { command: "tracer --latest", description: "Show the last session as a tree" },
    {
      command: "tracer 01a1fb04 --to jsonl > spans.jsonl",
      description: "A session by the beginning of its id, as JSON"
    },
    { command: "tracer < rollout.jsonl | jq .name", description: "In a pipe: one closed span a line" },
    { command: "tracer ~/.codex/archived_sessions --to braintrust", description: "Send a folder of sessions" },
    { command: "tracer follow --all --to tree --to braintrust", description: "Everything that happens from now on" }
  ])
)
