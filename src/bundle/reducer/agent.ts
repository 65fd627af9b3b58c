/**
 * What a tool does to agents: spawning, giving a task, sending a message, closing (rollout-trace.md §3.11).
 *
 * Owns the runtime payloads of those tools and the deliveries that they mean; edge.ts carries them to an item.
 * Up to 0.128 there are begin and end reports, later activities of the agent, and both forms are read everywhere.
 */
import type { PayloadRef } from "../../wire/bundle/events.ts"
import { type Decoder, type Integer, Malformed, record, text } from "../../wire/bundle/fields.ts"
import { type JsonValue, member, readJsonTextIfValid, textMember } from "../../wire/bundle/json.ts"
import {
  type Activity,
  activity,
  activityBefore155,
  agentReports,
  agentReportsOf128
} from "../../wire/bundle/payloads.ts"
import { refuse } from "../refusal.ts"
import type { ToolCall } from "../state.ts"
import { type Delivery, deliver, insertEdge, spawnEdgeId } from "./edge.ts"
import { decodePayload, type Envelope, historyOf, pushUnique, type Reduction, readPayload } from "./reduction.ts"

const messageKinds = { assign_agent_task: "assign_agent_task", send_message: "send_message" } as const
type MessageKind = keyof typeof messageKinds

const isMessageKind = (kind: string): kind is MessageKind => Object.hasOwn(messageKinds, kind)

/** The runtime begins a call to an agent. Other tools' begin payloads are not opened. */
export const agentCallBegan = (reduction: Reduction, tool: ToolCall, ref: PayloadRef): void => {
  const kind = tool.kind.type
  if (isMessageKind(kind)) {
    const { prompt, receiver_thread_id } = read(
      reduction,
      "a message to an agent",
      reports(reduction).messageBegin,
      ref
    )
    sendMessage(reduction, tool, kind, receiver_thread_id, prompt, null)
  } else if (kind === "close_agent") {
    close(
      reduction,
      tool,
      read(reduction, "the closing of an agent", reports(reduction).closeBegin, ref).receiver_thread_id,
      null
    )
  }
}

const reports = ({ features }: Reduction) => (features.agentMessages ? agentReports : agentReportsOf128)

const read = <A>(reduction: Reduction, what: string, decoder: Decoder<A>, ref: PayloadRef): A =>
  decodePayload("agent", what, decoder, readPayload(reduction, ref), ref)

/** From 0.142 on the runtime end of every tool is opened, since it may be an activity of an agent. */
export const opensRuntimeEnd = (reduction: Reduction, tool: ToolCall): boolean => {
  const kind = tool.kind.type
  return reduction.features.agentMessages || isMessageKind(kind) || kind === "spawn_agent" || kind === "close_agent"
}

/** What the runtime reports of a call that ended, and where it stands. */
interface CallEnd {
  readonly ref: PayloadRef
  readonly report: JsonValue
}

/** The runtime ended a call. */
export const agentCallEnded = (reduction: Reduction, event: Envelope, tool: ToolCall, end: CallEnd): void => {
  const { ref, report } = end
  if (reduction.features.agentMessages && member(report, "agent_thread_id") !== undefined) {
    const form = reduction.features.additionalTools ? activity : activityBefore155
    const seen: Activity = decodePayload("agent", "an activity of an agent", form, report, ref)
    agentActed(reduction, event, tool, seen, ref)
  } else agentReported(reduction, event, tool, end)
}

const agentReported = (reduction: Reduction, event: Envelope, tool: ToolCall, { ref, report }: CallEnd): void => {
  const kind = tool.kind.type
  const at = event.wall_time_unix_ms
  if (kind === "spawn_agent") {
    const end = decodePayload("agent", "the end of a spawn", reports(reduction).spawnEnd, report, ref)
    if (end.new_thread_id === null) return
    const edgeId = spawnEdgeId(end.sender_thread_id, end.new_thread_id)
    deliver(reduction, deliveryOf(reduction, tool, edgeId, "spawn_agent", end.new_thread_id, end.prompt, at))
  } else if (isMessageKind(kind)) {
    const end = decodePayload("agent", "the end of a message to an agent", reports(reduction).messageEnd, report, ref)
    sendMessage(reduction, tool, kind, end.receiver_thread_id, end.prompt, at)
  } else if (kind === "close_agent") {
    const end = decodePayload("agent", "the end of closing an agent", reports(reduction).closeEnd, report, ref)
    close(reduction, tool, end.receiver_thread_id, at)
  }
}

const agentActed = (reduction: Reduction, event: Envelope, tool: ToolCall, seen: Activity, ref: PayloadRef): void => {
  const kind = tool.kind.type
  const at = event.wall_time_unix_ms
  const agentId = seen.agent_thread_id
  if (seen.kind === "completed") return
  if (kind === "spawn_agent" && seen.kind === "started") {
    const edgeId = spawnEdgeId(tool.thread_id, agentId)
    const content = messageOfInvocation(reduction, tool)
    deliver(reduction, deliveryOf(reduction, tool, edgeId, "spawn_agent", agentId, content, at))
  } else if (isMessageKind(kind) && seen.kind === "interacted") {
    sendMessage(reduction, tool, kind, agentId, messageOfInvocation(reduction, tool), at)
  } else if (kind === "close_agent" && seen.kind === "interrupted") {
    close(reduction, tool, agentId, at)
  } else refuse("agent", `tool call ${tool.tool_call_id} is ${kind}, but its agent was ${seen.kind}`, ref.path)
}

const invocationArguments = record({ message: text })
const messageKeys = new Set(["message"])

/** An activity does not say what was sent: the arguments of the call do. */
const messageOfInvocation = (reduction: Reduction, tool: ToolCall): string => {
  const id = tool.raw_invocation_payload_id
  const ref = id === null ? undefined : reduction.trace.raw_payloads.get(id)
  if (ref === undefined) {
    refuse("agent", `tool call ${tool.tool_call_id} acted on an agent, but has no invocation payload`)
  }
  const args = textMember(member(readPayload(reduction, ref), "payload"), "arguments")
  const value: JsonValue | undefined =
    args === undefined ? undefined : readJsonTextIfValid(args, reduction.features.numbers, messageKeys)
  try {
    return invocationArguments(value).message
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    refuse("agent", `the arguments of ${tool.tool_call_id} hold no message for the agent`, ref.path)
  }
}

const sendMessage = (
  reduction: Reduction,
  tool: ToolCall,
  kind: MessageKind,
  targetThreadId: string,
  content: string,
  endedAt: Integer | null
): void => {
  const edgeId = `edge:tool:${tool.tool_call_id}`
  deliver(reduction, deliveryOf(reduction, tool, edgeId, kind, targetThreadId, content, endedAt))
}

const deliveryOf = (
  reduction: Reduction,
  tool: ToolCall,
  edgeId: string,
  kind: Delivery["kind"],
  targetThreadId: string,
  content: string,
  endedAt: Integer | null
): Delivery => ({
  edgeId,
  kind,
  source: { type: "tool_call", tool_call_id: tool.tool_call_id },
  targetThreadId,
  author: historyOf(reduction, tool.thread_id).thread.agent_path,
  content,
  startedAt: tool.execution.started_at_unix_ms,
  endedAt,
  carried: payloadsOf(tool)
})

const payloadsOf = (tool: ToolCall): Array<string> => {
  const ids: Array<string> = []
  if (tool.raw_invocation_payload_id !== null) ids.push(tool.raw_invocation_payload_id)
  for (const id of tool.raw_runtime_payload_ids) pushUnique(ids, id)
  if (tool.raw_result_payload_id !== null) pushUnique(ids, tool.raw_result_payload_id)
  return ids
}

/** Closing concerns the thread, not an item of it. An agent that this trace does not know is passed over. */
const close = (reduction: Reduction, tool: ToolCall, targetThreadId: string, endedAt: Integer | null): void => {
  if (!reduction.histories.has(targetThreadId)) return
  insertEdge(reduction, {
    edge_id: `edge:tool:${tool.tool_call_id}`,
    kind: "close_agent",
    source: { type: "tool_call", tool_call_id: tool.tool_call_id },
    target: { type: "thread", thread_id: targetThreadId },
    started_at_unix_ms: tool.execution.started_at_unix_ms,
    ended_at_unix_ms: endedAt,
    carried_item_ids: [],
    carried_raw_payload_ids: payloadsOf(tool)
  })
}
