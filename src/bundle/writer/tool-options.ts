/**
 * What the events of one tool call are made from, besides its span.
 */
import type { JsonObject } from "../../wire/json.ts"
import type { Schema } from "./items.ts"
import type { RecordedOutput } from "./recorded.ts"

export interface ToolOptions {
  readonly schema: Schema
  readonly turnId: string
  /** Unique over the bundle. */
  readonly toolCallId: string
  /** Absent for nested calls, and for an id that another call of the bundle has already. */
  readonly modelVisibleCallId?: string
  /** The cell that made it, by its runtime id, and its place among the cell's calls. */
  readonly cell?: { readonly runtimeId: string; readonly nth: number }
  /** Of a code cell: the id that it goes by. */
  readonly ownRuntimeId?: string
  /** The model's call and the output that answered it, as recorded. */
  readonly callItem?: JsonObject
  readonly output?: RecordedOutput
  /** Not before this: the response that asked for it, the cell that made it. */
  readonly notBeforeMs: number
}

/** When a call was dispatched and done: Unix milliseconds. */
export interface Window {
  readonly startMs: number
  readonly endMs: number
  /** When the model's call had its output: a script may run on after that. */
  readonly answeredMs: number
}

/** How a span ended, in Codex's words for a tool call. */
export const statuses: { readonly [status: string]: string | undefined } = {
  ok: "completed",
  error: "failed",
  interrupted: "cancelled"
}
