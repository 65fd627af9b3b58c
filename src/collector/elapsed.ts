/**
 * Time as it passes, in milliseconds: for waits and idleness, which must not believe a clock that is set or jumps.
 */
import { Clock, Effect } from "effect"

export const elapsedMs: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, (ns) => Number(ns / 1_000_000n))
