/**
 * A line → what it is: a transcript record, a hook call, or nothing we can use, with the reason.
 *
 * The one place where text becomes JSON. Pure: no file is opened, no clock is read.
 */
import type { DomainEvent } from "../domain/event.ts"
import { translateHook } from "../domain/hooks.ts"
import { translate } from "../domain/translate.ts"
import { hookPayload, journalLine } from "../wire/hook.ts"
import type { JsonObject } from "../wire/json.ts"
import { asRecord, isRecord, parseObject } from "../wire/record.ts"

export type Decoded =
  | { readonly _tag: "Events"; readonly events: ReadonlyArray<DomainEvent> }
  | { readonly _tag: "Skipped"; readonly reason: string }

export const skipped = (reason: string): Decoded => ({ _tag: "Skipped", reason })

/** Whether a line was an object. */
export const isParsed = (value: ReturnType<typeof parseObject>): value is JsonObject =>
  !("reason" in value && Object.keys(value).length === 1)

/** Reads a line as one JSON object. */
export const parseLine = (text: string): JsonObject | string => {
  const value = parseObject(text)
  return isParsed(value) ? value : String(value.reason)
}

/** Reads a parsed line as a record of a thread's transcript. */
export const decodeRecord = (value: JsonObject, threadId: string, bytes: number): Decoded => {
  const record = asRecord(value)
  if (!isRecord(record)) return skipped(record.reason)
  const events = translate(record, threadId, bytes)
  if (events !== undefined) return { _tag: "Events", events }
  const kind = typeof record.payload.type === "string" ? `${record.type}.${record.payload.type}` : record.type
  return skipped(`a ${kind} record without the fields that it needs`)
}

/** Reads a parsed line as a hook call: a journal's line, or a bare payload with the time that the caller gives it. */
export const decodeHook = (value: JsonObject, bytes: number, nowNs?: number): Decoded => {
  const line = journalLine(value)
  const events =
    line !== undefined
      ? translateHook(line.payload, line.at_ns, bytes)
      : nowNs === undefined
        ? undefined
        : translateHook(value, nowNs, bytes)
  return events === undefined ? skipped("not a line of a hook journal") : { _tag: "Events", events }
}

/** Whether a line is a hook call, and of which session. */
export const hookSession = (value: JsonObject): string | undefined =>
  (hookPayload(value.payload) ?? hookPayload(value))?.session_id
