/**
 * An answer as the server-sent events of the Responses API.
 *
 * Owns the wire form only: ids are given to it, time passes between the frames and belongs to the server. Every text
 * arrives in two deltas, so that a reader that only takes the first would be seen.
 */
import type { Answer, ItemTemplate, Usage } from "./answer.ts"

/** One event, and how long after the one before it is sent. */
export interface Frame {
  readonly event: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly afterMs: number
}

/** What a response is called: its own id, and a fresh id for each item. */
export interface ResponseNames {
  readonly responseId: string
  readonly model: string
  readonly itemId: (prefix: string) => string
}

export const frameText = (frame: Frame): string =>
  `event: ${frame.event}\ndata: ${JSON.stringify({ type: frame.event, ...frame.payload })}\n\n`

/** All frames of an answer whose request is not refused, the last one included only when it completes or fails. */
export const framesOf = (told: Answer, names: ResponseNames, usage: Usage): ReadonlyArray<Frame> => {
  const response = { id: names.responseId, object: "response", model: names.model }
  const items = told.items.map((template) => itemOf(template, names.itemId))
  const frames: Array<Frame> = [
    { event: "response.created", payload: { response: { ...response, status: "in_progress", output: [] } }, afterMs: 0 }
  ]
  for (const [index, item] of items.entries()) {
    const [first, ...rest] = itemFrames(item, index)
    frames.push({ ...first, afterMs: index === 0 ? told.delayMs : 0 })
    frames.push(...rest.map((frame, at) => ({ ...frame, afterMs: at === rest.length - 1 ? told.paceMs : 0 })))
  }
  // An answer without items still takes its time.
  const lastAfterMs = items.length === 0 ? told.delayMs : 0
  if (told.ending.kind === "completed") {
    const done = { ...response, status: "completed", output: items, usage: usageOf(usage) }
    frames.push({ event: "response.completed", payload: { response: done }, afterMs: lastAfterMs })
  }
  if (told.ending.kind === "failed") {
    const error = { code: told.ending.code, message: told.ending.message }
    frames.push({
      event: "response.failed",
      payload: { response: { ...response, status: "failed", error } },
      afterMs: lastAfterMs
    })
  }
  if (told.ending.kind === "incomplete") {
    const details = { incomplete_details: { reason: told.ending.reason }, usage: usageOf(usage) }
    frames.push({
      event: "response.incomplete",
      payload: { response: { ...response, status: "incomplete", output: items, ...details } },
      afterMs: lastAfterMs
    })
  }
  return frames
}

const usageOf = (usage: Usage) => ({
  input_tokens: usage.input,
  input_tokens_details: { cached_tokens: usage.cached, cache_write_tokens: usage.cacheWrite },
  output_tokens: usage.output,
  output_tokens_details: { reasoning_tokens: usage.reasoning },
  total_tokens: usage.input + usage.output
})

type Item = Readonly<Record<string, unknown>> & { readonly type: string; readonly id: string }

/** A template with its ids; call ids are derived from the item's, as a reader of a recording would expect. */
export const itemOf = (template: ItemTemplate, itemId: (prefix: string) => string): Item => {
  switch (template.type) {
    case "message": {
      const content = [{ type: "output_text", text: template.text, annotations: [] }]
      const phase = template.phase === undefined ? {} : { phase: template.phase }
      return { type: "message", id: itemId("msg"), role: "assistant", status: "completed", content, ...phase }
    }
    case "reasoning":
      return {
        type: "reasoning",
        id: itemId("rs"),
        summary: [{ type: "summary_text", text: template.summary }],
        content: null,
        encrypted_content: Buffer.from(template.summary).toString("base64")
      }
    case "function_call": {
      const { id, callId } = callNames("fc", itemId)
      const namespace = template.namespace === undefined ? {} : { namespace: template.namespace }
      return {
        type: "function_call",
        id,
        name: template.name,
        ...namespace,
        arguments: template.arguments,
        call_id: callId
      }
    }
    case "custom_tool_call": {
      const { id, callId } = callNames("ctc", itemId)
      return { type: "custom_tool_call", id, call_id: callId, name: template.name, input: template.input }
    }
    case "web_search_call":
      return {
        type: "web_search_call",
        id: itemId("ws"),
        status: "completed",
        action: { type: "search", query: template.query, queries: [template.query] }
      }
    case "compaction":
      return { type: "compaction", id: itemId("cmp"), encrypted_content: template.encrypted }
    case "tool_search_call": {
      const { id, callId } = callNames("ts", itemId)
      const search = { query: template.query, limit: 5 }
      return {
        type: "tool_search_call",
        id,
        call_id: callId,
        status: "completed",
        execution: "client",
        arguments: search
      }
    }
    case "image_generation_call":
      return {
        type: "image_generation_call",
        id: itemId("ig"),
        status: "completed",
        revised_prompt: template.prompt,
        result: template.png
      }
  }
}

const callNames = (prefix: string, itemId: (prefix: string) => string) => {
  const id = itemId(prefix)
  return { id, callId: `call_${id.slice(prefix.length + 1)}` }
}

type Untimed = Omit<Frame, "afterMs">

const itemFrames = (item: Item, index: number): readonly [Untimed, ...Array<Untimed>] => {
  const at = { item_id: item.id, output_index: index }
  const added = { event: "response.output_item.added", payload: { output_index: index, item: begun(item) } }
  const done = { event: "response.output_item.done", payload: { output_index: index, item } }
  return [added, ...deltaFrames(item, at), done]
}

/** The item as it looks before its text has arrived. */
const begun = (item: Item): Item => {
  switch (item.type) {
    case "message":
      return { ...item, status: "in_progress", content: [] }
    case "reasoning":
      return { type: item.type, id: item.id, summary: [] }
    case "function_call":
      return { ...item, arguments: "" }
    case "custom_tool_call":
      return { ...item, input: "" }
    default:
      return { ...item, status: "in_progress" }
  }
}

const deltaFrames = (item: Item, at: Readonly<Record<string, unknown>>): ReadonlyArray<Untimed> => {
  const deltas = (event: string, text: string, place: Readonly<Record<string, unknown>> = {}): ReadonlyArray<Untimed> =>
    halves(text).map((delta) => ({ event, payload: { ...at, ...place, delta } }))
  switch (item.type) {
    case "message": {
      const text = firstText(item.content)
      const place = { content_index: 0 }
      const part = { type: "output_text", text, annotations: [] }
      return [
        { event: "response.content_part.added", payload: { ...at, ...place, part: { ...part, text: "" } } },
        ...deltas("response.output_text.delta", text, place),
        { event: "response.output_text.done", payload: { ...at, ...place, text } },
        { event: "response.content_part.done", payload: { ...at, ...place, part } }
      ]
    }
    case "reasoning": {
      const text = firstText(item.summary)
      const place = { summary_index: 0 }
      const part = { type: "summary_text", text }
      return [
        { event: "response.reasoning_summary_part.added", payload: { ...at, ...place, part: { ...part, text: "" } } },
        ...deltas("response.reasoning_summary_text.delta", text, place),
        { event: "response.reasoning_summary_text.done", payload: { ...at, ...place, text } },
        { event: "response.reasoning_summary_part.done", payload: { ...at, ...place, part } }
      ]
    }
    case "function_call":
      return deltas("response.function_call_arguments.delta", String(item.arguments))
    case "custom_tool_call":
      return deltas("response.custom_tool_call_input.delta", String(item.input), { call_id: item.call_id })
    default:
      return []
  }
}

const firstText = (parts: unknown): string => {
  const [part] = Array.isArray(parts) ? (parts as ReadonlyArray<{ readonly text?: string }>) : []
  return part?.text ?? ""
}

const halves = (text: string): ReadonlyArray<string> => {
  const letters = Array.from(text)
  const middle = Math.ceil(letters.length / 2)
  return [letters.slice(0, middle).join(""), letters.slice(middle).join("")].filter((half) => half !== "")
}
