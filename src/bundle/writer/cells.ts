/**
 * A code cell's own life as bundle events: its source, its first response, its end.
 */
import type { Span } from "../../span/span.ts"
import { type PlannedEvent, rank } from "./event.ts"
import type { ToolOptions, Window } from "./tool-options.ts"

const cellStatus = (span: Span): string | undefined =>
  (({ ok: "completed", error: "failed", interrupted: "terminated" }) as const)[span.status as "ok"]

/** A code cell's own life, beside that of the call which started it. */
export const cellEvents = (
  span: Span,
  { ownRuntimeId, callItem, turnId, modelVisibleCallId }: ToolOptions,
  { startMs, endMs }: Window
): ReadonlyArray<PlannedEvent> => {
  const source = callItem?.input ?? span.input
  if (ownRuntimeId === undefined || modelVisibleCallId === undefined || typeof source !== "string") return []
  const place = { threadId: span.thread_id, turnId }
  const derived = span.metadata.cell_id === ownRuntimeId ? {} : { derived: "runtime cell id" }
  const yielded = /^Script running/.test(JSON.stringify(span.output ?? "").replace(/^[^A-Z]*/, ""))
  const status = cellStatus(span)
  const started: PlannedEvent = {
    ...place,
    ...derived,
    atMs: startMs,
    rank: rank.cell,
    type: "code_cell_started",
    fields: { runtime_cell_id: ownRuntimeId, model_visible_call_id: modelVisibleCallId, source_js: source }
  }
  if (status === undefined) return [started]
  const response = (type: string, order: number, word: string): PlannedEvent => ({
    ...place,
    ...derived,
    atMs: endMs,
    rank: order,
    type,
    fields: { runtime_cell_id: ownRuntimeId, status: word }
  })
  return [
    started,
    response("code_cell_initial_response", rank.cellResponse, yielded ? "yielded" : status),
    response("code_cell_ended", rank.cellEnd, status)
  ]
}
