/**
 * How the things of the graph are named in sentences: each phrase carries the id, so that it can be asked about next.
 */
import type { ConversationItem, Execution, InferenceCall, Part, ToolCall } from "../state.ts"
import type { Atlas } from "./atlas.ts"

/** One thing that is true of a subject. */
export interface Statement {
  /** What it answers, such as `asked` or `seen`. */
  readonly about: string
  readonly text: string
  /** The ids that the text names. */
  readonly ids: ReadonlyArray<string>
}

export const say = (about: string, text: string, ids: ReadonlyArray<string> = []): Statement => ({ about, text, ids })

const quoteLengthMax = 160

/** A text on one line, cut. */
export const quote = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ").trim()
  return JSON.stringify(line.length > quoteLengthMax ? `${line.slice(0, quoteLengthMax)}…` : line)
}

const partText = (part: Part): string => {
  switch (part.type) {
    case "text":
    case "summary":
      return part.text
    case "encoded":
      return `<${part.label}>`
    case "json":
      return part.summary
    case "code":
      return part.source
    case "payload_ref":
      return `<${part.label} in ${part.raw_payload_id}>`
  }
}

/** What an item says, as far as the graph keeps it. */
export const itemText = (item: ConversationItem): string => item.body.parts.map(partText).join(" ")

export const itemPhrase = (item: ConversationItem): string =>
  `${item.item_id} (${item.role} ${item.kind}${item.call_id === null ? "" : ` of ${item.call_id}`}): ${quote(itemText(item))}`

export const threadPhrase = (atlas: Atlas, threadId: string): string => {
  const thread = atlas.trace.threads.get(threadId)
  if (thread === undefined) return `thread ${threadId}`
  const name = thread.nickname === null ? "" : `, ${thread.nickname}`
  return `agent ${thread.agent_path}${name} (thread ${threadId})`
}

export const callPhrase = (call: InferenceCall): string =>
  `${call.inference_call_id} (${call.model}, turn ${call.codex_turn_id})`

export const toolPhrase = (tool: ToolCall): string => `tool call ${tool.tool_call_id} (${kindName(tool)})`

export const kindName = ({ kind }: ToolCall): string =>
  kind.type === "mcp" ? `${kind.server}.${kind.tool}` : kind.type === "other" ? kind.name : kind.type

/** Status and times of a window; milliseconds are shown as seconds from the start of the trace. */
export const windowStatement = (atlas: Atlas, execution: Execution): Statement => {
  const from = Number(execution.started_at_unix_ms)
  const begin = ((from - Number(atlas.trace.started_at_unix_ms)) / 1000).toFixed(3)
  const at = `began ${begin} s after the trace (event ${execution.started_seq})`
  if (execution.ended_at_unix_ms === null) return say("ran", `${execution.status}: ${at}, and no end was recorded`)
  const took = ((Number(execution.ended_at_unix_ms) - from) / 1000).toFixed(3)
  return say("ran", `${execution.status}: ${at} and took ${took} s (event ${execution.ended_seq})`)
}

/** `a, b and 3 more`. */
export const listed = (names: ReadonlyArray<string>, max = 5): string => {
  const rest = names.length - max
  if (rest > 0) return `${names.slice(0, max).join(", ")} and ${rest} more`
  return names.join(", ")
}
