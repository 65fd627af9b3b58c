/**
 * What a line belongs to: the little that a fold must know before it can translate it.
 *
 * Owns the vocabulary between the sources and a fold, in both directions. No reading, no meaning.
 */
import type { LineBatch } from "./line.ts"

export type Origin =
  | {
      readonly _tag: "Transcript"
      /** The thread whose history these lines are, from the file's name or its own `session_meta`. */
      readonly threadId: string
      /** Lines of another thread's file that this thread continues (fork, revert): history, never spans. */
      readonly inherited?: boolean
      /** The file that this thread continues could not be found: said in the trace. */
      readonly historyMissing?: boolean
    }
  /** Events of a rollout-trace bundle, each with the payloads that it refers to. */
  | { readonly _tag: "Bundle"; readonly directory: string }
  /** Lines of a hook journal: `{"at_ns", "payload"}`. */
  | { readonly _tag: "Journal" }
  /** Transcript records, hook payloads and bundle events told apart line by line (standard input). */
  | { readonly _tag: "Mixed" }

/** Lines that came together, and what they belong to. */
export interface Arrival extends LineBatch {
  readonly origin: Origin
}

/** A session that began in a folder, and whose records do not say what git knows of it. */
export interface AskGit {
  readonly sessionId: string
  readonly cwd: string
  /** Unix seconds. */
  readonly startedAt: number
}

/** A further transcript that belongs to the session: the runtime finds it, and pushes its lines. */
export interface FollowThread {
  readonly threadId: string
  readonly parentThreadId?: string
  /** Where Codex said that it is. */
  readonly path?: string
}
