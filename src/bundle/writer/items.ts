/**
 * Model items as Codex's reducer takes them: what it refuses is left out, because one refused item costs the bundle.
 *
 * Rules: rollout-trace, "Normalising model items". Schema 1 also refuses a tool output with an image that it sees a
 * second time, so there an image gives way to a text that names it.
 */
import { imageReference } from "../../span/images.ts"
import type { Json, JsonObject } from "../../wire/json.ts"

export type Schema = 1 | 2

export const isText = (value: Json | undefined): value is string => typeof value === "string"

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const roles = new Set<Json | undefined>(["system", "developer", "user", "assistant", "tool"])

/** A reasoning item without any part is refused, and so is a summary that is null. */
const reasoning = (item: JsonObject): JsonObject | undefined => {
  const { summary, ...rest } = item
  const parts = Array.isArray(summary) ? summary.length : 0
  const content = Array.isArray(item.content) ? item.content.length : 0
  if (parts + content === 0 && !isText(item.encrypted_content)) return undefined
  return Array.isArray(summary) ? item : rest
}

const agentMessage = (item: JsonObject): JsonObject | undefined => {
  const { author, recipient, content } = item
  if (!isText(author) || !isText(recipient) || !Array.isArray(content) || content.length === 0) return undefined
  const known = content.every(
    (part: Json) => isObject(part) && (part.type === "input_text" || part.type === "encrypted_content")
  )
  return known ? item : undefined
}

const withoutImages = (item: JsonObject): JsonObject => {
  if (!Array.isArray(item.output)) return item
  const output = item.output.map((part: Json) =>
    isObject(part) && part.type === "input_image"
      ? { type: "input_text", text: imageReference(String(part.image_url ?? "")) }
      : part
  )
  return { ...item, output }
}

/** The item as the reducer of a schema takes it; undefined where it would refuse the bundle for it. */
export const acceptable = (item: JsonObject, schema: Schema): JsonObject | undefined => {
  switch (item.type) {
    case "message":
      return roles.has(item.role) ? item : undefined
    case "reasoning":
      return reasoning(item)
    case "agent_message":
      return agentMessage(item)
    case "compaction":
    case "compaction_summary":
    case "context_compaction":
      return isText(item.encrypted_content) ? item : undefined
    case "function_call_output":
    case "custom_tool_call_output":
      return schema === 1 ? withoutImages(item) : item
    case "function_call":
    case "custom_tool_call":
    case "tool_search_call":
    case "web_search_call":
    case "image_generation_call":
    case "local_shell_call":
    case "tool_search_output":
    case "mcp_tool_call_output":
      return item
    case "additional_tools":
      // No release makes an item of it, and those of schema 1 before 0.155 refuse it.
      return schema === 1 ? undefined : item
    default:
      return undefined
  }
}

const callKinds: ReadonlySet<Json | undefined> = new Set(["function_call", "custom_tool_call"])

/** What a schema compares when a call id comes again in a thread; undefined where it may come with anything. */
const identityOf = (item: JsonObject, schema: Schema): readonly [key: string, content: string] | undefined => {
  const { type, call_id: callId, id: _, ...rest } = item
  if (!isText(callId) || !isText(type) || (schema === 2 && !callKinds.has(type))) return undefined
  const content = rest.arguments ?? rest.input ?? rest.output ?? rest
  return [`${type} ${callId}`, JSON.stringify(content)]
}

/** The items of one thread, as its requests and responses bring them. */
export interface ThreadItems {
  /** Those of a list that the reducer takes. */
  readonly taken: (items: ReadonlyArray<Json>) => ReadonlyArray<JsonObject>
  /** The ids among them that the history did not have before. */
  readonly newIds: (items: ReadonlyArray<JsonObject>) => ReadonlyArray<string>
}

/**
 * Follows the items of one thread.
 *
 * A call id that comes again with other content costs the bundle, so there the first one stays: in schema 1 also for
 * outputs (a script that notified has two). Requests share their items, so each is judged once.
 */
export const makeThreadItems = (schema: Schema): ThreadItems => {
  const judged = new WeakMap<JsonObject, { readonly item: JsonObject | undefined }>()
  const contents = new Map<string, string>()
  const ids = new Set<string>()
  const judge = (item: JsonObject): JsonObject | undefined => {
    const accepted = acceptable(item, schema)
    const identity = accepted && identityOf(accepted, schema)
    if (identity === undefined) return accepted
    const [key, content] = identity
    const known = contents.get(key)
    if (known !== undefined && known !== content) return undefined
    contents.set(key, content)
    return accepted
  }
  const verdictOf = (item: JsonObject) => {
    const verdict = judged.get(item) ?? { item: judge(item) }
    judged.set(item, verdict)
    return verdict
  }
  return {
    taken: (items) =>
      items.flatMap((value) => {
        const item = isObject(value) ? verdictOf(value).item : undefined
        return item === undefined ? [] : [item]
      }),
    newIds: (items) =>
      items.flatMap(({ id }) => {
        if (!isText(id) || ids.has(id)) return []
        ids.add(id)
        return [id]
      })
  }
}
