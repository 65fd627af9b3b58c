/**
 * How agents hang together: which turn and call spawned which thread, and what they said to each other.
 *
 * A child is found by every route there is: the activity item of its parent, the spawning call's output, the
 * SubagentStart hook, its own `session_meta`, and (by the runtime) a scan by parent id. Messages between agents may be
 * encrypted; then only who, to whom and by which call is known. Rules: codex.md, "Multi-agent".
 */
import { isSettled } from "../domain/agent-state.ts"
import type { DomainEvent, EventOf } from "../domain/event.ts"
import type { JsonObject } from "../wire/json.ts"
import { noEffects, type Step } from "./effect.ts"
import type { Session } from "./session.ts"
import * as Table from "./table.ts"
import { type Edge, inOrder, inTurn, type Thread, turnIdOf } from "./thread.ts"
import type { Tool } from "./tool.ts"
import { withTool } from "./turn.ts"

/** Changes a thread of the session and tells what became of its span. */
export type InThread = (
  session: Session,
  id: string,
  event: DomainEvent,
  change: (thread: Thread) => Step<Thread>
) => Step<Session>

/** How an agent is called in edges: its path where it has one, else its nickname. */
const agentName = (thread: Thread | undefined, id: string): string =>
  thread === undefined ? id : (thread.lineage.agentPath ?? thread.lineage.nickname ?? (thread.root ? "/root" : id))

/** An agent's edges in the order of their times, every end called by the name that is known of it now. */
export const namedEdges = (session: Session, thread: Thread): ReadonlyArray<Edge> => {
  const named = (id: string) => agentName(Table.get(session.threads, id), id)
  const told = thread.edges.toSorted((a, b) => a.at - b.at || a.kind.localeCompare(b.kind))
  return eachResultOnce(told, thread.id).map((edge) => ({ ...edge, from: named(edge.from), to: named(edge.to) }))
}

/**
 * An answer is told by every wait and by a note (multi-agent v1): the same words are the same answer, until the agent
 * was asked for more.
 */
const eachResultOnce = (edges: ReadonlyArray<Edge>, agentId: string): ReadonlyArray<Edge> => {
  if (!edges.some((edge) => edge.reported === true)) return edges
  const once: Array<Edge> = []
  for (const edge of edges) {
    const again = once.findLastIndex((one) => one.to === agentId || (one.reported === true && one.to === edge.to))
    const held = once[again]
    const same = edge.reported === true && held?.reported === true && held.content === edge.content
    if (!same) once.push(edge)
    else if (held.callId === undefined && edge.callId !== undefined) once[again] = { ...held, callId: edge.callId }
  }
  return once
}

/** The same call between the same two is one edge, however many records tell of it. */
const withEdge = (thread: Thread, edge: Edge): Thread => {
  const again = (e: Edge) =>
    e.kind === edge.kind && e.from === edge.from && e.to === edge.to && (e.callId ?? e.at) === (edge.callId ?? edge.at)
  return thread.edges.some(again) ? thread : { ...thread, edges: [...thread.edges, edge] }
}

/** What a call to an agent tool was about, by its name. */
const edgeKinds: { readonly [tool: string]: string | undefined } = {
  spawn_agent: "spawn",
  send_message: "message",
  send_input: "message",
  followup_task: "task",
  assign_task: "task",
  interrupt_agent: "interrupt",
  close_agent: "close",
  resume_agent: "resume"
}

const activityKinds: { readonly [activity: string]: string } = {
  started: "spawn",
  interacted: "message",
  completed: "result",
  interrupted: "interrupt",
  closed: "close",
  resumed: "resume"
}

export const toolOf = (
  thread: Thread | undefined,
  turnId: string | undefined,
  callId: string | undefined
): Tool | undefined => {
  const turn = thread === undefined || turnId === undefined ? undefined : Table.get(thread.turns, turnId)
  return turn && callId !== undefined ? Table.get(turn.tools, `${turn.turnId}/${callId}`) : undefined
}

/** The words of a call to an agent, where they are not encrypted. */
const wordsOf = (tool: Tool | undefined): string | undefined => {
  const input = tool?.call?.input
  if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined
  const { message, prompt, task, items } = input as JsonObject
  const words = message ?? prompt ?? task
  if (typeof words === "string") return words
  return Array.isArray(items) ? JSON.stringify(items) : undefined
}

/** An agent was started, spoken to, stopped, or is done: seen from the one that did it. */
export const agentObserved = (session: Session, event: EventOf<"AgentObserved">, inThread: InThread): Step<Session> => {
  const actor = Table.get(session.threads, event.threadId)
  const turnId = actor && turnIdOf(actor, event)
  const tool = toolOf(actor, turnId, event.callId)
  const words = wordsOf(tool)
  const [self, other] = [event.threadId, event.agentThreadId]
  const kind = edgeKinds[tool?.call?.name ?? ""] ?? activityKinds[event.activity] ?? event.activity
  const result = event.activity === "completed"
  const edge: Edge = {
    at: event.at,
    from: result ? other : self,
    to: result ? self : other,
    kind,
    ...(event.callId !== undefined && { callId: event.callId }),
    ...(words !== undefined && { content: words })
  }
  const started = event.activity === "started"
  return inOrder(
    session,
    (s) =>
      inThread(s, event.agentThreadId, event, (thread) => [
        {
          ...withEdge(thread, edge),
          lineage: {
            parentThreadId: event.threadId,
            kind: "agent",
            ...(event.agentPath !== undefined && { agentPath: event.agentPath }),
            ...thread.lineage
          },
          ...(started &&
            turnId !== undefined && { parentTurn: { kind: "turn", threadId: event.threadId, key: turnId } }),
          ...(started && event.callId !== undefined && { spawnCallId: event.callId }),
          ...(started && words !== undefined && { task: words }),
          ...(!started && event.activity !== "interacted" && { agentStatus: status(thread, event, event.activity) })
        },
        started ? [{ _tag: "FollowThread", threadId: event.agentThreadId, parentThreadId: event.threadId }] : noEffects
      ]),
    (s) =>
      tool === undefined
        ? [s, noEffects]
        : inThread(s, event.threadId, event, (thread) =>
            inTurn(thread, { at: event.at, turnId: tool.turnId }, (turn) =>
              withTool(turn, { ...tool, agentThreadId: event.agentThreadId })
            )
          )
  )
}

/** The latest that anybody was told of an agent: several threads may speak of one, and their files come in any order. */
const status = (
  { agentStatus: held }: Thread,
  { at, threadId: by }: { readonly at: number; readonly threadId: string },
  word: string
): NonNullable<Thread["agentStatus"]> =>
  held !== undefined && (held.at > at || (held.at === at && held.by > by)) ? held : { word, at, by }

/** A thread was told how one of its agents is doing: what is not the end of its work passes. */
export const agentReported = (session: Session, event: EventOf<"AgentReported">, inThread: InThread): Step<Session> => {
  const { state, agentThreadId, threadId, at, callId } = event
  if (!isSettled(state)) return [session, noEffects]
  const edge: Edge = {
    at,
    from: agentThreadId,
    to: threadId,
    kind: "result",
    reported: true,
    ...(callId !== undefined && { callId }),
    ...(state.message !== undefined && { content: state.message })
  }
  const answered = state.word === "completed" || state.word === "errored"
  return inThread(session, agentThreadId, event, (thread) => [
    { ...(answered ? withEdge(thread, edge) : thread), agentStatus: status(thread, event, state.word) },
    noEffects
  ])
}

/** SubagentStart names the child's file. */
export const agentHooked = (session: Session, event: EventOf<"AgentHooked">, inThread: InThread): Step<Session> => {
  const parent = event.threadId === event.agentThreadId ? undefined : event.threadId
  return inThread(session, event.agentThreadId, event, (thread) => [
    {
      ...thread,
      facts: { ...thread.facts, ...(event.agentType !== undefined && { agent_type: event.agentType }) },
      ...(event.path !== undefined && { transcriptPath: event.path })
    },
    event.phase === "started"
      ? [
          {
            _tag: "FollowThread",
            threadId: event.agentThreadId,
            ...(parent !== undefined && { parentThreadId: parent }),
            ...(event.path !== undefined && { path: event.path })
          }
        ]
      : noEffects
  ])
}

/** A message as it stands in the receiver's history. */
export const edgeOf = (session: Session, event: EventOf<"ItemRecorded">, inThread: InThread): Step<Session> => {
  const { type, author, recipient, content } = event.item.value
  if (type !== "agent_message" || typeof author !== "string" || typeof recipient !== "string")
    return [session, noEffects]
  const text = Array.isArray(content)
    ? content.flatMap((part) => {
        const words = (part as JsonObject | null)?.text
        return typeof words === "string" ? [words] : []
      })
    : []
  const edge: Edge = {
    at: event.at,
    from: author,
    to: recipient,
    kind: "received",
    ...(text.length > 0 && { content: text.join("\n") })
  }
  return inThread(session, event.threadId, event, (thread) => [
    thread.root ? thread : { ...thread, edges: [...thread.edges, edge] },
    noEffects
  ])
}
