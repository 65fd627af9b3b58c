/**
 * Tool spans: what was called, what really ran, and what came back.
 */
import {
  exitCode,
  type Tool,
  type ToolOutcome,
  toolEnd,
  toolEnded,
  toolError,
  toolKind,
  toolName,
  toolOutcome,
  toolRefusal,
  toolStart
} from "../machine/tool.ts"
import { calledInput, editedInput } from "../machine/tool-input.ts"
import type { Json, JsonObject } from "../wire/json.ts"
import { spanId } from "./ids.ts"
import { identity, present, shown, type TraceContext } from "./project.ts"
import type { Span, SpanStatus } from "./span.ts"

const statuses: { readonly [outcome: string]: SpanStatus } = {
  ok: "ok",
  error: "error",
  declined: "error",
  interrupted: "interrupted",
  unfinished: "unfinished"
}

const outputOf = (tool: Tool): Json | undefined => tool.answer?.output ?? tool.run?.output ?? tool.hook?.output

/** The skill that a command reads, by the folder of its SKILL.md. */
const skillOf = (tool: Tool): string | undefined => {
  const input = calledInput(tool)
  if (typeof input !== "object" || input === null) return undefined
  const { cmd, command } = input as JsonObject
  const said = cmd ?? command
  const text = Array.isArray(said) ? said.join(" ") : said
  if (typeof text !== "string" || !text.includes("SKILL.md")) return undefined
  return /([^/\\\s'"]+)[/\\]SKILL\.md\b/.exec(text)?.[1]
}

/** The arguments as a hook left them: a command under the name that it has in the call. */
const editOf = (context: TraceContext, tool: Tool): Json | undefined => {
  const edited = editedInput(tool)
  if (edited === undefined) return undefined
  const called = calledInput(tool)
  if (typeof edited !== "string" || typeof called !== "object") return shown(context, edited)
  return called !== null && "cmd" in called ? { cmd: edited } : { command: edited }
}

/** What is known of an approval: whether anybody was asked, and what became of it where that shows. */
const approvalOf = (context: TraceContext, tool: Tool, outcome: ToolOutcome): JsonObject | undefined => {
  const { approval } = tool
  const refusal = toolRefusal(tool)
  const edited = editOf(context, tool)
  if (approval === undefined && edited === undefined && outcome !== "declined") return undefined
  const asked = approval !== undefined || refusal?.by === "user" || refusal?.by === "reviewer"
  const ran = tool.run?.endedAt !== undefined || exitCode(tool) !== undefined
  const passed = ran ? "granted" : outcome === "interrupted" ? "cancelled" : undefined
  // That it was edited shows in what ran, or was to run when it was refused.
  const decision = outcome === "declined" ? "denied" : edited === undefined ? passed : "edited"
  return present({
    requested: asked || undefined,
    decision,
    by: refusal?.by ?? (decision === "edited" ? "hook" : decision === "granted" ? approval?.by : undefined),
    input: edited,
    refusal: refusal?.reason,
    justification: asked ? justification(tool) : undefined,
    waited_ms: waited(tool)
  })
}

const justification = (tool: Tool): Json | undefined => {
  const input = tool.call?.input
  const said = typeof input === "object" && input !== null ? (input as JsonObject).justification : undefined
  return said ?? tool.approval?.justification
}

/** From the question to the run's own start, which its end and its wall time give. */
const waited = ({ approval, run }: Tool): number | undefined => {
  if (approval === undefined || run?.endedAt === undefined || run.seconds === undefined) return undefined
  return Math.max(0, Math.round((run.endedAt - run.seconds - approval.askedAt) * 1000))
}

export const toolSpan = (context: TraceContext, tool: Tool): Span => {
  const outcome = toolOutcome(tool)
  const end = toolEnd(tool)
  const [input, output] = [calledInput(tool), outputOf(tool)]
  const start = toolStart(tool)
  const failed = outcome === "error" || outcome === "declined"
  const message = failed ? (toolError(tool) ?? outcome) : undefined
  // One whose end nobody told, in a reading that is over: its last known moment.
  const last = end ?? (toolEnded(tool) ? start : tool.answer?.at)
  return {
    ...identity(context, tool.key, tool.parent),
    kind: "tool",
    name: toolName(tool),
    start,
    ...(last !== undefined && { end: Math.max(start, last) }),
    status: statuses[outcome] ?? "unfinished",
    ...(message !== undefined && { error: { message, ...(outcome === "declined" && { code: "declined" }) } }),
    ...(input !== undefined && { input: shown(context, input) }),
    ...(output !== undefined && { output: shown(context, output) }),
    metadata: present({
      ...tool.run?.facts,
      call_id: tool.callId,
      turn_id: tool.turnId,
      tool_kind: toolKind(tool),
      namespace: tool.call?.namespace,
      exit_code: exitCode(tool),
      requested_by: tool.requestedBy === undefined ? undefined : spanId(tool.requestedBy),
      approval: approvalOf(context, tool, outcome),
      skill: skillOf(tool),
      cell_id: tool.cell?.runtimeId,
      cell_call_id: tool.cellCallId,
      agent_thread_id: tool.agentThreadId,
      attribution: tool.parentInferred === true ? "inferred" : undefined,
      ...(outcome === "declined" && { status: "declined" })
    }),
    metrics: {},
    tags: []
  }
}
