/**
 * Tool calls and code cells, as a bundle recorded them (tool_call_*, code_cell_*, 0.128 +).
 *
 * A call has three clocks (codex.md, "rollout-trace bundles"): its span runs from its dispatch to its answer, or to
 * the end of its process where that outlives the answer. The payload of a run is the event that older transcripts
 * hold, so the legacy rows read it. A run whose dispatch this thread did not see is the echo of a reviewer's.
 */
import type { EventOf, ExecutionStatus } from "../wire/bundle/events.ts"
import { type Json, type JsonObject, parsedOrAsIs } from "../wire/json.ts"
import { isObject } from "../wire/record.ts"
import type { BundlePlace, Payloads, Told } from "./bundle-place.ts"
import type { DomainEvent, EventOf as DomainEventOf, ToolRun } from "./event.ts"
import { legacyRows } from "./legacy.ts"
import { historyItem } from "./translate.ts"

/** A call that was dispatched. */
interface Dispatched {
  readonly callId: string
  readonly turnId?: string
  readonly name?: string
  readonly nested: boolean
  /** Its arguments came with the dispatch. */
  readonly hasInput: boolean
  /** The call of an MCP tool: its end does not repeat it (0.169). */
  readonly invocation?: Json
  /** Its run has told an output. */
  readonly told?: true
}

interface StartedCell {
  readonly callId: string
  readonly turnId: string
}

/** What was called, by the payload of its dispatch. */
const invocationOf = (payload: JsonObject | undefined): { readonly name?: string; readonly input?: Json } => {
  const { tool_name: tool, tool_namespace: namespace } = payload ?? {}
  const called = isObject(payload?.payload) ? payload.payload : {}
  const input = parsedOrAsIs(called.arguments) ?? called.input ?? called.query ?? called.command
  const server = typeof namespace === "string" ? /^mcp__(.+?)_*$/.exec(namespace)?.[1] : undefined
  return {
    ...(typeof tool === "string" && { name: server === undefined ? tool : `${server}.${tool}` }),
    ...(input !== undefined && { input })
  }
}

/** What Codex's own kinds of tools are called, where their name is another. */
const kindNames: { readonly [kind: string]: string | undefined } = {
  web: "web_search",
  // Later versions call it `followup_task`, and then the label says so.
  assign_agent_task: "assign_task"
}

/**
 * What was called, as the event of the dispatch itself says: for a payload that cannot be read. The name that the model
 * used stands behind its namespace: `collaboration.spawn_agent`, `mcp__lab.echo`.
 */
const dispatchedAs = ({ kind, summary }: EventOf<"tool_call_started">): Pick<ToolRun, "kind" | "name"> => {
  if (kind.type === "mcp") return { kind: "mcp", name: `${kind.server}.${kind.tool}` }
  const label = summary.type === "generic" ? summary.label : ""
  const server = /^mcp__(.+?)_*\.(.+)$/.exec(label)
  if (server !== null) return { kind: "mcp", name: `${server[1]}.${server[2]}` }
  const word = kind.type === "other" ? kind.name : (kindNames[kind.type] ?? kind.type)
  // Agents are waited for by a kind of their own: this one waits for a script.
  if (kind.type === "other" && word === "wait") return { kind: "wait", name: word }
  return { name: label.slice(label.lastIndexOf(".") + 1) || word }
}

/** Which event of a transcript the payload of a run is. */
const runType = (payload: JsonObject, name: string | undefined): string => {
  if ("agent_thread_id" in payload) return "sub_agent_activity"
  if ("exit_code" in payload || "command" in payload) return "exec_command_end"
  if ("changes" in payload) return "patch_apply_end"
  if ("new_thread_id" in payload) return "collab_agent_spawn_end"
  if ("statuses" in payload || "agent_statuses" in payload) return "collab_waiting_end"
  if ("receiver_thread_id" in payload) {
    if (name === "close_agent") return "collab_close_end"
    return name === "resume_agent" ? "collab_resume_end" : "collab_agent_interaction_end"
  }
  return "result" in payload ? "mcp_tool_call_end" : "unknown"
}

/** How a dispatch ended that did not complete; what completed is judged by its run and its output. */
const endStatuses: { readonly [status in ExecutionStatus]: ToolRun["status"] } = {
  running: undefined,
  completed: undefined,
  failed: "error",
  cancelled: "interrupted",
  aborted: "interrupted"
}

const cellOutcomes: { readonly [status: string]: "completed" | "failed" | "terminated" | undefined } = {
  completed: "completed",
  failed: "failed",
  terminated: "terminated"
}

const recordedTool = (
  place: BundlePlace,
  callId: string,
  facts: Partial<DomainEventOf<"ToolRecorded">>
): DomainEvent => ({
  _tag: "ToolRecorded",
  ...place,
  callId,
  ...facts
})

const ranTool = (place: BundlePlace, callId: string, run: ToolRun): DomainEvent => ({
  _tag: "ToolRan",
  ...place,
  callId,
  run
})

/** The rows of tools and cells, with the calls that are under way. */
export const toolRows = () => {
  const calls = new Map<string, Dispatched>()
  const cells = new Map<string, StartedCell>()

  const callOf = (toolCallId: string, place: BundlePlace): Dispatched | undefined =>
    calls.get(`${place.threadId}/${toolCallId}`)

  /** The place of a call's facts: its own turn, however late they come. */
  const placeOf = (call: Dispatched, { turnId: _, ...place }: BundlePlace): BundlePlace => ({
    ...place,
    ...(call.turnId !== undefined && { turnId: call.turnId })
  })

  const started = (event: EventOf<"tool_call_started">, place: BundlePlace, payloads: Payloads): Told => {
    const callId = event.model_visible_call_id ?? event.tool_call_id
    const { requester } = event
    const nested = requester.type === "code_cell"
    const cell = nested ? cells.get(`${place.threadId}/${requester.runtime_cell_id}`) : undefined
    const payload = payloads(event.invocation_payload)
    const { input, ...told } = invocationOf(payload)
    const { name, ...said } = { ...(payload === undefined && dispatchedAs(event)), ...told }
    calls.set(`${place.threadId}/${event.tool_call_id}`, {
      callId,
      nested,
      hasInput: input !== undefined,
      ...(place.turnId !== undefined && { turnId: place.turnId }),
      ...(name !== undefined && { name })
    })
    return [
      recordedTool(place, callId, { startedAt: place.at, ...(cell && { cell }) }),
      ranTool({ ...place, bytes: 0 }, callId, {
        ...said,
        ...(name !== undefined && { name }),
        ...(nested && input !== undefined && { input })
      })
    ]
  }

  const runStarted = (event: EventOf<"tool_call_runtime_started">, place: BundlePlace, payloads: Payloads): Told => {
    const call = callOf(event.tool_call_id, place)
    const invocation = payloads(event.runtime_payload)?.invocation
    if (call !== undefined && isObject(invocation))
      calls.set(`${place.threadId}/${event.tool_call_id}`, { ...call, invocation })
    return []
  }

  const runEnded = (event: EventOf<"tool_call_runtime_ended">, place: BundlePlace, payloads: Payloads): Told => {
    const call = callOf(event.tool_call_id, place)
    if (call === undefined) return []
    const payload = payloads(event.runtime_payload) ?? {}
    const row = legacyRows[runType(payload, call.name)]
    const told = row?.(
      { ...(call.invocation !== undefined && { invocation: call.invocation }), ...payload, call_id: call.callId },
      placeOf(call, place),
      { timestamp: "", type: "event_msg", payload }
    )
    const events = told ?? []
    if (events.some((one) => one._tag === "ToolRan" && one.run.output !== undefined))
      calls.set(`${place.threadId}/${event.tool_call_id}`, { ...call, told: true })
    const failed = event.status === "failed" ? "error" : undefined
    return events.map((one) => (one._tag === "ToolRan" ? atItsTime(one, call, place.at, failed) : one))
  }

  const ended = (event: EventOf<"tool_call_ended">, place: BundlePlace, payloads: Payloads): Told => {
    const call = callOf(event.tool_call_id, place)
    if (call === undefined) return []
    const own = placeOf(call, place)
    const status = endStatuses[event.status]
    const result = resultOf(call, payloads(event.result_payload))
    const run = { ...result.run, ...(status && { status }) }
    return [
      ...(result.item === undefined
        ? []
        : [{ _tag: "ItemRecorded" as const, ...own, item: historyItem(result.item, own), side: "input" as const }]),
      ...(Object.keys(run).length === 0 ? [] : [ranTool({ ...own, bytes: 0 }, call.callId, run)]),
      recordedTool({ ...own, bytes: 0 }, call.callId, { endedAt: place.at })
    ]
  }

  const cellStarted = (event: EventOf<"code_cell_started">, place: BundlePlace): Told => {
    const callId = event.model_visible_call_id
    if (place.turnId === undefined) return []
    cells.set(`${place.threadId}/${event.runtime_cell_id}`, { callId, turnId: place.turnId })
    // Up to 0.158 the dispatch of `exec` itself is not recorded.
    const dispatched = calls.get(`${place.threadId}/${callId}`) !== undefined
    const ran = { runtimeId: event.runtime_cell_id }
    return [recordedTool(place, callId, { ran, ...(!dispatched && { startedAt: place.at }) })]
  }

  const cellWent = (event: EventOf<"code_cell_initial_response" | "code_cell_ended">, place: BundlePlace): Told => {
    const cell = cells.get(`${place.threadId}/${event.runtime_cell_id}`)
    if (cell === undefined) return []
    const isOver = event.type === "code_cell_ended"
    const outcome = cellOutcomes[event.status]
    if (!isOver && event.status !== "yielded") return []
    const ran = {
      runtimeId: event.runtime_cell_id,
      ...(isOver ? { endedAt: place.at, ...(outcome && { outcome }) } : { yielded: true as const })
    }
    return [recordedTool({ ...place, turnId: cell.turnId }, cell.callId, { ran })]
  }

  return { started, runStarted, runEnded, ended, cellStarted, cellWent }
}

/** A run as its event told it, with the log's own clock, and the arguments that the call was dispatched with. */
const atItsTime = (
  told: DomainEventOf<"ToolRan">,
  call: Dispatched,
  at: number,
  failed: "error" | undefined
): DomainEvent => {
  const { startedAt: _, input, ...run } = told.run
  const keeps = input !== undefined && !(call.nested && call.hasInput)
  return {
    ...told,
    callId: call.callId,
    run: { ...(failed && { status: failed }), ...run, endedAt: at, ...(keeps && { input }) }
  }
}

/** What a call gave back: an item of the model's history, or a value for the script that made it. */
const resultOf = (
  call: Dispatched,
  payload: JsonObject | undefined
): { readonly item?: JsonObject; readonly run?: ToolRun } => {
  switch (payload?.type) {
    case "direct_response":
      return isObject(payload.response_item) ? { item: payload.response_item } : {}
    case "code_mode_response":
      return {
        run: { ...(call.told !== true && payload.value !== undefined && { output: outputOf(payload.value) }) }
      }
    case "error": {
      if (typeof payload.error !== "string") return {}
      // The model is given the error's words as the call's output.
      if (!call.nested) return { item: { type: "function_call_output", call_id: call.callId, output: payload.error } }
      return { run: { status: "error", error: payload.error } }
    }
    default:
      return {}
  }
}

/** Of a command's value, what it printed. */
const outputOf = (value: Json): Json => (isObject(value) && typeof value.output === "string" ? value.output : value)
