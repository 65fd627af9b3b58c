/**
 * Model calls as bundle events: the request with its items, what it produced, and the receipts of both (schema 2).
 */
import { isModelInput } from "../../span/model-input.ts"
import type { Span } from "../../span/span.ts"
import type { Json, JsonObject } from "../../wire/json.ts"
import { ms, type PlannedEvent, rank } from "./event.ts"
import { isText, type Schema, type ThreadItems } from "./items.ts"

/** The token counts of a span, under the names that Codex records. */
const tokenUsage = ({ metrics }: Span): JsonObject | undefined => {
  const { prompt_tokens: input, completion_tokens: output } = metrics
  if (input === undefined || output === undefined) return undefined
  return {
    input_tokens: input,
    cached_input_tokens: metrics.prompt_cached_tokens ?? 0,
    cache_write_input_tokens: metrics.prompt_cache_creation_tokens ?? 0,
    output_tokens: output,
    reasoning_output_tokens: metrics.completion_reasoning_tokens ?? 0,
    total_tokens: metrics.tokens ?? input + output
  }
}

/** How a call ended, in Codex's words; undefined where nobody saw its end. */
const ending = (span: Span, responseId: string | null): Pick<PlannedEvent, "type" | "fields"> | undefined => {
  const fields = { inference_call_id: span.id, upstream_request_id: null }
  switch (span.status) {
    case "ok":
      return { type: "inference_completed", fields: { ...fields, response_id: responseId } }
    case "interrupted":
      return { type: "inference_cancelled", fields: { ...fields, reason: "interrupted" } }
    case "error":
      return { type: "inference_failed", fields: { ...fields, error: span.error?.message ?? "failed" } }
    default:
      return undefined
  }
}

/** Items enter the history: one event for each that it did not have. Schema 1 does not know them. */
const receipts = (schema: Schema, ids: ReadonlyArray<string>, place: Omit<PlannedEvent, "type" | "fields">) =>
  schema === 1
    ? []
    : ids.map((id): PlannedEvent => ({ ...place, type: "history_item_accepted", fields: { item_id: id } }))

const itemsOf = (input: Span["input"]): ReadonlyArray<JsonObject> =>
  isModelInput(input) ? input.items.slice(0, input.length).map((item) => item.value) : []

export interface CallOptions {
  readonly schema: Schema
  readonly turnId: string
  /** Of the span's thread. */
  readonly items: ThreadItems
}

/** The events of one model call. Calls of a thread must come in the order in which they began. */
export const callEvents = (span: Span, { schema, turnId, items }: CallOptions): ReadonlyArray<PlannedEvent> => {
  const { thread_id: threadId, input, metadata } = span
  const place = { threadId, turnId }
  const startMs = ms(span.start)
  const endMs = Math.max(startMs, ms(span.end ?? span.start))
  const known = items.newIds(items.taken(itemsOf(input)))
  const produced = items.taken(Array.isArray(span.output) ? span.output : [])
  const responseId = isText(metadata.response_id) ? metadata.response_id : null
  const model = isText(metadata.model) ? metadata.model : "unknown"
  const provider = isText(metadata.provider) ? metadata.provider : "unknown"
  const usage = tokenUsage(span)
  // Made when it is written: items are shared between requests, lists of them would grow with the session's square.
  const request = {
    kind: "inference_request" as const,
    get json(): Json {
      const instructions = isText(metadata.instructions) && { instructions: metadata.instructions }
      return { model, stream: true, input: items.taken(itemsOf(input)), ...instructions }
    }
  }
  const assumed = metadata.input_assumed
  const started: PlannedEvent = {
    ...place,
    atMs: startMs,
    rank: rank.request,
    type: "inference_started",
    fields: { inference_call_id: span.id, thread_id: threadId, codex_turn_id: turnId, model, provider_name: provider },
    payloads: { request_payload: request },
    derived: isText(assumed) ? `time and items; assumed: ${assumed}` : "time and items from the history"
  }
  const before = [...receipts(schema, known, { ...place, atMs: startMs, rank: rank.accepted }), started]
  const end = ending(span, responseId)
  if (end === undefined) return before
  const response = {
    kind: "inference_response" as const,
    json: {
      response_id: responseId,
      upstream_request_id: null,
      ...(usage && { token_usage: usage }),
      output_items: produced
    }
  }
  const isWhole = end.type === "inference_completed"
  const payloads = { [isWhole ? "response_payload" : "partial_response_payload"]: response }
  return [
    ...before,
    {
      ...place,
      ...end,
      atMs: endMs,
      rank: rank.response,
      ...((isWhole || produced.length > 0) && { payloads }),
      derived: "time from the last output record"
    },
    ...receipts(schema, items.newIds(produced), { ...place, atMs: endMs, rank: rank.produced })
  ]
}
