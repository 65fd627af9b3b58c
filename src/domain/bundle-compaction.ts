/**
 * A bundle's events of compactions by the provider: asked, answered, installed. A local one leaves none, only its
 * ordinary request. Times: Unix seconds.
 */
import type { EventOf } from "../wire/bundle/events.ts"
import type { Json } from "../wire/json.ts"
import { isObject } from "../wire/record.ts"
import type { BundlePlace, Payloads, Told } from "./bundle-place.ts"
import type { CompactionRequest } from "./event.ts"
import { historyItem } from "./translate.ts"

interface Asked {
  /** Of the first request for it: one that failed is repeated. */
  readonly startedAt: number
  readonly request?: Omit<CompactionRequest, "endedAt" | "output">
  readonly answer?: Pick<CompactionRequest, "endedAt" | "output">
}

/** Rows for the compactions of one session's bundles. */
export const compactionRows = () => {
  const compactions = new Map<string, Asked>()
  const itemsOf = (list: unknown, place: BundlePlace) =>
    Array.isArray(list) ? list.filter(isObject).map((item) => historyItem(item, place)) : []

  return {
    asked: (event: EventOf<"compaction_request_started">, place: BundlePlace, payloads: Payloads): Told => {
      const { startedAt = place.at } = compactions.get(event.compaction_id) ?? {}
      const sent = payloads(event.request_payload)
      const { model, provider_name: provider } = event
      const instructions = typeof sent?.instructions === "string" && sent.instructions
      const request = Array.isArray(sent?.input) && {
        startedAt: place.at,
        model,
        provider,
        ...(instructions && { instructions }),
        input: itemsOf(sent.input, place)
      }
      compactions.set(event.compaction_id, { startedAt, ...(request && { request }) })
      return []
    },
    answered: (event: EventOf<"compaction_request_completed">, place: BundlePlace, payloads: Payloads): Told => {
      const asked = compactions.get(event.compaction_id)
      const output = payloads(event.response_payload)?.output_items
      if (asked === undefined) return []
      const answer = { endedAt: place.at, output: Array.isArray(output) ? (output as ReadonlyArray<Json>) : [] }
      compactions.set(event.compaction_id, { ...asked, answer })
      return []
    },
    installed: (event: EventOf<"compaction_installed">, place: BundlePlace, payloads: Payloads): Told => {
      const checkpoint = payloads(event.checkpoint_payload)
      const { startedAt = place.at, request, answer } = compactions.get(event.compaction_id) ?? {}
      compactions.delete(event.compaction_id)
      return [
        {
          _tag: "HistoryReplaced",
          ...place,
          items: itemsOf(checkpoint?.replacement_history, place),
          before: itemsOf(checkpoint?.input_history, place),
          startedAt,
          ...(request && answer && { request: { ...request, ...answer } })
        }
      ]
    }
  }
}
