/**
 * One session on its way to one sink: files → fold → delivery → watermark.
 *
 * Each sink of a session has a lane with a fold of its own, so that a sink that stalls holds back nothing but itself: its
 * queue fills, its fold waits, and the transcript on disk is the buffer. A lane first folds without sending what its
 * watermark covers (the invariant: watermark.ts), then sends on as its files grow. When nothing has been written for a
 * while, or the session has ended, it closes what is open, lets go of the fold, and rests until it is woken.
 * Times are milliseconds.
 */
import { Deferred, Effect, Latch, type Scope, Stream } from "effect"
import type { Fold, FoldStep } from "../pipeline/fold.ts"
import type { Delivery } from "../sink/deliver.ts"
import type { SinkFailed } from "../sink/failure.ts"
import { threadOrigin } from "../source/session.ts"
import type { SpanWrite } from "../span/span.ts"
import { elapsedMs } from "./elapsed.ts"
import { type FollowedFile, followedFile, isGone, isLineStart, readOn, unreadBytes } from "./followed-file.ts"
import { fileKey, type Transcripts } from "./transcripts.ts"
import type { FilePosition } from "./watermark.ts"

/** A position for delivery: when it is acknowledged, everything below it is. */
export interface Cut {
  readonly files: { readonly [key: string]: FilePosition }
  readonly ended: boolean
  /** Spans closed on the way to here. */
  readonly spans: number
}

export const emptyCut: Cut = { files: {}, ended: false, spans: 0 }

export interface LaneOptions {
  readonly journal: string
  readonly transcripts: Transcripts
  readonly openFold: () => Fold
  readonly delivery: Delivery<Cut>
  /** Called after each portion (memory.ts). */
  readonly keepSmall: () => void
  /** What the sink has acknowledged, asked whenever the lane begins anew. */
  readonly acknowledged: () => Cut
  /** Without news for so long, what is open is closed as unfinished; if it goes on later, it is corrected. */
  readonly quietMs: number
  /** A file that cannot be read, a line that was skipped, a note of the fold: once each. */
  readonly onOddity: (what: string) => Effect.Effect<void>
}

export interface Lane {
  readonly sink: string
  /** Something was written, or a setting may have changed: look now. */
  readonly wake: () => void
  /** Succeeds when everything that was written before is acknowledged. */
  readonly flush: Effect.Effect<void, SinkFailed>
  readonly isResting: () => boolean
  /** Bytes that were written and not folded yet, as far as the files are known. */
  readonly unreadBytes: () => number
  /** Works until interrupted. */
  readonly run: Effect.Effect<never>
}

const journalKey = "journal"
/** A SessionEnd is the last word of a session, but its files may still be written to the end. */
const afterEndMs = 1_000
/** A safety net under the file system's messages and the hooks' wake calls. */
const pollMs = 1_000
/** How often the folders are searched for a file that was announced, and, while there is news, for others. */
const relistMs = 500
const relistUnaskedMs = 10_000

/** Files that were quiet for so long are taken to be written, where an answer is waited for. */
const settleMs = 75

const endsSession = /"hook_event_name"\s*:\s*"SessionEnd"/

/** What is known of one run of a fold: from the watermark to rest. */
interface Course {
  readonly fold: Fold
  readonly files: Map<string, FollowedFile>
  /** Threads that the fold has asked for and that have no file yet. */
  readonly wanted: Set<string>
  cut: Cut
  listedAt: number
  /** The journal's last line was a SessionEnd. */
  sessionEnded: boolean
}

export const makeLane = (options: LaneOptions, onRest: () => void): Effect.Effect<Lane, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { delivery, transcripts } = options
    const scope = yield* Effect.scope
    const signal = Latch.makeUnsafe(true)
    const flushes: Array<Deferred.Deferred<void, SinkFailed>> = []
    /** Woken since the files were looked at. */
    let woken = true
    let resting = false
    let course: Course | undefined

    const wake = () => {
      woken = true
      signal.openUnsafe()
    }

    const addFile = (at: Course, key: string, path: string, origin: FollowedFile["origin"]) => {
      const file = followedFile(key, path, origin)
      at.files.set(key, file)
      return file
    }

    /** Lists the session's transcripts, takes new ones in, and finds again those that were moved. */
    const list = (at: Course) =>
      Effect.gen(function* () {
        at.listedAt = yield* elapsedMs
        for (const rollout of yield* transcripts.list) {
          const key = fileKey(rollout.path)
          const known = at.files.get(key)
          at.wanted.delete(rollout.threadId)
          if (known !== undefined) known.path = rollout.path
          else {
            const { inherited, origin } = yield* threadOrigin(transcripts.catalogue, rollout)
            addFile(at, key, rollout.path, origin)
            // History that comes from elsewhere makes no spans: it is folded whenever the file is taken in.
            yield* Stream.runForEach(inherited, (arrival) =>
              Effect.sync(() => void at.fold.push(arrival.origin, arrival.lines))
            )
          }
        }
      })

    const takesInNewFiles = (at: Course) =>
      Effect.suspend(() => {
        const before = at.files.size
        return Effect.map(list(at), () => at.files.size > before)
      })

    const isReadable = (file: FollowedFile): boolean => file.key === journalKey || transcripts.isAdmitted(file.path)

    /** Threads that the fold wants followed and that have no file here yet. */
    const want = (at: Course, step: FoldStep) => {
      const known = new Set(
        [...at.files.values()].flatMap(({ origin }) => (origin._tag === "Transcript" ? [origin.threadId] : []))
      )
      for (const { threadId } of step.follow) if (!known.has(threadId)) at.wanted.add(threadId)
    }

    const oddities = (step: FoldStep) =>
      Effect.forEach(
        [
          ...step.skipped.map(({ file, lineNumber, reason }) => `${file}:${lineNumber}: ${reason}`),
          ...step.notes.map(({ topic, detail }) => `${topic}: ${detail}`)
        ],
        options.onOddity,
        { discard: true }
      )

    const push = (at: Course, file: FollowedFile, lines: Parameters<Fold["push"]>[1]) =>
      Effect.gen(function* () {
        const step = at.fold.push(file.origin, lines)
        want(at, step)
        const last = lines[lines.length - 1]
        if (file.key === journalKey && last !== undefined) at.sessionEnded = endsSession.test(last.text)
        yield* oddities(step)
        options.keepSmall()
        return step
      })

    /** Folds what is acknowledged already. What is open at the cut is sent once more, so that nothing hangs on it. */
    const replay = (at: Course) =>
      Effect.gen(function* () {
        const open = new Map<string, SpanWrite>()
        const done = new Set<string>()
        for (let listed = false; ; listed = true) {
          for (const file of at.files.values()) {
            if (done.has(file.key)) continue
            done.add(file.key)
            const until = at.cut.files[file.key]?.byteOffset ?? 0
            if (until === 0 || !isReadable(file) || !isLineStart(file, until)) continue
            const take = (lines: Parameters<Fold["push"]>[1]) =>
              Effect.map(push(at, file, lines), ({ writes }) => {
                for (const write of writes)
                  if (write.op === "close") open.delete(write.span.id)
                  else open.set(write.span.id, write)
              })
            yield* readOn(file, (batch) => take(batch.lines), until).pipe(
              Effect.catchTag("SourceFailed", (failure) => options.onOddity(failure.message))
            )
          }
          if (listed && at.wanted.size === 0) break
          if (listed && [...at.files.keys()].every((key) => done.has(key))) break
          yield* list(at)
        }
        yield* delivery.offer([...open.values()], at.cut)
      })

    const send = (at: Course, step: FoldStep, moved: Partial<Cut>) => {
      const spans = at.cut.spans + step.writes.filter((write) => write.op === "close").length
      at.cut = { ...at.cut, ...moved, spans }
      return delivery.offer(step.writes, at.cut)
    }

    const catchUpFile = (at: Course, file: FollowedFile) =>
      readOn(file, (batch) =>
        Effect.gen(function* () {
          for (const { lineNumber, reason } of batch.skipped) {
            yield* options.onOddity(`${file.path}:${lineNumber}: ${reason}`)
          }
          const step = yield* push(at, file, batch.lines)
          const { byteOffset, lineNumber } = file.position
          const files = { ...at.cut.files, [file.key]: { path: file.path, byteOffset, lineNumber } }
          yield* send(at, step, { files, ended: false })
        })
      ).pipe(
        // A file that vanished or cannot be read now is tried again at the next look; the others go on.
        Effect.catchTag("SourceFailed", (failure) => Effect.as(options.onOddity(failure.message), false))
      )

    /** Reads every file to its present end; answers whether there was anything. */
    const catchUp = (at: Course, thorough: boolean) =>
      Effect.gen(function* () {
        let news = false
        let force = thorough
        for (let again = true; again; ) {
          again = false
          for (const file of at.files.values()) {
            if (isReadable(file) && (yield* catchUpFile(at, file))) news = true
          }
          const listedMs = (yield* elapsedMs) - at.listedAt
          const isExpected = at.wanted.size > 0 || at.files.size === 1 || [...at.files.values()].some(isGone)
          if (force || (isExpected && listedMs >= relistMs) || (news && listedMs >= relistUnaskedMs)) {
            again = yield* takesInNewFiles(at)
          }
          force = false
        }
        return news
      })

    /** Catches up with what Codex is just writing: its transcripts follow its hooks by some milliseconds. */
    const settle = (at: Course) =>
      Effect.gen(function* () {
        let news = yield* catchUp(at, true)
        for (let fresh = true; fresh; ) {
          yield* Effect.sleep(settleMs)
          fresh = yield* catchUp(at, false)
          news ||= fresh
        }
        return news
      })

    const answer = (asked: ReadonlyArray<Deferred.Deferred<void, SinkFailed>>) =>
      asked.length === 0
        ? Effect.void
        : Effect.forkIn(
            Effect.flatMap(Effect.exit(delivery.drain), (exit) =>
              Effect.sync(() => {
                for (const one of asked) Deferred.doneUnsafe(one, exit)
              })
            ),
            scope
          )

    /** From the watermark to rest. */
    const follow = Effect.gen(function* () {
      const at: Course = {
        fold: options.openFold(),
        files: new Map(),
        wanted: new Set(),
        cut: options.acknowledged(),
        listedAt: Number.NEGATIVE_INFINITY,
        sessionEnded: false
      }
      course = at
      addFile(at, journalKey, options.journal, { _tag: "Journal" })
      yield* list(at)
      yield* replay(at)
      let newsAt = yield* elapsedMs
      for (;;) {
        signal.closeUnsafe()
        woken = false
        const asked = flushes.splice(0)
        const news = asked.length > 0 ? yield* settle(at) : yield* catchUp(at, false)
        yield* answer(asked)
        const now = yield* elapsedMs
        if (news) newsAt = now
        else if (now - newsAt >= (at.sessionEnded ? afterEndMs : options.quietMs)) {
          if (at.listedAt <= newsAt && (yield* takesInNewFiles(at))) continue
          // Nothing new was folded since a rest that is acknowledged: there is nothing to close again.
          if (!at.cut.ended) yield* send(at, at.fold.end(), { ended: true })
          return
        }
        yield* Effect.timeoutOption(signal.await, pollMs)
      }
    })

    const run = Effect.gen(function* () {
      for (;;) {
        resting = false
        yield* Effect.scoped(follow)
        course = undefined
        yield* Effect.ignore(delivery.drain)
        if (woken) continue
        resting = true
        onRest()
        yield* signal.await
      }
    })

    return {
      sink: delivery.sink,
      wake: () => wake(),
      flush: Effect.suspend(() => {
        const done = Deferred.makeUnsafe<void, SinkFailed>()
        flushes.push(done)
        wake()
        return Effect.andThen(delivery.tryNow, Deferred.await(done))
      }),
      isResting: () => resting && !woken,
      unreadBytes: () =>
        course === undefined ? 0 : [...course.files.values()].reduce((sum, file) => sum + unreadBytes(file), 0),
      run
    } satisfies Lane
  })
