/**
 * A told session's facts → transcript records, as each version of Codex writes them.
 *
 * Owns the differences between the dialects: which record tells a fact, in which order, and what a version leaves out.
 * What happened is told in session.ts. Times are Unix milliseconds.
 */
import type { Json, JsonObject } from "../../src/wire/json.ts"

export interface Usage {
  readonly input: number
  readonly output: number
  readonly cached: number
  readonly reasoning: number
}

export interface Run {
  readonly kind: "exec" | "patch" | "mcp" | "web_search" | "view_image"
  readonly startedAt: number
  readonly endedAt: number
  readonly status: "completed" | "failed" | "declined"
  readonly fields: JsonObject
}

/** What happened in a thread; `turnId` is the turn that was running. */
export type Fact = { readonly at: number; readonly turnId?: string } & (
  | { readonly tell: "begins"; readonly meta: JsonObject; readonly rootId: string }
  | {
      readonly tell: "starts"
      readonly settings: JsonObject
      readonly parentTurnId?: string
      readonly trigger?: string
    }
  | { readonly tell: "prompts"; readonly text: string; readonly images: number }
  | { readonly tell: "gives"; readonly item: JsonObject }
  | { readonly tell: "produces"; readonly item: JsonObject; readonly streamedAt: number }
  | { readonly tell: "responds"; readonly responseId: string; readonly usage: Usage; readonly total: Usage }
  | { readonly tell: "recounts" }
  | { readonly tell: "runs"; readonly callId: string; readonly run: Run }
  | {
      readonly tell: "compacts"
      readonly summary: string
      readonly items: ReadonlyArray<JsonObject>
      readonly from: number
    }
  | {
      readonly tell: "acts"
      readonly kind: string
      readonly callId: string
      readonly agentId: string
      readonly path: string
    }
  | { readonly tell: "ends"; readonly startedAt: number; readonly message?: string; readonly error?: JsonObject }
  | { readonly tell: "aborts"; readonly startedAt: number }
  | { readonly tell: "replays"; readonly facts: ReadonlyArray<Fact>; readonly abort: boolean }
  | { readonly tell: "item"; readonly item: JsonObject; readonly threadId?: string; readonly ofTurn?: string }
  | { readonly tell: "record"; readonly type: string; readonly payload: JsonObject }
)

/** One transcript of a told session. */
export interface ToldFile {
  readonly threadId: string
  readonly name: string
  readonly facts: Array<Fact>
  /** What the thread goes on from without having it in its own file: another thread's (a fork) or its own (a revert). */
  readonly continues?: { readonly file: ToldFile; readonly facts: number; readonly own: boolean }
}

export interface Dialect {
  readonly name: string
  readonly version: string
  /** `item_completed` instead of the legacy messages and `*_end` events. */
  readonly paginated: boolean
  readonly turnIds: boolean
  /** Usage is told in a record of its own, right after the response. */
  readonly usageRecords: boolean
  /** Items say which history their request had seen. */
  readonly sampled: boolean
  /** The count of tokens comes with the next request instead of with the response. */
  readonly lateCounts: boolean
  /** `patch_apply_end` and its like are written. */
  readonly endEvents: boolean
  /** A patch's result is recorded as JSON and sent as text. */
  readonly patchAsJson: boolean
  /** `session_meta` names the session's root. */
  readonly sessionIds: boolean
  /** Hooks that this version calls. */
  readonly hooks: "none" | "no model requests" | "all"
}

const dialect = (name: string, has: Partial<Dialect>): Dialect => ({
  name,
  version: `${name}.0`,
  paginated: false,
  turnIds: true,
  usageRecords: false,
  sampled: false,
  lateCounts: false,
  endEvents: false,
  patchAsJson: false,
  sessionIds: false,
  hooks: "none",
  ...has
})

const fuller = { lateCounts: true, endEvents: true, sessionIds: true }
const paginated = { ...fuller, paginated: true, usageRecords: true, hooks: "all" } as const

export const v77 = dialect("0.77", { turnIds: false, patchAsJson: true })
export const v118 = dialect("0.118", { patchAsJson: true })
export const v142 = dialect("0.142", { ...fuller, hooks: "no model requests" })
export const v155 = dialect("0.155", paginated)
export const v169 = dialect("0.169", { ...paginated, sampled: true })

/** Every way in which a session is written down; the first has no turn ids and no turn ends. */
export const dialects: ReadonlyArray<Dialect> = [v77, v118, v142, v155, v169]

/** The ones that tell a turn's id and its end. */
export const withTurnIds: ReadonlyArray<Dialect> = [v118, v142, v155, v169]

export const newer: ReadonlyArray<Dialect> = [v155, v169]

const iso = (at: number) => new Date(at).toISOString()

const counts = (usage: Usage): JsonObject => ({
  input_tokens: usage.input,
  cached_input_tokens: usage.cached,
  output_tokens: usage.output,
  reasoning_output_tokens: usage.reasoning,
  total_tokens: usage.input + usage.output
})

/** Reverted to before the first turn: the file goes on from nothing, and names none. */
const isAnew = ({ continues }: ToldFile): boolean =>
  continues?.own === true && continues.facts === 1 && continues.file.continues === undefined

/** A further file of a thread has an id of its own. */
const rolloutIdOf = ({ name, threadId }: ToldFile): string => /_([^_]+)\.jsonl$/.exec(name)?.[1] ?? threadId

/** The ordinal of a file's first record. */
const firstOrdinal = (file: ToldFile, is: Dialect): number => {
  const { continues } = file
  return continues === undefined || isAnew(file)
    ? 0
    : firstOrdinal(continues.file, is) +
        recordLines(continues.file.threadId, continues.file.facts.slice(0, continues.facts), is).length
}

/** The records of one transcript, as JSON lines. */
export const fileLines = (file: ToldFile, is: Dialect): ReadonlyArray<string> => {
  const { threadId, facts, continues } = file
  const [first, ...rest] = facts
  if (continues === undefined || first?.tell !== "begins") return recordLines(threadId, facts, is)
  if (isAnew(file)) return recordLines(threadId, facts, is)
  const ordinal = firstOrdinal(file, is)
  const base = { history_base: { thread_id: rolloutIdOf(continues.file), end_ordinal_exclusive: ordinal } }
  const meta = { ...first.meta, ...base, ...(!continues.own && { forked_from_ordinal_exclusive: ordinal }) }
  return recordLines(threadId, [{ ...first, meta }, ...rest], is, ordinal)
}

/** The records of another file that this one goes on from. */
export const inheritedLines = ({ continues }: ToldFile, is: Dialect): ReadonlyArray<string> => {
  if (continues === undefined || continues.own) return []
  const { file, facts } = continues
  return [...inheritedLines(file, is), ...fileLines({ ...file, facts: file.facts.slice(0, facts) }, is)]
}

const recordLines = (
  threadId: string,
  facts: ReadonlyArray<Fact>,
  is: Dialect,
  firstOrdinalOf = 0
): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let ordinal = firstOrdinalOf
  // A thread that goes on from another one goes on counting; where exactly does not matter.
  let sequence = firstOrdinalOf
  let sampled = 0
  let producing = false
  let counted: JsonObject | undefined
  let owed = false
  let settings: JsonObject | undefined

  const replay = facts.findIndex(({ tell }) => tell === "replays")
  // The first record is the thread's own, whatever was replayed after it.
  const replayed = replay < 1 ? 0 : 1 + recordLines(threadId, facts.slice(1, replay + 1), is).length

  const write = (at: number, type: string, payload: JsonObject, metadata?: JsonObject) => {
    const place = is.paginated ? { ordinal: ordinal++ } : {}
    lines.push(JSON.stringify({ timestamp: iso(at), ...place, type, payload, ...(metadata && { metadata }) }))
  }
  const event = (at: number, type: string, payload: JsonObject) => write(at, "event_msg", { type, ...payload })
  const turnOf = (fact: Fact): JsonObject => (is.turnIds && fact.turnId !== undefined ? { turn_id: fact.turnId } : {})
  const item = (fact: Fact, value: JsonObject, startedAt = fact.at, owner = threadId) =>
    event(fact.at, "item_completed", {
      thread_id: owner,
      ...turnOf(fact),
      item: value,
      started_at_ms: startedAt,
      completed_at_ms: fact.at
    })
  const response = (fact: Fact, value: JsonObject, output: boolean) => {
    if (output && !producing) sampled = sequence
    sequence++
    const { id, ...withoutId } = value
    const payload = is.paginated ? { ...value, internal_chat_message_metadata_passthrough: turnOf(fact) } : withoutId
    const metadata = is.sampled ? { history_sequence: sequence, sampled_through_sequence: sampled } : undefined
    write(fact.at, "response_item", payload, metadata)
  }
  const count = (at: number) => {
    owed = false
    event(at, "token_count", { info: counted ?? null, rate_limits: { limit_id: "codex" } })
  }

  const apply = (fact: Fact) => {
    const more = fact.tell === "produces" && producing
    const calm = more || fact.tell === "runs" || fact.tell === "responds" || fact.tell === "acts"
    if (owed && !calm && !(fact.tell === "gives" && String(fact.item.type).endsWith("_output"))) count(fact.at)
    if (fact.tell !== "produces") producing = false
    switch (fact.tell) {
      case "begins": {
        return write(fact.at, "session_meta", {
          ...(is.sessionIds && { session_id: fact.rootId }),
          ...(is.sampled && replayed > 0 && { subagent_history_start_ordinal: replayed }),
          ...(is.paginated && { history_mode: "paginated" }),
          cli_version: is.version,
          timestamp: iso(fact.at),
          ...fact.meta
        })
      }
      case "starts": {
        const attribution = { turn_trigger: fact.trigger ?? null, parent_turn_id: fact.parentTurnId ?? null }
        if (is.turnIds) {
          event(fact.at, "task_started", {
            ...turnOf(fact),
            model_context_window: 258_400,
            ...(is.sampled && { turn_attribution: attribution })
          })
        }
        // Where a prompt is what begins a turn, its settings come after it.
        if (is.turnIds) return write(fact.at, "turn_context", { ...turnOf(fact), ...fact.settings })
        settings = fact.settings
        return
      }
      case "prompts": {
        const content = [
          { type: "input_text", text: fact.text },
          ...Array.from({ length: fact.images }, () => ({ type: "input_image", image_url: pixel, detail: "original" }))
        ]
        response(fact, { type: "message", role: "user", content }, false)
        const images = Array.from({ length: fact.images }, () => "/home/ann/work/p.png")
        if (!is.paginated) {
          event(fact.at, "user_message", { message: fact.text, images: [], local_images: images })
          if (settings !== undefined) write(fact.at, "turn_context", settings)
          return
        }
        const parts: ReadonlyArray<Json> = images.map((path) => ({ type: "local_image", path }))
        return item(fact, { type: "UserMessage", id: "u", content: [{ type: "text", text: fact.text }, ...parts] })
      }
      case "gives":
        return response(fact, is.patchAsJson ? withPatchAsJson(fact.item) : fact.item, false)
      case "produces": {
        const { type, role } = fact.item
        const first = !producing
        if (first && !is.lateCounts && !is.paginated) count(fact.at)
        if (type === "reasoning" || (type === "message" && role === "assistant")) {
          const streamed = { type: type === "reasoning" ? "Reasoning" : "AgentMessage", id: String(fact.item.id) }
          if (is.paginated) item(fact, streamed, fact.streamedAt)
          else event(fact.at, type === "reasoning" ? "agent_reasoning" : "agent_message", { message: "" })
        }
        response(fact, fact.item, true)
        producing = true
        return
      }
      case "responds": {
        counted = {
          total_token_usage: counts(fact.total),
          last_token_usage: counts(fact.usage),
          model_context_window: 258_400
        }
        if (is.usageRecords) {
          const usage = { response_id: fact.responseId, usage: counts(fact.usage) }
          write(fact.at, "token_usage_record", { thread_id: threadId, ...turnOf(fact), ...usage })
        }
        if (!is.lateCounts) return count(fact.at)
        owed = true
        return
      }
      case "recounts":
        return count(fact.at)
      case "runs":
        return tellRun(fact)
      case "compacts": {
        const payload = { message: fact.summary, replacement_history: fact.items }
        write(fact.at, "compacted", is.turnIds ? payload : { message: fact.summary })
        if (is.paginated) return item(fact, { type: "ContextCompaction", id: "c" }, fact.from)
        return event(fact.at, "context_compacted", {})
      }
      case "acts": {
        const told = { kind: fact.kind, agent_thread_id: fact.agentId, agent_path: fact.path }
        if (is.paginated) return item(fact, { type: "SubAgentActivity", id: fact.callId, ...told })
        return event(fact.at, "sub_agent_activity", { event_id: fact.callId, ...told })
      }
      case "ends": {
        if (!is.turnIds) return
        const { message: last_agent_message = null, error, startedAt } = fact
        const times = { completed_at: Math.floor(fact.at / 1000), duration_ms: fact.at - startedAt }
        return event(fact.at, "task_complete", {
          ...turnOf(fact),
          last_agent_message,
          ...times,
          ...(error && { error })
        })
      }
      case "aborts":
        return event(fact.at, "turn_aborted", { ...turnOf(fact), reason: "interrupted" })
      case "replays": {
        for (const told of fact.facts) if (told.tell !== "runs" && told.tell !== "acts") apply({ ...told, at: fact.at })
        if (fact.abort) event(fact.at, "turn_aborted", { ...turnOf(fact), reason: "interrupted" })
        return
      }
      case "item":
        return item(
          fact.ofTurn === undefined ? fact : { ...fact, turnId: fact.ofTurn },
          fact.item,
          fact.at,
          fact.threadId
        )
      case "record":
        return write(fact.at, fact.type, fact.payload)
    }
  }

  const tellRun = (fact: Fact & { readonly tell: "runs" }) => {
    const { callId, run } = fact
    const { kind, status, fields, startedAt, endedAt } = run
    const seconds = (endedAt - startedAt) / 1000
    const duration = { secs: Math.floor(seconds), nanos: Math.round((seconds % 1) * 1e9) }
    if (is.paginated) {
      const timed = kind === "exec" || kind === "mcp" ? { duration } : {}
      return item(
        { ...fact, at: endedAt },
        { type: itemTypes[kind], id: callId, status, ...timed, ...fields },
        startedAt
      )
    }
    if (!is.endEvents || kind === "exec") return
    const told = { call_id: callId, ...turnOf(fact), status, ...fields }
    if (kind === "mcp") {
      const { server = null, tool = null, arguments: input = null, result = null } = fields
      const ended = { invocation: { server, tool, arguments: input }, duration, result: { Ok: result } }
      return event(endedAt, "mcp_tool_call_end", { call_id: callId, ...ended })
    }
    return event(endedAt, endTypes[kind], told)
  }

  facts.forEach(apply)
  return lines
}

const itemTypes = {
  exec: "CommandExecution",
  patch: "FileChange",
  mcp: "McpToolCall",
  web_search: "WebSearch",
  view_image: "ImageView"
} as const

const endTypes = { patch: "patch_apply_end", web_search: "web_search_end", view_image: "view_image_tool_call" } as const

/** A one-pixel image. */
export const pixel = "data:image/png;base64,iVBORw0KGgo="

/** Up to 0.128 a patch's result was recorded as JSON. */
const withPatchAsJson = (item: JsonObject): JsonObject => {
  const told = /^Exit code: (\d+)\nWall time: (\d+) seconds\nOutput:\n([\s\S]*)$/.exec(String(item.output))
  if (item.type !== "custom_tool_call_output" || told === null) return item
  const [, exitCode, seconds, output = ""] = told
  const metadata = { exit_code: Number(exitCode), duration_seconds: Number(seconds) }
  return { ...item, output: JSON.stringify({ output, metadata }) }
}
