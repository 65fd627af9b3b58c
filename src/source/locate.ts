/**
 * What a user names, found: a file, a folder, a session's id or the beginning of one, the latest session.
 *
 * Owns the rules of naming and their errors: whatever of a session is named, a file or an agent's id, the session of its
 * root is meant, where that is there. What belongs to a session is catalogue.ts, what several names mean together is
 * trace-source.ts, reading is session.ts.
 */
import { type Stats, statSync } from "node:fs"
import { dirname, join, resolve, sep } from "node:path"
import { Effect, Schema } from "effect"
import { bundlesIn, isBundle, isBundlePart } from "./bundle-session.ts"
import { type Catalogue, foldersBeside, foldersOfHome, makeCatalogue, type Session, writtenAtMs } from "./catalogue.ts"
import { type SourceFailed, systemFailure } from "./file.ts"
import { notARollout, type Rollout, type RolloutName, readRollout } from "./rollout.ts"
import { stdinName } from "./stdin.ts"

/** Something to read. */
export type Input =
  | { readonly _tag: "Stdin" }
  | { readonly _tag: "Sessions"; readonly catalogue: Catalogue; readonly sessions: ReadonlyArray<Session> }
  /** A file that does not begin like a transcript: its lines are told apart one by one. */
  | { readonly _tag: "File"; readonly path: string }
  /** Rollout-trace bundles, of whichever sessions. */
  | { readonly _tag: "Bundles"; readonly directories: ReadonlyArray<string> }

/** Nothing, or too much, goes by the name that was given. */
export class NotLocated extends Schema.TaggedError<NotLocated>()("NotLocated", {
  wanted: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.wanted}: ${this.reason}`
  }
}

const statOf = (path: string): Effect.Effect<Stats | undefined, SourceFailed> =>
  Effect.try({
    try: () => statSync(path, { throwIfNoEntry: false }),
    catch: (error) => systemFailure(path, error)
  })

const oneSession = (catalogue: Catalogue, session: Session): Input => ({
  _tag: "Sessions",
  catalogue,
  sessions: [session]
})

const bundlesOf = (directories: ReadonlyArray<string>): Input => ({ _tag: "Bundles", directories })

/** The whole session of a transcript; where its root's is not there, what the thread and its own agents did. */
const sessionOf = (catalogue: Catalogue, rollout: Rollout): Effect.Effect<Session> =>
  Effect.gen(function* () {
    const holds = (session: Session | undefined, threadId: string): session is Session =>
      session?.rollouts.some((one) => one.threadId === threadId) ?? false
    // Whose reviewer it is, only the others' content says.
    const asked = rollout.isOrphanReview
      ? (yield* catalogue.sessions).find((one) => holds(one, rollout.threadId))
      : undefined
    const root = asked?.rootThreadId ?? (yield* catalogue.rootOf(rollout))
    const whole = asked ?? (yield* catalogue.session(root))
    if (holds(whole, root) && holds(whole, rollout.threadId)) return whole
    return (yield* catalogue.session(rollout.threadId)) ?? { rootThreadId: root, rollouts: [rollout] }
  })

const locateFile = (path: string): Effect.Effect<Input, SourceFailed> =>
  Effect.gen(function* () {
    // A file of a bundle by itself says little: it is the bundle that is meant.
    const folder = dirname(path)
    if (isBundlePart(path) && isBundle(folder)) return bundlesOf([folder])
    const rollout = yield* readRollout(path)
    const catalogue = makeCatalogue(foldersBeside(path), [rollout])
    return oneSession(catalogue, yield* sessionOf(catalogue, rollout))
  }).pipe(
    Effect.catchIf(
      (failure) => failure.code === notARollout,
      () => Effect.succeed<Input>({ _tag: "File", path })
    )
  )

const locateFolder = (folder: string): Effect.Effect<Input, NotLocated> =>
  Effect.gen(function* () {
    if (isBundle(folder)) return bundlesOf([folder])
    // A day's folder holds part of a home: its sessions' agents and the bases of its forks may lie in others.
    const catalogue = makeCatalogue(foldersBeside(join(folder, "any")))
    const inside = resolve(folder) + sep
    const sessions = (yield* catalogue.sessions).filter((session) =>
      session.rollouts.some((rollout) => resolve(rollout.path).startsWith(inside))
    )
    if (sessions.length > 0) return { _tag: "Sessions", catalogue, sessions }
    const bundles = bundlesIn(folder)
    if (bundles.length > 0) return bundlesOf(bundles)
    return yield* new NotLocated({
      wanted: folder,
      reason: "there are no transcripts or trace bundles of Codex in this folder",
      hint: "transcripts are named rollout-*.jsonl and lie below CODEX_HOME/sessions"
    })
  })

/**
 * Transcripts of a folder, by their names, whose first record is damaged: whose they are is not known, so no session has
 * them. One that Codex has just created and not written to is none yet.
 */
export const headlessIn = (folder: string): Effect.Effect<ReadonlyArray<string>, SourceFailed> =>
  Effect.gen(function* () {
    if ((yield* statOf(folder))?.isDirectory() !== true) return []
    const catalogue = makeCatalogue([folder])
    const headless = yield* Effect.filter(yield* catalogue.names, (name) =>
      Effect.map(readable(catalogue, name), (rollout) => rollout === undefined && sizeOf(name.path) > 0)
    )
    return headless.map(({ path }) => path)
  })

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/** The beginning of a UUID: long enough that nobody types it by accident. */
const idPattern = /^[0-9a-f]{4}[0-9a-f-]{0,32}$/i
const namedMax = 5

const locateId = (wanted: string, home: string): Effect.Effect<Input, NotLocated> =>
  Effect.gen(function* () {
    const catalogue = makeCatalogue(foldersOfHome(home))
    const prefix = wanted.toLowerCase()
    const names = (yield* catalogue.names).filter((name) => name.threadId.startsWith(prefix))
    const exact = names.filter((name) => name.threadId === prefix)
    const roots = yield* rootsOf(catalogue, exact.length > 0 ? exact : names)
    const [found] = roots
    if (found === undefined)
      return yield* new NotLocated({
        wanted,
        reason: `there is no such file, and no session with this id in ${home}`,
        hint: "CODEX_HOME says where sessions are looked for"
      })
    if (roots.size > 1) {
      const ids = [...roots.keys()].sort()
      return yield* new NotLocated({
        wanted,
        reason: `${ids.length} sessions begin like this`,
        hint: `give more of the id: ${ids.slice(0, namedMax).join(", ")}${ids.length > namedMax ? ", …" : ""}`
      })
    }
    const [, rollout] = found
    if (rollout !== undefined) return oneSession(catalogue, yield* sessionOf(catalogue, rollout))
    return yield* new NotLocated({
      wanted,
      reason: "the session's transcript has no readable first record",
      hint: "give the transcript's path to read what is left of it"
    })
  })

const readable = (catalogue: Catalogue, name: RolloutName): Effect.Effect<Rollout | undefined> =>
  Effect.orElseSucceed(catalogue.rollout(name), () => undefined)

/**
 * The root threads of these files, each with one of them that has a readable first record, if there is one. An agent's
 * id begins like its root's when it was started within a minute.
 */
const rootsOf = (catalogue: Catalogue, names: ReadonlyArray<RolloutName>) =>
  Effect.gen(function* () {
    const roots = new Map<string, Rollout | undefined>()
    for (const [threadId, files] of Map.groupBy(names, (name) => name.threadId)) {
      const rollouts = yield* Effect.forEach(files, (name) => readable(catalogue, name))
      const rollout = rollouts.find((one) => one !== undefined)
      const root = rollout === undefined ? threadId : yield* catalogue.rootOf(rollout)
      roots.set(root, roots.get(root) ?? rollout)
    }
    return roots
  })

/** Finds what an argument of the command line names. */
export const locate = (wanted: string, home: string): Effect.Effect<Input, SourceFailed | NotLocated> =>
  Effect.gen(function* () {
    if (wanted === stdinName) return { _tag: "Stdin" }
    const stats = yield* statOf(wanted)
    if (stats?.isDirectory()) return yield* locateFolder(wanted)
    if (stats !== undefined) return yield* locateFile(wanted)
    if (idPattern.test(wanted)) return yield* locateId(wanted, home)
    return yield* new NotLocated({
      wanted,
      reason: "there is no such file or folder, and it is no session's id",
      hint: "give a transcript, a folder of transcripts, a session's id or its beginning, or - for standard input"
    })
  })

/** The session that was written to last. */
export const locateLatest = (home: string): Effect.Effect<Input, NotLocated> =>
  Effect.gen(function* () {
    const catalogue = makeCatalogue(foldersOfHome(home))
    const written = (yield* catalogue.names)
      .map((name) => ({ name, at: writtenAtMs(name.path) }))
      .sort((left, right) => right.at - left.at)
    for (const { name } of written) {
      const rollout = yield* readable(catalogue, name)
      if (rollout !== undefined) return oneSession(catalogue, yield* sessionOf(catalogue, rollout))
    }
    return yield* new NotLocated({
      wanted: "--latest",
      reason: `there is no session in ${home}`,
      hint: "CODEX_HOME says where sessions are looked for"
    })
  })
