/**
 * The collector's bounded log, `collector.log` in the state folder: one JSON object a line, what happened and to what.
 *
 * A process without a terminal can say it nowhere else; `tracer status` and `doctor` show its end. Never content of a
 * session, never a secret: callers pass ids, counts and messages of typed errors. Best effort by design.
 */
import { appendFileSync, readFileSync, renameSync, statSync } from "node:fs"
import { join } from "node:path"
import { Clock, Context, Effect, Layer } from "effect"

const bytesMax = 256 * 1024

export type Level = "info" | "warning" | "error"

export interface LogEntry {
  /** ISO time. */
  readonly at: string
  readonly level: Level
  readonly what: string
  readonly session?: string
}

export const logFile = (state: string): string => join(state, "collector.log")

export class CollectorLog extends Context.Service<
  CollectorLog,
  { readonly write: (level: Level, what: string, session?: string) => Effect.Effect<void> }
>()("tracer/collector/CollectorLog") {
  static readonly layer = (state: string) =>
    Layer.succeed(CollectorLog, {
      write: (level, what, session) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const entry: LogEntry = {
            at: new Date(now).toISOString(),
            level,
            what,
            ...(session !== undefined && { session })
          }
          const file = logFile(state)
          try {
            if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > bytesMax) renameSync(file, `${file}.1`)
            appendFileSync(file, `${JSON.stringify(entry)}\n`, { mode: 0o600 })
          } catch {
            // A full disk: the collector goes on, only its log has a gap.
          }
        })
    })
}

/** The last entries, oldest first. An unreadable log is an empty one. */
export const readLog = (state: string, limit: number): ReadonlyArray<LogEntry> => {
  try {
    return readFileSync(logFile(state), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .slice(-limit)
      .flatMap((line) => {
        try {
          return [JSON.parse(line) as LogEntry]
        } catch {
          // A line torn by a crash or a full disk: the others are shown.
          return []
        }
      })
  } catch {
    // Nothing was logged yet, or not for us to read.
    return []
  }
}
