/**
 * One run of a session's fold, from its watermark to rest: files are read, folded, and their spans handed to delivery.
 *
 * First folds without sending what the watermark covers (the invariant: watermark.ts), then sends on as the files grow.
 * Each portion moves the cut that delivery acknowledges. When to look, and when to rest, is lane.ts. Times are
 * milliseconds.
 */
import { Effect } from "effect"
import type { AskGit, Fold, FoldStep } from "../pipeline/fold.ts"
import type { Delivery } from "../sink/deliver.ts"
import { payloadFiller } from "../source/bundle.ts"
import type { LineBatch } from "../source/line.ts"
import type { SpanWrite } from "../span/span.ts"
import { elapsedMs } from "./elapsed.ts"
import { type FollowedFile, isLineStart, readOn, unreadBytes } from "./followed-file.ts"
import { sessionFiles, type Whereabouts } from "./session-files.ts"
import type { Cut } from "./watermark.ts"

export interface CourseOptions extends Whereabouts {
  readonly openFold: () => Fold
  readonly delivery: Delivery<Cut>
  /** Called after each portion (memory.ts). */
  readonly keepSmall: () => void
  /** The answer comes with the journal. */
  readonly askGit: (ask: AskGit) => Effect.Effect<void>
  /** What the sink has acknowledged, asked whenever a course begins. */
  readonly acknowledged: () => Cut
  /** A file that cannot be read, a line that was skipped, a note of the fold: once each. */
  readonly onOddity: (what: string) => Effect.Effect<void>
}

export interface Course {
  /** Folds what is acknowledged already. What is open at the cut is sent once more, so that nothing hangs on it. */
  readonly replay: Effect.Effect<void>
  /** Reads every file to its present end; answers whether there was anything. */
  readonly catchUp: Effect.Effect<boolean>
  /** Catches up with what Codex is just writing, new files included: its transcripts follow its hooks by milliseconds. */
  readonly settle: Effect.Effect<boolean>
  /** Looks for new files, unless that was done since; whether there were any. */
  readonly findMore: (sinceMs: number) => Effect.Effect<boolean>
  /** Closes what is open, as far as it is known. */
  readonly close: Effect.Effect<void>
  /** The journal's last line was a SessionEnd. */
  readonly sessionEnded: () => boolean
  /** Bytes that were written and not folded yet, as far as the files are known. */
  readonly unreadBytes: () => number
}

/** Files that were quiet for so long are taken to be written, where an answer is waited for. */
const settleMs = 75

const endsSession = /"hook_event_name"\s*:\s*"SessionEnd"/

/** Cuts a file's lines into what is folded at once: those of a bundle come with their payloads, which may be large. */
const makePortions = () => {
  const fillers = new Map<string, ReturnType<typeof payloadFiller>>()
  return ({ key, origin }: FollowedFile, batch: LineBatch): Iterable<LineBatch> => {
    if (origin._tag !== "Bundle") return [batch]
    const fill = fillers.get(key) ?? payloadFiller(origin.directory)
    fillers.set(key, fill)
    return fill(batch)
  }
}

/** Begins a course; nothing is read yet. */
export const beginCourse = (options: CourseOptions): Course => {
  const { delivery } = options
  const fold = options.openFold()
  const files = sessionFiles(options, ({ origin, lines }) => void fold.push(origin, lines))
  const portions = makePortions()
  let cut = options.acknowledged()
  let sessionEnded = false

  const tell = (oddities: ReadonlyArray<string>) => Effect.forEach(oddities, options.onOddity, { discard: true })

  const push = (file: FollowedFile, { lines, skipped }: LineBatch) =>
    Effect.suspend(() => {
      const step = fold.push(file.origin, lines)
      files.want(step.follow)
      const last = lines[lines.length - 1]
      if (files.isJournal(file) && last !== undefined) sessionEnded = endsSession.test(last.text)
      options.keepSmall()
      // Once a session is over its journal shall end with that.
      const asking = step.git === undefined || sessionEnded ? Effect.void : options.askGit(step.git)
      return Effect.as(
        Effect.andThen(
          asking,
          tell([
            ...[...skipped, ...step.skipped].map(({ lineNumber, reason }) => `${file.path}:${lineNumber}: ${reason}`),
            ...step.notes.map(({ topic, detail }) => `${topic}: ${detail}`)
          ])
        ),
        step
      )
    })

  const send = (step: FoldStep, moved: Partial<Cut>) =>
    Effect.suspend(() => {
      const spans = cut.spans + step.writes.filter((write) => write.op === "close").length
      cut = { ...cut, ...moved, spans }
      return delivery.offer(step.writes, cut)
    })

  /** Folds a file up to the cut, without sending; keeps what is open there. */
  const replayFile = (file: FollowedFile, open: Map<string, SpanWrite>) => {
    const until = cut.files[file.key]?.byteOffset ?? 0
    if (until === 0 || !files.isReadable(file) || !isLineStart(file, until)) return Effect.void
    const take = (batch: LineBatch) =>
      Effect.forEach(
        portions(file, { lines: batch.lines, skipped: [] }),
        (portion) =>
          Effect.map(push(file, portion), ({ writes }) => {
            for (const write of writes)
              if (write.op === "close") open.delete(write.span.id)
              else open.set(write.span.id, write)
          }),
        { discard: true }
      )
    return readOn(file, take, until).pipe(
      Effect.catchTag("SourceFailed", (failure) => options.onOddity(failure.message))
    )
  }

  const replay = Effect.gen(function* () {
    yield* files.list
    const open = new Map<string, SpanWrite>()
    const done = new Set<string>()
    for (let listed = false; ; listed = true) {
      for (const file of files.all()) {
        if (done.has(file.key)) continue
        done.add(file.key)
        yield* replayFile(file, open)
      }
      if (listed && (!files.isWaiting() || files.all().every(({ key }) => done.has(key)))) break
      yield* files.list
    }
    yield* delivery.offer([...open.values()], cut)
  })

  /** The place in the file is moved with the last of a batch's portions: a cut must not lie inside it. */
  const take = (file: FollowedFile, batch: LineBatch) =>
    Effect.gen(function* () {
      const { byteOffset, lineNumber } = file.position
      let held: FoldStep | undefined
      for (const portion of portions(file, batch)) {
        if (held !== undefined) yield* send(held, { ended: false })
        held = yield* push(file, portion)
      }
      if (held === undefined) return
      yield* send(held, {
        files: { ...cut.files, [file.key]: { path: file.path, byteOffset, lineNumber } },
        ended: false
      })
    })

  const catchUpFile = (file: FollowedFile) =>
    readOn(file, (batch) => take(file, batch)).pipe(
      // A file that vanished or cannot be read now is tried again at the next look; the others go on.
      Effect.catchTag("SourceFailed", (failure) => Effect.as(options.onOddity(failure.message), false))
    )

  const readAll = (thorough: boolean) =>
    Effect.gen(function* () {
      let news = false
      let again = true
      for (let force = thorough; again; force = false) {
        for (const file of files.all()) {
          if (files.isReadable(file) && (yield* catchUpFile(file))) news = true
        }
        again = (force || files.isDue(news, yield* elapsedMs)) && (yield* files.list)
      }
      return news
    })

  return {
    replay,
    catchUp: readAll(false),
    settle: Effect.gen(function* () {
      let news = yield* readAll(true)
      for (let fresh = true; fresh; ) {
        yield* Effect.sleep(settleMs)
        fresh = yield* readAll(false)
        news ||= fresh
      }
      return news
    }),
    findMore: (sinceMs) => Effect.suspend(() => (files.listedAtMs() <= sinceMs ? files.list : Effect.succeed(false))),
    // Nothing new was folded since a rest that is acknowledged: there is nothing to close again.
    close: Effect.suspend(() => (cut.ended ? Effect.void : send(fold.end(), { ended: true }))),
    sessionEnded: () => sessionEnded,
    unreadBytes: () => files.all().reduce((sum, file) => sum + unreadBytes(file), 0)
  }
}
