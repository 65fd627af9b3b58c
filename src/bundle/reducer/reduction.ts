/**
 * What the reducer knows while it reads a bundle: the graph so far, and the indexes that keep it linear.
 *
 * Owns the shapes and their creation. Each index belongs to one rule file, which is named where it is declared.
 * All of it is built in place: a reduction lives for one run and nobody else holds it.
 */
import type { BundleEvent, ExecutionStatus, PayloadRef } from "../../wire/bundle/events.ts"
import type { Decoder, Integer } from "../../wire/bundle/fields.ts"
import { Malformed } from "../../wire/bundle/fields.ts"
import { JsonFault, type JsonValue, readJsonShortly } from "../../wire/bundle/json.ts"
import { type LastText, readJsonWithSpans } from "../../wire/bundle/json-spans.ts"
import type { Manifest } from "../../wire/bundle/manifest.ts"
import type { Features } from "../generation.ts"
import type { PayloadFiles } from "../open.ts"
import { type Refusal, type RefusalRule, refuse } from "../refusal.ts"
import type { CodeCell, ConversationItem, Execution, InferenceCall, Thread, ToolCall, Trace } from "../state.ts"
import type { EdgeIndex } from "./edge.ts"
import type { KnownItems } from "./known-items.ts"
import type { TerminalIndex } from "./terminal.ts"

/** The envelope of the event at hand. */
export type Envelope = Omit<BundleEvent, "payload">

/** A conversation item and what the reducer knows about it beyond the graph. */
export interface Item {
  readonly state: ConversationItem
  /** Ordinal of creation, from 1, over the bundle. */
  readonly order: number
  /** A request or compaction listed it (schema 1: or a response): it belongs in the thread's list. */
  listed: boolean
  /** Serial of the last batch that took it. */
  takenBy: number
  /** The calls whose response lists it. */
  readonly answers: Array<InferenceCall>
  /** Where it is delivered, if it is a message between agents (edge.ts). */
  delivery: string | undefined
  /** An edge ends at it. */
  edgeTarget: boolean
}

/** One thread's history. */
export interface History {
  readonly thread: Thread
  /** In order of creation. */
  readonly items: Array<Item>
  readonly byCall: Map<string, Array<Item>>
  readonly byResponsesId: Map<string, Array<Item>>
  /** What the model last saw, and said, in this thread. */
  snapshot: ReadonlyArray<Item>
  readonly known: KnownItems
  /** The history that a compaction installed and no request has used yet. */
  replacement: ReadonlyArray<Item> | undefined
  /** The call that started last, and the items of its request. */
  lastRequest: { readonly call: InferenceCall; readonly items: ReadonlyArray<Item> } | undefined
  /** First acceptance by item id (acceptance.ts). */
  readonly accepted: Map<string, { readonly at: Integer; readonly seq: Integer }>
  /** Items made from the receipt of an agent message, until a payload shows the message itself. */
  readonly receipts: Map<string, Item>
  /** The last thing the assistant said in a turn (edge.ts). */
  readonly lastWords: Map<string, Item>
  /** Messages between agents by what they deliver (edge.ts). */
  readonly deliveries: Map<string, Array<Item>>
}

/** A code cell whose source item is not in the history yet (code-cell.ts). */
export interface WaitingCell {
  readonly envelope: Envelope
  readonly threadId: string
  readonly cellId: string
  readonly runtimeCellId: string
  readonly callId: string
  readonly sourceJs: string
}

export interface CellIndex {
  /** Thread and runtime id → cell id. */
  readonly byRuntimeId: Map<string, string>
  readonly waiting: Map<string, WaitingCell>
  /** What happened to a cell while it waited, by cell id. */
  readonly later: Map<string, Array<{ readonly seq: Integer; readonly happen: (cell: CodeCell) => void }>>
  /** Thread and call id → cells that wait for that item. */
  readonly waitingFor: Map<string, Array<WaitingCell>>
  /** Waiting cells whose item has come. */
  ready: Array<WaitingCell>
  /** Nested tools by cell id, in order of start. */
  readonly nested: Map<string, Array<string>>
}

export interface TurnWork {
  readonly cells: Array<CodeCell>
  readonly inferences: Array<InferenceCall>
}

export interface Reduction {
  readonly features: Features
  readonly trace: Trace
  readonly files: PayloadFiles
  readonly histories: Map<string, History>
  readonly items: Map<string, Item>
  itemCount: number
  /** Serial of the batch of items at hand. */
  batch: number
  readonly work: Map<string, TurnWork>
  readonly byResponse: Map<string, Array<InferenceCall>>
  readonly toolsByCall: Map<string, ToolCall>
  readonly cells: CellIndex
  readonly terminals: TerminalIndex
  readonly edges: EdgeIndex
  /** Requests of a compaction, by compaction id. */
  readonly compactionRequests: Map<string, Array<string>>
  /** Files that were read and found to be strict JSON. */
  readonly sound: Set<string>
  /** The event at hand has changed something: it cannot be left out without reducing again. */
  touched: boolean
  /** Told of model items that are left out; undefined: an item that cannot be understood refuses the event. */
  readonly leaveOutItem: ((refusal: Refusal) => void) | undefined
}

export const newReduction = (
  manifest: Manifest,
  features: Features,
  files: PayloadFiles,
  leaveOutItem: ((refusal: Refusal) => void) | undefined
): Reduction => ({
  features,
  trace: {
    schema_version: features.schema,
    trace_id: manifest.trace_id,
    rollout_id: manifest.rollout_id,
    started_at_unix_ms: manifest.started_at_unix_ms,
    ended_at_unix_ms: null,
    status: "running",
    recording_complete: features.strictRecording ? false : undefined,
    root_thread_id: manifest.root_thread_id,
    threads: new Map(),
    codex_turns: new Map(),
    conversation_items: new Map(),
    inference_calls: new Map(),
    code_cells: new Map(),
    tool_calls: new Map(),
    terminal_sessions: new Map(),
    terminal_operations: new Map(),
    compactions: new Map(),
    compaction_requests: new Map(),
    interaction_edges: new Map(),
    raw_payloads: new Map()
  },
  files,
  histories: new Map(),
  items: new Map(),
  itemCount: 0,
  batch: 0,
  work: new Map(),
  byResponse: new Map(),
  toolsByCall: new Map(),
  cells: {
    byRuntimeId: new Map(),
    waiting: new Map(),
    later: new Map(),
    waitingFor: new Map(),
    ready: [],
    nested: new Map()
  },
  terminals: { operationCount: 0, byProcess: new Map(), processOf: new Map() },
  edges: { pendingByDelivery: new Map(), pendingById: new Map(), pendingByTool: new Map(), byTool: new Map() },
  compactionRequests: new Map(),
  sound: new Set(),
  touched: false,
  leaveOutItem
})

/** A window that opens with this event. */
export const started = (event: Envelope): Execution => ({
  started_at_unix_ms: event.wall_time_unix_ms,
  started_seq: event.seq,
  ended_at_unix_ms: null,
  ended_seq: null,
  status: "running"
})

/** Closes a window with this event; a window that was closed before is closed again. */
export const finish = (execution: Execution, event: Envelope, status: ExecutionStatus): void => {
  execution.ended_at_unix_ms = event.wall_time_unix_ms
  execution.ended_seq = event.seq
  execution.status = status
}

/** The history of a thread that has started, or a refusal. */
export const historyOf = (reduction: Reduction, threadId: string): History =>
  reduction.histories.get(threadId) ?? refuse("thread", `the event names thread ${threadId}, which never started`)

/** Adds a value to the list under a key. */
export const pushTo = <K, V>(lists: Map<K, Array<V>>, key: K, value: V): void => {
  const found = lists.get(key)
  if (found === undefined) lists.set(key, [value])
  else found.push(value)
}

/** Adds an id unless it is there. */
export const pushUnique = (ids: Array<string>, id: string): void => {
  if (!ids.includes(id)) ids.push(id)
}

/** Two parts as one key of a Map; the length keeps different pairs apart. */
export const pair = (a: string, b: string): string => `${a.length}:${a}${b}`

/** Reads a payload file strictly. With `wanted`, only those members of a top-level object are built. */
export const readPayload = (reduction: Reduction, ref: PayloadRef, wanted?: ReadonlySet<string>): JsonValue => {
  const bytes = reduction.files(ref.path)
  try {
    const value = readJsonShortly(bytes, wanted, undefined, reduction.features.numbers)
    reduction.sound.add(ref.path)
    return value
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    refuse("payload", `payload ${ref.raw_payload_id} is not JSON: ${error.message}`, ref.path)
  }
}

/** The same, with one array as spans; undefined where the payload has no such array. */
export const readPayloadSpans = (
  reduction: Reduction,
  ref: PayloadRef,
  wanted: ReadonlySet<string>,
  spansKey: string,
  last: LastText
) => {
  const bytes = reduction.files(ref.path)
  try {
    const read = readJsonWithSpans(bytes, wanted, spansKey, reduction.features.numbers, last)
    reduction.sound.add(ref.path)
    return read
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    return refuse("payload", `payload ${ref.raw_payload_id} is not JSON: ${error.message}`, ref.path)
  }
}

/** Decodes what was read from a payload; a wrong form refuses the event. */
export const decodePayload = <A>(
  rule: RefusalRule,
  what: string,
  decoder: Decoder<A>,
  value: JsonValue | undefined,
  ref: PayloadRef
): A => {
  try {
    return decoder(value)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    refuse(rule, `payload ${ref.raw_payload_id} is not ${what}: ${error.message}`, ref.path)
  }
}

/** The turn, which must have started and belong to the thread; `who` begins the sentence that says why not. */
export const requireTurn = (reduction: Reduction, who: string, turnId: string, threadId: string): void => {
  const turn = reduction.trace.codex_turns.get(turnId)
  if (turn === undefined) refuse("turn", `${who} names turn ${turnId}, which never started`)
  if (turn.thread_id !== threadId) {
    refuse("turn", `${who} names thread ${threadId}, but turn ${turnId} belongs to thread ${turn.thread_id}`)
  }
}
