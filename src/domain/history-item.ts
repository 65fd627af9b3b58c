/**
 * One Responses API item of a thread's history, as the model saw it: what Codex strips before sending is gone.
 */
import type { JsonObject } from "../wire/json.ts"

export interface HistoryItem {
  readonly value: JsonObject
  /** When it was recorded, Unix seconds. */
  readonly at?: number
  /** Its place in the thread's file (0.155 +), for a revert. */
  readonly ordinal?: number
  /** Present when Codex made the item up while building a request (`aborted` outputs): it is in no record. */
  readonly madeUp?: true
}
