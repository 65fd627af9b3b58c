/**
 * Session and agent spans: a thread as a span, from its first record to its last turn's end.
 */
import { rootThread, type Session, sessionUsage } from "../machine/session.ts"
import * as Table from "../machine/table.ts"
import type { Edge, Thread } from "../machine/thread.ts"
import type { Turn } from "../machine/turn.ts"
import type { Json, JsonObject } from "../wire/json.ts"
import { identity, present, type TraceContext, usageFacts } from "./project.ts"
import type { Span } from "./span.ts"

const basename = (path: string): string => path.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, "") || path

const statuses = { completed: "ok", failed: "error", interrupted: "interrupted", unfinished: "unfinished" } as const

/** A thread is as its last turn was, and failed for the same reason; one without any turn has no end of its own. */
const howItEnded = (thread: Thread): Pick<Span, "status" | "error"> => {
  const ended = Table.values(thread.turns).filter((turn) => turn.outcome !== undefined)
  const last = ended.reduce<Turn | undefined>((a, b) => ((a?.number ?? 0) > (b.number ?? 0) ? a : b), undefined)
  const outcome = last?.outcome
  if (outcome === undefined) return thread.over === true ? { status: "unfinished" } : {}
  return { status: statuses[outcome], ...(outcome === "failed" && last?.error && { error: last.error }) }
}

const lastTurnEnd = (thread: Thread): number | undefined => {
  const ends = Table.values(thread.turns).flatMap((turn) => (turn.endedAt === undefined ? [] : [turn.endedAt]))
  const last = ends.length > 0 ? Math.max(...ends) : thread.over === true ? thread.lastAt : undefined
  return thread.endedAt === undefined ? last : Math.max(thread.endedAt, last ?? 0)
}

/** Told at the end alone: until then its transcript may turn up. */
const transcriptMissing = (thread: Thread): true | undefined =>
  thread.over === true && !thread.known ? true : undefined

/** The session's span, from the facts of its root thread and the totals of all. */
export const sessionSpan = (context: TraceContext, session: Session): Span => {
  const root = rootThread(session) as Thread
  const usage = sessionUsage(session)
  const end = Math.max(lastTurnEnd(root) ?? root.firstAt, session.endedAt ?? 0)
  const unbegun = root.turns.length === 0 && session.endedAt !== undefined
  const agents = session.threads.length - 1
  return {
    ...identity(context, root.key, undefined),
    kind: "session",
    name: `codex: ${root.cwd === undefined ? root.id : basename(root.cwd)}`,
    start: root.firstAt,
    ...((end > root.firstAt || root.over === true) && { end: Math.max(end, root.firstAt) }),
    ...(unbegun ? { status: "ok" } : howItEnded(root)),
    ...(root.firstPrompt !== undefined && { input: root.firstPrompt }),
    ...(root.lastMessage !== undefined && { output: root.lastMessage }),
    metadata: {
      session_id: root.id,
      thread_id: root.id,
      ...root.facts,
      ...present({
        turns: root.turnCount,
        agents: agents > 0 ? agents : undefined,
        forked_from_ordinal: root.lineage.forkedFromOrdinal,
        history_missing: root.historyMissing,
        transcript_missing: transcriptMissing(root),
        rate_limits: known(root.rateLimits),
        end_reason: session.endReason,
        usage: usage && usageFacts(usage)
      }),
      ...context.additionalMetadata
    },
    metrics: {},
    tags: []
  }
}

/** What Codex says of a limit, without what it says nothing about. */
const known = (limits: Json | undefined): Json | undefined => {
  if (typeof limits !== "object" || limits === null || Array.isArray(limits)) return limits
  const members = Object.entries(limits as JsonObject).filter(([, value]) => value !== null)
  return present(Object.fromEntries(members.map(([key, value]) => [key, known(value)])))
}

const edgeFacts = ({ from, to, kind, callId, content }: Edge): JsonObject =>
  present({ from, to, kind, call_id: callId, content })

/** An agent's span, beside the tool that spawned it. */
export const agentSpan = (context: TraceContext, thread: Thread): Span => {
  const { agentPath, nickname, role, depth, forkedFromId, kind } = thread.lineage
  const end = lastTurnEnd(thread)
  const task = thread.task ?? thread.firstPrompt
  return {
    ...identity(context, thread.key, thread.parentTurn),
    kind: "agent",
    name: `agent ${agentPath ?? nickname ?? (kind === "review" ? "review" : thread.id)}`,
    start: thread.firstAt,
    ...(end !== undefined && { end: Math.max(thread.firstAt, end) }),
    ...howItEnded(thread),
    ...(task !== undefined && { input: task }),
    ...(thread.lastMessage !== undefined && { output: thread.lastMessage }),
    metadata: {
      thread_id: thread.id,
      ...thread.facts,
      ...present({
        agent_path: agentPath,
        nickname,
        role,
        depth,
        spawning_call_id: thread.spawnCallId,
        parent_thread_id: thread.lineage.parentThreadId,
        forked_history: forkedFromId === undefined ? undefined : true,
        history_missing: thread.historyMissing,
        transcript_missing: transcriptMissing(thread),
        agent_status: thread.agentStatus?.word,
        message_edges: thread.edges.length === 0 ? undefined : thread.edges.map(edgeFacts),
        usage: thread.usage && usageFacts(thread.usage)
      })
    },
    metrics: {},
    tags: []
  }
}
