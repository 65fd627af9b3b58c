/**
 * One transcript as evidence: what its records say about calls, turns, tokens and who its thread is.
 *
 * Not a source of times or inputs. It says what a reader of the same file may be asked for, and it stands in for what a
 * bundle lacks: tokens of compactions, and turns before 0.128.
 */
import { at, type Fields, list, number, text } from "./json.ts"
import type { Usage } from "./truth.ts"

/** Event types that tell of one call with times of its own, in the dialect up to 0.142. */
const legacyItems = new Set(["exec_command_end", "patch_apply_end", "mcp_tool_call_end", "web_search_end"])

/** Items that mark a moment, not a call: they have no times of their own. */
const pointItems = new Set(["SubAgentActivity"])

/** A command that the user ran: an item without a call of the model; up to 0.142 only a message, without id. */
export interface UserCommand {
  readonly thread: string
  readonly turn?: string
  readonly id?: string
}

export interface Transcript {
  readonly thread: string
  readonly parent?: string
  readonly review: boolean
  readonly instructions?: string
  /** Call ids with an item that has times. */
  readonly items: Set<string>
  /** Call ids of any record, with the time of the first. */
  readonly calls: Map<string, string>
  readonly userCommands: Array<UserCommand>
  /** Every turn that a record begins or ends, with the time of the first; `id` is absent before turns had ids (0.77). */
  readonly turns: Array<{ readonly id?: string; readonly at: string }>
  /** When turns were interrupted, Unix ms. */
  readonly interrupts: Array<number>
  /** When reviews went on that reviewers made for this thread. */
  readonly reviews: Array<{ readonly from: string; to: string }>
  readonly usageByResponse: Map<string, Usage>
  /** Usage of each response in order, where responses have no record of their own (≤ 0.142). */
  readonly usageInOrder: Array<Usage>
}

export const usageOf = (tokens: unknown): Usage | undefined => {
  const input = number(tokens, "input_tokens")
  const output = number(tokens, "output_tokens")
  if (input === undefined || output === undefined) return undefined
  return {
    prompt_tokens: input,
    completion_tokens: output,
    tokens: number(tokens, "total_tokens") ?? input + output,
    prompt_cached_tokens: number(tokens, "cached_input_tokens") ?? 0,
    prompt_cache_creation_tokens: number(tokens, "cache_write_input_tokens") ?? 0,
    completion_reasoning_tokens: number(tokens, "reasoning_output_tokens") ?? 0
  }
}

const parentOf = (meta: unknown): string | undefined =>
  text(meta, "source", "subagent", "thread_spawn", "parent_thread_id") ??
  (at(meta, "source", "subagent") === undefined ? undefined : text(meta, "parent_thread_id"))

const isUserCommand = (payload: unknown) =>
  text(payload, "role") === "user" &&
  list(payload, "content").some((part) => text(part, "text")?.startsWith("<user_shell_command>") === true)

/** What a response item or an event says about the calls of its thread. */
const noteCall = (transcript: Transcript, record: Fields, turn: string | undefined) => {
  const payload = record.payload
  const type = text(payload, "type") ?? ""
  const when = text(record, "timestamp") ?? ""
  const note = (id: string | undefined) => {
    if (id !== undefined && !transcript.calls.has(id)) transcript.calls.set(id, when)
  }
  const call = text(payload, "call_id")
  const owner = { thread: transcript.thread, ...(turn !== undefined && { turn }) }
  note(call)
  if (record.type === "response_item" && call === undefined && type.endsWith("_call")) note(text(payload, "id"))
  if (record.type === "response_item" && isUserCommand(payload)) transcript.userCommands.push(owner)
  if (legacyItems.has(type) && call !== undefined) transcript.items.add(call)
  if (type !== "item_completed") return
  const id = text(payload, "item", "id") ?? ""
  note(id)
  if (!pointItems.has(text(payload, "item", "type") ?? "")) transcript.items.add(id)
  if (text(payload, "item", "source") !== "user_shell") return
  const itsTurn = text(payload, "turn_id")
  transcript.userCommands.push({ ...owner, id, ...(itsTurn !== undefined && { turn: itsTurn }) })
}

/** Reads the records of one file. */
export const readTranscript = (records: ReadonlyArray<Fields>): Transcript => {
  const meta = records.find((record) => record.type === "session_meta")?.payload
  const parent = parentOf(meta)
  const thread = text(meta, "id") ?? ""
  const instructions = text(meta, "base_instructions", "text")
  const transcript: Transcript = {
    thread,
    ...(parent !== undefined && { parent }),
    ...(instructions !== undefined && { instructions }),
    review: at(meta, "source", "subagent") === "review",
    items: new Set(),
    calls: new Map(),
    userCommands: [],
    turns: [],
    interrupts: [],
    reviews: [],
    usageByResponse: new Map(),
    usageInOrder: []
  }
  const hasTurnIds = records.some((record) => text(record, "payload", "type") === "task_started")
  let turn: string | undefined
  let total = 0
  for (const record of records) {
    const payload = record.payload
    const at = text(record, "timestamp") ?? ""
    noteCall(transcript, record, turn)
    switch (record.type === "event_msg" ? text(payload, "type") : record.type) {
      case "token_usage_record": {
        const usage = usageOf((payload as Fields).usage)
        if (usage !== undefined) transcript.usageByResponse.set(text(payload, "response_id") ?? "", usage)
        break
      }
      case "task_started":
        turn = text(payload, "turn_id")
        transcript.turns.push({ at, ...(turn !== undefined && { id: turn }) })
        break
      case "task_complete":
      case "turn_aborted": {
        if (text(payload, "type") === "turn_aborted") transcript.interrupts.push(Date.parse(at))
        // A review turn has an end, but no start.
        const id = text(payload, "turn_id")
        if (id !== undefined && !transcript.turns.some((known) => known.id === id)) transcript.turns.push({ at, id })
        break
      }
      case "entered_review_mode":
        transcript.reviews.push({ from: at, to: "9" })
        if (!hasTurnIds) transcript.turns.push({ at })
        break
      case "exited_review_mode":
        for (const review of transcript.reviews) if (review.to === "9") review.to = at
        break
      case "user_message":
        // During a review it is the reviewer's, echoed.
        if (!hasTurnIds && transcript.reviews.every((review) => review.to !== "9")) transcript.turns.push({ at })
        break
      case "token_count": {
        const sum = number(payload, "info", "total_token_usage", "total_tokens") ?? total
        const last = usageOf((payload as { readonly info?: Fields }).info?.last_token_usage)
        if (sum !== total && last !== undefined) transcript.usageInOrder.push(last)
        total = sum
        break
      }
    }
  }
  return transcript
}
