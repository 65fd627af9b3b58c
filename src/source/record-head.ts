/**
 * The two facts of a line that a source needs to put lines in order: its time and its ordinal.
 *
 * Reads the beginning of the text, where Codex writes both, instead of parsing the whole line; a line that is written
 * otherwise is parsed. Whether the line is a record at all is not judged here.
 */

const timestampFirst = '{"timestamp":"'
/** `2026-11-20T22:12:46.141Z`: in this form texts order as times do. */
const isoLength = 24
const timestampAnywhere = /"timestamp"\s*:\s*"([^"]{1,40})"/
const arrivalFirst = /^\{\s*"at_ns"\s*:\s*(\d+)/
/** How far into a line a time is looked for: it is among the first keys, if it is there at all. */
const headLength = 400

const isoOf = (unixMs: number): string | undefined =>
  Number.isFinite(unixMs) && Math.abs(unixMs) <= 8.64e15 ? new Date(unixMs).toISOString() : undefined

/** When a transcript's record was written or a hook's payload arrived, as ISO 8601; undefined where the line is silent. */
export const timeOf = (text: string): string | undefined => {
  if (text.startsWith(timestampFirst) && text[timestampFirst.length + isoLength - 1] === "Z")
    return text.slice(timestampFirst.length, timestampFirst.length + isoLength)
  const head = text.slice(0, headLength)
  const arrival = arrivalFirst.exec(head)?.[1]
  if (arrival !== undefined) return isoOf(Number(arrival) / 1e6)
  const written = timestampAnywhere.exec(head)?.[1]
  return written === undefined ? undefined : isoOf(Date.parse(written))
}

const ordinalFirst = /^\{"timestamp":"[^"]*","ordinal":(\d+)/

/** A record's ordinal (paginated dialect), or undefined. */
export const ordinalOf = (text: string): number | undefined => {
  const written = ordinalFirst.exec(text)?.[1]
  if (written !== undefined) return Number(written)
  try {
    const { ordinal } = JSON.parse(text)
    return typeof ordinal === "number" ? ordinal : undefined
  } catch {
    // Said by whoever decodes the line.
    return undefined
  }
}

const sessionIdAnywhere = /"session_id"\s*:\s*"([^"]+)"/

/** The session that a journal's line belongs to; undefined where the line does not say. */
export const journalSessionId = (text: string): string | undefined => sessionIdAnywhere.exec(text)?.[1]
