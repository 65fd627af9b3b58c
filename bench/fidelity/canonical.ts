/**
 * When two Responses API items are the same: everything the model could read, in order; not ids, not bookkeeping.
 */
import { isFields } from "./json.ts"

/** Keys that Codex adds or strips on the way to the server, and that no model sees. */
const unseen = new Set(["id", "internal_chat_message_metadata_passthrough", "metadata"])

const clean = (value: unknown, top: boolean): unknown => {
  if (Array.isArray(value)) return value.map((inner) => clean(inner, false))
  if (!isFields(value)) return value
  const kept = Object.entries(value)
    .filter(([key, inner]) => inner !== null && inner !== undefined && !(top && unseen.has(key)))
    .map(([key, inner]) => [key, clean(inner, false)] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(kept)
}

/** An item as comparable text: keys sorted, null as absent, a bare role as the message that it is. */
export const canonical = (item: unknown): string =>
  JSON.stringify(clean(isFields(item) && item.type === undefined ? { ...item, type: "message" } : item, true))

const shorten = (text: string, around: number) => {
  const from = Math.max(0, around - 40)
  return `${from > 0 ? "…" : ""}${text.slice(from, around + 80)}${text.length > around + 80 ? "…" : ""}`
}

/** Says where two inputs first differ, or nothing where they are equal. */
export const inputDifference = (sent: ReadonlyArray<unknown>, told: unknown): string | undefined => {
  if (!Array.isArray(told)) return `the span has no array of items (${told === undefined ? "nothing" : typeof told})`
  for (let index = 0; index < Math.max(sent.length, told.length); index++) {
    if (index >= told.length)
      return `item ${index} of ${sent.length} is missing: ${canonical(sent[index]).slice(0, 120)}`
    if (index >= sent.length) return `item ${index} was never sent: ${canonical(told[index]).slice(0, 120)}`
    const [one, other] = [canonical(sent[index]), canonical(told[index])]
    if (one === other) continue
    let same = 0
    while (one[same] === other[same]) same++
    return `item ${index} differs: sent ${shorten(one, same)} told ${shorten(other, same)}`
  }
  return undefined
}
