/**
 * A tool call: called → running → done | failed | declined | interrupted | unfinished. Child span of its turn, or of
 * the code cell whose script made it.
 *
 * Facts come from the model's call and its output (response items), from the run (turn items, legacy end events, a
 * bundle) and from Pre/PostToolUse hooks, in any order: each row only adds what it was told, and the phase is read
 * from what is known. The call's output is often written late, with the outputs of its neighbours; the run knows
 * better when it was done. Times: Unix seconds. Rules: codex.md, "rollout-trace bundles" (three clocks).
 */
import {
  cellWordsIn,
  exitCodeIn,
  hookRefusalIn,
  type Refusal,
  refusalIn,
  saysAborted,
  saysFailed,
  saysNeverBegan,
  saysRunning,
  textOf,
  type WallTime,
  wallTimeIn
} from "../domain/codex-words.ts"
import type { ApprovalAsk, EventOf, ToolKind, ToolRun } from "../domain/event.ts"
import { type Json, type JsonObject, sameJson } from "../wire/json.ts"
import type { Cell } from "./cell.ts"
import type { SpanKey } from "./effect.ts"
import { calledInput, editedInput } from "./tool-input.ts"
import type { TurnOutcome } from "./turn.ts"

export interface Approval extends ApprovalAsk {
  readonly askedAt: number
  /** Who answers in this turn. */
  readonly by?: "user" | "reviewer"
}

/** The output that the model was given. */
export interface Answer {
  readonly at: number
  readonly output: Json
  /** How long after the thread's previous output it was recorded. */
  readonly after?: number
  /** It says of a terminal that it goes on. */
  readonly goesOn: boolean
}

export interface Tool {
  readonly key: SpanKey
  readonly threadId: string
  readonly turnId: string
  readonly callId: string
  /** Called by a code cell's script; the model never saw the call itself. */
  readonly nested: boolean
  /** The turn, or for a nested call its cell; unknown while several cells are possible. */
  readonly parent?: SpanKey
  readonly parentInferred?: true
  readonly requestedBy?: SpanKey
  readonly call?: {
    readonly at: number
    readonly name: string
    readonly namespace?: string
    readonly input: Json
    /** The provider ran it itself (web search …): there will be no output item. */
    readonly served?: true
  }
  readonly answer?: Answer
  /** No output was ever recorded, and a later request carried one that Codex made up. */
  readonly answerMadeUp?: true
  readonly run?: ToolRun
  readonly hook?: {
    readonly startedAt?: number
    readonly endedAt?: number
    readonly name?: string
    /** The arguments before the call ran, and those that it ran with: a hook may have edited them in between. */
    readonly input?: Json
    readonly ranInput?: Json
    readonly output?: Json
  }
  readonly approval?: Approval
  readonly cell?: Cell
  /** What a bundle recorded of the call: exact, and before anything else. */
  readonly recorded?: {
    readonly startedAt?: number
    readonly endedAt?: number
    readonly ran?: EventOf<"ToolRecorded">["ran"]
  }
  /** Of an `exec` or `wait` whose response called several: when it had its turn (schedule.ts). */
  readonly turnTaken?: { readonly startedAt: number; readonly endedAt: number }
  /** It shares its response with calls that are not answered yet: when it ran cannot be told. */
  readonly queued?: true
  /** Of a `wait`: the call that started the cell it waits for. */
  readonly cellCallId?: string
  readonly agentThreadId?: string
  readonly turnEnd?: { readonly at: number; readonly outcome: TurnOutcome }
}

const kinds: { readonly [name: string]: ToolKind | undefined } = {
  exec_command: "exec",
  shell: "exec",
  shell_command: "exec",
  local_shell: "exec",
  write_stdin: "write_stdin",
  apply_patch: "patch",
  web_search: "web_search",
  image_generation: "image_generation",
  view_image: "view_image",
  update_plan: "plan",
  tool_search: "tool_search",
  spawn_agent: "agent",
  send_input: "agent",
  send_message: "agent",
  followup_task: "agent",
  assign_task: "agent",
  wait_agent: "agent",
  resume_agent: "agent",
  close_agent: "agent",
  interrupt_agent: "agent",
  list_agents: "agent"
}

/** What kind of tool it is: the run knows, else the name tells. */
export const toolKind = (tool: Tool): ToolKind => {
  if (tool.cell !== undefined || tool.recorded?.ran !== undefined) return "code_cell"
  if (tool.run?.kind !== undefined) return tool.run.kind
  const { name, namespace } = tool.call ?? {}
  if (namespace?.startsWith("mcp__")) return "mcp"
  if (name === "wait" && tool.cellCallId !== undefined) return "wait"
  const known = kinds[name ?? hookToolName(tool.hook?.name) ?? tool.run?.name ?? ""]
  if (known !== undefined) return known
  if (name === "wait") return isWaitInput(tool.call?.input) ? "wait" : "agent"
  return (name ?? tool.hook?.name)?.startsWith("mcp__") === true ? "mcp" : "other"
}

const isWaitInput = (input: Json | undefined): boolean =>
  typeof input === "object" && input !== null && "cell_id" in (input as JsonObject)

/** Hooks call the shell tool `Bash`, as other agents do. */
const hookToolName = (name: string | undefined): string | undefined => (name === "Bash" ? "exec_command" : name)

/** `mcp__server__tool` → `server.tool`. */
const mcpName = (name: string): string => name.replace(/^mcp__(.+?)__(.+)$/, "$1.$2")

/** The span's name: the tool's, `server.tool` for MCP. */
export const toolName = (tool: Tool): string => {
  const { name, namespace } = tool.call ?? {}
  if (tool.run?.kind === "mcp" && tool.run.name !== undefined) return tool.run.name
  if (name !== undefined) {
    return namespace?.startsWith("mcp__") === true ? `${namespace.slice(5).replace(/__$/, "")}.${name}` : mcpName(name)
  }
  return tool.run?.name ?? mcpName(hookToolName(tool.hook?.name) ?? "tool")
}

const answerText = (tool: Tool): string | undefined => textOf(tool.answer?.output)

/** An answer as it is kept: its text may be long, so it is searched once. */
export const newAnswer = (at: number, output: Json, after: number | undefined): Answer => ({
  at,
  output,
  goesOn: saysRunning(textOf(output) ?? ""),
  ...(after !== undefined && { after })
})

/** A terminal that went on after its call was answered (`write_stdin` speaks to it). */
const stillRunning = (tool: Tool): boolean => tool.answer?.goesOn === true && toolKind(tool) === "exec"

/**
 * When the call was over, by its bundle: a cell that yielded with its code, a terminal that went on with its process,
 * anything else with its answer. Undefined while it runs, and without a bundle.
 */
const recordedEnd = (tool: Tool): number | undefined => {
  const { recorded, run } = tool
  if (recorded?.ran !== undefined)
    return recorded.ran.yielded === true ? recorded.ran.endedAt : (recorded.endedAt ?? recorded.ran.endedAt)
  if (recorded?.endedAt === undefined) return undefined
  return stillRunning(tool) ? run?.endedAt : Math.max(recorded.endedAt, run?.endedAt ?? 0)
}

/** Whether nothing more is expected of the call. */
export const toolEnded = (tool: Tool): boolean => {
  if (recordedEnd(tool) !== undefined) return true
  if (tool.queued === true) return tool.turnEnd !== undefined
  if (tool.cell !== undefined && tool.cell.endedAt === undefined)
    return tool.turnEnd !== undefined && !tool.cell.yielded
  if (tool.nested) return tool.run?.endedAt !== undefined || tool.turnEnd !== undefined
  if (tool.call?.served === true) return true
  if (tool.answer !== undefined) return !stillRunning(tool) || tool.run?.endedAt !== undefined
  return tool.turnEnd !== undefined
}

/** Whether the span may be told: its place in the tree is known, and it really was called. */
export const toolVisible = (tool: Tool): boolean =>
  tool.parent !== undefined && (tool.call !== undefined || tool.run !== undefined || tool.nested)

/** How long the call took, by its answer. */
export const wallTime = (tool: Tool): WallTime | undefined => wallTimeIn(answerText(tool) ?? "")

/**
 * When the answer came about, from its record alone.
 *
 * Outputs are written in the order of their calls, each as soon as it and those before it are done: one that follows
 * another closely may have been done long before, and older versions write even the first one late. What an answer
 * says of its own wall time tells then, to the precision it is written with.
 */
const answeredAt = (tool: Tool, start: number): number | undefined => {
  const { answer } = tool
  if (answer === undefined) return undefined
  const waited = answer.after !== undefined && answer.after <= 0.02
  if (waited && saysNeverBegan(answerText(tool) ?? "")) return Math.min(answer.at, start + 0.005)
  const wall = wallTime(tool)
  const telling = wall !== undefined && (waited || (wall.grain < 0.01 && toolKind(tool) === "exec"))
  if (!telling) return answer.at
  const soonest = start + wall.seconds
  return answer.at - soonest <= Math.max(wall.grain, 0.05) ? answer.at : soonest + wall.grain / 2
}

/** When the call began: the turn it took, the run's own clock, the hook's, else the record of the call. */
export const toolStart = (tool: Tool): number =>
  tool.recorded?.startedAt ??
  tool.turnTaken?.startedAt ??
  tool.run?.startedAt ??
  tool.hook?.startedAt ??
  tool.call?.at ??
  tool.run?.endedAt ??
  tool.answer?.at ??
  tool.hook?.endedAt ??
  0

/** When the call was done, undefined while it runs. */
export const toolEnd = (tool: Tool): number | undefined => {
  if (!toolEnded(tool)) return undefined
  const start = toolStart(tool)
  const recorded = recordedEnd(tool)
  if (recorded !== undefined) return Math.max(start, recorded)
  if (tool.cell !== undefined) return tool.cell.overAt ?? tool.cell.endedAt ?? tool.turnEnd?.at
  if (tool.turnTaken !== undefined) return tool.turnTaken.endedAt
  if (tool.run?.endedAt !== undefined) return Math.max(start, tool.run.endedAt)
  const answered = answeredAt(tool, start)
  // Codex waits for PostToolUse before it writes the answer; the wall time counts from a start that is only near.
  const hooked = tool.hook?.endedAt
  const heard = hooked !== undefined && tool.answer !== undefined && hooked <= tool.answer.at
  if (answered !== undefined) return heard ? hooked : answered
  return tool.hook?.endedAt ?? (tool.call?.served === true ? tool.call.at : tool.turnEnd?.at)
}

/** When a cell was over, by the answer of its own call. */
export const cellEnd = (tool: Tool): number | undefined => answeredAt(tool, tool.call?.at ?? 0)

/** Tools that ask before they run, and answer in words that they must not. */
const askingKinds: ReadonlySet<ToolKind> = new Set(["exec", "write_stdin", "patch"])

/**
 * Who refused the call, if anybody did. Words tell it only of a call that did not run, as far as is recorded, and only
 * of a tool that is refused in these words: what a command prints, or a server says, is its own.
 */
export const toolRefusal = (tool: Tool): Refusal | undefined => {
  const text = answerText(tool)
  const status = tool.run?.status
  if (text === undefined || status === "ok") return undefined
  const isDeclined = status === "declined"
  // A command that was refused is recorded, if at all, with the exit code -1.
  if (!isDeclined && (tool.run?.exitCode ?? -1) >= 0) return undefined
  return hookRefusalIn(text) ?? (isDeclined || askingKinds.has(toolKind(tool)) ? refusalIn(text) : undefined)
}

/** The exit code that the run reported, or that the answer names. */
export const exitCode = (tool: Tool): number | undefined => {
  if (tool.run?.exitCode !== undefined) return tool.run.exitCode
  const kind = toolKind(tool)
  if (kind !== "exec" && kind !== "patch" && kind !== "write_stdin") return undefined
  return exitCodeIn(answerText(tool) ?? "")
}

/** How the call ended, as far as it is known. */
export type ToolOutcome = "ok" | "error" | "declined" | "interrupted" | "unfinished"

/** Dispatched, and never answered: its turn was stopped, and what ran was killed. */
const cutShort = ({ recorded, turnEnd, nested, answer }: Tool): boolean =>
  recorded !== undefined &&
  recorded.endedAt === undefined &&
  recorded.ran === undefined &&
  turnEnd?.outcome === "interrupted" &&
  answer === undefined &&
  !nested

/** A status that Codex recorded goes before words: those of a call that went well are the tool's own. */
export const toolOutcome = (tool: Tool): ToolOutcome => {
  const wentWell = tool.run?.status === "ok"
  const text = wentWell ? undefined : answerText(tool)
  if (tool.run?.status === "declined" || toolRefusal(tool) !== undefined) return "declined"
  if (text !== undefined && saysAborted(text)) return "interrupted"
  if (tool.run?.status === "interrupted" || cutShort(tool)) return "interrupted"
  const ended = tool.cell?.outcome ?? tool.recorded?.ran?.outcome
  if (ended === "failed") return "error"
  if (ended === "terminated") return "interrupted"
  if (tool.run?.status === "error") return "error"
  const code = exitCode(tool)
  if (code !== undefined && code !== 0) return "error"
  if (text !== undefined && saysFailed(text)) return "error"
  if (text !== undefined && toolKind(tool) === "code_cell" && cellWordsIn(text)?.outcome === "failed") return "error"
  if (wentWell || tool.call?.served === true) return "ok"
  if (recordedEnd(tool) !== undefined) return "ok"
  if (tool.cell !== undefined && tool.cell.endedAt === undefined) return lost(tool)
  if (stillRunning(tool)) return lost(tool)
  if (tool.answer !== undefined || tool.run?.endedAt !== undefined || tool.hook?.endedAt !== undefined) return "ok"
  return lost(tool)
}

/** No end was ever seen: stopped with its turn, or simply not told. */
const lost = (tool: Tool): ToolOutcome => (tool.turnEnd?.outcome === "interrupted" ? "interrupted" : "unfinished")

/** What went wrong, in the tool's own words. */
export const toolError = (tool: Tool): string | undefined => {
  if (tool.run?.error !== undefined) return tool.run.error
  const code = exitCode(tool)
  if (code !== undefined && code !== 0) return `exit code ${code}`
  return answerText(tool)?.slice(0, 2000)
}

/** Adds what a run told; a later, fuller report completes an earlier one. */
export const withRun = (tool: Tool, run: ToolRun): Tool => ({
  ...tool,
  run: { ...tool.run, ...run, ...((tool.run?.facts || run.facts) && { facts: { ...tool.run?.facts, ...run.facts } }) }
})

/** Adds what a bundle recorded, which no other source corrects. */
export const withRecord = (tool: Tool, { startedAt, endedAt, ran }: EventOf<"ToolRecorded">): Tool => ({
  ...tool,
  recorded: {
    ...tool.recorded,
    ...(startedAt !== undefined && { startedAt }),
    ...(endedAt !== undefined && { endedAt }),
    ...(ran !== undefined && { ran: { ...tool.recorded?.ran, ...ran } })
  }
})

/** The earliest start and end that hooks report are the true ones: a hook may be called twice, never early. */
export const withHook = (
  tool: Tool,
  phase: "started" | "ended",
  told: { readonly at: number; readonly name?: string; readonly input?: Json; readonly output?: Json }
): Tool => {
  const { at, input, ...content } = told
  const facts =
    phase === "started"
      ? { startedAt: Math.min(at, tool.hook?.startedAt ?? at), ...(input !== undefined && { input }) }
      : { endedAt: Math.min(at, tool.hook?.endedAt ?? at), ...(input !== undefined && { ranInput: input }) }
  return { ...tool, hook: { ...tool.hook, ...content, ...facts } }
}

/** A tool as it is before anything is known of it. */
export const newTool = (threadId: string, turnId: string, callId: string, nested: boolean): Tool => ({
  key: { kind: "tool", threadId, key: `${turnId}/${callId}` },
  threadId,
  turnId,
  callId,
  nested
})

/** Whether two states of a call make the same span: most hooks only repeat what an item or an answer told. */
export const showsSame = (a: Tool, b: Tool): boolean =>
  sameFacts.every((fact) => a[fact] === b[fact]) &&
  sameReadings.every((reading) => reading(a) === reading(b)) &&
  calledInput(a) === calledInput(b) &&
  sameJson(editedInput(a), editedInput(b)) &&
  (a.hook?.output === b.hook?.output || b.answer !== undefined || b.run?.output !== undefined)

const sameFacts = [
  ...(["parent", "parentInferred", "requestedBy", "call", "answer", "run", "approval", "cell", "turnTaken"] as const),
  ...(["cellCallId", "agentThreadId"] as const)
]

const sameReadings = [toolStart, toolEnd, toolOutcome, toolName, toolKind]
