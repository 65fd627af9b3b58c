/**
 * Inference calls: the window of a request to the model, its request and response items, usage and ids
 * (rollout-trace.md §3.3). The items themselves are placed by history.ts.
 */
import type { EventOf, ExecutionStatus, PayloadRef } from "../../wire/bundle/events.ts"
import type { JsonValue } from "../../wire/bundle/json.ts"
import { tokenCount } from "../../wire/bundle/payloads.ts"
import { refuse } from "../refusal.ts"
import type { InferenceCall, Usage } from "../state.ts"
import { reduceRequest, reduceResponse } from "./history.ts"
import {
  type Envelope,
  finish,
  historyOf,
  type Item,
  pair,
  pushTo,
  type Reduction,
  requireTurn,
  started
} from "./reduction.ts"

export const inferenceStarted = (reduction: Reduction, event: Envelope, body: EventOf<"inference_started">): void => {
  const id = body.inference_call_id
  if (reduction.trace.inference_calls.has(id)) refuse("inference", `inference call ${id} starts a second time`)
  requireTurn(reduction, `inference call ${id}`, body.codex_turn_id, body.thread_id)
  const history = historyOf(reduction, body.thread_id)
  const items = reduceRequest(reduction, history, event, body.codex_turn_id, id, body.request_payload)
  const call: InferenceCall = {
    inference_call_id: id,
    thread_id: body.thread_id,
    codex_turn_id: body.codex_turn_id,
    execution: started(event),
    model: body.model,
    provider_name: body.provider_name,
    response_id: null,
    upstream_request_id: null,
    request_item_ids: idsOf(items),
    response_item_ids: [],
    tool_call_ids_started_by_response: [],
    usage: null,
    raw_request_payload_id: body.request_payload.raw_payload_id,
    raw_response_payload_id: null
  }
  reduction.touched = true
  reduction.trace.inference_calls.set(id, call)
  reduction.work.get(body.codex_turn_id)?.inferences.push(call)
  history.lastRequest = { call, items }
}

const idsOf = (items: ReadonlyArray<Item>): ReadonlyArray<string> => items.map((item) => item.state.item_id)

export const inferenceCompleted = (reduction: Reduction, event: Envelope, body: EventOf<"inference_completed">) =>
  endInference(reduction, event, body, "completed", body.response_id, body.response_payload)

export const inferenceFailed = (reduction: Reduction, event: Envelope, body: EventOf<"inference_failed">) =>
  endInference(reduction, event, body, "failed", null, body.partial_response_payload)

export const inferenceCancelled = (reduction: Reduction, event: Envelope, body: EventOf<"inference_cancelled">) =>
  endInference(reduction, event, body, "cancelled", null, body.partial_response_payload)

const endInference = (
  reduction: Reduction,
  event: Envelope,
  body: { readonly inference_call_id: string; readonly upstream_request_id: string | null },
  status: ExecutionStatus,
  responseId: string | null,
  ref: PayloadRef | null
): void => {
  const call = reduction.trace.inference_calls.get(body.inference_call_id)
  if (call === undefined) {
    refuse("inference", `inference call ${body.inference_call_id} ends, but it never started`)
  }
  if (ref !== null) takeResponse(reduction, event, call, ref)
  reduction.touched = true
  call.response_id = responseId
  if (responseId !== null) pushTo(reduction.byResponse, pair(call.thread_id, responseId), call)
  // A call that its turn has closed keeps that end: the late event only brings what was received until then.
  if (call.execution.status === "running") finish(call.execution, event, status)
  if (body.upstream_request_id !== null) call.upstream_request_id = body.upstream_request_id
}

const takeResponse = (reduction: Reduction, event: Envelope, call: InferenceCall, ref: PayloadRef): void => {
  const history = historyOf(reduction, call.thread_id)
  const { items, usage } = reduceResponse(reduction, history, event, call, ref)
  call.usage = usageOf(reduction, usage) ?? call.usage
  for (const id of call.response_item_ids) forgetAnswer(reduction, id, call)
  call.response_item_ids = idsOf(items)
  call.raw_response_payload_id = ref.raw_payload_id
  for (const item of items) if (!item.answers.includes(call)) item.answers.push(call)
  const last = history.lastRequest
  if (reduction.features.itemIds && last?.call === call && history.replacement === undefined) {
    history.snapshot = [...last.items, ...items]
  }
}

const forgetAnswer = (reduction: Reduction, itemId: string, call: InferenceCall): void => {
  const answers = reduction.items.get(itemId)?.answers
  const place = answers?.indexOf(call) ?? -1
  if (place >= 0) answers?.splice(place, 1)
}

/** Token usage; null unless all four counts are integers. */
const usageOf = (reduction: Reduction, value: JsonValue | undefined): Usage | null => {
  const input = tokenCount(value, "input_tokens")
  const cached = tokenCount(value, "cached_input_tokens")
  const output = tokenCount(value, "output_tokens")
  const reasoning = tokenCount(value, "reasoning_output_tokens")
  if (input === undefined || cached === undefined || output === undefined || reasoning === undefined) return null
  return {
    input_tokens: input,
    cached_input_tokens: cached,
    cache_write_input_tokens: reduction.features.additionalTools
      ? (tokenCount(value, "cache_write_input_tokens") ?? 0)
      : undefined,
    output_tokens: output,
    reasoning_output_tokens: reasoning
  }
}

/** A turn's end closes the calls that nobody saw the end of. */
export const endInferencesOfTurn = (
  reduction: Reduction,
  event: Envelope,
  turnId: string,
  turnStatus: ExecutionStatus
): void => {
  if (turnStatus === "running") return
  const status = turnStatus === "completed" ? "cancelled" : turnStatus
  for (const call of reduction.work.get(turnId)?.inferences ?? []) {
    if (call.execution.status === "running") finish(call.execution, event, status)
  }
}
