/**
 * Rows of the legacy dialect (0.77 to 0.142): messages and `*_end` events of `event_msg`.
 *
 * What the paginated dialect says with items stands here in one event a kind. 0.77 has no turn ids and no
 * `task_started`: there a `user_message` begins a turn, and the machine gives it its id.
 */
import * as Item from "../wire/item.ts"
import type { Json } from "../wire/json.ts"
import { isObject } from "../wire/record.ts"
import * as Wire from "../wire/transcript.ts"
import { agentStates } from "./agent-state.ts"
import type { DomainEvent, ToolRun } from "./event.ts"
import { durationOf, filesChanged, runStatus } from "./paginated.ts"
import { known, type Place, type Row } from "./row.ts"

const ran = (place: Place, callId: string, turnId: string | null | undefined, run: ToolRun): DomainEvent => ({
  _tag: "ToolRan",
  ...place,
  callId,
  ...(turnId != null && { turnId }),
  run
})

/** An end event is written when the run ends; where it tells how long it took, it tells when it began. */
const timesOf = (place: Place, duration: unknown): Pick<ToolRun, "startedAt" | "endedAt"> => {
  const took = durationOf(duration)
  return took === undefined ? { endedAt: place.at } : { startedAt: place.at - took, endedAt: place.at }
}

const userMessage: Row = (payload, place) => {
  const record = Item.legacyUserMessage(payload)
  if (record === undefined) return undefined
  const images = (record.images?.length ?? 0) + (record.local_images?.length ?? 0)
  return [{ _tag: "Prompted", ...place, images, ...(record.message != null && { text: record.message }) }]
}

const execEnd: Row = (payload, place) => {
  const record = Item.execCommandEnd(payload)
  if (record === undefined) return undefined
  const command = Wire.texts(record.command)
  const status = runStatus(record.status)
  return [
    ran(place, record.call_id, record.turn_id, {
      ...timesOf(place, record.duration),
      kind: "exec",
      name: "exec_command",
      ...(status && { status }),
      ...(record.exit_code != null && { exitCode: record.exit_code }),
      ...(command && { input: { cmd: command.at(-1) ?? "" } }),
      ...(record.aggregated_output != null && { output: record.aggregated_output }),
      facts: known({
        status: record.status,
        command,
        cwd: record.cwd,
        parsed_command: record.parsed_cmd,
        process_id: record.process_id
      })
    })
  ]
}

const patchEnd: Row = (payload, place) => {
  const record = Item.patchApplyEnd(payload)
  if (record === undefined) return undefined
  const failed = record.success === false || record.status === "failed"
  const status = runStatus(record.status) ?? (record.success == null ? undefined : failed ? "error" : "ok")
  return [
    ran(place, record.call_id, record.turn_id, {
      endedAt: place.at,
      kind: "patch",
      name: "apply_patch",
      ...(status && { status }),
      ...(isObject(record.changes) && { input: { changes: record.changes } }),
      ...(record.stdout != null && { output: record.stdout }),
      ...(failed && record.stderr != null && record.stderr !== "" && { error: record.stderr }),
      facts: known({ status: record.status, files_changed: filesChanged(record.changes) })
    })
  ]
}

const mcpEnd: Row = (payload, place) => {
  const record = Item.mcpToolCallEnd(payload)
  if (record === undefined) return undefined
  const { server, tool, arguments: input } = record.invocation ?? {}
  const result = isObject(record.result) ? (record.result.Ok ?? record.result) : record.result
  const error = isObject(record.result) && typeof record.result.Err === "string" ? record.result.Err : undefined
  const failed = error !== undefined || (isObject(result) && (result.isError === true || result.is_error === true))
  return [
    ran(place, record.call_id, undefined, {
      ...timesOf(place, record.duration),
      kind: "mcp",
      name: `${server ?? "mcp"}.${tool ?? "tool"}`,
      status: failed ? "error" : "ok",
      ...(input != null && { input: input as Json }),
      ...(result != null && { output: result as Json }),
      ...(failed && { error: error ?? "the MCP tool failed" }),
      facts: known({ mcp_server: server, mcp_tool: tool })
    })
  ]
}

const webSearchEnd: Row = (payload, place) => {
  const record = Item.webSearchEnd(payload)
  if (record === undefined) return undefined
  return [
    ran(place, record.call_id, undefined, {
      endedAt: place.at,
      kind: "web_search",
      name: "web_search",
      status: "ok",
      input: known({ query: record.query, action: record.action }),
      facts: known({ query: record.query })
    })
  ]
}

const viewImage: Row = (payload, place) => {
  const record = Item.viewImageCall(payload)
  if (record === undefined) return undefined
  return [
    ran(place, record.call_id, undefined, {
      endedAt: place.at,
      kind: "view_image",
      name: "view_image",
      status: "ok",
      input: known({ path: record.path }),
      facts: known({ path: record.path })
    })
  ]
}

const spawnEnd: Row = (payload, place) => {
  const record = Item.collabSpawnEnd(payload)
  if (record === undefined) return undefined
  return [
    ran(place, record.call_id, undefined, { endedAt: place.at, kind: "agent" }),
    ...(record.new_thread_id == null
      ? []
      : [
          {
            _tag: "AgentObserved" as const,
            ...place,
            activity: "started" as const,
            agentThreadId: record.new_thread_id,
            callId: record.call_id,
            facts: known({ nickname: record.new_agent_nickname, role: record.new_agent_role })
          }
        ])
  ]
}

const interactionEnd =
  (activity: "interacted" | "closed" | "resumed"): Row =>
  (payload, place) => {
    const record = Item.collabInteractionEnd(payload)
    if (record === undefined) return undefined
    return [
      ran(place, record.call_id, undefined, { endedAt: place.at, kind: "agent" }),
      ...(record.receiver_thread_id == null
        ? []
        : [
            {
              _tag: "AgentObserved" as const,
              ...place,
              activity,
              agentThreadId: record.receiver_thread_id,
              callId: record.call_id
            }
          ])
    ]
  }

const waitingEnd: Row = (payload, place) => {
  const { call_id: callId, statuses, agent_statuses: listed } = payload
  if (typeof callId !== "string") return []
  return [
    ran(place, callId, undefined, { endedAt: place.at, kind: "agent" }),
    ...agentStates(statuses ?? listed).map(([agentThreadId, state]) => ({
      _tag: "AgentReported" as const,
      ...place,
      callId,
      agentThreadId,
      state
    }))
  ]
}

const agentActivity: Row = (payload, place) => {
  const record = Item.legacyAgentActivity(payload)
  if (record === undefined) return undefined
  return [
    {
      _tag: "AgentObserved",
      ...place,
      activity: record.kind as "started",
      agentThreadId: record.agent_thread_id,
      ...(record.event_id != null && { callId: record.event_id }),
      ...(record.agent_path != null && { agentPath: record.agent_path })
    }
  ]
}

/** The same text stands in the response item beside it. */
const echoed: Row = () => []

export const legacyRows: { readonly [type: string]: Row | undefined } = {
  user_message: userMessage,
  agent_message: echoed,
  agent_reasoning: echoed,
  agent_reasoning_raw_content: echoed,
  agent_reasoning_section_break: echoed,
  plan_update: echoed,
  exec_command_end: execEnd,
  exec_command_begin: echoed,
  patch_apply_end: patchEnd,
  patch_apply_begin: echoed,
  mcp_tool_call_end: mcpEnd,
  mcp_tool_call_begin: echoed,
  web_search_end: webSearchEnd,
  web_search_begin: echoed,
  view_image_tool_call: viewImage,
  collab_agent_spawn_end: spawnEnd,
  collab_agent_interaction_end: interactionEnd("interacted"),
  collab_close_end: interactionEnd("closed"),
  collab_resume_end: interactionEnd("resumed"),
  collab_waiting_end: waitingEnd,
  sub_agent_activity: agentActivity,
  context_compacted: (_, place) => [{ _tag: "CompactionObserved", ...place, endedAt: place.at }],
  entered_review_mode: (payload, place) => [
    {
      _tag: "ReviewEntered",
      ...place,
      ...(typeof payload.user_facing_hint === "string" && { hint: payload.user_facing_hint }),
      ...(payload.target != null && { target: payload.target })
    }
  ],
  exited_review_mode: (payload, place) => [
    {
      _tag: "ReviewExited",
      ...place,
      ...(payload.review_output != null && { output: payload.review_output })
    }
  ],
  undo_completed: echoed
}
