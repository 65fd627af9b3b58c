/**
 * The hook journal: `{"at_ns": <arrival, Unix ns>, "payload": {…what Codex gave…}}`, one line a hook call.
 *
 * The payload's `hook_event_name` tells the event (0.128 +; model requests, Interrupt and SessionEnd later).
 * Every hook that fires inside an agent carries `agent_id`, the agent's thread.
 */
import { Schema } from "effect"
import { shape } from "./shape.ts"

const { String: Text, Number: Num, Unknown } = Schema

export const journalLine = shape(() => ({ at_ns: Num, payload: Unknown }))

export const hookPayload = shape((optional) => ({
  hook_event_name: Text,
  session_id: Text,
  turn_id: optional(Text),
  agent_id: optional(Text),
  agent_type: optional(Text),
  transcript_path: optional(Text),
  agent_transcript_path: optional(Text),
  cwd: optional(Text),
  model: optional(Text),
  permission_mode: optional(Text),
  source: optional(Text),
  reason: optional(Text),
  trigger: optional(Text),
  prompt: optional(Text),
  status: optional(Text),
  error: optional(Unknown),
  token_usage: optional(Unknown),
  tool_name: optional(Text),
  tool_use_id: optional(Text),
  tool_input: optional(Unknown),
  tool_response: optional(Unknown),
  last_assistant_message: optional(Text),
  git: optional(Unknown)
}))

/** The name under which our own question to git stands in a journal; its `git` looks like that of `session_meta`. */
export const gitAsked = "TracerAskedGit"

export type HookPayload = NonNullable<ReturnType<typeof hookPayload>>
