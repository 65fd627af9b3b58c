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
import type { EventOf as DomainEventOf } from "./event.ts"
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

const settingsOf = (
  event: EventOf<"inference_started">,
  request: JsonObject,
  place: BundlePlace
): DomainEventOf<"TurnConfigured"> => {
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

/** What the rows remember of each thread. */
interface Seen {
  readonly lastOf: Map<string, LastRequest>
  /** The thread of every request that is not answered yet. */
  readonly threadOf: Map<string, string>
  /** The turn in which each call was made: its output may come with a request of a later one. */
  readonly turnOf: Map<string, string>
  readonly acceptedBy: Map<string, Set<string>>
  readonly held: Map<string, HeldAnswer>
  /** Usage counts what was written to the cache (0.155 +), so transcripts tell each response by a record of its own. */
  countsWrites: boolean
}

/** Tells an answer that was held, now that it is known what became of it. */
const release = (seen: Seen, threadId: string, became: Partial<DomainEventOf<"RequestAnswered">> = {}): Told => {
  const answer = seen.held.get(threadId)
  seen.held.delete(threadId)
  return answer === undefined ? [] : [{ ...answer.told, ...became }]
}

/** An event of the thread may tell what became of the answer that is held. */
const settle = (seen: Seen, body: EventBody, threadId: string, payloads: Payloads): Told => {
  const answer = seen.held.get(threadId)
  if (answer === undefined) return []
  switch (body.type) {
    case "history_item_accepted":
      return body.item_id === answer.lastId ? release(seen, threadId) : []
    case "tool_call_started":
    case "code_cell_started":
      return answer.callIds.has(body.model_visible_call_id ?? "") ? release(seen, threadId) : []
    case "inference_started": {
      const request = payloads(body.request_payload)
      const repeats = request === undefined || objectsOf(request.input).some(({ id }) => id === answer.lastId)
      return release(seen, threadId, answer.lastId === undefined || repeats ? {} : { outcome: "abandoned" })
    }
    case "codex_turn_ended":
      return release(seen, threadId, answer.lastId === undefined ? { counted: true } : {})
    default:
      return []
  }
}

const accepted = (seen: Seen, event: EventOf<"history_item_accepted">, place: BundlePlace): Told => {
  const ids = seen.acceptedBy.get(place.threadId)
  if (ids === undefined) seen.acceptedBy.set(place.threadId, new Set([event.item_id]))
  else ids.add(event.item_id)
  return []
}

/** A request whose payload is lost: it went out, and what it carried beyond the one before it is not known. */
const sentUnread = (seen: Seen, event: EventOf<"inference_started">, place: BundlePlace): Told => {
  const { inference_call_id: requestId, model, provider_name: provider } = event
  const kept = seen.lastOf.get(place.threadId)?.items.length ?? 0
  return [{ _tag: "RequestSent", ...place, requestId, kept, added: [], model, provider, unread: true }]
}

/** The whole input of a request, which may name the response that it goes on from instead of repeating it. */
const inputOf = (request: JsonObject, last: LastRequest | undefined): ReadonlyArray<JsonObject> => {
  const items = objectsOf(request.input)
  const base = request.previous_response_id
  const continued = typeof base === "string" && last?.answered?.responseId === base ? last.answered.items : []
  return continued.length === 0 ? items : [...continued, ...items]
}

const sent = (seen: Seen, event: EventOf<"inference_started">, place: BundlePlace, payloads: Payloads): Told => {
  seen.threadOf.set(event.inference_call_id, place.threadId)
  const request = payloads(event.request_payload)
  if (request === undefined) return sentUnread(seen, event, place)
  const last = seen.lastOf.get(place.threadId)
  const input = inputOf(request, last)
  const kept = last === undefined ? 0 : shared(last.items, input)
  const added: ReadonlyArray<HistoryItem> = input.slice(kept).map((value) => ({ value }))
  const configured = settingsOf(event, request, place)
  const settings = `${place.turnId} ${JSON.stringify(configured.facts)}`
  const share = input.length === 0 ? 1 : added.length / input.length
  const fresh =
    last === undefined
      ? firstSaid(input, seen.acceptedBy.get(place.threadId) ?? new Set(), seen.lastOf.values())
      : newlySaid(last, input, kept)
  const news = fresh.flatMap((item) => newsOf(item, { ...place, bytes: 0 }, seen.turnOf))
  seen.lastOf.set(place.threadId, { items: [...(last?.items.slice(0, kept) ?? []), ...input.slice(kept)], settings })
  return [
    ...(last?.settings === settings ? [] : [{ ...configured, bytes: 0 }]),
    ...news,
    {
      _tag: "RequestSent",
      ...place,
      bytes: Math.ceil(place.bytes * share),
      requestId: event.inference_call_id,
      kept,
      added,
      model: event.model,
      provider: event.provider_name,
      ...(configured.effort !== undefined && { effort: configured.effort }),
      ...(typeof request.instructions === "string" &&
        request.instructions !== "" && { instructions: request.instructions })
    }
  ]
}

type Answer = EventOf<"inference_completed" | "inference_failed" | "inference_cancelled">

const outcomes = {
  inference_completed: "completed",
  inference_failed: "failed",
  inference_cancelled: "cancelled"
} as const

/** Why there is no whole answer. */
const errorOf = (event: Answer): string | undefined =>
  event.type === "inference_failed" ? event.error : event.type === "inference_cancelled" ? event.reason : undefined

/** Which turn made the calls of an answer, and what a request that goes on from it repeats. */
const remember = (seen: Seen, event: Answer, place: BundlePlace, output: ReadonlyArray<JsonObject>): void => {
  const responseId = event.type === "inference_completed" ? event.response_id : null
  const last = seen.lastOf.get(place.threadId)
  if (last !== undefined && responseId !== null)
    seen.lastOf.set(place.threadId, { ...last, answered: { responseId, items: [...last.items, ...output] } })
  seen.threadOf.delete(event.inference_call_id)
  for (const { call_id: callId } of output)
    if (typeof callId === "string" && place.turnId !== undefined)
      seen.turnOf.set(`${place.threadId}/${callId}`, place.turnId)
}

/** What of an answer has to wait until it is known what became of it; undefined where that is certain. */
const waitsFor = (
  seen: Seen,
  event: Answer,
  threadId: string,
  output: ReadonlyArray<JsonObject>,
  schema: number
): Omit<HeldAnswer, "told"> | undefined => {
  const isCompleted = event.type === "inference_completed"
  const mayCount = event.type === "inference_cancelled" || numbered.test(event.inference_call_id)
  if (schema === 1 && !seen.countsWrites && !isCompleted && mayCount && output.length > 0) return { callIds: new Set() }
  const lastId = output.at(-1)?.id
  const ids = seen.acceptedBy.get(threadId)
  if (!isCompleted || ids === undefined || typeof lastId !== "string" || ids.has(lastId)) return undefined
  return { lastId, callIds: new Set(output.map(({ call_id: callId }) => String(callId))) }
}

const answered = (seen: Seen, event: Answer, at: BundlePlace, payloads: Payloads, schema: number): Told => {
  const isCompleted = event.type === "inference_completed"
  const response = payloads(isCompleted ? event.response_payload : event.partial_response_payload) ?? {}
  const output = objectsOf(response.output_items)
  const usage = readUsage(response.token_usage)
  const responseId = isCompleted ? event.response_id : null
  // An end tells its thread only in its envelope; a request knows its own.
  const threadId = seen.threadOf.get(event.inference_call_id) ?? at.threadId
  const place = { ...at, threadId }
  remember(seen, event, place, output)
  const error = errorOf(event)
  const told: DomainEventOf<"RequestAnswered"> = {
    _tag: "RequestAnswered",
    ...place,
    requestId: event.inference_call_id,
    outcome: outcomes[event.type],
    output: output.map((value) => ({ value })),
    ...(responseId !== null && { responseId }),
    ...(usage && { usage }),
    ...(error !== undefined && { error }),
    ...(error !== undefined && stoppedEarly.test(error) && { counted: true as const })
  }
  if (usage?.cacheWrite !== undefined) seen.countsWrites = true
  const waits = waitsFor(seen, event, threadId, output, schema)
  if (waits === undefined) return [told]
  seen.held.set(threadId, { told, ...waits })
  return []
}

/** The rows of inference events. */
export const requestRows = () => {
  const seen: Seen = {
    lastOf: new Map(),
    threadOf: new Map(),
    turnOf: new Map(),
    acceptedBy: new Map(),
    held: new Map(),
    countsWrites: false
  }
  return {
    accepted: (event: EventOf<"history_item_accepted">, place: BundlePlace) => accepted(seen, event, place),
    sent: (event: EventOf<"inference_started">, place: BundlePlace, payloads: Payloads) =>
      sent(seen, event, place, payloads),
    answered: (event: Answer, place: BundlePlace, payloads: Payloads, schema: number) =>
      answered(seen, event, place, payloads, schema),
    settle: (body: EventBody, threadId: string, payloads: Payloads) => settle(seen, body, threadId, payloads),
    /** Nothing more will come. */
    end: (): Told => [...seen.held.keys()].flatMap((threadId) => release(seen, threadId))
  }
}
