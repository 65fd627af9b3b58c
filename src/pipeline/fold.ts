/**
 * A session's fold as the rims see it: lines in, span writes out.
 *
 * Owns the vocabulary between sources, the fold and delivery. The state inside is immutable and the transitions are
 * pure (machine/); only the variable that holds the current state lives here, so that a rim can feed arrays of lines
 * at full speed without an effect per line.
 */
import type { Line, SkippedLine } from "../source/line.ts"
import type { AskGit, FollowThread, Origin } from "../source/origin.ts"
import type { SpanWrite } from "../span/span.ts"

export type { AskGit, FollowThread, Origin }

/** An oddity kept for the user: an unknown record type, a fact that fits nowhere. Counted by (topic, detail). */
export interface Note {
  readonly topic: string
  readonly detail: string
}

export interface FoldStep {
  readonly writes: ReadonlyArray<SpanWrite>
  readonly follow: ReadonlyArray<FollowThread>
  /** What git could tell, and the session's own records do not. The answer comes back as a line of the journal. */
  readonly git?: AskGit
  readonly skipped: ReadonlyArray<SkippedLine>
  readonly notes: ReadonlyArray<Note>
}

export interface FoldOptions {
  /** Merged into the session span's metadata (the user's `additional_metadata`). */
  readonly additionalMetadata?: { readonly [key: string]: string | number | boolean }
  /** An outer span that the session hangs under. */
  readonly parent?: { readonly traceId: string; readonly spanId: string }
  /** Inline images as they are in the transcript instead of references (type, size, hash). */
  readonly inlineImages?: boolean
}

export interface Fold {
  /** Folds the lines in. Order is kept within one file; files and the journal may interleave at will. */
  readonly push: (origin: Origin, lines: ReadonlyArray<Line>) => FoldStep
  /** Nothing more will come: what is still open is closed as unfinished, the session at its last known time. */
  readonly end: () => FoldStep
}
