/**
 * What the transcripts and the hook journal can tell: which calls left an item, which threads are agents.
 *
 * Not a source of times or inputs. It says what a reader of the same files may be asked for, and it stands in for what
 * a bundle lacks: tokens of compactions, and everything before 0.128.
 */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import type { Case } from "./case.ts"
import { at, type Fields, number, readLines, text } from "./json.ts"
import type { Usage } from "./truth.ts"

/** Event types that tell of one call with times of its own, in the dialect up to 0.142. */
const legacyItems = new Set(["exec_command_end", "patch_apply_end", "mcp_tool_call_end", "web_search_end"])

/** Items that mark a moment, not a call: they have no times of their own. */
const pointItems = new Set(["SubAgentActivity"])

export interface Evidence {
  /** Call ids with an item that has times. */
  readonly items: ReadonlySet<string>
  /** Call ids of any record: response items, items, events. */
  readonly calls: ReadonlySet<string>
  /** Commands that the user ran: items without a call of the model, `thread` + id. */
  readonly userCommands: ReadonlyArray<{ readonly thread: string; readonly turn?: string; readonly id: string }>
  /** Call ids that a tool hook named. */
  readonly hookedCalls: ReadonlySet<string>
  /** Arrival of each PreModelRequest. */
  readonly modelRequests: ReadonlyArray<{ readonly turn: string; readonly atMs: number }>
  /** Parent by agent thread, as each thread's own first record says. */
  readonly parents: ReadonlyMap<string, string>
  readonly threads: ReadonlyArray<string>
  readonly usageByResponse: ReadonlyMap<string, Usage>
  /** Usage of each response, by thread and in order, where responses have no record of their own (≤ 0.142). */
  readonly usageInOrder: ReadonlyMap<string, ReadonlyArray<Usage>>
  /** One entry a compaction; turn where known. */
  readonly compactions: ReadonlyArray<{ readonly thread: string; readonly turn?: string }>
  /** Turn ids in order, undefined for a turn without id. */
  readonly turns: ReadonlyArray<{ readonly thread: string; readonly id?: string }>
}

export const usageOf = (tokens: unknown): Usage | undefined => {
  const input = number(tokens, "input_tokens")
  const output = number(tokens, "output_tokens")
  if (input === undefined || output === undefined) return undefined
  return {
    prompt_tokens: input,
    completion_tokens: output,
    tokens: number(tokens, "total_tokens") ?? input + output,
    prompt_cached_tokens:
      number(tokens, "cached_input_tokens") ?? number(tokens, "input_tokens_details", "cached_tokens") ?? 0,
    prompt_cache_creation_tokens: number(tokens, "cache_write_input_tokens") ?? 0,
    completion_reasoning_tokens:
      number(tokens, "reasoning_output_tokens") ?? number(tokens, "output_tokens_details", "reasoning_tokens") ?? 0
  }
}

const parentOf = (meta: unknown): string | undefined =>
  text(meta, "source", "subagent", "thread_spawn", "parent_thread_id") ??
  (at(meta, "source", "subagent") === undefined ? undefined : text(meta, "parent_thread_id"))

/** Reads every transcript of a case and its hook journal. `withHooks: false` is blind to the journal. */
export const readEvidence = (one: Case, withHooks: boolean): Evidence => {
  const items = new Set<string>()
  const calls = new Set<string>()
  const userCommands: Array<{ thread: string; turn?: string; id: string }> = []
  const parents = new Map<string, string>()
  const threads = new Set<string>()
  const usageByResponse = new Map<string, Usage>()
  const usageInOrder = new Map<string, Array<Usage>>()
  const compactions: Array<{ thread: string; turn?: string }> = []
  const turns: Array<{ thread: string; id?: string }> = []

  const readTranscript = (records: ReadonlyArray<Fields>) => {
    const meta = records.find((record) => record.type === "session_meta")?.payload
    const thread = text(meta, "id") ?? ""
    const parent = parentOf(meta)
    threads.add(thread)
    if (parent !== undefined) parents.set(thread, parent)
    const hasTurnIds = records.some((record) => text(record, "payload", "type") === "task_started")
    let turn: string | undefined
    let total = 0
    for (const record of records) {
      const payload = record.payload
      const type = text(payload, "type") ?? ""
      const call = text(payload, "call_id")
      if (call !== undefined) calls.add(call)
      if (record.type === "response_item" && call === undefined) {
        const id = text(payload, "id")
        if (id !== undefined && type.endsWith("_call")) calls.add(id)
      }
      if (record.type === "compacted") compactions.push({ thread, ...(turn !== undefined && { turn }) })
      if (record.type === "token_usage_record") {
        const usage = usageOf(at(payload, "usage"))
        const response = text(payload, "response_id")
        if (usage !== undefined && response !== undefined) usageByResponse.set(response, usage)
      }
      if (record.type !== "event_msg") continue
      if (legacyItems.has(type) && call !== undefined) items.add(call)
      if (type === "task_started") {
        turn = text(payload, "turn_id")
        turns.push({ thread, ...(turn !== undefined && { id: turn }) })
      }
      if (type === "user_message" && !hasTurnIds) turns.push({ thread })
      if (type === "token_count") {
        const sum = number(payload, "info", "total_token_usage", "total_tokens") ?? total
        const last = usageOf(at(payload, "info", "last_token_usage"))
        if (sum !== total && last !== undefined) usageInOrder.set(thread, [...(usageInOrder.get(thread) ?? []), last])
        total = sum
      }
      if (type === "item_completed") {
        const id = text(payload, "item", "id") ?? ""
        calls.add(id)
        if (!pointItems.has(text(payload, "item", "type") ?? "")) items.add(id)
        if (text(payload, "item", "source") === "user_shell") {
          const owner = text(payload, "turn_id")
          userCommands.push({ thread, id, ...(owner !== undefined && { turn: owner }) })
        }
      }
    }
  }
  for (const folder of one.transcriptFolders)
    for (const name of readdirSync(folder).sort())
      if (name.endsWith(".jsonl")) readTranscript(readLines(join(folder, name)))

  const hooks = withHooks && one.hooks !== undefined ? readLines(one.hooks) : []
  const hookedCalls = new Set<string>()
  const modelRequests: Array<{ turn: string; atMs: number }> = []
  for (const hook of hooks) {
    const event = text(hook, "payload", "hook_event_name")
    const id = text(hook, "payload", "tool_use_id")
    if ((event === "PreToolUse" || event === "PostToolUse") && id !== undefined) hookedCalls.add(id)
    const atNs = number(hook, "at_ns")
    if (event === "PreModelRequest" && atNs !== undefined)
      modelRequests.push({ turn: text(hook, "payload", "turn_id") ?? "", atMs: atNs / 1e6 })
  }
  return {
    items,
    calls,
    userCommands,
    hookedCalls,
    modelRequests,
    parents,
    threads: [...threads],
    usageByResponse,
    usageInOrder,
    compactions,
    turns
  }
}
