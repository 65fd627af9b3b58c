/**
 * A finding of `tracer doctor`: the answer to one question, and where it is not well, a remedy.
 *
 * A check never fails: what keeps it from knowing is its finding.
 */
import type { Effect } from "effect"

export interface Finding {
  readonly check: string
  /** warning: works, but not as it could. broken: spans do not arrive. */
  readonly state: "ok" | "warning" | "broken"
  readonly what: string
  readonly remedy?: string
}

/** The findings of one check. */
export const finding =
  (check: string) =>
  (state: Finding["state"], what: string, remedy?: string): Finding => ({
    check,
    state,
    what,
    ...(remedy !== undefined && { remedy })
  })

export type Check = Effect.Effect<ReadonlyArray<Finding>>
