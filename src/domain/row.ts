/**
 * What every translator shares: the row of a table, the place of a line, and the reading of optional values.
 */
import type { Json, JsonObject } from "../wire/json.ts"
import type { TranscriptRecord } from "../wire/record.ts"
import { usage as usageShape } from "../wire/transcript.ts"
import type { DomainEvent, Usage } from "./event.ts"

/** What a row knows of the line it translates. */
export interface Place {
  readonly threadId: string
  /** Unix seconds. */
  readonly at: number
  readonly bytes: number
  readonly ordinal?: number
}

/** Translates one payload; undefined means that a required field is missing. */
export type Row = (
  payload: JsonObject,
  place: Place,
  record: TranscriptRecord
) => ReadonlyArray<DomainEvent> | undefined

/** A table that is asked with what a file says: `constructor` and `__proto__` are names that it does not have. */
export const rowTable = <R>(rows: {
  readonly [name: string]: R | undefined
}): {
  readonly [name: string]: R | undefined
} => Object.assign(Object.create(null), rows)

/** Keeps the entries that are known: absent and null values are left out. */
export const known = (facts: { readonly [key: string]: unknown }): JsonObject => {
  const out: { [key: string]: Json } = {}
  for (const key in facts) {
    const value = facts[key]
    if (value !== undefined && value !== null) out[key] = value as Json
  }
  return out
}

/** Reads a usage vector; undefined when it is none. */
export const readUsage = (value: unknown): Usage | undefined => {
  const usage = usageShape(value)
  if (usage === undefined) return undefined
  return {
    input: usage.input_tokens,
    output: usage.output_tokens,
    ...(usage.cached_input_tokens != null && { cached: usage.cached_input_tokens }),
    ...(usage.cache_write_input_tokens != null && { cacheWrite: usage.cache_write_input_tokens }),
    ...(usage.reasoning_output_tokens != null && { reasoning: usage.reasoning_output_tokens }),
    ...(usage.total_tokens != null && { total: usage.total_tokens })
  }
}
