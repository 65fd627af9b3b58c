/**
 * Which tool spans are tool calls of a recording, and what each needs to know of the others.
 *
 * Owns their ids, which must be unique over the bundle, the cells that made calls, and the order; what a call is made
 * of is tools.ts.
 */
import type { Span } from "../../span/span.ts"
import { ms, type PlannedEvent } from "./event.ts"
import { isText, type Schema } from "./items.ts"
import type { RecordedItems } from "./recorded.ts"
import { toolEvents } from "./tools.ts"
import { makeUnique } from "./unique.ts"

export interface ToolPlanOptions {
  readonly schema: Schema
  readonly items: RecordedItems
  readonly turnIdOf: (span: Span) => string | undefined
}

/** A cell that may have made calls. */
interface Cell {
  readonly runtimeId: string
  readonly startMs: number
  calls: number
}

/** What the provider ran by itself: items of a response, never dispatched. */
const hosted: ReadonlySet<unknown> = new Set(["web_search_call", "image_generation_call"])

/** Plans the events of all tool calls. */
export const planTools = (
  spans: ReadonlyArray<Span>,
  byId: ReadonlyMap<string, Span>,
  { schema, items, turnIdOf }: ToolPlanOptions
): ReadonlyArray<PlannedEvent> => {
  const [uniqueCall, uniqueCell] = [makeUnique(), makeUnique()]
  /** Call ids that a tool call of the bundle is visible under, and those whose recorded items are given away. */
  const [visible, given] = [new Set<string>(), new Set<string>()]
  const cells = new Map<string, Cell>()
  const tools = spans.filter((span) => span.kind === "tool").sort((a, b) => a.start - b.start)
  const isNested = (span: Span): boolean => byId.get(span.parent_id ?? "")?.kind === "tool"

  const modelCall = (span: Span, turnId: string, callId: string): ReadonlyArray<PlannedEvent> => {
    const requester = byId.get(isText(span.metadata.requested_by) ? span.metadata.requested_by : "")
    const key = `${span.thread_id}/${callId}`
    const callItem = items.calls.get(key)
    // What nobody called (a command of the user's own) is no tool call of a recording.
    if (requester === undefined || callItem === undefined || hosted.has(callItem.type)) return []
    const notBeforeMs = ms(requester.end ?? requester.start)
    const isVisible = !visible.has(callId)
    visible.add(callId)
    // A call id that comes again in its thread: the recorded items are the first one's.
    const isFirst = !given.has(key)
    given.add(key)
    const output = isFirst ? items.outputs.get(key) : undefined
    const cellId = isText(span.metadata.cell_id) ? span.metadata.cell_id : `cell-${callId}`
    const isCell = span.metadata.tool_kind === "code_cell" && isVisible
    const ownRuntimeId = isCell ? uniqueCell(cellId, callId) : undefined
    if (ownRuntimeId !== undefined) {
      cells.set(span.id, { runtimeId: ownRuntimeId, startMs: Math.max(ms(span.start), notBeforeMs), calls: 0 })
    }
    return toolEvents(span, {
      schema,
      turnId,
      toolCallId: uniqueCall(callId, span.thread_id),
      ...(isVisible && { modelVisibleCallId: callId }),
      ...(ownRuntimeId !== undefined && { ownRuntimeId }),
      ...(isFirst && { callItem }),
      ...(output && { output }),
      notBeforeMs
    })
  }

  const nestedCall = (span: Span, turnId: string, callId: string): ReadonlyArray<PlannedEvent> => {
    const cell = cells.get(span.parent_id ?? "")
    if (cell === undefined) return []
    cell.calls += 1
    return toolEvents(span, {
      schema,
      turnId,
      toolCallId: uniqueCall(callId, span.thread_id),
      cell: { runtimeId: cell.runtimeId, nth: cell.calls },
      notBeforeMs: cell.startMs
    })
  }

  const plan = (span: Span): ReadonlyArray<PlannedEvent> => {
    const turnId = turnIdOf(span)
    const callId = isText(span.metadata.call_id) ? span.metadata.call_id : span.id
    if (turnId === undefined) return []
    return isNested(span) ? nestedCall(span, turnId, callId) : modelCall(span, turnId, callId)
  }
  // Cells before the calls that they made, whatever their clocks say.
  return [...tools.filter((span) => !isNested(span)), ...tools.filter(isNested)].flatMap(plan)
}
