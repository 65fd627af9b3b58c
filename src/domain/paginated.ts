/**
 * Rows of the paginated dialect (0.155 +): `item_completed` with its turn items, and settings changes.
 *
 * An item says what really ran, when it began and when it ended (`started_at_ms`, `completed_at_ms`). Nested calls of
 * code mode stand only here, under ids of the form `exec-<uuid>`. An item that names another thread is an echo of
 * that thread's own file (a review's) and tells nothing new.
 */
import * as Item from "../wire/item.ts"
import type { Json, JsonObject } from "../wire/json.ts"
import { isObject } from "../wire/record.ts"
import * as Wire from "../wire/transcript.ts"
import { agentState, agentStates, resumedBy } from "./agent-state.ts"
import type { DomainEvent, ToolRun } from "./event.ts"
import { known, type Place, type Row, rowTable } from "./row.ts"
import { skillsNamed } from "./skills.ts"
import { fromMs } from "./time.ts"

/** An item's envelope: whose it is and when it ran, in seconds. */
interface Envelope {
  readonly turnId?: string
  readonly startedAt?: number
  readonly endedAt?: number
}

type ItemRow = (item: JsonObject, place: Place, envelope: Envelope) => ReadonlyArray<DomainEvent> | undefined

const withTimes = ({ startedAt, endedAt }: Envelope): Pick<ToolRun, "startedAt" | "endedAt"> => ({
  ...(startedAt !== undefined && { startedAt }),
  ...(endedAt !== undefined && { endedAt })
})

const ofTurn = (place: Place, { turnId }: Envelope) => ({ ...place, ...(turnId !== undefined && { turnId }) })

/** Codex writes paths of items as file URLs. */
const localPath = (path: string | null | undefined): string | undefined => path?.replace(/^file:\/\//, "")

/** What a turn item's status word means for a span. */
export const runStatus = (status: string | null | undefined): ToolRun["status"] => {
  switch (status) {
    case "completed":
      return "ok"
    case "failed":
      return "error"
    case "declined":
      return "declined"
    case "interrupted":
    case "aborted":
      return "interrupted"
    default:
      return undefined
  }
}

const ran = (place: Place, envelope: Envelope, callId: string, status: string | null | undefined, run: ToolRun) => {
  const outcome = runStatus(status)
  return [
    {
      _tag: "ToolRan" as const,
      ...ofTurn(place, envelope),
      callId,
      run: { ...withTimes(envelope), ...(outcome && { status: outcome }), ...run }
    }
  ]
}

/** `{secs, nanos}` in seconds. */
export const durationOf = (value: unknown): number | undefined =>
  isObject(value) && typeof value.secs === "number" && typeof value.nanos === "number"
    ? value.secs + value.nanos / 1e9
    : undefined

const runSeconds = (duration: unknown): Pick<ToolRun, "seconds"> => {
  const seconds = durationOf(duration)
  return seconds === undefined ? {} : { seconds }
}

const command: ItemRow = (payload, place, envelope) => {
  const item = Item.commandExecution(payload)
  if (item === undefined) return undefined
  const text = Wire.texts(item.command)
  return ran(place, envelope, item.id, item.status, {
    kind: "exec",
    name: "exec_command",
    ...runSeconds(item.duration),
    ...(item.exit_code != null && { exitCode: item.exit_code }),
    ...(text !== undefined && { input: { cmd: text.at(-1) ?? "" } }),
    ...(item.aggregated_output != null && { output: item.aggregated_output }),
    facts: known({
      status: item.status,
      command: text,
      cwd: localPath(item.cwd),
      parsed_command: item.parsed_cmd,
      process_id: item.process_id,
      command_source: item.source
    })
  })
}

/** The files of a patch: path → what was done to it. */
export const filesChanged = (changes: unknown): JsonObject | undefined =>
  isObject(changes)
    ? known(Object.fromEntries(Object.entries(changes).map(([path, c]) => [path, isObject(c) ? c.type : undefined])))
    : undefined

const fileChange: ItemRow = (payload, place, envelope) => {
  const item = Item.fileChange(payload)
  if (item === undefined) return undefined
  return ran(place, envelope, item.id, item.status, {
    kind: "patch",
    name: "apply_patch",
    ...(isObject(item.changes) && { input: { changes: item.changes } }),
    ...(item.stdout != null && { output: item.stdout }),
    ...(item.stderr != null && item.stderr !== "" && item.status === "failed" && { error: item.stderr }),
    facts: known({ status: item.status, files_changed: filesChanged(item.changes) })
  })
}

const mcp: ItemRow = (payload, place, envelope) => {
  const item = Item.mcpToolCall(payload)
  if (item === undefined) return undefined
  const server = item.server ?? "mcp"
  return ran(place, envelope, item.id, item.status, {
    kind: "mcp",
    name: `${server}.${item.tool ?? "tool"}`,
    ...(item.arguments != null && { input: item.arguments as Json }),
    ...(item.result != null && { output: item.result as Json }),
    ...(item.status === "failed" && { error: messageOf(item.error) ?? textOf(item.result) ?? "the MCP tool failed" }),
    facts: known({ status: item.status, mcp_server: item.server, mcp_tool: item.tool })
  })
}

const messageOf = (error: unknown): string | undefined =>
  typeof error === "string" ? error : isObject(error) && typeof error.message === "string" ? error.message : undefined

/** The text of an MCP result's content parts. */
const textOf = (result: unknown): string | undefined => {
  if (!isObject(result) || !Array.isArray(result.content)) return undefined
  const parts = result.content.map((part) => (isObject(part) && typeof part.text === "string" ? part.text : ""))
  return parts.join("\n") || undefined
}

const webSearch: ItemRow = (payload, place, envelope) => {
  const item = Item.webSearch(payload)
  if (item === undefined) return undefined
  return ran(place, envelope, item.id, "completed", {
    kind: "web_search",
    name: "web_search",
    input: known({ query: item.query, action: item.action }),
    facts: known({ query: item.query })
  })
}

const imageView: ItemRow = (payload, place, envelope) => {
  const item = Item.imageView(payload)
  if (item === undefined) return undefined
  const path = localPath(item.path)
  return ran(place, envelope, item.id, "completed", {
    kind: "view_image",
    name: "view_image",
    input: known({ path }),
    facts: known({ path })
  })
}

/** Calls that finish as an item of their own type, with nothing more that we know of it. */
const otherCall =
  (kind: ToolRun["kind"], name: string): ItemRow =>
  (payload, place, envelope) => {
    const item = Item.otherItem(payload)
    if (item === undefined) return undefined
    const status = item.status ?? (item.success === false ? "failed" : undefined)
    const { id: _, type, ...rest } = payload
    return ran(place, envelope, item.id, status, {
      ...(kind && { kind }),
      name: typeof payload.tool === "string" ? payload.tool : name,
      input: rest,
      facts: known({ status: item.status, item_type: type })
    })
  }

const userMessage: ItemRow = (payload, place, envelope) => {
  const item = Item.userMessage(payload)
  if (item === undefined) return undefined
  const parts = item.content.filter(isObject)
  const text = parts.flatMap((part) => (typeof part.text === "string" ? [part.text] : [])).join("\n")
  const images = parts.filter((part) => part.type !== "text").length
  const skills = parts.flatMap(({ type, name }) => (type === "skill" && typeof name === "string" ? [name] : []))
  return [
    {
      _tag: "Prompted",
      ...ofTurn(place, envelope),
      text,
      images,
      ...(images > 0 && { content: parts as Json })
    },
    ...skillsNamed(skills, ofTurn(place, envelope))
  ]
}

/** Output that streams: when it began and when it was whole. */
const streamed: ItemRow = (_, place, envelope) => [
  { _tag: "OutputStarted", ...ofTurn(place, envelope), ...withTimes(envelope) }
]

const compaction: ItemRow = (_, place, envelope) => [
  { _tag: "CompactionObserved", ...ofTurn(place, envelope), ...withTimes(envelope) }
]

const activities = new Set(["started", "interacted", "completed", "interrupted", "closed", "resumed"])

const subAgentActivity: ItemRow = (payload, place, envelope) => {
  const item = Item.subAgentActivity(payload)
  if (item === undefined) return undefined
  if (!activities.has(item.kind)) {
    return [{ _tag: "Unrecognised", ...place, topic: "agent activity", detail: item.kind }]
  }
  return [
    {
      _tag: "AgentObserved",
      ...ofTurn(place, envelope),
      activity: item.kind as "started",
      agentThreadId: item.agent_thread_id,
      ...(item.agent_path != null && { agentPath: item.agent_path }),
      ...(item.kind !== "completed" && { callId: item.id })
    },
    ...(item.kind === "completed" ? [] : ran(place, envelope, item.id, undefined, { kind: "agent" }))
  ]
}

/** Which activity a collaboration tool of multi-agent v1 is, by its name. */
const collabActivities: { readonly [tool: string]: "started" | "interacted" | "closed" | "resumed" | undefined } = {
  spawn_agent: "started",
  spawnAgent: "started",
  send_input: "interacted",
  sendInput: "interacted",
  close_agent: "closed",
  closeAgent: "closed",
  resume_agent: "resumed",
  resumeAgent: "resumed"
}

/** A list or table without entries says nothing. */
const filled = <A extends object>(value: A | null | undefined): A | undefined =>
  value != null && Object.keys(value).length > 0 ? value : undefined

const collabCall: ItemRow = (payload, place, envelope) => {
  const item = Item.collabToolCall(payload)
  if (item === undefined) return undefined
  const activity = item.tool == null ? undefined : collabActivities[item.tool]
  const states = isObject(item.agents_states) ? item.agents_states : undefined
  const own = { ...ofTurn(place, envelope), callId: item.id }
  const exists = (id: string) => states?.[id] !== "not_found"
  return [
    ...ran(place, envelope, item.id, item.status, {
      kind: "agent",
      facts: known({
        status: item.status,
        receiver_thread_ids: filled(item.receiver_thread_ids),
        agents_states: filled(states)
      })
    }),
    ...(activity === undefined ? [] : (item.receiver_thread_ids ?? []).filter(exists)).map((agentThreadId) => {
      const state = agentState(states?.[agentThreadId])
      const did = activity === "resumed" && state !== undefined ? resumedBy(state) : activity
      return { _tag: "AgentObserved" as const, ...own, activity: did as "started", agentThreadId }
    }),
    // What the other calls say of an agent's state was so before they had their effect.
    ...(item.tool === "wait" ? agentStates(states) : []).map(([agentThreadId, state]) => ({
      _tag: "AgentReported" as const,
      ...own,
      agentThreadId,
      state
    }))
  ]
}

const itemRows = rowTable<ItemRow>({
  UserMessage: userMessage,
  AgentMessage: streamed,
  Reasoning: streamed,
  Plan: streamed,
  CommandExecution: command,
  FileChange: fileChange,
  McpToolCall: mcp,
  WebSearch: webSearch,
  ImageView: imageView,
  ImageGeneration: otherCall("image_generation", "image_generation"),
  DynamicToolCall: otherCall("other", "dynamic_tool"),
  Extension: otherCall("other", "extension"),
  CollabAgentToolCall: collabCall,
  SubAgentActivity: subAgentActivity,
  ContextCompaction: compaction,
  EnteredReviewMode: (item, place, envelope) => [
    {
      _tag: "ReviewEntered",
      ...ofTurn(place, envelope),
      ...(typeof item.user_facing_hint === "string" && { hint: item.user_facing_hint }),
      ...(item.target != null && { target: item.target })
    }
  ],
  ExitedReviewMode: (item, place, envelope) => [
    {
      _tag: "ReviewExited",
      ...ofTurn(place, envelope),
      ...(item.review_output != null && { output: item.review_output })
    }
  ],
  HookPrompt: () => [],
  Sleep: otherCall("other", "sleep")
})

const itemCompleted: Row = (payload, place) => {
  const record = Item.itemCompleted(payload)
  if (record === undefined || !isObject(payload.item)) return undefined
  const isEcho = record.thread_id != null && record.thread_id !== place.threadId
  const row = itemRows[record.item.type]
  if (row === undefined) {
    return isEcho ? [] : [{ _tag: "Unrecognised", ...place, topic: "item", detail: record.item.type }]
  }
  const [startedAt, endedAt] = [fromMs(record.started_at_ms), fromMs(record.completed_at_ms)]
  const told = row(payload.item, place, {
    ...(record.turn_id != null && { turnId: record.turn_id }),
    ...(startedAt !== undefined && { startedAt }),
    ...(endedAt !== undefined && { endedAt })
  })
  return isEcho ? echoed(told, String(record.thread_id), place) : told
}

/** What a reviewer ran also stands in the file of the thread that asked for the review (0.155: there alone). */
const echoed = (
  told: ReadonlyArray<DomainEvent> | undefined,
  threadId: string,
  place: Place
): ReadonlyArray<DomainEvent> | undefined => {
  const { ordinal: _, ...at } = place
  return told?.flatMap((event) =>
    event._tag === "ToolRan"
      ? [
          {
            ...at,
            _tag: event._tag,
            threadId,
            echoedIn: place.threadId,
            callId: event.callId,
            run: event.run,
            ...(event.turnId !== undefined && { turnId: event.turnId })
          }
        ]
      : []
  )
}

const settingsApplied: Row = (payload, place) => {
  const record = Wire.threadSettings(payload)
  if (record === undefined) return undefined
  const { model, model_provider_id: provider, service_tier: tier } = record.thread_settings
  return [
    {
      _tag: "SessionNoted",
      ...place,
      facts: known({ model, model_provider: provider, service_tier: tier })
    }
  ]
}

export const paginatedRows: { readonly [type: string]: Row | undefined } = {
  item_completed: itemCompleted,
  item_started: () => [],
  thread_settings_applied: settingsApplied,
  thread_goal_updated: (payload, place) => [
    { _tag: "SessionNoted", ...place, facts: known({ goal: isObject(payload.goal) ? payload.goal : undefined }) }
  ],
  thread_name_updated: () => []
}
