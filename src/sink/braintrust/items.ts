/**
 * History items as Braintrust's message parser can take them.
 *
 * One item of a type that it does not know makes the parser drop every tool call, tool output and all reasoning of
 * that span (seen with @braintrust/lingua 0.1.0), so every other type is rewritten as a message. What a message
 * cannot hold, the tool definitions, goes to `metadata.tools`.
 */
import type { ItemForm } from "../../span/encode.ts"
import type { HistoryItem, ModelInput } from "../../span/model-input.ts"
import type { Json, JsonObject } from "../../wire/json.ts"

const parsed: ReadonlySet<unknown> = new Set([
  "message",
  "reasoning",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
  "local_shell_call",
  "web_search_call",
  "image_generation_call"
])

const message = (role: string, text: string): Json => ({
  type: "message",
  role,
  content: [{ type: "input_text", text }]
})

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const listOf = (value: Json | undefined): ReadonlyArray<Json> => (Array.isArray(value) ? value : [])

/** What an agent told another: its readable parts, and that there are others. */
const agentMessage = (item: JsonObject): Json => {
  const texts = listOf(item.content).map((part) =>
    isObject(part) && typeof part.text === "string" ? part.text : "[encrypted]"
  )
  return message("user", texts.join("\n"))
}

const toolNames = (tools: ReadonlyArray<Json>): ReadonlyArray<string> =>
  tools.flatMap((tool) => {
    if (!isObject(tool)) return []
    if (tool.type === "namespace") return toolNames(listOf(tool.tools)).map((name) => `${String(tool.name)}.${name}`)
    return [typeof tool.name === "string" ? tool.name : String(tool.type)]
  })

/** One Responses item in a form that the parser knows. */
const parsableItem = (value: JsonObject): Json => {
  if (value.type === undefined || parsed.has(value.type)) return value
  if (value.type === "agent_message") return agentMessage(value)
  if (value.type === "additional_tools") {
    return message("developer", `[additional_tools] ${toolNames(listOf(value.tools)).join(", ")}`)
  }
  return message("developer", `[${String(value.type)}] ${JSON.stringify(value)}`)
}

export const parsableItems: ItemForm = {
  item: parsableItem,
  leftOut: (count) => message("developer", `[${count} older items left out]`)
}

/** The tools that the items of an input defined. */
export const toolsOf = (input: ModelInput): ReadonlyArray<Json> => {
  const tools: Array<Json> = []
  for (let index = 0; index < input.length; index++) {
    const item: HistoryItem | undefined = input.items[index]
    if (item?.value.type === "additional_tools") tools.push(...listOf(item.value.tools))
  }
  return tools
}
