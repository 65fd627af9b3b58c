/**
 * The history that a thread goes on from without having it in its own file (fork, revert; 0.155 +).
 *
 * Owns the chain of base files and how much of each counts. A file's `history_base` names the rollout before it and
 * the first ordinal that no longer counts; that rollout may have a base itself. Versions before copied the history.
 */
import { Effect, Stream } from "effect"
import type { Catalogue } from "./catalogue.ts"
import { openLines, type SourceFailed } from "./file.ts"
import type { LineBatch } from "./line.ts"
import { ordinalOf } from "./record-head.ts"
import type { Rollout } from "./rollout.ts"

/** A file of which the records before an ordinal are inherited. */
export interface InheritedPart {
  readonly path: string
  /** Whose file it is: a revert goes on from an earlier file of the same thread. */
  readonly threadId: string
  readonly endOrdinalExclusive: number
}

export interface Inheritance {
  /** Oldest first. */
  readonly parts: ReadonlyArray<InheritedPart>
  /** A file of the chain could not be found: what it held is unknown. */
  readonly missing: boolean
}

/** What a thread's file inherits, through all forks of forks. */
export const inheritanceOf = (catalogue: Catalogue, rollout: Rollout): Effect.Effect<Inheritance> =>
  Effect.gen(function* () {
    const parts: Array<InheritedPart> = []
    const seen = new Set([rollout.path])
    let at = rollout
    let endOrdinalExclusive = Number.POSITIVE_INFINITY
    while (at.historyBase !== undefined) {
      const base = yield* catalogue.base(at.historyBase, at)
      if (base === undefined || seen.has(base.path)) return { parts, missing: true }
      seen.add(base.path)
      endOrdinalExclusive = Math.min(endOrdinalExclusive, at.historyBase.endOrdinalExclusive)
      parts.unshift({ path: base.path, threadId: base.threadId, endOrdinalExclusive })
      at = base
    }
    return { parts, missing: false }
  })

/** The lines of a file before an ordinal. Without ordinals (legacy dialect) a line's place in the file is its ordinal. */
export const inheritedLines = ({ path, endOrdinalExclusive }: InheritedPart): Stream.Stream<LineBatch, SourceFailed> =>
  Stream.unwrap(
    Effect.map(openLines(path), (reader) =>
      Stream.unfold(false, (ended) =>
        Effect.map(ended ? Effect.undefined : reader.next, (batch) => {
          if (batch === undefined) return undefined
          const end = batch.lines.findIndex(
            (line) => (ordinalOf(line.text) ?? line.lineNumber - 1) >= endOrdinalExclusive
          )
          return end < 0 ? [batch, false] : [{ ...batch, lines: batch.lines.slice(0, end) }, true]
        })
      )
    )
  )
