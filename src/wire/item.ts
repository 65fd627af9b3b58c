/**
 * Turn items of the paginated dialect (0.155 +): `event_msg.item_completed{thread_id, turn_id, item, started_at_ms, …}`,
 * and the legacy events (≤ 0.142) that tell the same facts: what really ran, when, and how it ended.
 *
 * Durations are `{secs, nanos}`; `_ms` is Unix milliseconds.
 */
import { Schema } from "effect"
import { shape } from "./shape.ts"

const { String: Text, Number: Num, Unknown, Boolean: Bool, Struct } = Schema

export const itemCompleted = shape((optional) => ({
  thread_id: optional(Text),
  turn_id: optional(Text),
  item: Struct({ type: Text, id: optional(Text) }),
  started_at_ms: optional(Num),
  completed_at_ms: optional(Num)
}))

/** UserMessage: the prompt, or a steering message inside a turn. */
export const userMessage = shape((optional) => ({ id: optional(Text), content: Schema.Array(Unknown) }))

export const agentMessage = shape((optional) => ({ id: optional(Text), content: optional(Schema.Array(Unknown)) }))

/** CommandExecution. `process_id` names the terminal that `write_stdin` speaks to. */
export const commandExecution = shape((optional) => ({
  id: Text,
  command: optional(Unknown),
  cwd: optional(Text),
  parsed_cmd: optional(Unknown),
  process_id: optional(Text),
  source: optional(Text),
  status: optional(Text),
  exit_code: optional(Num),
  duration: optional(Unknown),
  aggregated_output: optional(Text)
}))

export const fileChange = shape((optional) => ({
  id: Text,
  changes: optional(Unknown),
  status: optional(Text),
  stdout: optional(Text),
  stderr: optional(Text)
}))

export const mcpToolCall = shape((optional) => ({
  id: Text,
  server: optional(Text),
  tool: optional(Text),
  arguments: optional(Unknown),
  status: optional(Text),
  result: optional(Unknown),
  error: optional(Unknown)
}))

export const webSearch = shape((optional) => ({ id: Text, query: optional(Text), action: optional(Unknown) }))

export const imageView = shape((optional) => ({ id: Text, path: optional(Text) }))

/** Any other item that is a tool's (Extension, ImageGeneration, DynamicToolCall …). */
export const otherItem = shape((optional) => ({
  id: Text,
  status: optional(Text),
  success: optional(Bool)
}))

/** SubAgentActivity, 0.169: an agent was started, spoken to, stopped, or has finished. */
export const subAgentActivity = shape((optional) => ({
  id: Text,
  kind: Text,
  agent_thread_id: Text,
  agent_path: optional(Text)
}))

/** CollabAgentToolCall: a call of the collaboration tools as it ended. */
export const collabToolCall = shape((optional) => ({
  id: Text,
  tool: optional(Text),
  status: optional(Text),
  prompt: optional(Text),
  receiver_thread_ids: optional(Schema.Array(Text)),
  agents_states: optional(Unknown)
}))

/** Legacy `exec_command_end`. */
export const execCommandEnd = shape((optional) => ({
  call_id: Text,
  turn_id: optional(Text),
  process_id: optional(Text),
  command: optional(Unknown),
  cwd: optional(Text),
  parsed_cmd: optional(Unknown),
  status: optional(Text),
  exit_code: optional(Num),
  aggregated_output: optional(Text),
  duration: optional(Unknown)
}))

/** Legacy `patch_apply_end`. */
export const patchApplyEnd = shape((optional) => ({
  call_id: Text,
  turn_id: optional(Text),
  changes: optional(Unknown),
  success: optional(Bool),
  status: optional(Text),
  stdout: optional(Text),
  stderr: optional(Text)
}))

/** Legacy `mcp_tool_call_end`. */
export const mcpToolCallEnd = shape((optional) => ({
  call_id: Text,
  invocation: optional(Struct({ server: optional(Text), tool: optional(Text), arguments: optional(Unknown) })),
  duration: optional(Unknown),
  result: optional(Unknown)
}))

/** Legacy `web_search_end`. */
export const webSearchEnd = shape((optional) => ({ call_id: Text, query: optional(Text), action: optional(Unknown) }))

/** Legacy `view_image_tool_call`. */
export const viewImageCall = shape((optional) => ({ call_id: Text, path: optional(Text) }))

/** Legacy `collab_agent_spawn_end`. */
export const collabSpawnEnd = shape((optional) => ({
  call_id: Text,
  new_thread_id: optional(Text),
  new_agent_nickname: optional(Text),
  new_agent_role: optional(Text),
  prompt: optional(Text)
}))

/** Legacy `collab_*_end` with one receiver (interaction, close, resume). */
export const collabInteractionEnd = shape((optional) => ({
  call_id: Text,
  receiver_thread_id: optional(Text),
  prompt: optional(Text)
}))

/** Legacy `user_message`. */
export const legacyUserMessage = shape((optional) => ({
  message: optional(Text),
  images: optional(Schema.Array(Unknown)),
  local_images: optional(Schema.Array(Unknown))
}))

/** Legacy `sub_agent_activity`, 0.142. */
export const legacyAgentActivity = shape((optional) => ({
  event_id: optional(Text),
  kind: Text,
  agent_thread_id: Text,
  agent_path: optional(Text)
}))
