/**
 * What an agent is said to be doing, in Codex's own words (multi-agent v1): `"running"`, `{"completed": "its answer"}`.
 *
 * The same vocabulary stands in items (`agents_states`), in the outputs of `wait_agent` and `close_agent`, and in the
 * notes that Codex gives the parent (`<subagent_notification>`). Seen from 0.118 to 0.169.
 */
import { isObject } from "../wire/record.ts"

export interface AgentState {
  readonly word: string
  /** Its answer, or why it failed. */
  readonly message?: string
}

/** Reads a state; undefined for what is none, and for an agent that does not exist (`not_found`). */
export const agentState = (value: unknown): AgentState | undefined => {
  if (typeof value === "string") return value === "not_found" ? undefined : { word: value }
  if (!isObject(value)) return undefined
  const [word, message] = Object.entries(value)[0] ?? []
  if (word === undefined) return undefined
  return { word, ...(typeof message === "string" && { message }) }
}

/** The states of several agents: by thread id, or one after another. */
export const agentStates = (value: unknown): ReadonlyArray<readonly [threadId: string, state: AgentState]> => {
  const told: ReadonlyArray<readonly [unknown, unknown]> = Array.isArray(value)
    ? value.map((one) => (isObject(one) ? [one.thread_id, one.status] : [undefined, undefined]))
    : isObject(value)
      ? Object.entries(value)
      : []
  return told.flatMap(([id, of]) => {
    const state = agentState(of)
    return typeof id === "string" && state !== undefined ? [[id, state] as const] : []
  })
}

/** States that an agent does not leave by itself. */
const settled: ReadonlySet<string> = new Set(["completed", "errored", "interrupted", "shutdown"])

/** Whether the agent was done: a state on the way there says nothing of how it ended. */
export const isSettled = ({ word }: AgentState): boolean => settled.has(word)

/** What a call to resume did, by the state it answers with: an agent that was done and not closed stays as it is. */
export const resumedBy = (state: AgentState): "resumed" | "interacted" => (isSettled(state) ? "interacted" : "resumed")
