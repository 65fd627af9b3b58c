/**
 * A session that goes on: all that its files hold, then what is written to them, until interrupted.
 *
 * Owns which files belong to it while it runs. It first reads what there is, in order (session.ts), then follows every
 * file from where it was left. Further files join when they appear in the folders and say that they belong here (an
 * agent, a revert), or when the fold has heard of a thread. Files then interleave as they are written.
 */
import { basename, dirname } from "node:path"
import { Effect, FiberMap, Queue, type Scope, Semaphore, Stream } from "effect"
import { type Catalogue, isTranscriptFolder, type Session } from "./catalogue.ts"
import { fileStart, type Line, type Position } from "./line.ts"
import type { Arrival, FollowThread, Origin } from "./origin.ts"
import { journalSessionId } from "./record-head.ts"
import { plainName, type Rollout, type RolloutName, rolloutName } from "./rollout.ts"
import { readSession, type SessionOptions, threadOrigin } from "./session.ts"
import { followTail, makeTail } from "./tail.ts"
import { beat, type Change, makeWatch, relist, type Watch } from "./watch.ts"

export interface LiveSession {
  /** Never ends by itself. */
  readonly arrivals: Stream.Stream<Arrival>
  /** A thread that the fold has heard of: its file is looked for, also before it is there. */
  readonly follow: (request: FollowThread) => Effect.Effect<void>
}

/** Watches the folders of a catalogue, and of files that lie elsewhere their own. */
export const watchFolders = (
  folders: ReadonlyArray<string>,
  files: ReadonlyArray<string> = []
): Effect.Effect<Watch, never, Scope.Scope> =>
  makeWatch(
    [...new Set([...folders, ...files.map((file) => dirname(file))])].map((folder) => ({
      folder,
      deep: isTranscriptFolder(folder)
    }))
  )

const keyOf = (path: string) => basename(plainName(path))

const byName = (a: RolloutName, b: RolloutName): number => (keyOf(a.path) < keyOf(b.path) ? -1 : 1)

/** Arrivals that are waiting to be folded: further reading waits for them. */
const arrivalsMax = 16

/** A file that does not come is searched for ever more rarely: listing a large home takes tens of milliseconds. */
const beatsBetweenSearchesMax = 30

/** Opens a session to be followed; `session` may be one that has no file yet. */
export const liveSession = (
  catalogue: Catalogue,
  session: Session,
  watch: Watch,
  options: Pick<SessionOptions, "journals" | "lineBytesMax"> = {}
): Effect.Effect<LiveSession, never, Scope.Scope> =>
  Effect.gen(function* () {
    const arrived = yield* Queue.bounded<Arrival>(arrivalsMax)
    const noticed = yield* Queue.unbounded<Change>()
    const followers = yield* FiberMap.make<string>()
    const known = new Set(session.rollouts.map((rollout) => keyOf(rollout.path)))
    const threads = new Set(session.rollouts.map((rollout) => rollout.threadId))
    const wanted = new Set<string>()
    /** Beats since a thread was last wanted, and the one at which the folders are searched for it again. */
    let [beats, searchAtBeat] = [0, 1]
    const isWhole = session.rollouts.length === 0 || threads.has(session.rootThreadId)

    const belongs = ({ threadId, sessionId, parentThreadId }: Rollout): boolean =>
      threads.has(threadId) ||
      wanted.has(threadId) ||
      (isWhole && (sessionId ?? threadId) === session.rootThreadId) ||
      (parentThreadId !== undefined && threads.has(parentThreadId))

    /** Of each thread, how its files are read on to their present end. */
    const readsOn = new Map<string, Array<Effect.Effect<void>>>()

    const followFile = (path: string, origin: Origin, from: Position, accepts: (line: Line) => boolean) => {
      const tail = makeTail(path, { ...options, from })
      const oneAtATime = Semaphore.makeUnsafe(1)
      const readOn = oneAtATime.withPermits(1)(
        Stream.runForEach(tail.look, ({ lines, skipped }) =>
          Queue.offer(arrived, { origin, lines: lines.filter(accepts), skipped })
        )
      )
      if (origin._tag === "Transcript") readsOn.set(origin.threadId, [...(readsOn.get(origin.threadId) ?? []), readOn])
      const follower = followTail({ ...tail, look: Stream.fromEffectDrain(readOn) }, watch)
      return FiberMap.run(followers, keyOf(path), Stream.runDrain(follower))
    }
    const all = () => true

    const join = (rollout: Rollout) =>
      Effect.gen(function* () {
        known.add(keyOf(rollout.path))
        threads.add(rollout.threadId)
        wanted.delete(rollout.threadId)
        const { inherited, origin } = yield* threadOrigin(catalogue, rollout)
        yield* Stream.runForEach(inherited, (arrival) => Queue.offer(arrived, arrival))
        // A revert goes on from the thread's earlier file, which is written to no more: its last lines come first.
        yield* Effect.forEach(readsOn.get(rollout.threadId) ?? [], (readOn) => readOn, { discard: true })
        yield* followFile(rollout.path, origin, fileStart, all)
      })

    /** Takes a file in if it belongs here. One that has no first record yet is noticed again when it gets it. */
    const consider = (name: RolloutName | undefined) =>
      Effect.gen(function* () {
        if (name === undefined || known.has(keyOf(name.path))) return
        const rollout = yield* Effect.orElseSucceed(catalogue.rollout(name), () => undefined)
        if (rollout !== undefined && belongs(rollout)) yield* join(rollout)
      })

    /** Looks through the folders: for everything, or on a beat for the threads that are still wanted. */
    const search = (everything: boolean) =>
      Effect.gen(function* () {
        if (!everything && wanted.size === 0) return
        const names = yield* catalogue.names
        const searched = everything ? names : names.filter((name) => wanted.has(name.threadId))
        // By name is by time: of one thread's files the earlier comes first.
        yield* Effect.forEach(searched.toSorted(byName), consider, { discard: true })
      })

    yield* watch.listen((changed) => {
      if (changed === beat) {
        if (wanted.size === 0 || ++beats < searchAtBeat) return
        searchAtBeat = Math.min(2 * beats, beats + beatsBetweenSearchesMax)
      }
      if (typeof changed === "symbol" || !known.has(keyOf(changed))) Queue.offerUnsafe(noticed, changed)
    })
    yield* Effect.forkScoped(
      Effect.forever(
        Effect.flatMap(Queue.take(noticed), (changed) =>
          typeof changed === "symbol" ? search(changed === relist) : consider(rolloutName(changed))
        )
      )
    )

    const journals = options.journals ?? []
    const left = new Map<string, Position>()
    const present = readSession(catalogue, session, {
      ...options,
      growing: true,
      onEnd: (file, position) => left.set(file, position)
    })
    const followOn = Effect.gen(function* () {
      for (const rollout of session.rollouts) {
        const { origin } = yield* threadOrigin(catalogue, rollout)
        yield* followFile(rollout.path, origin, left.get(rollout.path) ?? fileStart, all)
      }
      const isOwn = (line: Line) => {
        const sessionId = journalSessionId(line.text)
        return sessionId === undefined || sessionId === session.rootThreadId || threads.has(sessionId)
      }
      for (const file of journals) yield* followFile(file, { _tag: "Journal" }, left.get(file) ?? fileStart, isOwn)
    })

    return {
      arrivals: Stream.concat(present, Stream.unwrap(Effect.as(followOn, Stream.fromQueue(arrived)))),
      follow: ({ threadId, path }) =>
        Effect.sync(() => {
          if (threads.has(threadId)) return
          wanted.add(threadId)
          beats = 0
          searchAtBeat = 1
          Queue.offerUnsafe(noticed, path ?? beat)
        })
    }
  })

/** Sessions that are written to from now on, each once, when it is first written to. */
export const sessionsWrittenTo = (
  catalogue: Catalogue,
  watch: Watch
): Effect.Effect<Stream.Stream<Session>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const noticed = yield* Queue.unbounded<string | typeof relist>()
    const files = new Set<string>()
    const roots = new Set<string>()
    yield* watch.listen((changed) => {
      if (changed === relist || (changed !== beat && !files.has(keyOf(changed)))) Queue.offerUnsafe(noticed, changed)
    })
    const namesOf = (changed: string | typeof relist) => {
      if (changed === relist) return catalogue.names
      const name = rolloutName(changed)
      return Effect.succeed(name === undefined ? [] : [name])
    }
    const sessionOf = Effect.fnUntraced(function* (name: RolloutName) {
      const rollout = yield* Effect.orElseSucceed(catalogue.rollout(name), () => undefined)
      if (rollout === undefined || files.has(keyOf(name.path))) return []
      files.add(keyOf(name.path))
      const root = yield* catalogue.rootOf(rollout)
      if (roots.has(root)) return []
      roots.add(root)
      const session = yield* catalogue.session(root)
      return [session ?? { rootThreadId: root, rollouts: [rollout] }]
    })
    return Stream.fromQueue(noticed).pipe(
      Stream.mapEffect(namesOf),
      Stream.flattenIterable,
      Stream.mapEffect(sessionOf),
      Stream.flattenIterable
    )
  })
