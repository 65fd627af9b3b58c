/**
 * What a model request says for the first time: prompts, skills, messages between agents, outputs of calls.
 *
 * A bundle has no event for what the user typed; it stands in the next request, beside what Codex writes in the user's
 * name, and beside all that was said before.
 */
import { type Json, type JsonObject, sameJson } from "../wire/json.ts"
import { isObject } from "../wire/record.ts"
import type { BundlePlace, Told } from "./bundle-place.ts"
import { isImageMark, isWrittenByCodex, madeUpOutput } from "./codex-words.ts"
import { skillsGiven, skillsNamed } from "./skills.ts"
import { isProduced } from "./translate.ts"

/** The items of a request. */
interface Sent {
  readonly items: ReadonlyArray<JsonObject>
}

/** The objects of a list. */
export const objectsOf = (value: Json | undefined): ReadonlyArray<JsonObject> =>
  Array.isArray(value) ? value.filter(isObject) : []

/** What the user asked, in a message that he wrote himself, or which skill he named, in one that Codex wrote for him. */
const promptOf = (item: JsonObject, place: BundlePlace): Told => {
  if (item.type !== "message" || item.role !== "user") return []
  const parts = objectsOf(item.content)
  const texts = parts.flatMap((part) => (typeof part.text === "string" ? [part.text] : []))
  if (texts.some((text) => isWrittenByCodex(text))) return skillsNamed(skillsGiven(item), place)
  const own = parts.filter((part) => typeof part.text !== "string" || !isImageMark(part.text))
  const images = own.filter((part) => part.type === "input_image").length
  const text = own.flatMap((part) => (typeof part.text === "string" ? [part.text] : [])).join("\n")
  return [{ _tag: "Prompted", ...place, text, images, ...(images > 0 && { content: own }) }]
}

/** What an item says besides that it was sent: a prompt, a message between agents, the output of a call. */
export const newsOf = (item: JsonObject, place: BundlePlace, turnOf: ReadonlyMap<string, string>): Told => {
  const type = String(item.type)
  const told = { _tag: "ItemRecorded" as const, ...place, item: { value: item }, side: "input" as const }
  if (type === "agent_message") return [told]
  if (!type.endsWith("_output")) return promptOf(item, place)
  const turnId = turnOf.get(`${place.threadId}/${item.call_id}`)
  // One that Codex made up says nothing of the call.
  return item.output === madeUpOutput ? [] : [{ ...told, ...(turnId !== undefined && { turnId }) }]
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
export const firstSaid = (
  input: ReadonlyArray<JsonObject>,
  accepted: ReadonlySet<string>,
  others: Iterable<Sent>
): ReadonlyArray<JsonObject> => {
  if (accepted.size > 0) return input.filter(({ id }) => typeof id === "string" && accepted.has(id))
  const before = input.findLastIndex((item) => isProduced(item) || !isMessage(item))
  const elsewhere = [...others].flatMap(({ items }) => items)
  return input.slice(before + 1).filter((item) => !elsewhere.some((other) => sameJson(other, item)))
}

/** The items that a request is the first of its thread to carry. */
export const newlySaid = (last: Sent, input: ReadonlyArray<JsonObject>, kept: number): ReadonlyArray<JsonObject> => {
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
