/**
 * A bundle event as it is planned: its time, whose it is, its fields, and the payloads that go into files of their own.
 *
 * Times are Unix milliseconds, as bundles count. `derived` says that no record told it so: which evidence was used.
 */
import type { Json, JsonObject } from "../../wire/json.ts"

/** What a payload file holds, by the names that Codex gives them. */
export type PayloadKind =
  | "session_metadata"
  | "inference_request"
  | "inference_response"
  | "tool_invocation"
  | "tool_runtime_event"
  | "tool_result"
  | "agent_result"

export interface PlannedPayload {
  readonly kind: PayloadKind
  readonly json: Json
}

export interface PlannedEvent {
  readonly atMs: number
  /** Among events of one millisecond: what must come before what. */
  readonly rank: number
  readonly threadId?: string
  readonly turnId?: string
  readonly type: string
  readonly fields: JsonObject
  /** Fields that are references to payload files. */
  readonly payloads?: { readonly [field: string]: PlannedPayload }
  readonly derived?: string
}

/** The order of events of one moment: a thing begins before its parts, and ends after them. */
export const rank = {
  rollout: 0,
  thread: 1,
  turn: 2,
  accepted: 3,
  request: 4,
  response: 5,
  produced: 6,
  call: 7,
  cell: 8,
  nestedCall: 9,
  runtime: 10,
  runtimeEnd: 11,
  nestedEnd: 12,
  cellResponse: 13,
  cellEnd: 14,
  callEnd: 15,
  agentResult: 16,
  turnEnd: 17,
  threadEnd: 18
} as const

export const ms = (seconds: number): number => Math.round(seconds * 1000)

/** Events in the order in which a recorder would have written them. */
export const inTime = (events: ReadonlyArray<PlannedEvent>): ReadonlyArray<PlannedEvent> =>
  events
    .map((event, index) => ({ event, index }))
    .sort((a, b) => a.event.atMs - b.event.atMs || a.event.rank - b.event.rank || a.index - b.index)
    .map(({ event }) => event)
