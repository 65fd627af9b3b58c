/**
 * What Codex recorded of itself: the events of a case's rollout-trace bundles, as calls, cells, turns and threads.
 *
 * One thread may have several bundles (a process each), and a review has one beside its parent's, whose log echoes the
 * reviewer's turn. Only what is needed to judge spans is read; nothing is interpreted beyond pairing starts and ends.
 */
import { join } from "node:path"
import { at, type Fields, list, number, readFields, readLines, text } from "./json.ts"
import type { Usage } from "./truth.ts"
import { usageOf } from "./truth-transcript.ts"

export interface Inference {
  readonly id: string
  readonly thread: string
  readonly turn: string
  readonly startMs: number
  endMs?: number
  completed: boolean
  responseId?: string
  usage?: Usage
  output: ReadonlyArray<unknown>
}

export interface RecordedTool {
  readonly id: string
  readonly thread: string
  readonly turn: string
  readonly name: string
  /** Runtime id of the cell that asked for it. */
  readonly runtimeCell?: string
  readonly startedMs: number
  runtimeStartedMs?: number
  runtimeEndedMs?: number
  endedMs?: number
  /** The thread that this call made. */
  spawned?: string
}

export interface Cell {
  readonly callId: string
  readonly runtimeId: string
  readonly thread: string
  readonly turn: string
  readonly startedMs: number
  yielded: boolean
  endedMs?: number
}

export interface RecordedTurn {
  readonly id: string
  readonly thread: string
  readonly bundle: string
  startedMs?: number
  announcedMs?: number
  endedMs?: number
  closedMs?: number
}

export interface RecordedThread {
  readonly id: string
  readonly startedMs: number
  /** As its metadata says; a reviewer's metadata names no parent. */
  readonly parent?: string
  readonly review: boolean
}

export interface Recording {
  readonly inferences: Map<string, Inference>
  readonly tools: Map<string, RecordedTool>
  readonly cells: Array<Cell>
  readonly turns: Array<RecordedTurn>
  readonly threads: Map<string, RecordedThread>
}

const toolName = (payload: unknown) =>
  text(payload, "summary", "label") ?? text(payload, "kind", "name") ?? text(payload, "kind", "type") ?? "?"

/** Adds one bundle to a recording. */
const readBundle = (bundle: string, to: Recording) => {
  const payloadOf = (reference: unknown): Fields => {
    const path = text(reference, "path")
    return path === undefined ? {} : readFields(join(bundle, path))
  }
  const turnOf = (id: string, thread: string) => {
    const known = to.turns.find((candidate) => candidate.id === id && candidate.bundle === bundle)
    const turn: RecordedTurn = known ?? { id, thread, bundle }
    if (known === undefined) to.turns.push(turn)
    return turn
  }
  for (const event of readLines(join(bundle, "trace.jsonl"))) {
    const payload = event.payload
    const ms = number(event, "wall_time_unix_ms") ?? 0
    const thread = text(event, "thread_id") ?? text(payload, "thread_id") ?? ""
    const turn = text(event, "codex_turn_id") ?? text(payload, "codex_turn_id") ?? ""
    const toolId = text(payload, "tool_call_id") ?? ""
    const tool = to.tools.get(toolId)
    const inference = to.inferences.get(text(payload, "inference_call_id") ?? "")
    const cell = to.cells.findLast((one) => one.thread === thread && one.runtimeId === text(payload, "runtime_cell_id"))
    switch (text(payload, "type")) {
      case "thread_started": {
        const source = at(payloadOf(at(payload, "metadata_payload")), "session_source")
        const parent = text(source, "subagent", "thread_spawn", "parent_thread_id")
        const id = text(payload, "thread_id") ?? ""
        const review = at(source, "subagent") === "review"
        if (!to.threads.has(id))
          to.threads.set(id, { id, startedMs: ms, review, ...(parent !== undefined && { parent }) })
        break
      }
      case "codex_turn_started":
        turnOf(turn, thread).startedMs = ms
        break
      case "codex_turn_ended":
        turnOf(turn, thread).endedMs = ms
        break
      case "protocol_event_observed": {
        const type = text(payload, "event_type")
        if (type !== "turn_started" && type !== "turn_complete" && type !== "turn_aborted") break
        const id = text(payloadOf(at(payload, "event_payload")), "turn_id")
        const known = to.turns.find((candidate) => candidate.id === id && candidate.bundle === bundle)
        if (known !== undefined) known[type === "turn_started" ? "announcedMs" : "closedMs"] = ms
        break
      }
      case "inference_started": {
        const id = text(payload, "inference_call_id") ?? ""
        to.inferences.set(id, { id, thread, turn, startMs: ms, completed: false, output: [] })
        break
      }
      case "inference_completed":
      case "inference_failed":
      case "inference_cancelled": {
        if (inference === undefined) break
        const response = payloadOf(at(payload, "response_payload") ?? at(payload, "partial_response_payload"))
        const responseId = text(payload, "response_id") ?? text(response, "response_id")
        const usage = usageOf(at(response, "token_usage"))
        inference.endMs = ms
        inference.completed = text(payload, "type") === "inference_completed"
        inference.output = list(response, "output_items")
        if (responseId !== undefined) inference.responseId = responseId
        if (usage !== undefined) inference.usage = usage
        break
      }
      case "tool_call_started": {
        const runtimeCell = text(payload, "requester", "runtime_cell_id")
        const name = toolName(payload)
        to.tools.set(toolId, {
          id: toolId,
          thread,
          turn,
          name,
          startedMs: ms,
          ...(runtimeCell !== undefined && { runtimeCell })
        })
        break
      }
      case "tool_call_runtime_started":
        if (tool !== undefined) tool.runtimeStartedMs ??= ms
        break
      case "tool_call_runtime_ended": {
        if (tool === undefined) break
        const runtime = payloadOf(at(payload, "runtime_payload"))
        const spawned =
          text(runtime, "new_thread_id") ??
          (text(runtime, "kind") === "started" ? text(runtime, "agent_thread_id") : undefined)
        tool.runtimeEndedMs = ms
        if (spawned !== undefined) tool.spawned = spawned
        break
      }
      case "tool_call_ended":
        if (tool !== undefined) tool.endedMs = ms
        break
      case "code_cell_started": {
        const callId = text(payload, "model_visible_call_id") ?? ""
        const runtimeId = text(payload, "runtime_cell_id") ?? ""
        to.cells.push({ callId, runtimeId, thread, turn, startedMs: ms, yielded: false })
        break
      }
      case "code_cell_initial_response":
        if (cell !== undefined) cell.yielded = text(payload, "status") === "yielded"
        break
      case "code_cell_ended":
        if (cell !== undefined) cell.endedMs = ms
        break
    }
  }
}

export const readRecording = (bundles: ReadonlyArray<string>): Recording => {
  const recording: Recording = { inferences: new Map(), tools: new Map(), cells: [], turns: [], threads: new Map() }
  for (const bundle of bundles) readBundle(bundle, recording)
  // A bundle's name says nothing of its time, and each process counts its cells from 1.
  recording.cells.sort((a, b) => a.startedMs - b.startedMs)
  return recording
}
