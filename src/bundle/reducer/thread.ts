/**
 * Threads and turns: identity, origin, and the windows in which they ran (rollout-trace.md §3.2).
 *
 * Owns thread_started, thread_ended, thread_resumed, codex_turn_started and codex_turn_ended. What a turn's end does
 * to its unfinished work is asked of the neighbours (inference.ts, code-cell.ts). Nothing else is closed by anybody:
 * what was open at the end of a trace stays `running`.
 */
import type { EventOf } from "../../wire/bundle/events.ts"
import { spawnSource, threadMetadata } from "../../wire/bundle/payloads.ts"
import { refuse } from "../refusal.ts"
import type { ThreadOrigin } from "../state.ts"
import { endCellsOfTurn } from "./code-cell.ts"
import { spawnEdgeId } from "./edge.ts"
import { endInferencesOfTurn } from "./inference.ts"
import { noKnownItems } from "./known-items.ts"
import { decodePayload, type Envelope, finish, historyOf, type Reduction, readPayload, started } from "./reduction.ts"

export const threadStarted = (reduction: Reduction, event: Envelope, body: EventOf<"thread_started">): void => {
  const id = body.thread_id
  if (reduction.histories.has(id)) refuse("thread", `thread ${id} starts a second time`)
  const ref = body.metadata_payload
  const metadata =
    ref === null
      ? null
      : decodePayload("thread", "the metadata of a thread", threadMetadata, readPayload(reduction, ref), ref)
  const spawn = spawnSource(metadata?.session_source ?? null)
  const agentPath = spawn?.agentPath ?? metadata?.agent_path ?? body.agent_path
  const origin: ThreadOrigin =
    spawn === undefined
      ? { type: "root" }
      : {
          type: "spawned",
          parent_thread_id: spawn.parentThreadId,
          spawn_edge_id: spawnEdgeId(spawn.parentThreadId, id),
          task_name: spawn.taskName ?? metadata?.task_name ?? lastSegment(agentPath),
          agent_role: spawn.agentRole ?? metadata?.agent_role ?? ""
        }
  const thread = {
    thread_id: id,
    agent_path: agentPath,
    nickname: metadata?.nickname ?? null,
    origin,
    execution: started(event),
    default_model: metadata?.model ?? null,
    conversation_item_ids: []
  }
  reduction.touched = true
  reduction.trace.threads.set(id, thread)
  reduction.histories.set(id, {
    thread,
    items: [],
    byCall: new Map(),
    byResponsesId: new Map(),
    snapshot: [],
    known: noKnownItems(),
    replacement: undefined,
    lastRequest: undefined,
    accepted: new Map(),
    receipts: new Map(),
    lastWords: new Map(),
    deliveries: new Map()
  })
}

const lastSegment = (path: string): string => path.split("/").findLast((segment) => segment !== "") ?? path

export const threadEnded = (reduction: Reduction, event: Envelope, body: EventOf<"thread_ended">): void => {
  finish(historyOf(reduction, body.thread_id).thread.execution, event, body.status)
}

export const threadResumed = (reduction: Reduction, _event: Envelope, body: EventOf<"thread_resumed">): void => {
  const history = reduction.histories.get(body.thread_id)
  if (history === undefined) refuse("thread", `thread ${body.thread_id} resumes, but it never started`)
  const { execution } = history.thread
  if (execution.ended_seq === null) refuse("thread", `thread ${body.thread_id} resumes, but it has not ended`)
  execution.ended_at_unix_ms = null
  execution.ended_seq = null
  execution.status = "running"
}

export const turnStarted = (reduction: Reduction, event: Envelope, body: EventOf<"codex_turn_started">): void => {
  const id = body.codex_turn_id
  if (reduction.trace.codex_turns.has(id)) refuse("turn", `turn ${id} starts a second time`)
  historyOf(reduction, body.thread_id)
  reduction.touched = true
  reduction.work.set(id, { cells: [], inferences: [] })
  reduction.trace.codex_turns.set(id, {
    codex_turn_id: id,
    thread_id: body.thread_id,
    execution: started(event),
    input_item_ids: []
  })
}

export const turnEnded = (reduction: Reduction, event: Envelope, body: EventOf<"codex_turn_ended">): void => {
  const turn = reduction.trace.codex_turns.get(body.codex_turn_id)
  if (turn === undefined) {
    refuse(
      "turn",
      `turn ${body.codex_turn_id} ends, but it never started (Codex records so when a review ran inside a thread)`
    )
  }
  if (event.thread_id !== null && event.thread_id !== turn.thread_id) {
    refuse("turn", `turn ${turn.codex_turn_id} of thread ${turn.thread_id} ends in thread ${event.thread_id}`)
  }
  reduction.touched = true
  finish(turn.execution, event, body.status)
  endCellsOfTurn(reduction, event, turn.codex_turn_id, body.status)
  endInferencesOfTurn(reduction, event, turn.codex_turn_id, body.status)
}
