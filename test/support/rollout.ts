/**
 * Transcripts as files for tests of the sources: small records with the fields that say where a thread belongs.
 *
 * Only what sources look at; a session's content in a session's words is the business of the session builder.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { zstdCompressSync } from "node:zlib"

/** A thread id that orders like Codex's: later `n`, greater id. */
export const threadId = (n: number) => `01a1f000-0000-7000-8000-${String(n).padStart(12, "0")}`

/** The `second`-th second of the test's day. */
export const at = (second: number) => new Date(Date.UTC(2026, 10, 20, 8, 0, 0) + second * 1000).toISOString()

export interface Told {
  readonly home: string
  readonly thread: number
  /** Of a revert's further file. */
  readonly segment?: number
  /** Second of the first record. */
  readonly start?: number
  readonly meta?: { readonly [key: string]: unknown }
  /** The texts of the records after the first, one a second. */
  readonly says?: ReadonlyArray<string>
  readonly archived?: boolean
  readonly compressed?: boolean
  /** Ordinal of the first record; absent in the legacy dialect. */
  readonly ordinal?: number
}

/** One record that says something. */
export const record = (text: string, second: number, ordinal?: number) =>
  `${JSON.stringify({
    timestamp: at(second),
    ...(ordinal !== undefined && { ordinal }),
    type: "event_msg",
    payload: { type: "agent_message", message: text }
  })}\n`

/** What a record of `record` says. */
export const said = (line: string): string => JSON.parse(line).payload.message ?? "session_meta"

/** The lines of a transcript. */
export const rolloutText = (told: Told): string => {
  const start = told.start ?? told.thread
  const ordinal = (index: number) => (told.ordinal === undefined ? undefined : told.ordinal + index)
  const first = JSON.stringify({
    timestamp: at(start),
    ...(told.ordinal !== undefined && { ordinal: told.ordinal }),
    type: "session_meta",
    payload: { id: threadId(told.thread), base_instructions: { text: "be kind ".repeat(100) }, ...told.meta }
  })
  return [
    `${first}\n`,
    ...(told.says ?? []).map((text, index) => record(text, start + index + 1, ordinal(index + 1)))
  ].join("")
}

/** Where a transcript lies in a Codex home. */
export const rolloutPath = (told: Told): string => {
  const segment = told.segment === undefined ? "" : `_${threadId(told.segment)}`
  const name = `rollout-2026-11-20T08-00-00-${threadId(told.thread)}${segment}.jsonl${told.compressed ? ".zst" : ""}`
  return told.archived ? join(told.home, "archived_sessions", name) : join(told.home, "sessions/2026/11/20", name)
}

/** Writes a transcript, and answers its path. */
export const writeRollout = (told: Told): string => {
  const path = rolloutPath(told)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, told.compressed ? zstdCompressSync(rolloutText(told)) : rolloutText(told))
  return path
}
