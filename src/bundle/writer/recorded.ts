/**
 * What model calls carried, by what later events ask for: the call of a call id, its output, the messages of agents.
 */
import { isModelInput } from "../../span/model-input.ts"
import type { Span } from "../../span/span.ts"
import type { JsonObject } from "../../wire/json.ts"
import { ms } from "./event.ts"
import { isObject } from "./items.ts"

/** An output, and when it was first sent to the model: it was there by then. */
export interface RecordedOutput {
  readonly item: JsonObject
  readonly sentMs: number
}

/** The items of a session's threads that tools need: calls by the model, and the outputs that answered them. */
export interface RecordedItems {
  readonly calls: ReadonlyMap<string, JsonObject>
  readonly outputs: ReadonlyMap<string, RecordedOutput>
  /** Messages to a thread from an agent path, in order. */
  readonly messages: ReadonlyMap<string, ReadonlyArray<JsonObject>>
}

/** Collects them from what the model was sent and what it produced. */
export const recordedItems = (llms: ReadonlyArray<Span>): RecordedItems => {
  const calls = new Map<string, JsonObject>()
  const outputs = new Map<string, RecordedOutput>()
  const messages = new Map<string, Array<JsonObject>>()
  const seen = new Set<JsonObject>()
  const note = (threadId: string, item: JsonObject, sentMs: number): void => {
    const key = `${threadId}/${String(item.call_id)}`
    if (item.type === "agent_message") {
      const sender = `${threadId}/${String(item.author)}`
      const told = messages.get(sender)
      if (told === undefined) messages.set(sender, [item])
      else told.push(item)
    } else if (typeof item.call_id !== "string") return
    else if (String(item.type).endsWith("_output")) outputs.has(key) || outputs.set(key, { item, sentMs })
    else calls.has(key) || calls.set(key, item)
  }
  for (const { thread_id: threadId, input, output, start } of llms) {
    const sentMs = ms(start)
    if (isModelInput(input)) {
      for (const { value } of input.items.slice(0, input.length)) {
        if (seen.has(value)) continue
        seen.add(value)
        note(threadId, value, sentMs)
      }
    }
    for (const item of Array.isArray(output) ? output : []) if (isObject(item)) note(threadId, item, sentMs)
  }
  return { calls, outputs, messages }
}
