/**
 * One Responses API item of a payload → what the graph keeps of it (rollout-trace.md §3.4).
 *
 * Owns the table of item types and the parts of their bodies. An item has no identity yet: which item of the history
 * it is, is decided by matching (match.ts). A type that Codex refuses is refused here.
 */
import type { PayloadRef } from "../../wire/bundle/events.ts"
import { isArray, isObject, type JsonValue, member, readJsonTextIfValid, textMember } from "../../wire/bundle/json.ts"
import { compactJson, cutToBytes, sortedJson } from "../../wire/bundle/json-text.ts"
import type { Features } from "../generation.ts"
import { refuse } from "../refusal.ts"
import type { Channel, ItemKind, Part, Role } from "../state.ts"

/** An item of a payload, before it has an identity. */
export interface ModelItem {
  readonly responsesId: string | undefined
  readonly role: Role
  readonly channel: Channel | null
  readonly kind: ItemKind
  readonly agentMessage: { readonly author: string; readonly recipient: string } | undefined
  readonly parts: ReadonlyArray<Part>
  readonly callId: string | null
}

/** Where an item stands: parts that are not copied refer to the payload. */
export interface ItemSource {
  readonly features: Features
  readonly ref: PayloadRef
}

type Form = Omit<ModelItem, "responsesId">

const summaryBytesMax = 240
const roles = ["system", "developer", "user", "assistant", "tool"] as const
const phases = new Map<string, Channel>([
  ["commentary", "commentary"],
  ["final_answer", "final"],
  ["summary", "summary"]
])

/** Normalises an item; undefined for one that is no part of the conversation. Throws `Refusal`. */
export const normalise = (source: ItemSource, item: JsonValue): ModelItem | undefined => {
  const type = textMember(item, "type")
  if (type === undefined) refuse("item", "a model item has no type", source.ref.path)
  if (type === "additional_tools" && source.features.additionalTools) return undefined
  const form = types.get(type)
  if (form === undefined || (agentTypes.has(type) && !source.features.agentMessages)) {
    refuse("item", `model items of type "${type}" are not known to this reducer`, source.ref.path)
  }
  return { responsesId: source.features.itemIds ? textMember(item, "id") : undefined, ...form(source, item) }
}

type Normaliser = (source: ItemSource, item: JsonValue) => Form

const toolForm =
  (
    role: "assistant" | "tool",
    kind: ItemKind,
    parts: (source: ItemSource, item: JsonValue) => ReadonlyArray<Part>
  ): Normaliser =>
  (source, item) => ({
    role,
    channel: "commentary",
    kind,
    agentMessage: undefined,
    parts: parts(source, item),
    callId: textMember(item, "call_id") ?? null
  })

const wholeItem = (source: ItemSource, item: JsonValue): ReadonlyArray<Part> => [jsonPart(source, item)]

const messageForm: Normaliser = (source, item) => {
  const role = textMember(item, "role")
  const known = roles.find((name) => name === role)
  if (known === undefined) {
    refuse(
      "item",
      role === undefined ? "a message has no role" : `a message has the unknown role "${role}"`,
      source.ref.path
    )
  }
  return {
    role: known,
    channel: phases.get(textMember(item, "phase") ?? "") ?? null,
    kind: "message",
    agentMessage: undefined,
    parts: contentParts(source, member(item, "content")),
    callId: null
  }
}

const agentMessageForm: Normaliser = (source, item) => {
  const bad = (what: string): never => refuse("item", `an agent_message ${what}`, source.ref.path)
  const author = textMember(item, "author") ?? bad("has no author")
  const recipient = textMember(item, "recipient") ?? bad("has no recipient")
  const content = member(item, "content")
  if (!isArray(content) || content.length === 0) return bad("has no content")
  const id = member(item, "id")
  if (id !== undefined && id !== null && typeof id !== "string") return bad("has an id that is no string")
  const passthrough = member(item, "internal_chat_message_metadata_passthrough")
  if (passthrough !== undefined && passthrough !== null && !isObject(passthrough)) {
    return bad("has metadata that is no object")
  }
  const parts = content.map((part): Part => {
    const type = textMember(part, "type")
    if (type === "input_text")
      return { type: "text", text: textMember(part, "text") ?? bad("has a text part without text") }
    if (type === "encrypted_content") {
      return encoded(textMember(part, "encrypted_content") ?? bad("has an encrypted part without content"))
    }
    return bad(`has content of the unknown type "${type}"`)
  })
  return {
    role: "assistant",
    channel: "analysis",
    kind: "message",
    agentMessage: { author, recipient },
    parts,
    callId: null
  }
}

const encoded = (value: string): Part => ({ type: "encoded", label: "encrypted_content", value })

const reasoningForm: Normaliser = (source, item) => {
  const bad = (what: string): never => refuse("item", `a reasoning item ${what}`, source.ref.path)
  const texts = (key: "content" | "summary", types: ReadonlyArray<string>, type: "text" | "summary"): Array<Part> => {
    const entries = member(item, key)
    // Only content may be null: Codex writes it so when the raw reasoning is not shown.
    if (entries === undefined || (entries === null && key === "content")) return []
    if (!isArray(entries)) return bad(`has a ${key} that is no array`)
    return entries.map((entry) => {
      const kind = textMember(entry, "type")
      if (kind === undefined || !types.includes(kind)) return bad(`has a ${key} entry of the unknown type "${kind}"`)
      return { type, text: textMember(entry, "text") ?? bad(`has a ${key} entry without text`) }
    })
  }
  const parts = [
    ...texts("content", ["reasoning_text", "text"], "text"),
    ...texts("summary", ["summary_text"], "summary")
  ]
  const secret = member(item, "encrypted_content")
  if (typeof secret === "string") parts.push(encoded(secret))
  else if (secret !== undefined && secret !== null) bad("has encrypted_content that is no string")
  if (parts.length === 0) bad("has neither content nor summary nor encrypted_content")
  return { role: "assistant", channel: "analysis", kind: "reasoning", agentMessage: undefined, parts, callId: null }
}

const compactionForm: Normaliser = (source, item) => ({
  role: "assistant",
  channel: "summary",
  kind: "message",
  agentMessage: undefined,
  parts: [
    encoded(
      textMember(item, "encrypted_content") ??
        refuse("item", "a compaction item has no encrypted_content", source.ref.path)
    )
  ],
  callId: null
})

const argumentParts = (source: ItemSource, item: JsonValue): ReadonlyArray<Part> => {
  const value = member(item, "arguments")
  if (value === undefined) return [payloadPart(source, "payload")]
  if (typeof value !== "string") return [jsonPart(source, value)]
  const parsed = readJsonTextIfValid(value, source.features.numbers)
  return [parsed === undefined ? { type: "text", text: value } : jsonPart(source, parsed)]
}

const outputParts = (source: ItemSource, item: JsonValue): ReadonlyArray<Part> => {
  const output = member(item, "output")
  if (output === undefined) return [payloadPart(source, "tool_output")]
  if (typeof output === "string") return [{ type: "text", text: output }]
  return isArray(output) ? contentParts(source, output) : [jsonPart(source, output)]
}

const customCallParts = (source: ItemSource, item: JsonValue): ReadonlyArray<Part> => {
  const input = textMember(item, "input")
  if (input === undefined) return [jsonPart(source, item)]
  return textMember(item, "name") === "exec"
    ? [{ type: "code", language: "javascript", source: input }]
    : [{ type: "text", text: input }]
}

const jsonCall = toolForm("assistant", "function_call", wholeItem)
const jsonOutput = toolForm("tool", "function_call_output", wholeItem)

const types: ReadonlyMap<string, Normaliser> = new Map([
  ["message", messageForm],
  ["agent_message", agentMessageForm],
  ["reasoning", reasoningForm],
  ["function_call", toolForm("assistant", "function_call", argumentParts)],
  ["function_call_output", toolForm("tool", "function_call_output", outputParts)],
  ["custom_tool_call", toolForm("assistant", "custom_tool_call", customCallParts)],
  ["custom_tool_call_output", toolForm("tool", "custom_tool_call_output", outputParts)],
  ["tool_search_call", jsonCall],
  ["web_search_call", jsonCall],
  ["image_generation_call", jsonCall],
  ["local_shell_call", jsonCall],
  ["tool_search_output", jsonOutput],
  ["mcp_tool_call_output", jsonOutput],
  ["compaction", compactionForm],
  ["compaction_summary", compactionForm],
  ["context_compaction", compactionForm]
])
const agentTypes = new Set(["agent_message", "context_compaction"])

const textTypes = new Set(["input_text", "output_text", "text"])

const contentParts = (source: ItemSource, content: JsonValue | undefined): ReadonlyArray<Part> => {
  if (!isArray(content)) return [payloadPart(source, "content")]
  const parts: Array<Part> = []
  for (const element of content) {
    const type = textMember(element, "type")
    if (type === undefined || !textTypes.has(type)) {
      parts.push(payloadPart(source, type ?? "content", element))
      continue
    }
    const text = textMember(element, "text")
    if (text !== undefined) parts.push({ type: "text", text })
  }
  return parts.length > 0 || source.features.itemIds ? parts : [payloadPart(source, "empty_content")]
}

/** A part that stays in the payload; with its element, a hash says what it was (schema 2). */
const payloadPart = (source: ItemSource, label: string, element?: JsonValue): Part => ({
  type: "payload_ref",
  label,
  raw_payload_id: source.ref.raw_payload_id,
  content_sha256:
    element !== undefined && source.features.itemIds
      ? // node:crypto would take 4 ms to load.
        new Bun.CryptoHasher("sha256").update(sortedJson(element)).digest("hex")
      : undefined
})

const jsonPart = (source: ItemSource, value: JsonValue): Part => {
  const { cut, inside, text } = cutToBytes(compactJson(value), summaryBytesMax)
  if (inside && !source.features.forgiving) {
    refuse(
      "item",
      `byte ${summaryBytesMax} of a JSON summary falls inside a character: Codex's reducer crashes here`,
      source.ref.path
    )
  }
  return { type: "json", summary: cut ? `${text}...` : text, raw_payload_id: source.ref.raw_payload_id }
}
