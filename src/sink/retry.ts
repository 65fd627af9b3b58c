/**
 * How long to go on with a sink that fails, and how long to wait in between.
 *
 * A command gives up after a bounded time, a collector never does. Counts in milliseconds.
 */
import type { SinkFailed } from "./failure.ts"

export interface RetryPolicy {
  /** Tries of one batch before the sink is given up. */
  readonly triesMax: number
  readonly firstWaitMs: number
  readonly waitMsMax: number
  /** The longest wait that we grant a backend which names one; asked for more, the sink is given up. */
  readonly askedWaitMsMax: number
  /** When a sink that takes nothing any more (a revoked key) is tried again. Absent: it is given up. */
  readonly probeMs?: number
}

/** For a command that shall end: about half a minute of trying. */
export const bounded: RetryPolicy = { triesMax: 6, firstWaitMs: 500, waitMsMax: 10_000, askedWaitMsMax: 60_000 }

/** For the collector: the transcripts keep everything until the backend is back. */
export const endless: RetryPolicy = {
  triesMax: Number.POSITIVE_INFINITY,
  firstWaitMs: 500,
  waitMsMax: 60_000,
  askedWaitMsMax: Number.POSITIVE_INFINITY,
  probeMs: 300_000
}

/**
 * The wait before the next try, or undefined when there shall be none. Doubles from try to try up to the cap;
 * `random` (0 to 1) spreads it by a fifth either way, so that many collectors do not return in step. What the
 * backend asked for is a lower bound.
 */
export const waitMs = (policy: RetryPolicy, failure: SinkFailed, tries: number, random: number): number | undefined => {
  if (failure.retry === "permanent") return policy.probeMs
  if (failure.retry !== "transient" || tries >= policy.triesMax) return undefined
  const asked = failure.retryAfterMs ?? 0
  if (asked > policy.askedWaitMsMax) return undefined
  const own = Math.min(policy.waitMsMax, policy.firstWaitMs * 2 ** (tries - 1))
  return Math.max(asked, Math.round(own * (0.8 + 0.4 * random)))
}
