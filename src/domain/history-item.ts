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
  /** What a request without tools carries in its place, where that is another value. */
  readonly toolless?: JsonObject
  /** Present when Codex made the item up while building a request (`aborted` outputs): it is in no record. */
  readonly madeUp?: true
}
