/**
 * The fold of one session: lines → records → events → effects → span writes.
 *
 * Everything with a meaning is pure and lives in domain/, machine/ and span/; this file only holds the current state
 * and runs the loop, so that a rim can feed arrays of lines at full speed.
 */
import type { DomainEvent } from "../domain/event.ts"
import type { SpanEffect } from "../machine/effect.ts"
import { end, newSession, reduce } from "../machine/session.ts"
import type { Line, SkippedLine } from "../source/line.ts"
import type { AskGit, FollowThread, Origin } from "../source/origin.ts"
import { project, type TraceContext } from "../span/project.ts"
import type { SpanWrite } from "../span/span.ts"
import { type Decoded, decodeHook, decodeRecord, parseLine } from "./decode.ts"
import { bundleDecoder } from "./decode-bundle.ts"
import type { Fold, FoldOptions, FoldStep, Note } from "./fold.ts"

/** What a push collects. */
export interface Collected {
  readonly writes: Array<SpanWrite>
  readonly follow: Array<FollowThread>
  git?: AskGit
  readonly skipped: Array<SkippedLine>
  readonly notes: Array<Note>
}

export const collected = (): Collected => ({ writes: [], follow: [], skipped: [], notes: [] })

/** A fold that takes events: what both the session's own and the mixed fold are made of. */
export interface EventFold {
  readonly apply: (event: DomainEvent, into: Collected) => void
  readonly end: (into: Collected) => void
}

/** A session as events see it. */
export const eventFold = (options: FoldOptions & { readonly rootId?: string }): EventFold => {
  let session = newSession(options.rootId)
  const contextOf = (rootId: string | undefined): TraceContext => ({
    traceId: options.parent?.traceId ?? rootId ?? "",
    ...(options.parent && { outerSpanId: options.parent.spanId }),
    ...(options.inlineImages === true && { inlineImages: true }),
    ...(options.additionalMetadata && { additionalMetadata: options.additionalMetadata })
  })
  let contextRoot = session.rootId
  let trace = contextOf(contextRoot)
  const carryOut = (effects: ReadonlyArray<SpanEffect>, into: Collected): void => {
    if (effects.length === 0) return
    if (contextRoot !== session.rootId) {
      contextRoot = session.rootId
      trace = contextOf(contextRoot)
    }
    for (const effect of effects) {
      switch (effect._tag) {
        case "FollowThread": {
          const { _tag: _, ...thread } = effect
          into.follow.push(thread)
          break
        }
        case "AskGit": {
          const { _tag: _, ...asked } = effect
          into.git = asked
          break
        }
        case "Note":
          into.notes.push({ topic: effect.topic, detail: effect.detail })
          break
        default:
          into.writes.push(project(trace, effect))
      }
    }
  }
  return {
    apply: (event, into) => {
      const [next, effects] = reduce(session, event)
      session = next
      carryOut(effects, into)
    },
    end: (into) => carryOut(end(session), into)
  }
}

/** What the fold adds to an event from where its line stood. */
export const placed = (event: DomainEvent, line: Line, inherited: boolean): DomainEvent => {
  if (inherited) return { ...event, inherited: true }
  if (event._tag !== "ThreadStarted" || event.metaId !== event.threadId || line.file === "-") return event
  return { ...event, facts: { ...event.facts, transcript_path: line.file } }
}

export const skip = ({ file, lineNumber, byteOffset }: Line, reason: string): SkippedLine => ({
  file,
  lineNumber,
  byteOffset,
  reason
})

const decodeLine = (origin: Exclude<Origin, { readonly _tag: "Mixed" | "Bundle" }>, line: Line): Decoded => {
  const value = parseLine(line.text)
  if (typeof value === "string") return { _tag: "Skipped", reason: value }
  return origin._tag === "Journal"
    ? decodeHook(value, line.text.length)
    : decodeRecord(value, origin.threadId, line.text.length)
}

/**
 * The fold of one session.
 *
 * @param options the root thread, where the caller knows it, and what the session's span is to carry
 */
export const sessionFold = (options: FoldOptions & { readonly rootId?: string } = {}): Fold => {
  const fold = eventFold(options)
  const bundles = bundleDecoder()
  return {
    push: (origin, lines): FoldStep => {
      const into = collected()
      if (origin._tag === "Mixed") throw new TypeError("a session's fold is told whose lines it gets")
      const inherited = origin._tag === "Transcript" && origin.inherited === true
      if (origin._tag === "Transcript" && origin.historyMissing === true) {
        fold.apply({ _tag: "HistoryMissing", threadId: origin.threadId, at: 0 }, into)
      }
      for (const line of lines) {
        const decoded = origin._tag === "Bundle" ? bundles.decode(line) : decodeLine(origin, line)
        if (decoded._tag === "Skipped") into.skipped.push(skip(line, decoded.reason))
        else if (origin._tag === "Bundle") for (const event of decoded.events) fold.apply(event, into)
        else for (const event of decoded.events) fold.apply(placed(event, line, inherited), into)
      }
      return into
    },
    end: () => {
      const into = collected()
      for (const event of bundles.end()) fold.apply(event, into)
      fold.end(into)
      return into
    }
  }
}
