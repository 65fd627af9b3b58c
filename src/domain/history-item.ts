/**
 * One Responses API item of a thread's history, as the model saw it: what Codex strips before sending is gone.
 */
import type { JsonObject } from "../wire/json.ts"

/** How a request carries the result of a command or a patch: as JSON, which is what is recorded, or as text. */
export type ResultForm = "recorded" | "text"

const outputTypes: ReadonlySet<unknown> = new Set(["function_call_output", "custom_tool_call_output"])

/** Whether an item is what a call was answered with. */
export const isOutput = ({ type }: JsonObject): boolean => outputTypes.has(type)

export interface HistoryItem {
  readonly value: JsonObject
  /** When it was recorded, Unix seconds. */
  readonly at?: number
  /** Its place in the thread's file (0.155 +), for a revert. */
  readonly ordinal?: number
  /** The forms in which requests carry it, where they are two: `value` is one of them. */
  readonly forms?: { readonly [form in ResultForm]: JsonObject }
  /** Present when Codex made the item up while building a request (`aborted` outputs): it is in no record. */
  readonly madeUp?: true
}
