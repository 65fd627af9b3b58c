/**
 * The payload files that the reducer opens and reads into types (rollout-trace.md §2.5, §3.8 to §3.11). Requests,
 * responses and checkpoints hold Responses API items and are read where they are normalised (src/bundle/items).
 *
 * Owns the fields and the form of ids and paths inside them. Each is what Codex's own types demand, no more.
 */
import {
  anything,
  type Decoded,
  type Decoder,
  flag,
  type Integer,
  i32,
  i64,
  int64Max,
  int64Min,
  integerWithin,
  list,
  literal,
  Malformed,
  oneOf,
  optional,
  record,
  struct,
  tagged,
  text,
  u64,
  withDefault
} from "./fields.ts"
import { isObject, type JsonValue, keysOf, member, textMember } from "./json.ts"

/** Identity of a thread, as `thread_started` carries it. */
export const threadMetadata = struct({
  agent_path: optional(text),
  task_name: optional(text),
  nickname: optional(text),
  agent_role: optional(text),
  model: optional(text),
  session_source: optional(anything)
})

/** Begin of a command in a terminal, or of writing to one. */
export const execBegin = struct({
  process_id: optional(text),
  command: list(text),
  cwd: text,
  interaction_input: optional(text)
})

/** End of a command, up to 0.158. */
export const execEndWithStreams = struct({
  process_id: optional(text),
  stdout: text,
  stderr: text,
  exit_code: i32,
  formatted_output: text
})

/** End of a command, from 0.162 on. */
export const execEndAggregated = struct({
  process_id: optional(text),
  exit_code: i32,
  aggregated_output: withDefault(text, "")
})

/** The call of an MCP server's tool, as its begin reports it. */
export const mcpInvocation = struct({ server: text, tool: text })

const dispatched = {
  tool_name: text,
  tool_namespace: optional(text),
  payload: struct({ type: text, arguments: optional(text) })
}

/** A tool call as it was dispatched. */
export const dispatchedCall = struct(dispatched)
/** The same up to 0.163, which do not look at the namespace. */
export const dispatchedCallBefore164 = struct({ ...dispatched, tool_namespace: () => null })

const stdinFields = {
  session_id: anything,
  chars: withDefault(text, ""),
  yield_time_ms: optional(literal(u64)),
  max_output_tokens: optional(literal(u64))
}

/** Arguments of `write_stdin`: a text of its own, so that a key that is there twice counts. */
export const stdinArguments = record(stdinFields)
export const stdinArgumentKeys: ReadonlySet<string> = new Set(Object.keys(stdinFields))

/** What a tool gave back to the model, or to the code that called it. */
export const dispatchedResult = tagged(
  { direct_response: { response_item: anything }, code_mode_response: { value: anything }, error: { error: text } },
  "tool result"
)

/** The value that a command gives to the code of a cell. */
export const codeModeExecResult = struct({
  chunk_id: optional(text),
  exit_code: optional(i32),
  original_token_count: optional(u64),
  output: text
})

const uuidForms = [
  /^[0-9a-f]{32}$/i,
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  /^\{[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}$/i,
  /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
]

/** A thread's UUID in any usual form; comes out in lower case with hyphens. */
const threadId: Decoder<string> = (value) => {
  const id = text(value)
  if (!uuidForms.some((form) => form.test(id))) throw new Malformed(`expected a UUID, found "${id}"`)
  const digits = id
    .toLowerCase()
    .replace("urn:uuid:", "")
    .replace(/[^0-9a-f]/g, "")
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}

/** The path of an agent: `/root`, `/root/a/b`, or `/morpheus`. */
const agentPath: Decoder<string> = (value) => {
  const path = text(value)
  if (path === "/morpheus" || path === "/root") return path
  const segments = path.startsWith("/root/") ? path.slice("/root/".length).split("/") : [""]
  if (segments.every((name) => /^[a-z0-9_]+$/.test(name) && name !== "root")) return path
  throw new Malformed(`"${path}" is no agent path`)
}

const plainAgentStatus = oneOf("pending_init", "running", "interrupted", "shutdown", "not_found")
const agentStatus: Decoder<unknown> = (value) => {
  if (!isObject(value)) return plainAgentStatus(value)
  const [key = "", ...more] = keysOf(value)
  const said = more.length > 0 ? undefined : member(value, key)
  if (said === null && key !== "completed") return plainAgentStatus(key)
  if (said !== undefined && key === "completed") return optional(text)(said)
  if (said !== undefined && key === "errored") return text(said)
  throw new Malformed("expected the status of an agent")
}

const milliseconds = withDefault(i64, 0)

const nonEmpty: Decoder<string> = (value) => {
  const found = text(value)
  if (found === "") throw new Malformed("expected a string that is not empty")
  return found
}

/** The reports of tools that reach agents: their begin and their end, as a release reads them. */
const agentReportsWith = (atMs: Decoder<unknown>, effort: Decoder<string>) => {
  const ends = { call_id: text, completed_at_ms: atMs, sender_thread_id: threadId, status: agentStatus }
  const begins = { call_id: text, started_at_ms: atMs, sender_thread_id: threadId, receiver_thread_id: threadId }
  const receiver = {
    receiver_thread_id: threadId,
    receiver_agent_nickname: optional(text),
    receiver_agent_role: optional(text)
  }
  return {
    /** Without a new thread the agent was not created. */
    spawnEnd: struct({
      ...ends,
      new_thread_id: optional(threadId),
      new_agent_nickname: optional(text),
      new_agent_role: optional(text),
      prompt: text,
      model: text,
      reasoning_effort: effort
    }),
    messageBegin: struct({ ...begins, prompt: text }),
    messageEnd: struct({ ...ends, ...receiver, prompt: text }),
    closeBegin: struct(begins),
    closeEnd: struct({ ...ends, ...receiver })
  }
}

export const agentReports = agentReportsWith(milliseconds, nonEmpty)
/** 0.128 knows no times in them, and a fixed list of efforts. */
export const agentReportsOf128 = agentReportsWith(
  () => null,
  oneOf("none", "minimal", "low", "medium", "high", "xhigh")
)

const activityOf = <K extends string>(kind: Decoder<K>) =>
  struct({
    event_id: text,
    occurred_at_ms: milliseconds,
    agent_thread_id: threadId,
    agent_path: agentPath,
    kind
  })

/** What a tool did to an agent (0.142 on). `completed` exists from 0.155 on. */
export const activity = activityOf(oneOf("started", "interacted", "interrupted", "completed"))
export const activityBefore155 = activityOf(oneOf("started", "interacted", "interrupted"))
export type Activity = Decoded<typeof activity>

const communicationFields = {
  author: agentPath,
  recipient: agentPath,
  other_recipients: withDefault(list(agentPath), []),
  content: text,
  encrypted_content: optional(text),
  trigger_turn: flag
}

/** A message between agents that is carried as the text of an assistant message. */
export const agentCommunication = record(communicationFields)
/** The same in 0.128, where nothing is encrypted. */
export const agentCommunicationOf128 = record({ ...communicationFields, encrypted_content: () => null })
export const communicationKeys: ReadonlySet<string> = new Set(Object.keys(communicationFields))

/** One token count; undefined where it is missing or no integer. Negative counts become 0. */
export const tokenCount = (usage: JsonValue | undefined, key: string): Integer | undefined => {
  const count = integerWithin(member(usage, key), int64Min, int64Max)
  if (count === undefined) return undefined
  const negative = count < 0
  return negative ? 0 : count
}

/** Where a thread says that another one spawned it. */
export interface SpawnSource {
  readonly parentThreadId: string
  readonly agentPath: string | undefined
  readonly taskName: string | undefined
  readonly agentRole: string | undefined
}

/** The spawn inside `session_source`; undefined for a thread that nobody spawned. */
export const spawnSource = (sessionSource: JsonValue | null): SpawnSource | undefined => {
  const spawn = member(member(sessionSource ?? undefined, "subagent"), "thread_spawn")
  const parentThreadId = textMember(spawn, "parent_thread_id")
  if (parentThreadId === undefined) return undefined
  return {
    parentThreadId,
    agentPath: textMember(spawn, "agent_path"),
    taskName: textMember(spawn, "task_name"),
    agentRole: textMember(spawn, "agent_role")
  }
}
