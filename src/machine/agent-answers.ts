/**
 * What the model was told of its agents in words (multi-agent v1): outputs of the agent tools, and notes from Codex.
 *
 * Up to 0.142 a transcript holds no other record of what became of an agent; from 0.155 on items say the same again,
 * except what only a note says: that an agent is done which nobody waited for. The outputs, since 0.118: `spawn_agent`
 * {agent_id}, `send_input` {submission_id}, `wait_agent` {status: {id: state}}, `close_agent` {previous_status},
 * `resume_agent` {status}. A call that failed answers in plain words, which tell of no agent.
 */
import { type AgentState, agentState, agentStates, resumedBy } from "../domain/agent-state.ts"
import { agentNoteIn, textOf } from "../domain/codex-words.ts"
import type { EventOf } from "../domain/event.ts"
import { type Json, type JsonObject, parsed } from "../wire/json.ts"
import { isUuid } from "../wire/thread-id.ts"
import { agentObserved, agentReported, type InThread, toolOf } from "./agent-rows.ts"
import { noEffects, type Step } from "./effect.ts"
import type { Session } from "./session.ts"
import * as Table from "./table.ts"
import { inOrder, turnIdOf } from "./thread.ts"

/** What happened to an agent, or how it was said to be doing. */
type Told =
  | { readonly agentThreadId: string; readonly activity: EventOf<"AgentObserved">["activity"] }
  | { readonly agentThreadId: string; readonly state: AgentState }

const objectIn = (text: string): JsonObject | undefined => {
  const value = parsed(text)
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

const acted = (agentThreadId: Json | undefined, activity: EventOf<"AgentObserved">["activity"]): ReadonlyArray<Told> =>
  typeof agentThreadId === "string" ? [{ agentThreadId, activity }] : []

type Reader = (answer: JsonObject, target: Json | undefined) => ReadonlyArray<Told>

const waited: Reader = ({ status }) => agentStates(status).map(([agentThreadId, state]) => ({ agentThreadId, state }))

const agentTools: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["spawn_agent", ({ agent_id: id }) => acted(id, "started")],
  ["send_input", ({ submission_id: id }, target) => (id === undefined ? [] : acted(target, "interacted"))],
  ["close_agent", ({ previous_status: was }, target) => (agentState(was) === undefined ? [] : acted(target, "closed"))],
  [
    "resume_agent",
    ({ status }, target) => {
      const state = agentState(status)
      return state === undefined ? [] : acted(target, resumedBy(state))
    }
  ],
  ["wait_agent", waited],
  ["wait", waited]
])

const toldBy = (name: string, input: Json, output: string): ReadonlyArray<Told> => {
  const read = agentTools.get(name)
  const answer = read && objectIn(output)
  if (read === undefined || answer === undefined) return []
  const { target, id } = (typeof input === "object" && input !== null ? input : {}) as JsonObject
  return read(answer, target ?? id)
}

const fold = (
  session: Session,
  { item: _, side: __, sampledThrough: ___, ...place }: EventOf<"ItemRecorded">,
  told: ReadonlyArray<Told>,
  inThread: InThread,
  callId?: string
): Step<Session> => {
  const own = { ...place, ...(callId !== undefined && { callId }) }
  return inOrder(
    session,
    ...told.map(
      (one) => (s: Session) =>
        "state" in one
          ? agentReported(s, { ...own, ...one, _tag: "AgentReported" }, inThread)
          : agentObserved(s, { ...own, ...one, _tag: "AgentObserved" }, inThread)
    )
  )
}

/** An agent tool's output, as the model read it. */
export const agentAnswered = (session: Session, event: EventOf<"ItemRecorded">, inThread: InThread): Step<Session> => {
  const { type, call_id: callId, output } = event.item.value
  if (type !== "function_call_output" || typeof callId !== "string" || typeof output !== "string")
    return [session, noEffects]
  if (!output.startsWith("{")) return [session, noEffects]
  const actor = Table.get(session.threads, event.threadId)
  const call = toolOf(actor, actor && turnIdOf(actor, event), callId)?.call
  const told = call === undefined ? [] : toldBy(call.name, call.input, output)
  return told.length === 0 ? [session, noEffects] : fold(session, event, told, inThread, callId)
}

/** A note from Codex that an agent is done; its `agent_path` is a thread's id. */
export const agentNoted = (session: Session, event: EventOf<"ItemRecorded">, inThread: InThread): Step<Session> => {
  const { type, role, content } = event.item.value
  if (type !== "message" || role !== "user" || !Array.isArray(content)) return [session, noEffects]
  const note = agentNoteIn(textOf(content) ?? "")
  if (note === undefined) return [session, noEffects]
  const { agent_path: id, status } = objectIn(note) ?? {}
  const state = agentState(status)
  if (typeof id !== "string" || !isUuid(id) || state === undefined) return [session, noEffects]
  return fold(session, event, [{ agentThreadId: id, state }], inThread)
}
