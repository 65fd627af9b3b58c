/**
 * Compactions: their requests to the model service, and the checkpoint that replaces a history
 * (rollout-trace.md §3.7). A request alone changes nothing; the items of a checkpoint are placed by history.ts.
 *
 * A local compaction leaves no such events: it is an ordinary turn, followed by a request with new items.
 */
import type { EventOf, ExecutionStatus } from "../../wire/bundle/events.ts"
import { byBytes } from "../../wire/bundle/json-text.ts"
import { refuse } from "../refusal.ts"
import { reduceCheckpoint } from "./history.ts"
import {
  type Envelope,
  finish,
  historyOf,
  type Item,
  pushTo,
  type Reduction,
  requireTurn,
  started
} from "./reduction.ts"

export const compactionRequested = (
  reduction: Reduction,
  event: Envelope,
  body: EventOf<"compaction_request_started">
): void => {
  const id = body.compaction_request_id
  if (reduction.trace.compaction_requests.has(id)) refuse("compaction", `compaction request ${id} starts a second time`)
  historyOf(reduction, body.thread_id)
  requireTurn(reduction, `compaction request ${id}`, body.codex_turn_id, body.thread_id)
  reduction.touched = true
  pushTo(reduction.compactionRequests, body.compaction_id, id)
  reduction.trace.compaction_requests.set(id, {
    compaction_request_id: id,
    compaction_id: body.compaction_id,
    thread_id: body.thread_id,
    codex_turn_id: body.codex_turn_id,
    execution: started(event),
    model: body.model,
    provider_name: body.provider_name,
    raw_request_payload_id: body.request_payload.raw_payload_id,
    raw_response_payload_id: null
  })
}

export const compactionAnswered = (
  reduction: Reduction,
  event: Envelope,
  body: EventOf<"compaction_request_completed">
) => endRequest(reduction, event, body, "completed", body.response_payload.raw_payload_id)

export const compactionFailed = (reduction: Reduction, event: Envelope, body: EventOf<"compaction_request_failed">) =>
  endRequest(reduction, event, body, "failed", null)

const endRequest = (
  reduction: Reduction,
  event: Envelope,
  body: { readonly compaction_id: string; readonly compaction_request_id: string },
  status: ExecutionStatus,
  responsePayloadId: string | null
): void => {
  const id = body.compaction_request_id
  const request =
    reduction.trace.compaction_requests.get(id) ??
    refuse("compaction", `compaction request ${id} ends, but it never started`)
  if (request.compaction_id !== body.compaction_id) {
    refuse("compaction", `compaction request ${id} of ${request.compaction_id} ends as one of ${body.compaction_id}`)
  }
  finish(request.execution, event, status)
  request.raw_response_payload_id = responsePayloadId
}

export const compactionInstalled = (
  reduction: Reduction,
  event: Envelope,
  body: EventOf<"compaction_installed">
): void => {
  const id = body.compaction_id
  const threadId = event.thread_id ?? refuse("compaction", `the install of compaction ${id} names no thread`)
  const turnId = event.codex_turn_id ?? refuse("compaction", `the install of compaction ${id} names no turn`)
  if (reduction.trace.compactions.has(id)) refuse("compaction", `compaction ${id} is installed a second time`)
  const history = historyOf(reduction, threadId)
  requireTurn(reduction, `the install of compaction ${id}`, turnId, threadId)
  const { input, marker, replacement } = reduceCheckpoint(
    reduction,
    history,
    event,
    turnId,
    id,
    body.checkpoint_payload
  )
  const idsOf = (items: ReadonlyArray<Item>) => items.map((item) => item.state.item_id)
  reduction.trace.compactions.set(id, {
    compaction_id: id,
    thread_id: threadId,
    codex_turn_id: turnId,
    installed_at_unix_ms: event.wall_time_unix_ms,
    marker_item_id: marker.state.item_id,
    request_ids: [...(reduction.compactionRequests.get(id) ?? [])].sort(byBytes),
    input_item_ids: idsOf(input),
    replacement_item_ids: idsOf(replacement)
  })
}
