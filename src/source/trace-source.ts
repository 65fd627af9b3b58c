/**
 * What is read as one trace, of all that the arguments of a command line name together.
 *
 * Owns that each session and each file is read once, where it was first named: a session's files, its agents and its
 * bundles may be named in any number and order, and lie in several folders. What one argument names is locate.ts.
 */
import { resolve } from "node:path"
import { Effect } from "effect"
import { type BundleSession, bundleSessions } from "./bundle-session.ts"
import { byCreation, type Catalogue, makeCatalogue, type Session } from "./catalogue.ts"
import type { SourceFailed } from "./file.ts"
import { type Input, locate, locateLatest, type NotLocated } from "./locate.ts"
import type { Rollout } from "./rollout.ts"

/** A session's transcripts, and of its bundles those that were named too. */
export interface SessionSource {
  readonly _tag: "Session"
  readonly catalogue: Catalogue
  readonly session: Session
  readonly bundles: ReadonlyArray<string>
}

/** What one trace is read from. */
export type TraceSource =
  | Extract<Input, { readonly _tag: "Stdin" | "File" }>
  | SessionSource
  | ({ readonly _tag: "Bundles" } & BundleSession)

/** The first of those that have the same key. */
const firsts = <A>(all: ReadonlyArray<A>, keyOf: (one: A) => string): ReadonlyArray<A> =>
  [...Map.groupBy(all, keyOf).values()].flatMap((same) => same.slice(0, 1))

const pathsOnce = (paths: ReadonlyArray<string>) => firsts(paths, (path) => resolve(path))

/** The same for a file and its copy, whatever their names and folders. */
const transcriptKey = ({ threadId, rolloutId, createdAt }: Rollout) => `${threadId} ${rolloutId} ${createdAt}`

const directoriesOf = (source: Input | TraceSource) => (source._tag === "Bundles" ? source.directories : [])

/** The sources of one argument; `bundles` are those of all arguments. */
const sourcesOf = (input: Input, bundles: ReadonlyArray<BundleSession>): ReadonlyArray<TraceSource> => {
  if (input._tag === "Sessions")
    return input.sessions.map((session) => ({ _tag: "Session", catalogue: input.catalogue, session, bundles: [] }))
  if (input._tag !== "Bundles") return [input]
  const named = new Set(input.directories.map((directory) => resolve(directory)))
  return bundles
    .filter(({ directories }) => directories.some((directory) => named.has(resolve(directory))))
    .map((session) => ({ _tag: "Bundles", ...session }))
}

/** Sources of one trace as one. The same file twice is itself, and bundles of one session are together already. */
const joined = (sources: ReadonlyArray<TraceSource>): ReadonlyArray<TraceSource> => {
  const sessions = sources.filter((source) => source._tag === "Session")
  const [first] = sessions
  if (first === undefined) return sources.slice(0, 1)
  const rollouts = firsts(
    sessions.flatMap(({ session }) => session.rollouts),
    transcriptKey
  ).toSorted(byCreation)
  const folders = new Set(sessions.flatMap(({ catalogue }) => catalogue.folders))
  return [
    {
      _tag: "Session",
      // Files from several places: the bases of forks may lie in any of them.
      catalogue: sessions.length === 1 ? first.catalogue : makeCatalogue([...folders], rollouts),
      session: { rootThreadId: first.session.rootThreadId, rollouts },
      bundles: pathsOnce(sources.flatMap(directoriesOf))
    }
  ]
}

/** What the arguments mean together: each session once, where it was first named. */
export const traceSources = (inputs: ReadonlyArray<Input>): ReadonlyArray<TraceSource> => {
  const bundles = bundleSessions(pathsOnce(inputs.flatMap(directoriesOf)))
  const sources = inputs.flatMap((input) => sourcesOf(input, bundles))
  /** The session of a thread, for bundles: a reviewer is recorded as a root of its own. */
  const roots = new Map(
    sources.flatMap((source) =>
      source._tag === "Session"
        ? source.session.rollouts.map(({ threadId }) => [threadId, source.session.rootThreadId] as const)
        : []
    )
  )
  const keyOf = (source: TraceSource): string => {
    switch (source._tag) {
      case "Stdin":
        return "-"
      case "File":
        return resolve(source.path)
      case "Session":
        return source.session.rootThreadId
      case "Bundles":
        return roots.get(source.rootThreadId) ?? source.rootThreadId
    }
  }
  return [...Map.groupBy(sources, keyOf).values()].flatMap(joined)
}

/** Finds what the arguments of a command line mean together; with `latest` the session that was written to last too. */
export const locateAll = (
  named: ReadonlyArray<string>,
  latest: boolean,
  home: string
): Effect.Effect<ReadonlyArray<TraceSource>, SourceFailed | NotLocated> =>
  Effect.gen(function* () {
    const inputs = yield* Effect.forEach(named, (wanted) => locate(wanted, home))
    return traceSources(latest ? [...inputs, yield* locateLatest(home)] : inputs)
  })
