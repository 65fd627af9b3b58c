/**
 * Threads and turns as bundle events: who they are, when they began, how they ended.
 *
 * A turn whose end nobody saw stays open, as a recording that was cut would leave it.
 */
import type { Span } from "../../span/span.ts"
import type { Json } from "../../wire/json.ts"
import { ms, type PlannedEvent, rank } from "./event.ts"

const text = (value: Json | undefined): string | null => (typeof value === "string" ? value : null)

const slug = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_")

/** An agent's path; versions without paths get one made of its name. */
export const agentPath = (span: Span): string => {
  if (span.kind === "session") return "/root"
  const { agent_path: path, nickname } = span.metadata
  return typeof path === "string" ? path : `/root/${slug(text(nickname) ?? span.thread_id)}`
}

/** Where Codex says that a thread comes from. */
const source = (span: Span): Json => {
  if (span.kind === "session") return text(span.metadata.source) ?? "unknown"
  if (span.name === "agent review") return { subagent: "review" }
  const { parent_thread_id: parent, depth, nickname, role } = span.metadata
  return {
    subagent: {
      thread_spawn: {
        parent_thread_id: text(parent),
        depth: typeof depth === "number" ? depth : 1,
        agent_path: agentPath(span),
        agent_nickname: text(nickname),
        agent_role: text(role)
      }
    }
  }
}

/** A thread begins. */
export const threadStarted = (span: Span): PlannedEvent => {
  const path = agentPath(span)
  const { nickname, role, cwd, transcript_path: file, model, model_provider: provider } = span.metadata
  return {
    atMs: ms(span.start),
    rank: rank.thread,
    type: "thread_started",
    fields: { thread_id: span.thread_id, agent_path: path },
    payloads: {
      metadata_payload: {
        kind: "session_metadata",
        json: {
          thread_id: span.thread_id,
          agent_path: path,
          task_name: span.kind === "agent" ? (path.split("/").at(-1) ?? null) : null,
          nickname: text(nickname),
          agent_role: text(role),
          session_source: source(span),
          cwd: text(cwd),
          rollout_path: text(file),
          model: text(model),
          provider_name: text(provider)
        }
      }
    },
    ...(span.kind === "agent" && typeof span.metadata.agent_path !== "string" && { derived: "agent path" })
  }
}

export const threadEnded = (threadId: string, atMs: number): PlannedEvent => ({
  atMs,
  rank: rank.threadEnd,
  type: "thread_ended",
  fields: { thread_id: threadId, status: "completed" }
})

const outcomes: { readonly [status: string]: string | undefined } = {
  ok: "completed",
  error: "failed",
  interrupted: "cancelled"
}

/** A turn begins and, where its end was written, ends. */
export const turnEvents = (span: Span, turnId: string, endMs: number | undefined): ReadonlyArray<PlannedEvent> => {
  const place = { threadId: span.thread_id, turnId }
  const status = outcomes[span.status ?? ""]
  const started: PlannedEvent = {
    ...place,
    atMs: ms(span.start),
    rank: rank.turn,
    type: "codex_turn_started",
    fields: { codex_turn_id: turnId, thread_id: span.thread_id }
  }
  if (status === undefined || endMs === undefined) return [started]
  const ended: PlannedEvent = {
    ...place,
    atMs: endMs,
    rank: rank.turnEnd,
    type: "codex_turn_ended",
    fields: { codex_turn_id: turnId, status }
  }
  return [started, ended]
}
