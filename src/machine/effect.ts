/**
 * What the machines want done, as data: the runtime carries it out, a test prints it.
 *
 * A span effect carries the facts of its subject as they are known now, never a difference: whoever misses one effect
 * loses nothing when the next one comes. Facts become rows in span/.
 */
import type { Compaction } from "./compaction.ts"
import type { Llm } from "./llm.ts"
import type { Session } from "./session.ts"
import type { Thread } from "./thread.ts"
import type { Tool } from "./tool.ts"
import type { Turn } from "./turn.ts"

export type SpanKind = "session" | "turn" | "llm" | "tool" | "agent" | "compaction"

/** What a span is the span of. Its id is derived from it (span/ids.ts), so every reading gives the same. */
export interface SpanKey {
  readonly kind: SpanKind
  readonly threadId: string
  /** Codex's own key within the thread: a turn id, a call id, a response's place in its turn. */
  readonly key: string
}

export type Subject =
  | { readonly kind: "session"; readonly session: Session }
  | { readonly kind: "agent"; readonly thread: Thread }
  | { readonly kind: "turn"; readonly turn: Turn }
  | { readonly kind: "llm"; readonly llm: Llm }
  | { readonly kind: "tool"; readonly tool: Tool }
  | { readonly kind: "compaction"; readonly compaction: Compaction }

export type SpanEffect =
  /** The first that is said of a span; it has no end yet. */
  | { readonly _tag: "OpenSpan"; readonly subject: Subject }
  /** More is known of a span, open or closed. */
  | { readonly _tag: "PatchSpan"; readonly subject: Subject }
  /** The span has ended. May come again when a later fact completes it. */
  | { readonly _tag: "CloseSpan"; readonly subject: Subject }
  /** A further transcript belongs to the session. */
  | {
      readonly _tag: "FollowThread"
      readonly threadId: string
      readonly parentThreadId?: string
      readonly path?: string
    }
  /** The session's records do not say what git knows of its folder. Answered, if at all, by a line of its journal. */
  | { readonly _tag: "AskGit"; readonly sessionId: string; readonly cwd: string; readonly startedAt: number }
  /** An oddity kept for the user, counted by topic and detail. */
  | { readonly _tag: "Note"; readonly topic: string; readonly detail: string }

/** One transition: the next state, and what the runtime shall carry out, in order. */
export type Step<S> = readonly [state: S, effects: ReadonlyArray<SpanEffect>]

export const noEffects: ReadonlyArray<SpanEffect> = []

/**
 * The effects of a change to a span's facts: it opens when it becomes visible, closes when it ends, and is told anew
 * when a closed one learns more.
 */
export const spanEffects = (
  subject: Subject,
  before: { readonly visible: boolean; readonly ended: boolean } | undefined,
  after: { readonly visible: boolean; readonly ended: boolean }
): ReadonlyArray<SpanEffect> => {
  if (!after.visible) return noEffects
  if (after.ended) return [{ _tag: "CloseSpan", subject }]
  return [{ _tag: before?.visible === true ? "PatchSpan" : "OpenSpan", subject }]
}
