/**
 * Bundle events → domain events (rollout-trace, 0.128 +): the door to the rows of threads, requests and tools.
 *
 * A bundle is exact where a transcript lets us infer: it says when a request was sent and when its answer was whole,
 * when a call was dispatched and when it was done, and which cell made it. So its events carry `recorded`, and where
 * two sources speak of the same thing the machines believe these. Wall times of the log are Unix milliseconds; past
 * here all is seconds.
 *
 * The rows remember what later lines refer to (the last request of a thread, the cell behind a runtime id): a
 * translator is a fold of its own, fed with the lines of a session in their order. Content that did not come along
 * with its line is left out.
 */
import type { BundleEvent, EventOf } from "../wire/bundle/events.ts"
import { compactionRows } from "./bundle-compaction.ts"
import type { BundlePlace, Payloads, Told } from "./bundle-place.ts"
import { requestRows } from "./bundle-request.ts"
import { threadRows } from "./bundle-thread.ts"
import { toolRows } from "./bundle-tool.ts"

export type { Payloads } from "./bundle-place.ts"

export interface BundleTranslator {
  /**
   * Translates one event.
   *
   * @param payloads the content of the payloads that it refers to
   * @param bytes length of the line and its payloads
   */
  readonly translate: (event: BundleEvent, payloads: Payloads, bytes: number) => Told
  /** Nothing more will come: what was held back is told. */
  readonly end: () => Told
}

/** The thread that an event is about: its envelope's, or the one that it names itself. */
const threadOf = (event: BundleEvent): string | undefined => {
  const { payload } = event
  if ("parent_thread_id" in payload) return payload.parent_thread_id
  return event.thread_id ?? ("thread_id" in payload ? payload.thread_id : undefined)
}

const turnOf = ({ payload, codex_turn_id: turnId }: BundleEvent): string | undefined =>
  ("codex_turn_id" in payload ? payload.codex_turn_id : undefined) ?? turnId ?? undefined

const agentDone = (event: EventOf<"agent_result_observed">, place: BundlePlace, payloads: Payloads): Told => {
  const agentPath = payloads(event.carried_payload)?.child_agent_path
  return [
    {
      _tag: "AgentObserved",
      ...place,
      activity: "completed",
      agentThreadId: event.child_thread_id,
      ...(typeof agentPath === "string" && { agentPath })
    }
  ]
}

/** A translator for the bundles of one session. */
export const bundleTranslator = (): BundleTranslator => {
  const threads = threadRows()
  const requests = requestRows()
  const tools = toolRows()
  const compactions = compactionRows()

  const rowOf = (event: BundleEvent, place: BundlePlace, payloads: Payloads): Told => {
    const { payload: body, rollout_id: rootId } = event
    const schema = Number(event.schema_version)
    switch (body.type) {
      case "thread_started":
        return threads.threadStarted(body, rootId, place, payloads)
      case "codex_turn_started":
        return threads.turnStarted(body, place)
      case "codex_turn_ended":
        return threads.turnEnded(body, place)
      case "history_item_accepted":
        return requests.accepted(body, place)
      case "inference_started":
        threads.requestSent(place.threadId)
        return requests.sent(body, place, payloads)
      case "inference_completed":
      case "inference_failed":
      case "inference_cancelled":
        if (body.type === "inference_failed") threads.requestFailed(place.threadId)
        return requests.answered(body, place, payloads, schema)
      case "tool_call_started":
        return tools.started(body, place, payloads)
      case "tool_call_runtime_started":
        return tools.runStarted(body, place, payloads)
      case "tool_call_runtime_ended":
        return tools.runEnded(body, place, payloads)
      case "tool_call_ended":
        return tools.ended(body, place, payloads)
      case "code_cell_started":
        return tools.cellStarted(body, place)
      case "code_cell_initial_response":
      case "code_cell_ended":
        return tools.cellWent(body, place)
      case "agent_result_observed":
        return agentDone(body, place, payloads)
      case "compaction_request_started":
        return compactions.asked(body, place, payloads)
      case "compaction_request_completed":
        return compactions.answered(body, place, payloads)
      case "compaction_installed":
        return compactions.installed(body, place, payloads)
      default:
        return []
    }
  }

  return {
    translate: (event, payloads, bytes) => {
      const { payload: body } = event
      const at = Number(event.wall_time_unix_ms) / 1000
      const threadId = threadOf(event)
      const turnId = turnOf(event)
      const place: BundlePlace = {
        threadId: threadId ?? event.rollout_id,
        at,
        bytes,
        recorded: true,
        ...(turnId !== undefined && { turnId })
      }
      if (body.type === "protocol_event_observed") return threads.protocol(body, place, payloads)
      if (threadId === undefined) return []
      const starts = body.type === "codex_turn_started" || body.type === "codex_turn_ended"
      const released = starts || turnId === undefined ? [] : threads.release(threadId, turnId)
      return [...released, ...requests.settle(body, threadId, payloads), ...rowOf(event, place, payloads)]
    },
    end: () => [...requests.end(), ...threads.end()]
  }
}
