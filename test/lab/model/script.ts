/**
 * Who says what: one program per agent, and the rule that finds the agent behind a request.
 *
 * A program is a list of answers, taken one per request (a retried request takes the next one), or a function that
 * answers all of them. What is left over at the end is told, so that a scenario that did not happen cannot pass.
 */
import { type Answer, answer, says } from "./answer.ts"

/** A request as a script sees it. */
export interface Asked {
  /** The script's name for the agent that asks: `/root`, `/root/alpha`, `review`, or the key found in its task. */
  readonly agent: string
  /** How many requests this agent sent before. */
  readonly turn: number
  readonly threadId: string | undefined
  readonly kind: "turn" | "compaction"
  readonly input: ReadonlyArray<InputItem>
}

/** An entry of the request's `input`, read only as far as scripts need it. */
export interface InputItem {
  readonly type?: string
  readonly role?: string
  readonly call_id?: string
  readonly name?: string
  readonly output?: unknown
  readonly content?: unknown
  readonly [key: string]: unknown
}

export type Step = Answer | ((asked: Asked) => Answer)
export type Program = ReadonlyArray<Step> | ((asked: Asked) => Answer)

/**
 * Programs by agent. Keys: `/root`; a v2 agent's path; `review` for a reviewer, `guardian` for one of approvals; `compaction` for the requests that ask
 * for a summary; `*` for whoever has no program; anything else is found in the text of a v1 agent's task, since v1
 * agents have no path of their own.
 */
export type Script = Readonly<Record<string, Program>>

/** What is known of a request before it is answered. */
export interface Incoming {
  readonly threadId: string | undefined
  readonly turnMetadata: Readonly<Record<string, unknown>> | null
  /** What sort of agent asks, where a header or the metadata says: `review`, `thread_spawn`, `collab_spawn`. */
  readonly subagent: string | undefined
  readonly kind: "turn" | "compaction"
  readonly input: ReadonlyArray<InputItem>
}

export interface Prompter {
  readonly next: (incoming: Incoming) => { readonly agent: string; readonly answer: Answer }
  /** Agents with answers that nobody asked for, and how many. */
  readonly leftOver: () => Readonly<Record<string, number>>
}

/** An agent that has nothing more to say ends its turn. */
export const epilogue = (agent: string): Answer => answer(says(`Nothing more to do for ${agent}.`))
const summary = answer(says("Summary: the work so far went well; nothing is open."))

export const prompterOf = (script: Script): Prompter => {
  const asked = new Map<string, number>()
  const agentOfThread = new Map<string, string>()

  const agentOf = (incoming: Incoming): string => {
    if (incoming.kind === "compaction") return "compaction"
    const known = incoming.threadId === undefined ? undefined : agentOfThread.get(incoming.threadId)
    if (known !== undefined) return known
    const agent = nameOf(script, incoming)
    if (incoming.threadId !== undefined) agentOfThread.set(incoming.threadId, agent)
    return agent
  }

  return {
    next: (incoming) => {
      const agent = agentOf(incoming)
      const turn = asked.get(agent) ?? 0
      asked.set(agent, turn + 1)
      const program = script[agent] ?? (agent === "compaction" ? undefined : script["*"])
      const step = typeof program === "function" ? program : program?.[turn]
      if (step === undefined) return { agent, answer: agent === "compaction" ? summary : epilogue(agent) }
      const told = typeof step === "function" ? step({ agent, turn, ...incoming }) : step
      return { agent, answer: told }
    },
    leftOver: () =>
      Object.fromEntries(
        Object.entries(script).flatMap(([agent, program]) => {
          const left = typeof program === "function" ? 0 : program.length - (asked.get(agent) ?? 0)
          return left > 0 ? [[agent, left]] : []
        })
      )
  }
}

const nameOf = (script: Script, incoming: Incoming): string => {
  const { agent_name: path } = incoming.turnMetadata ?? {}
  if (incoming.subagent === "review" || incoming.subagent === "guardian") return incoming.subagent
  if (typeof path === "string" && path !== "/root") return path
  if (incoming.subagent?.endsWith("_spawn")) {
    const task = textOf(incoming.input.findLast((item) => item.role === "user")?.content)
    return Object.keys(script).find((key) => key !== "/root" && task.includes(key)) ?? task
  }
  return "/root"
}

/** The text of the latest output of the named tool, as the model was told it. */
export const outputOf = (asked: Asked, tool: string): string => {
  const call = asked.input.findLast((item) => item.name === tool && typeof item.call_id === "string")
  return outputOfCall(asked, call?.call_id)
}

const outputOfCall = (asked: Asked, callId: string | undefined): string => {
  const result = asked.input.findLast((item) => item.call_id === callId && item.output !== undefined)
  return textOf(result?.output)
}

/** A call's output as one text, whether it came as a string or as content parts. */
export const textOf = (output: unknown): string => {
  if (typeof output === "string") return output
  if (!Array.isArray(output)) return ""
  return output.map((part: { readonly text?: unknown }) => (typeof part.text === "string" ? part.text : "")).join("")
}
