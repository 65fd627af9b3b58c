/**
 * `tracer follow [PATH | ID]`: spans while they happen, until Ctrl-C.
 *
 * Owns which sessions are followed: one that was named, the latest, or with `--all` each that is written to from now
 * on, from its first record. Following is source/live-session.ts, the loop is trace.ts.
 */
import { Effect, FiberSet, Option, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { codexFolder } from "../hook/places.ts"
import { mixedFold } from "../pipeline/mixed-fold.ts"
import { sessionFold } from "../pipeline/session-fold.ts"
import { followBundles, logOf } from "../source/bundle.ts"
import type { BundleSession } from "../source/bundle-session.ts"
import { type Catalogue, foldersBeside, foldersOfHome, makeCatalogue, type Session } from "../source/catalogue.ts"
import { statOf } from "../source/file.ts"
import { liveSession, sessionsWrittenTo, watchFolders } from "../source/live-session.ts"
import { rolloutName } from "../source/rollout.ts"
import { followTail, makeTail } from "../source/tail.ts"
import { locateAll, type TraceSource } from "../source/trace-source.ts"
import type { Watch } from "../source/watch.ts"
import { sayCause, WrongUse } from "./errors.ts"
import * as flags from "./flags.ts"
import { besideJournals, checkJournals } from "./journals.ts"
import { mixedArrivals } from "./reading.ts"
import { type Run, runTrace } from "./trace.ts"

/** What is followed: a session, or a file whose lines say themselves where they belong. */
type Followed =
  | { readonly _tag: "Session"; readonly catalogue: Catalogue; readonly session: Session; readonly path?: string }
  | { readonly _tag: "File"; readonly path: string }
  | ({ readonly _tag: "Bundles" } & BundleSession)

/** A transcript by its name alone: it may get its first record later, or be created later. */
const byName = (path: string): Followed => {
  const name = rolloutName(path)
  return name === undefined
    ? { _tag: "File", path }
    : {
        _tag: "Session",
        catalogue: makeCatalogue(foldersBeside(path)),
        session: { rootThreadId: name.threadId, rollouts: [] },
        path
      }
}

const followedBy = (sources: ReadonlyArray<TraceSource>, named: string): Effect.Effect<Followed, WrongUse> => {
  const [source, ...others] = sources
  if (others.length === 0 && source?._tag === "File") return Effect.succeed(byName(source.path))
  if (others.length === 0 && source !== undefined && source._tag !== "Stdin") return Effect.succeed(source)
  return Effect.fail(
    new WrongUse({
      reason: `${named}: one session can be followed at a time, or all`,
      hint: "give a transcript or a session's id, or use --all; standard input needs no follow: tracer reads it as it comes"
    })
  )
}

const followSession = (run: Run, catalogue: Catalogue, session: Session, watch: Watch, hooks: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const live = yield* liveSession(catalogue, session, watch, { journals: hooks })
    return {
      live,
      trace: run.trace(sessionFold({ ...run.foldOptions, rootId: session.rootThreadId }), live.arrivals, live.follow)
    }
  })

const followOne = (run: Run, followed: Followed, hooks: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    if (followed._tag === "File") {
      const watch = yield* watchFolders([], [followed.path, ...hooks])
      const lines = mixedArrivals(followTail(makeTail(followed.path), watch))
      return yield* run.trace(mixedFold(run.foldOptions), besideJournals(hooks, watch, lines))
    }
    if (followed._tag === "Bundles") {
      const { rootThreadId, directories } = followed
      const watch = yield* watchFolders([], [...directories.map(logOf), ...hooks])
      const lines = followBundles(directories, watch)
      return yield* run.trace(
        sessionFold({ ...run.foldOptions, rootId: rootThreadId }),
        besideJournals(hooks, watch, lines)
      )
    }
    const { catalogue, session, path } = followed
    const watch = yield* watchFolders(catalogue.folders, hooks)
    const { live, trace } = yield* followSession(run, catalogue, session, watch, hooks)
    if (path !== undefined) yield* live.follow({ threadId: session.rootThreadId, path })
    yield* trace
  })

const followAll = (run: Run, home: string, hooks: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const catalogue = makeCatalogue(foldersOfHome(home))
    const watch = yield* watchFolders(catalogue.folders, hooks)
    const traces = yield* FiberSet.make<void>()
    const sessions = yield* sessionsWrittenTo(catalogue, watch)
    yield* sessions.pipe(
      Stream.interruptWhen(run.over),
      Stream.runForEach((session) =>
        FiberSet.run(
          traces,
          followSession(run, catalogue, session, watch, hooks).pipe(
            Effect.flatMap(({ trace }) => trace),
            Effect.scoped,
            // An error of ours in one session is said, and ends no other.
            Effect.catchCause((cause) => Effect.tap(sayCause(cause), () => Effect.sync(run.report.broken)))
          )
        )
      )
    )
    yield* FiberSet.awaitEmpty(traces)
  })

export const followCommand = Command.make(
  "follow",
  {
    named: Argument.String("path|id").pipe(
      Argument.withDescription("A transcript (it may appear later), or a session's id or its beginning"),
      Argument.optional
    ),
    latest: flags.latest,
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("Every session that is written to from now on, from its beginning"),
      Flag.withDefault(false)
    ),
    hooks: flags.hooks,
    ...flags.output
  },
  Effect.fnUntraced(function* ({ named, latest, all, hooks, ...output }) {
    const home = codexFolder(process.env)
    if (Number(Option.isSome(named)) + Number(latest) + Number(all) !== 1)
      return yield* new WrongUse({
        reason: "follow needs exactly one of PATH or ID, --latest, and --all",
        hint: "tracer follow --latest"
      })
    yield* checkJournals(hooks)
    if (all) return yield* runTrace(output, true, (run) => followAll(run, home, hooks))
    const followed = yield* Option.match(named, {
      onNone: () => Effect.flatMap(locateAll([], true, home), (sources) => followedBy(sources, "--latest")),
      onSome: (wanted) =>
        wanted.endsWith(".jsonl") && statOf(wanted) === undefined
          ? Effect.succeed(byName(wanted))
          : Effect.flatMap(locateAll([wanted], false, home), (sources) => followedBy(sources, wanted))
    })
    return yield* runTrace(output, true, (run) => followOne(run, followed, hooks))
  })
).pipe(
  Command.withDescription("Follows sessions while they run; Ctrl-C ends it with everything delivered"),
  Command.withExamples([
    { command: "tracer follow --latest", description: "Watch the session that was written to last" },
    { command: "tracer follow --all --to tree --to braintrust", description: "Everything from now on, to two places" },
    { command: "tracer follow 01a1fb04 --to jsonl --events", description: "Each change of a span as a line of JSON" }
  ])
)
