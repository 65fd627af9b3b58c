/**
 * Code cells: one run of JavaScript that the model wrote, the parent of the tools that it calls
 * (rollout-trace.md §3.10).
 *
 * Two clocks meet here: the runtime starts a cell at once, the item that holds its source is known only when the
 * response has been recorded. So a cell waits for its source item, and what happens to it meanwhile waits with it.
 * A cell whose source never appears is left out; runtime ids are unique per thread only.
 */
import type { CellStatus, EventOf, ExecutionStatus } from "../../wire/bundle/events.ts"
import { byBytes } from "../../wire/bundle/json-text.ts"
import { refuse } from "../refusal.ts"
import type { CodeCell } from "../state.ts"
import { addProducer } from "./producer.ts"
import {
  type Envelope,
  finish,
  type Item,
  pair,
  pushTo,
  pushUnique,
  type Reduction,
  requireTurn,
  started,
  type WaitingCell
} from "./reduction.ts"
import { itemsOfCall } from "./tool-links.ts"

const cellIdOf = (callId: string): string => `code_cell:${callId}`

export const runtimeKey = (threadId: string, runtimeId: string): string => pair(threadId, runtimeId)

/** The cell that a runtime id names in a thread, waiting or not. */
export const cellOfRuntime = (reduction: Reduction, threadId: string, runtimeId: string, who: string): string =>
  reduction.cells.byRuntimeId.get(runtimeKey(threadId, runtimeId)) ??
  refuse("code cell", `${who} names runtime cell ${runtimeId}, which never started in thread ${threadId}`)

const threadOfCell = (reduction: Reduction, event: Envelope, who: string): string => {
  if (event.thread_id !== null) return event.thread_id
  if (event.codex_turn_id === null) refuse("code cell", `${who} names neither a thread nor a turn`)
  const turn = reduction.trace.codex_turns.get(event.codex_turn_id)
  return turn?.thread_id ?? refuse("turn", `${who} names turn ${event.codex_turn_id}, which never started`)
}

export const cellStarted = (reduction: Reduction, event: Envelope, body: EventOf<"code_cell_started">): void => {
  const { cells, trace } = reduction
  const callId = body.model_visible_call_id
  const cellId = cellIdOf(callId)
  const threadId = threadOfCell(reduction, event, `code cell ${body.runtime_cell_id}`)
  const key = runtimeKey(threadId, body.runtime_cell_id)
  const mapped = cells.byRuntimeId.get(key)
  if (mapped !== undefined && mapped !== cellId) {
    refuse("code cell", `runtime cell ${body.runtime_cell_id} of thread ${threadId} is both ${mapped} and ${cellId}`)
  }
  const waiting: WaitingCell = {
    envelope: event,
    threadId,
    cellId,
    runtimeCellId: body.runtime_cell_id,
    callId,
    sourceJs: body.source_js
  }
  const source = sourceItem(reduction, waiting)
  if (trace.code_cells.has(cellId) || (source === undefined && cells.waiting.has(cellId))) {
    refuse("code cell", `${cellId} starts a second time`)
  }
  reduction.touched = true
  cells.byRuntimeId.set(key, cellId)
  if (source !== undefined) materialise(reduction, waiting, source)
  else {
    cells.waiting.set(cellId, waiting)
    pushTo(cells.waitingFor, pair(threadId, callId), waiting)
  }
}

const sourceItem = (reduction: Reduction, cell: WaitingCell): Item | undefined => {
  const history = reduction.histories.get(cell.threadId)
  return history === undefined ? undefined : itemsOfCall(reduction, history, cell.callId, ["custom_tool_call"])[0]
}

/** An item with this call id has come: the cells that wait for it start when its batch is placed. */
export const wakeCellsWaitingFor = (reduction: Reduction, threadId: string, callId: string): void => {
  const key = pair(threadId, callId)
  const waiting = reduction.cells.waitingFor.get(key)
  if (waiting === undefined) return
  reduction.cells.waitingFor.delete(key)
  reduction.cells.ready.push(...waiting)
}

/** Starts the cells whose source items were in the batch that has just been placed. */
export const startReadyCells = (reduction: Reduction): void => {
  const { cells } = reduction
  if (cells.ready.length === 0) return
  const ready = cells.ready.sort((a, b) => byBytes(a.cellId, b.cellId))
  cells.ready = []
  for (const cell of ready) {
    const source = sourceItem(reduction, cell)
    if (source === undefined) continue
    cells.waiting.delete(cell.cellId)
    materialise(reduction, cell, source)
  }
}

const materialise = (reduction: Reduction, waiting: WaitingCell, source: Item): void => {
  const { callId, cellId, envelope, threadId } = waiting
  if (reduction.trace.code_cells.has(cellId)) refuse("code cell", `${cellId} starts a second time`)
  const turnId = envelope.codex_turn_id ?? refuse("code cell", `${cellId} names no turn`)
  const history =
    reduction.histories.get(threadId) ?? refuse("thread", `${cellId} names the unknown thread ${threadId}`)
  requireTurn(reduction, cellId, turnId, threadId)
  const outputs = itemsOfCall(reduction, history, callId, ["custom_tool_call_output"])
  const since164 = reduction.features.sessionPerCommand ? null : undefined
  const cell: CodeCell = {
    code_cell_id: cellId,
    model_visible_call_id: callId,
    thread_id: threadId,
    codex_turn_id: turnId,
    source_item_id: source.state.item_id,
    output_item_ids: outputs.map((item) => item.state.item_id),
    runtime_cell_id: waiting.runtimeCellId,
    execution: started(envelope),
    runtime_status: "starting",
    initial_response_at_unix_ms: null,
    initial_response_seq: null,
    initial_response_status: since164,
    raw_initial_response_payload_id: since164,
    raw_result_payload_id: since164,
    yielded_at_unix_ms: null,
    yielded_seq: null,
    source_js: waiting.sourceJs,
    nested_tool_call_ids: [...(reduction.cells.nested.get(cellId) ?? [])].sort(byBytes),
    wait_tool_call_ids: []
  }
  reduction.trace.code_cells.set(cellId, cell)
  reduction.work.get(turnId)?.cells.push(cell)
  for (const item of outputs) addProducer(item, { type: "code_cell", code_cell_id: cellId })
  // Schema 1 does not check the order of events: what waited happens in the order of its numbers.
  const later = reduction.cells.later.get(cellId) ?? []
  reduction.cells.later.delete(cellId)
  for (const { happen } of later.sort((a, b) => (a.seq < b.seq ? -1 : a.seq > b.seq ? 1 : 0))) happen(cell)
}

/** A tool was called inside a cell. */
export const nestTool = (reduction: Reduction, cellId: string, toolId: string): void => {
  pushTo(reduction.cells.nested, cellId, toolId)
  const cell = reduction.trace.code_cells.get(cellId)
  if (cell !== undefined) pushUnique(cell.nested_tool_call_ids, toolId)
}

/** An output item that was seen belongs to the cell with its call id, in whichever thread it was seen. */
export const linkItemToCell = (reduction: Reduction, item: Item, callId: string): void => {
  if (item.state.kind !== "custom_tool_call_output") return
  const cell = reduction.trace.code_cells.get(cellIdOf(callId))
  if (cell === undefined) return
  pushUnique(cell.output_item_ids, item.state.item_id)
  addProducer(item, { type: "code_cell", code_cell_id: cell.code_cell_id })
}

/** Does something to a cell now, or when it stops waiting. */
const happenTo = (
  reduction: Reduction,
  event: Envelope,
  runtimeId: string,
  who: string,
  happen: (cell: CodeCell) => void
): void => {
  const threadId = threadOfCell(reduction, event, who)
  const cellId = cellOfRuntime(reduction, threadId, runtimeId, who)
  reduction.touched = true
  const cell = reduction.trace.code_cells.get(cellId)
  if (cell !== undefined) happen(cell)
  else if (reduction.cells.waiting.has(cellId)) pushTo(reduction.cells.later, cellId, { seq: event.seq, happen })
  else refuse("code cell", `${who} names ${cellId}, which did not start`)
}

export const cellResponded = (
  reduction: Reduction,
  event: Envelope,
  body: EventOf<"code_cell_initial_response">
): void => {
  const who = `the first response of code cell ${body.runtime_cell_id}`
  happenTo(reduction, event, body.runtime_cell_id, who, (cell) => {
    cell.runtime_cell_id = body.runtime_cell_id
    if (reduction.features.sessionPerCommand) {
      // An end that came before may have put its own time here: the first real response replaces it.
      if (cell.initial_response_status === null) {
        cell.initial_response_at_unix_ms = event.wall_time_unix_ms
        cell.initial_response_seq = event.seq
        cell.initial_response_status = body.status
        cell.raw_initial_response_payload_id = body.response_payload?.raw_payload_id ?? null
      }
    } else if (cell.initial_response_seq === null) noteResponse(cell, event)
    if (body.status === "yielded") {
      cell.yielded_at_unix_ms = event.wall_time_unix_ms
      cell.yielded_seq = event.seq
    }
    cell.runtime_status = body.status
  })
}

const noteResponse = (cell: CodeCell, event: Envelope): void => {
  cell.initial_response_at_unix_ms = event.wall_time_unix_ms
  cell.initial_response_seq = event.seq
}

export const cellEnded = (reduction: Reduction, event: Envelope, body: EventOf<"code_cell_ended">): void => {
  happenTo(reduction, event, body.runtime_cell_id, `the end of code cell ${body.runtime_cell_id}`, (cell) => {
    endCell(reduction, cell, event, body.status, body.response_payload?.raw_payload_id ?? null)
  })
}

const endCell = (
  { features }: Reduction,
  cell: CodeCell,
  event: Envelope,
  status: CellStatus,
  resultPayloadId: string | null
): void => {
  if (features.sessionPerCommand) cell.raw_result_payload_id = resultPayloadId
  if (cell.initial_response_seq === null) noteResponse(cell, event)
  finish(cell.execution, event, executionOf[status])
  cell.runtime_status = status
}

const executionOf: { readonly [S in CellStatus]: ExecutionStatus } = {
  starting: "running",
  running: "running",
  yielded: "running",
  completed: "completed",
  failed: "failed",
  terminated: "cancelled"
}

/** A turn that broke off takes its running cells with it; a completed one leaves them for a later `wait`. */
export const endCellsOfTurn = (
  reduction: Reduction,
  event: Envelope,
  turnId: string,
  turnStatus: ExecutionStatus
): void => {
  if (turnStatus === "running" || turnStatus === "completed") return
  for (const cell of reduction.work.get(turnId)?.cells ?? []) {
    if (cell.execution.status !== "running") continue
    endCell(reduction, cell, event, turnStatus === "failed" ? "failed" : "terminated", null)
  }
}
