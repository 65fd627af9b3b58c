/**
 * A code cell's own life as bundle events: its source, its first response, its end.
 */
import type { Span } from "../../span/span.ts"
import type { Json } from "../../wire/json.ts"
import { type PlannedEvent, rank } from "./event.ts"
import { isObject, isText } from "./items.ts"
import type { ToolOptions, Window } from "./tool-options.ts"

const cellStatus = (span: Span): string | undefined =>
  (({ ok: "completed", error: "failed", interrupted: "terminated" }) as const)[span.status as "ok"]

/** Does an output say that its script runs on? */
export const hasYielded = (output: Json | undefined): boolean => {
  const [part] = Array.isArray(output) ? output : [output]
  const text = isObject(part) ? part.text : part
  return isText(text) && text.startsWith("Script running")
}

/** A code cell's own life, beside that of the call which started it. */
export const cellEvents = (
  span: Span,
  { ownRuntimeId, callItem, turnId, modelVisibleCallId, output }: ToolOptions,
  { startMs, endMs, answeredMs }: Window
): ReadonlyArray<PlannedEvent> => {
  const source = callItem?.input ?? span.input
  if (ownRuntimeId === undefined || modelVisibleCallId === undefined || typeof source !== "string") return []
  const place = { threadId: span.thread_id, turnId }
  const derived = span.metadata.cell_id === ownRuntimeId ? {} : { derived: "runtime cell id" }
  const yields = hasYielded(output?.item.output)
  const status = cellStatus(span)
  const started: PlannedEvent = {
    ...place,
    ...derived,
    atMs: startMs,
    rank: rank.cell,
    type: "code_cell_started",
    fields: { runtime_cell_id: ownRuntimeId, model_visible_call_id: modelVisibleCallId, source_js: source }
  }
  const response = (type: string, atMs: number, word: string): PlannedEvent => ({
    ...place,
    ...derived,
    atMs,
    rank: type === "code_cell_ended" ? rank.cellEnd : rank.cellResponse,
    type,
    fields: { runtime_cell_id: ownRuntimeId, status: word }
  })
  // The first response is what the model saw first: a script that runs on has yielded, and ends later or never.
  const first = yields ? "yielded" : status
  return [
    started,
    ...(first === undefined ? [] : [response("code_cell_initial_response", yields ? answeredMs : endMs, first)]),
    ...(status === undefined ? [] : [response("code_cell_ended", endMs, status)])
  ]
}
