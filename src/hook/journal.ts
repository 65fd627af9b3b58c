/**
 * Appends one hook call to its session's journal: `{"at_ns": <Unix ns>, "payload": {…as Codex gave it…}}`.
 *
 * One write with O_APPEND, so that hooks of parallel tool calls never mix their lines. The payload's text is kept as it
 * came: raw line breaks can only stand between JSON tokens, so replacing them by spaces changes nothing else.
 */
import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from "node:fs"
import { journalFile, sessionFolder } from "./places.ts"

const newline = 10

/** Unix nanoseconds as digits: they do not fit into a double. `clockMs` has microsecond resolution. */
export const nanoseconds = (clockMs: number): string => {
  const ms = Math.floor(clockMs)
  return `${ms}${String(Math.floor((clockMs - ms) * 1e6)).padStart(6, "0")}`
}

/** True where the file ends in the middle of a line: a full disk or a power cut tore the last one. */
const endsTorn = (descriptor: number): boolean => {
  const size = fstatSync(descriptor).size
  if (size === 0) return false
  const last = Buffer.alloc(1)
  return readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== newline
}

/**
 * A torn line before ours would swallow ours too, so it is closed first. A long line of another hook that is just being
 * written looks the same for a moment; closing that one by mistake leaves a blank line, which readers ignore.
 */
const staysTorn = (descriptor: number): boolean => {
  if (!endsTorn(descriptor)) return false
  Bun.sleepSync(1)
  return endsTorn(descriptor)
}

/** Codex writes one line; a pattern is compiled for others only. */
const onOneLine = (text: string): string =>
  text.includes("\n") || text.includes("\r") ? text.replace(/[\r\n]+/g, " ") : text

/** Appends; throws where the line could not be written whole: the next hook closes what this one began. */
export const appendToJournal = (state: string, session: string, payloadText: string, atMs: number): void => {
  mkdirSync(sessionFolder(state, session), { recursive: true, mode: 0o700 })
  const descriptor = openSync(journalFile(state, session), "a+", 0o600)
  try {
    const line = `${staysTorn(descriptor) ? "\n" : ""}{"at_ns": ${nanoseconds(atMs)}, "payload": ${onOneLine(payloadText.trim())}}\n`
    const bytes = Buffer.byteLength(line)
    const written = writeSync(descriptor, line)
    if (written < bytes) throw new Error(`only ${written} of ${bytes} bytes were written (is the disk full?)`)
  } finally {
    closeSync(descriptor)
  }
}
