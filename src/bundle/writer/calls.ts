/**
 * Model calls as bundle events: the request with its items, what it produced, and the receipts of both (schema 2).
 */
import { isModelInput } from "../../span/model-input.ts"
import type { Span } from "../../span/span.ts"
import type { Json, JsonObject } from "../../wire/json.ts"
import { ms, type PlannedEvent, rank } from "./event.ts"
import { acceptables, type Schema } from "./items.ts"

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

/** Items that are in the history from now on, each told once. */
const receipts = (
  items: ReadonlyArray<JsonObject>,
  seen: Set<string>,
  place: Pick<PlannedEvent, "atMs" | "rank" | "threadId" | "turnId">
): ReadonlyArray<PlannedEvent> =>
  items.flatMap(({ id }) => {
    if (typeof id !== "string" || seen.has(id)) return []
    seen.add(id)
    return [{ ...place, type: "history_item_accepted", fields: { item_id: id } }]
  })

export interface CallOptions {
  readonly schema: Schema
  readonly turnId: string
  /** Ids of items that were accepted before, by thread. */
  readonly accepted: Set<string>
}

/** The events of one model call. */
export const callEvents = (span: Span, { schema, turnId, accepted }: CallOptions): ReadonlyArray<PlannedEvent> => {
  const { thread_id: threadId, input, metadata } = span
  const place = { threadId, turnId }
  const [startMs, endMs] = [ms(span.start), ms(span.end ?? span.start)]
  const items = isModelInput(input)
    ? acceptables(
        input.items.slice(0, input.length).map((item) => item.value),
        schema
      )
    : []
  const output = acceptables(Array.isArray(span.output) ? span.output : [], schema)
  const responseId = typeof metadata.response_id === "string" ? metadata.response_id : null
  const model = typeof metadata.model === "string" ? metadata.model : "unknown"
  const provider = typeof metadata.provider === "string" ? metadata.provider : "unknown"
  const usage = tokenUsage(span)
  const request: { [key: string]: Json } = { model, stream: true, input: items }
  if (typeof metadata.instructions === "string") request.instructions = metadata.instructions
  const assumed = metadata.input_assumed
  const started: PlannedEvent = {
    ...place,
    atMs: startMs,
    rank: rank.request,
    type: "inference_started",
    fields: { inference_call_id: span.id, thread_id: threadId, codex_turn_id: turnId, model, provider_name: provider },
    payloads: { request_payload: { kind: "inference_request", json: request } },
    derived: typeof assumed === "string" ? `time and items; assumed: ${assumed}` : "time and items from the history"
  }
  const response = {
    kind: "inference_response" as const,
    json: {
      response_id: responseId,
      upstream_request_id: null,
      ...(usage && { token_usage: usage }),
      output_items: output
    }
  }
  const ended = { ...place, atMs: endMs, rank: rank.response, derived: "time from the last output record" }
  const partial = output.length > 0 ? { payloads: { partial_response_payload: response } } : {}
  const end: ReadonlyArray<PlannedEvent> =
    span.status === "ok"
      ? [
          {
            ...ended,
            type: "inference_completed",
            fields: { inference_call_id: span.id, response_id: responseId, upstream_request_id: null },
            payloads: { response_payload: response }
          }
        ]
      : span.status === "interrupted"
        ? [
            {
              ...ended,
              ...partial,
              type: "inference_cancelled",
              fields: { inference_call_id: span.id, reason: "interrupted" }
            }
          ]
        : span.status === "error"
          ? [
              {
                ...ended,
                ...partial,
                type: "inference_failed",
                fields: { inference_call_id: span.id, error: span.error?.message ?? "failed" }
              }
            ]
          : []
  const receiptsWanted = schema === 2
  return [
    ...(receiptsWanted ? receipts(items, accepted, { ...place, atMs: startMs, rank: rank.accepted }) : []),
    started,
    ...end,
    ...(receiptsWanted && end.length > 0
      ? receipts(output, accepted, { ...place, atMs: endMs, rank: rank.produced })
      : [])
  ]
}
