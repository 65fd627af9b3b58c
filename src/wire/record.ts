/**
 * The envelope of a transcript line: `{timestamp, type, payload, ordinal?, metadata?}` (0.77 +).
 *
 * Owns telling a record from something else. What a payload means is the business of the shapes in this folder and
 * of the translators in domain/.
 */

import { Schema } from "effect"
import { isTooDeep, type Json } from "./json.ts"
import { shape } from "./shape.ts"

export interface TranscriptRecord {
  /** ISO 8601 with milliseconds, as Codex wrote it. */
  readonly timestamp: string
  readonly type: string
  readonly payload: { readonly [key: string]: Json }
  /** Position in the thread's history (paginated dialect, 0.155 +). */
  readonly ordinal?: number | null
  readonly metadata?: { readonly [key: string]: Json } | null
}

/** Why a line is no record, in words for the user. */
export interface NotARecord {
  readonly reason: string
}

const envelope = shape((optional) => ({
  timestamp: Schema.String,
  type: Schema.String,
  payload: Schema.Unknown,
  ordinal: optional(Schema.Number),
  metadata: optional(Schema.Unknown)
}))

export const isObject = (value: unknown): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Parses a line as JSON; says why when it is not an object. */
export const parseObject = (text: string): { readonly [key: string]: Json } | NotARecord => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Why it is no JSON does not matter: the user is told which line it is.
    return { reason: "not JSON" }
  }
  if (!isObject(value)) return { reason: "not a JSON object" }
  return isTooDeep(value) ? { reason: "nested too deep" } : value
}

/** Reads a parsed line as a transcript record. */
export const asRecord = (value: { readonly [key: string]: Json }): TranscriptRecord | NotARecord => {
  const record = envelope(value)
  if (record === undefined) return { reason: "not a transcript record: timestamp, type or payload is missing" }
  if (!isObject(record.payload)) return { reason: "not a transcript record: its payload is not an object" }
  return record as TranscriptRecord
}

export const isRecord = (value: TranscriptRecord | NotARecord): value is TranscriptRecord => "payload" in value
