/**
 * Model requests and their answers, as a bundle recorded them (inference_*, 0.128 +).
 *
 * A request's payload holds the whole input as it was sent. What the thread's last request had too is not told again:
 * the machine gets how many of its items still stand, and those that came after. An item that was replaced or taken
 * back (a local compaction, a revert) leaves no event in a bundle, so a history may change without a word.
 */
import type { EventBody, EventOf } from "../wire/bundle/events.ts"
import { type Json, type JsonObject, sameJson } from "../wire/json.ts"
import { isObject } from "../wire/record.ts"
import type { BundlePlace, Payloads, Told } from "./bundle-place.ts"
import type { DomainEvent, EventOf as DomainEventOf } from "./event.ts"
import type { HistoryItem } from "./history-item.ts"
import { known, readUsage } from "./row.ts"
import { isProduced } from "./translate.ts"

/** The last request of a thread, and what was sent with it. */
interface LastRequest {
  readonly items: ReadonlyArray<JsonObject>
  /** The same and what it was answered, for a request that names it instead of repeating it. */
  readonly answered?: { readonly responseId: string; readonly items: ReadonlyArray<JsonObject> }
  /** The turn's settings as they were told last. */
  readonly settings: string
}

const objectsOf = (value: Json | undefined): ReadonlyArray<JsonObject> =>
  Array.isArray(value) ? value.filter(isObject) : []

/** How many items at the beginning of both lists are the same. */
const shared = (before: ReadonlyArray<JsonObject>, after: ReadonlyArray<JsonObject>): number => {
  let length = 0
  while (length < before.length && length < after.length && sameJson(before[length], after[length])) length++
  return length
}

/** Messages in the user's name that Codex writes itself begin with one of these. */
const writtenByCodex =
  /^\s*(?:<(?:environment_context|user_instructions|INSTRUCTIONS|skill|user_shell_command|turn_aborted|subagent_notification|user_action|hook_prompt|recommended_plugins|goal_context|codex_internal_context)\b|# AGENTS\.md instructions|Another language model started to solve this problem)/

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

/** Marks around an image of the user's: Codex's words, not his. */
const imageMark = /^<\/?image\b[^>]*>$/

/** What the user asked, in a message that he wrote himself. */
const promptOf = (item: JsonObject, place: BundlePlace): Told => {
  if (item.type !== "message" || item.role !== "user") return []
  const parts = objectsOf(item.content)
  const texts = parts.flatMap((part) => (typeof part.text === "string" ? [part.text] : []))
  if (texts.some((text) => writtenByCodex.test(text))) return []
  const own = parts.filter((part) => typeof part.text !== "string" || !imageMark.test(part.text))
  const images = own.filter((part) => part.type === "input_image").length
  const text = own.flatMap((part) => (typeof part.text === "string" ? [part.text] : [])).join("\n")
  return [{ _tag: "Prompted", ...place, text, images, ...(images > 0 && { content: own }) }]
}

/** The model ran out of tokens: a failure, whose response is taken up all the same (0.169; older ones ask again). */
const stoppedEarly = /^Incomplete response returned/

/** 0.128 numbers its requests, later versions give them UUIDs. Only 0.128 writes nothing when the last retry fails. */
const numbered = /^inference:\d+$/

/** Codex puts this where a call was never answered: it says nothing of the call. */
const madeUp = "aborted"

/** What an item says besides that it was sent: a prompt, a message between agents, the output of a call. */
const newsOf = (item: JsonObject, place: BundlePlace, turnOf: ReadonlyMap<string, string>): Told => {
  const type = String(item.type)
  const told = { _tag: "ItemRecorded" as const, ...place, item: { value: item }, side: "input" as const }
  if (type === "agent_message") return [told]
  if (!type.endsWith("_output")) return promptOf(item, place)
  const turnId = turnOf.get(`${place.threadId}/${item.call_id}`)
  return item.output === madeUp ? [] : [{ ...told, ...(turnId !== undefined && { turnId }) }]
}

/** What an item says, whatever form it has: Codex may send one again with its images in another. */
const wordsOf = (item: JsonObject): string => {
  const texts = objectsOf(item.content).map((part) => (typeof part.text === "string" ? part.text : part.type))
  return JSON.stringify([item.type, item.role, item.call_id, texts])
}

const isMessage = ({ type }: JsonObject): boolean => type === "message" || type === "agent_message"

/**
 * What a thread's first request says for the first time. A bundle begins with its process, so that request may hold the
 * history of many turns before it, or another thread's: new is what was accepted since, where the version tells (0.165),
 * else what follows the model's last words and no other thread has sent.
 */
const firstSaid = (input: ReadonlyArray<JsonObject>, accepted: ReadonlySet<string>, others: Iterable<LastRequest>) => {
  if (accepted.size > 0) return input.filter(({ id }) => typeof id === "string" && accepted.has(id))
  const before = input.findLastIndex((item) => isProduced(item) || !isMessage(item))
  const elsewhere = [...others].flatMap(({ items }) => items)
  return input.slice(before + 1).filter((item) => !elsewhere.some((other) => sameJson(other, item)))
}

/** The items that a request is the first of its thread to carry. */
const newItems = (last: LastRequest, input: ReadonlyArray<JsonObject>, kept: number) => {
  const added = input.slice(kept)
  if (kept === last.items.length) return added
  const before = new Map<string, number>()
  for (const item of last.items.slice(kept)) before.set(wordsOf(item), (before.get(wordsOf(item)) ?? 0) + 1)
  return added.filter((item) => {
    const words = wordsOf(item)
    const left = before.get(words) ?? 0
    before.set(words, left - 1)
    return left <= 0
  })
}

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
        const input = objectsOf(payloads(body.request_payload)?.input)
        const isTakenUp = answer.lastId === undefined || input.some(({ id }) => id === answer.lastId)
        return release(threadId, isTakenUp ? {} : { outcome: "abandoned" })
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
        : newItems(last, input, kept)
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
