/**
 * Model requests and their answers, as a bundle recorded them (inference_*, 0.128 +).
 *
 * A request's payload holds the whole input as it was sent. What the thread's last request had too is not told again:
 * the machine gets how many of its items still stand, and those that came after. An item that was replaced or taken
 * back (a local compaction, a revert) leaves no event in a bundle, so a history may change without a word.
 */
import type { EventBody, EventOf } from "../wire/bundle/events.ts"
import { type JsonObject, sameJson } from "../wire/json.ts"
import { isObject } from "../wire/record.ts"
import type { BundlePlace, Payloads, Told } from "./bundle-place.ts"
import { firstSaid, newlySaid, newsOf, objectsOf } from "./bundle-said.ts"
import type { DomainEvent, EventOf as DomainEventOf } from "./event.ts"
import type { HistoryItem } from "./history-item.ts"
import { known, readUsage } from "./row.ts"

/** The last request of a thread, and what was sent with it. */
interface LastRequest {
  readonly items: ReadonlyArray<JsonObject>
  /** The same and what it was answered, for a request that names it instead of repeating it. */
  readonly answered?: { readonly responseId: string; readonly items: ReadonlyArray<JsonObject> }
  /** The turn's settings as they were told last. */
  readonly settings: string
}

/** How many items at the beginning of both lists are the same. */
const shared = (before: ReadonlyArray<JsonObject>, after: ReadonlyArray<JsonObject>): number => {
  let length = 0
  while (length < before.length && length < after.length && sameJson(before[length], after[length])) length++
  return length
}

/**
 * An answer while it is not certain what Codex made of it: one that is whole may not have been taken up (0.165 +), and
 * one that was cut is taken for a response by older transcripts (before 0.155) unless it is asked for again.
 */
interface HeldAnswer {
  readonly told: DomainEventOf<"RequestAnswered">
  /** Of one that is whole, its last item and its calls: one that is accepted, or runs, says that it was taken up. */
  readonly lastId?: string
  readonly callIds: ReadonlySet<string>
}

/** The model ran out of tokens: a failure, whose response is taken up all the same (0.169; older ones ask again). */
const stoppedEarly = /^Incomplete response returned/

/** 0.128 numbers its requests, later versions give them UUIDs. Only 0.128 writes nothing when the last retry fails. */
const numbered = /^inference:\d+$/

const settingsOf = (event: EventOf<"inference_started">, request: JsonObject, place: BundlePlace): DomainEvent => {
  const effort = isObject(request.reasoning) ? request.reasoning.effort : undefined
  const facts = known({ model: event.model, effort })
  return {
    _tag: "TurnConfigured",
    ...place,
    model: event.model,
    ...(typeof effort === "string" && { effort }),
    facts,
    sessionFacts: known({ model: event.model, model_provider: event.provider_name })
  }
}

/** The rows of inference events, with what they remember of each thread. */
export const requestRows = () => {
  const lastOf = new Map<string, LastRequest>()
  const threadOf = new Map<string, string>()
  /** The turn in which each call was made: its output may come with a request of a later one. */
  const turnOf = new Map<string, string>()

  const acceptedBy = new Map<string, Set<string>>()
  const held = new Map<string, HeldAnswer>()
  /** Usage counts what was written to the cache (0.155 +), so transcripts tell each response by a record of its own. */
  let countsWrites = false

  /** Tells an answer that was held, now that it is known what became of it. */
  const release = (threadId: string, became: Partial<DomainEventOf<"RequestAnswered">> = {}): Told => {
    const answer = held.get(threadId)
    held.delete(threadId)
    return answer === undefined ? [] : [{ ...answer.told, ...became }]
  }

  /** An event of the thread may tell what became of the answer that is held. */
  const settle = (body: EventBody, threadId: string, payloads: Payloads): Told => {
    const answer = held.get(threadId)
    if (answer === undefined) return []
    switch (body.type) {
      case "history_item_accepted":
        return body.item_id === answer.lastId ? release(threadId) : []
      case "tool_call_started":
      case "code_cell_started":
        return answer.callIds.has(body.model_visible_call_id ?? "") ? release(threadId) : []
      case "inference_started": {
        const request = payloads(body.request_payload)
        const repeats = request === undefined || objectsOf(request.input).some(({ id }) => id === answer.lastId)
        return release(threadId, answer.lastId === undefined || repeats ? {} : { outcome: "abandoned" })
      }
      case "codex_turn_ended":
        return release(threadId, answer.lastId === undefined ? { counted: true } : {})
      default:
        return []
    }
  }

  const accepted = (event: EventOf<"history_item_accepted">, place: BundlePlace): Told => {
    const ids = acceptedBy.get(place.threadId)
    if (ids === undefined) acceptedBy.set(place.threadId, new Set([event.item_id]))
    else ids.add(event.item_id)
    return []
  }

  /** A request whose payload is lost: it went out, and what it carried beyond the one before it is not known. */
  const sentUnread = (event: EventOf<"inference_started">, place: BundlePlace): Told => {
    const { inference_call_id: requestId, model, provider_name: provider } = event
    const kept = lastOf.get(place.threadId)?.items.length ?? 0
    return [{ _tag: "RequestSent", ...place, requestId, kept, added: [], model, provider, unread: true }]
  }

  const sent = (event: EventOf<"inference_started">, place: BundlePlace, payloads: Payloads): Told => {
    threadOf.set(event.inference_call_id, place.threadId)
    const request = payloads(event.request_payload)
    if (request === undefined) return sentUnread(event, place)
    const last = lastOf.get(place.threadId)
    const sentItems = objectsOf(request.input)
    const base = request.previous_response_id
    const continued = typeof base === "string" && last?.answered?.responseId === base ? last.answered.items : []
    const input = continued.length === 0 ? sentItems : [...continued, ...sentItems]
    const kept = last === undefined ? 0 : shared(last.items, input)
    const added: ReadonlyArray<HistoryItem> = input.slice(kept).map((value) => ({ value }))
    const configured = settingsOf(event, request, place)
    const settings = `${place.turnId} ${JSON.stringify(configured._tag === "TurnConfigured" && configured.facts)}`
    const share = input.length === 0 ? 1 : added.length / input.length
    const spoken = { ...place, bytes: Math.ceil(place.bytes * share) }
    const fresh =
      last === undefined
        ? firstSaid(input, acceptedBy.get(place.threadId) ?? new Set(), lastOf.values())
        : newlySaid(last, input, kept)
    const news = fresh.flatMap((item) => newsOf(item, { ...spoken, bytes: 0 }, turnOf))
    lastOf.set(place.threadId, { items: [...(last?.items.slice(0, kept) ?? []), ...input.slice(kept)], settings })
    return [
      ...(last?.settings === settings ? [] : [{ ...configured, bytes: 0 }]),
      ...news,
      {
        _tag: "RequestSent",
        ...spoken,
        requestId: event.inference_call_id,
        kept,
        added,
        model: event.model,
        provider: event.provider_name,
        ...(configured._tag === "TurnConfigured" && configured.effort !== undefined && { effort: configured.effort }),
        ...(typeof request.instructions === "string" &&
          request.instructions !== "" && { instructions: request.instructions })
      }
    ]
  }

  const answered = (
    event: EventOf<"inference_completed" | "inference_failed" | "inference_cancelled">,
    place: BundlePlace,
    payloads: Payloads,
    schema: number
  ): Told => {
    const isCompleted = event.type === "inference_completed"
    const response = payloads(isCompleted ? event.response_payload : event.partial_response_payload) ?? {}
    const output = objectsOf(response.output_items)
    const usage = readUsage(response.token_usage)
    const responseId = isCompleted ? event.response_id : null
    // An end tells its thread only in its envelope; a request knows its own.
    const threadId = threadOf.get(event.inference_call_id) ?? place.threadId
    const last = lastOf.get(threadId)
    if (last !== undefined && responseId !== null)
      lastOf.set(threadId, { ...last, answered: { responseId, items: [...last.items, ...output] } })
    threadOf.delete(event.inference_call_id)
    for (const { call_id: callId } of output)
      if (typeof callId === "string" && place.turnId !== undefined) turnOf.set(`${threadId}/${callId}`, place.turnId)
    const error =
      event.type === "inference_failed" ? event.error : event.type === "inference_cancelled" ? event.reason : undefined
    const told: DomainEventOf<"RequestAnswered"> = {
      _tag: "RequestAnswered",
      ...place,
      threadId,
      requestId: event.inference_call_id,
      outcome: isCompleted ? "completed" : event.type === "inference_failed" ? "failed" : "cancelled",
      output: output.map((value) => ({ value })),
      ...(responseId !== null && { responseId }),
      ...(usage && { usage }),
      ...(error !== undefined && { error }),
      ...(error !== undefined && stoppedEarly.test(error) && { counted: true as const })
    }
    if (usage?.cacheWrite !== undefined) countsWrites = true
    const mayCount = event.type === "inference_cancelled" || numbered.test(event.inference_call_id)
    if (schema === 1 && !countsWrites && !isCompleted && mayCount && output.length > 0) {
      held.set(threadId, { told, callIds: new Set() })
      return []
    }
    const lastId = output.at(-1)?.id
    const ids = acceptedBy.get(threadId)
    if (!isCompleted || ids === undefined || typeof lastId !== "string" || ids.has(lastId)) return [told]
    held.set(threadId, { told, lastId, callIds: new Set(output.map(({ call_id: callId }) => String(callId))) })
    return []
  }

  return {
    accepted,
    sent,
    answered,
    settle,
    /** Nothing more will come. */
    end: (): Told => [...held.keys()].flatMap((threadId) => release(threadId))
  }
}
