/**
 * `tracer [PATH | ID | -]…`: reads once, writes the spans, leaves.
 *
 * Owns what the arguments mean together. Finding is source/locate.ts, the loop is trace.ts.
 */
import { Effect, Stream } from "effect"
import { CliError, Command } from "effect/cli"
import { codexFolder } from "../hook/places.ts"
import type { Fold } from "../pipeline/fold.ts"
import { mixedFold } from "../pipeline/mixed-fold.ts"
import { recordedFold } from "../pipeline/recorded-fold.ts"
import { sessionFold } from "../pipeline/session-fold.ts"
import { loadSettings } from "../settings/settings.ts"
import { readBundles } from "../source/bundle.ts"
import { recordingsOf } from "../source/bundle-session.ts"
import type { Catalogue, Session } from "../source/catalogue.ts"
import { LineBytesMax, readerLines } from "../source/file.ts"
import { type Input, locate, locateLatest } from "../source/locate.ts"
import type { Arrival, Origin } from "../source/origin.ts"
import { fileLines, readSession, reported } from "../source/session.ts"
import { stdinLines, stdinName } from "../source/stdin.ts"
import { WrongUse } from "./errors.ts"
import * as flags from "./flags.ts"
import { checkJournals, journalLines } from "./journals.ts"
import { type Run, runTrace } from "./trace.ts"

/** One trace to be made: a fold and what it is fed with. */
interface Work {
  readonly fold: (options: Run["foldOptions"]) => Fold
  readonly arrivals: Stream.Stream<Arrival>
}

const withOrigin = (origin: Origin, lines: ReturnType<typeof fileLines>): Stream.Stream<Arrival> =>
  Stream.map(lines, (batch) => ({ origin, ...batch }))

/** Lines that do not say where they belong, after the journals that were given with them. */
const mixed = (journals: ReadonlyArray<string>, lines: ReturnType<typeof fileLines>): Work => ({
  fold: mixedFold,
  arrivals: Stream.concat(journalLines(journals), withOrigin({ _tag: "Mixed" }, lines))
})

/** A session from its transcripts, and from what Codex recorded of it where that is there. */
const sessionWork = (
  catalogue: Catalogue,
  session: Session,
  journals: ReadonlyArray<string>,
  recordings: ReadonlyArray<string>
): Work => {
  const threads = new Set([session.rootThreadId, ...session.rollouts.map(({ threadId }) => threadId)])
  const bundles = recordingsOf(recordings, threads)
  const written = readSession(catalogue, session, { journals })
  const fold = bundles.length === 0 ? sessionFold : recordedFold
  return {
    fold: (options) => fold({ ...options, rootId: session.rootThreadId }),
    arrivals: bundles.length === 0 ? written : Stream.concat(written, readBundles(bundles))
  }
}

const stdinToEnd = Stream.unwrap(Effect.map(LineBytesMax, (lineBytesMax) => readerLines(stdinLines({ lineBytesMax }))))

const workOf = (
  input: Input,
  journals: ReadonlyArray<string>,
  recordings: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Work>> => {
  switch (input._tag) {
    case "Stdin":
      return Effect.succeed([mixed(journals, reported(stdinToEnd))])
    case "File":
      return Effect.succeed([mixed(journals, fileLines(input.path))])
    case "Sessions":
      return Effect.succeed(
        input.sessions.map((session) => sessionWork(input.catalogue, session, journals, recordings))
      )
    case "Bundles":
      return Effect.succeed(
        input.sessions.map(({ rootThreadId, directories }) => ({
          fold: (options) => sessionFold({ ...options, rootId: rootThreadId }),
          arrivals: Stream.concat(journalLines(journals), readBundles(directories))
        }))
      )
  }
}

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
    const home = codexFolder(process.env)
    const inputs = [
      ...(yield* Effect.forEach(wanted, (one) => locate(one, home))),
      ...(latest ? [yield* locateLatest(home)] : [])
    ]
    const recordings = bundles.length > 0 ? bundles : yield* recordingsOfCodex
    const work = (yield* Effect.forEach(inputs, (input) => workOf(input, hooks, recordings))).flat()
    return yield* runTrace(output, false, (run) =>
      Effect.forEach(work, ({ fold, arrivals }) => run.trace(fold(run.foldOptions), arrivals), { discard: true })
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
