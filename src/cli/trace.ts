/**
 * From arrivals to delivered spans: the one loop that every reading command runs.
 *
 * Owns opening the sinks, feeding a fold array by array, telling the user of troubles as they happen, and the end:
 * flush, summary, exit. What arrives is the business of the sources, what it means of the fold.
 */
import { Console, Effect, type Scope, Stream } from "effect"
import { foldOptions, sinkEnvironment } from "../collector/destination.ts"
import { makeMemoryKeeper } from "../collector/memory.ts"
import type { Fold, FoldOptions, FoldStep, FollowThread } from "../pipeline/fold.ts"
import { loadSettings, type SettingsBroken } from "../settings/settings.ts"
import type { Trouble } from "../sink/deliver.ts"
import { type Deliveries, openSinks } from "../sink/index.ts"
import { standardError, standardOutput } from "../sink/output.ts"
import { bounded } from "../sink/retry.ts"
import { withLineBytesMax } from "../source/file.ts"
import { askGit, journalLineOf } from "../source/git.ts"
import type { Arrival } from "../source/origin.ts"
import { Incomplete } from "./errors.ts"
import { layFlagsOver, type OutputFlags } from "./flags.ts"

import { makeReport, type Report } from "./report.ts"
import { Stop } from "./stop.ts"
import { renderError } from "./told.ts"

/** One run of a reading command. */
export interface Run {
  readonly report: Report
  readonly foldOptions: FoldOptions
  /** Folds the arrivals to their end or until the user stops, and hands the spans to the sinks. */
  readonly trace: <E>(
    fold: Fold,
    arrivals: Stream.Stream<Arrival, E>,
    onFollow?: (request: FollowThread) => Effect.Effect<void>
  ) => Effect.Effect<void, E>
  /** Completes when going on would be in vain: the user wants to stop, or no sink is left. */
  readonly over: Effect.Effect<void>
}

const tell = (trouble: Trouble): Effect.Effect<void> => {
  switch (trouble._tag) {
    case "Waiting":
      return Console.error(`${renderError(trouble.failure)}\n  trying again in ${(trouble.inMs / 1000).toFixed(1)} s`)
    case "Recovered":
      return Console.error(`tracer: ${trouble.sink}: takes spans again`)
    case "SetAside":
      return Console.error(renderError(trouble.failure))
    case "GivenUp":
      return Console.error(
        `${renderError(trouble.failure)}${trouble.lost > 0 ? `\n  ${trouble.lost} spans were not delivered` : ""}`
      )
  }
}

/** The sinks that were asked for: a picture for a person, lines for a program. */
const sinksFor = (flags: OutputFlags): ReadonlyArray<string> =>
  flags.to.length > 0 ? flags.to : [standardOutput.isTerminal ? "tree" : "jsonl"]

const runWith = (deliveries: Deliveries, options: FoldOptions, over: Effect.Effect<void>, live: boolean): Run => {
  const report = makeReport()
  const keepSmall = makeMemoryKeeper()
  const carryOut = (step: FoldStep): Effect.Effect<void> => {
    report.skipped(step.skipped)
    report.noted(step.notes)
    return step.writes.length === 0 ? Effect.void : deliveries.offer(step.writes)
  }
  /** Asks git what a session that is just beginning does not say itself. Of what is over, git would tell the present. */
  const knowGit = (fold: Fold, { git }: FoldStep): Effect.Effect<void> =>
    git === undefined
      ? Effect.void
      : Effect.flatMap(askGit(git), (answer) =>
          answer === undefined ? Effect.void : carryOut(fold.push({ _tag: "Journal" }, [journalLineOf(answer)]))
        )
  return {
    report,
    foldOptions: options,
    over,
    trace: (fold, arrivals, onFollow) =>
      arrivals.pipe(
        Stream.interruptWhen(over),
        Stream.runForEach(({ origin, lines, skipped }) => {
          report.skipped(skipped)
          const step = fold.push(origin, lines)
          keepSmall()
          const carried = live ? Effect.andThen(carryOut(step), knowGit(fold, step)) : carryOut(step)
          return onFollow === undefined || step.follow.length === 0
            ? carried
            : Effect.andThen(carried, Effect.forEach(step.follow, onFollow, { discard: true }))
        }),
        Effect.andThen(Effect.suspend(() => carryOut(fold.end())))
      )
  }
}

/** Runs a reading command: sinks around it, its summary after it. Fails with `Incomplete` when something was left out. */
export const runTrace = <A, E, R>(
  flags: OutputFlags,
  live: boolean,
  body: (run: Run) => Effect.Effect<A, E, R>
): Effect.Effect<void, E | Incomplete | SettingsBroken, Exclude<R, Scope.Scope> | Stop> =>
  Effect.gen(function* () {
    const settings = layFlagsOver(yield* loadSettings(process.env), flags)
    const deliveries = yield* openSinks(
      sinksFor(flags),
      {
        capture: settings.capture,
        env: sinkEnvironment(process.env, settings),
        live,
        events: flags.events,
        ...(settings.outer?._tag === "ExportedSpan" && { exportedParent: settings.outer.slug }),
        output: standardOutput,
        aside: standardError
      },
      { retry: bounded, onTrouble: tell }
    )
    const stop = yield* Stop
    const run = runWith(deliveries, foldOptions(settings), Effect.raceFirst(stop.requested, deliveries.over), live)
    yield* withLineBytesMax(settings.lineBytesMax)(body(run))
    const failures = yield* deliveries.drain
    const summary = run.report.text()
    if (summary !== "") yield* Console.error(summary)
    const isDelivered = failures.length === 0 && deliveries.setAside() === 0
    // Stopping is how following ends; a read that was stopped has left something out.
    const isWhole = live || !stop.isRequested()
    if (!isDelivered || !isWhole || !run.report.isComplete()) return yield* new Incomplete()
  }).pipe(Effect.scoped)
