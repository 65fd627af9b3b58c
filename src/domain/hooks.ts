/**
 * Hook payloads → domain events (0.128 +; model requests, Interrupt and SessionEnd in later versions).
 *
 * A hook tells when something happened, exactly: arrival is stamped before anything else is done. It never tells the
 * content better than the transcript. Hooks that fire inside an agent carry `agent_id`, which is the agent's thread;
 * SubagentStop alone is told by the parent about the child. Arrival order means nothing: facts are matched by turn,
 * call id and time.
 */

import { gitAsked, type HookPayload, hookPayload } from "../wire/hook.ts"
import type { Json } from "../wire/json.ts"
import { isObject } from "../wire/record.ts"
import * as Wire from "../wire/transcript.ts"
import type { DomainEvent } from "./event.ts"
import { gitFacts } from "./git.ts"
import { known, readUsage, rowTable } from "./row.ts"

type HookRow = (hook: HookPayload, place: HookPlace) => ReadonlyArray<DomainEvent>

interface HookPlace {
  readonly threadId: string
  readonly at: number
  readonly bytes: number
  readonly live: true
  readonly turnId?: string
}

const toolHook =
  (phase: "started" | "ended"): HookRow =>
  (hook, place) =>
    hook.tool_use_id == null
      ? []
      : [
          {
            _tag: "ToolHooked",
            ...place,
            phase,
            callId: hook.tool_use_id,
            ...(hook.tool_name != null && { toolName: hook.tool_name }),
            ...(hook.tool_input != null && { input: hook.tool_input as Json }),
            ...(phase === "ended" && hook.tool_response != null && { output: hook.tool_response as Json })
          }
        ]

const messageOf = (error: unknown): string | undefined =>
  typeof error === "string"
    ? error
    : isObject(error) && typeof error.message === "string"
      ? error.message
      : error == null
        ? undefined
        : JSON.stringify(error)

const outcomes: { readonly [status: string]: "completed" | "failed" | "cancelled" | undefined } = {
  completed: "completed",
  failed: "failed",
  error: "failed",
  cancelled: "cancelled",
  canceled: "cancelled",
  interrupted: "cancelled",
  aborted: "cancelled"
}

const modelAnswered: HookRow = (hook, place) => {
  const usage = readUsage(hook.token_usage)
  const error = messageOf(hook.error)
  return [
    {
      _tag: "ModelAnswered",
      ...place,
      outcome: outcomes[hook.status ?? ""] ?? (error === undefined ? "completed" : "failed"),
      ...(error !== undefined && { error }),
      ...(usage && { usage })
    }
  ]
}

const permission: HookRow = (hook, place) => {
  const justification = isObject(hook.tool_input) ? hook.tool_input.description : undefined
  return [
    {
      _tag: "ApprovalRequested",
      ...place,
      ask: {
        ...(hook.tool_name != null && { toolName: hook.tool_name }),
        ...(hook.tool_input != null && { input: hook.tool_input as Json }),
        ...(typeof justification === "string" && { justification })
      }
    }
  ]
}

const compaction =
  (phase: "started" | "ended"): HookRow =>
  (hook, place) => [
    { _tag: "CompactionHooked", ...place, phase, ...(hook.trigger != null && { trigger: hook.trigger }) }
  ]

const agent =
  (phase: "started" | "ended"): HookRow =>
  (hook, { threadId: _, ...place }) => {
    const path = phase === "started" ? hook.transcript_path : hook.agent_transcript_path
    return hook.agent_id == null
      ? []
      : [
          {
            _tag: "AgentHooked",
            ...place,
            threadId: hook.session_id,
            phase,
            agentThreadId: hook.agent_id,
            ...(hook.agent_type != null && { agentType: hook.agent_type }),
            ...(path != null && { path })
          }
        ]
  }

const hookRows = rowTable<HookRow>({
  SessionStart: (hook, place) => [
    {
      _tag: "SessionNoted",
      ...place,
      facts: known({ session_start: hook.source, permission_mode: hook.permission_mode })
    }
  ],
  UserPromptSubmit: (hook, place) => [
    {
      _tag: "PromptHooked",
      ...place,
      ...(hook.prompt != null && { text: hook.prompt }),
      ...(hook.model != null && { model: hook.model }),
      ...(hook.cwd != null && { cwd: hook.cwd })
    }
  ],
  PreModelRequest: (_, place) => [{ _tag: "ModelRequested", ...place }],
  PostModelRequest: modelAnswered,
  PreToolUse: toolHook("started"),
  PostToolUse: toolHook("ended"),
  PermissionRequest: permission,
  PreCompact: compaction("started"),
  PostCompact: compaction("ended"),
  SubagentStart: agent("started"),
  SubagentStop: agent("ended"),
  Stop: (hook, place) => [
    {
      _tag: "StopObserved",
      ...place,
      ...(hook.last_assistant_message != null && { lastMessage: hook.last_assistant_message })
    }
  ],
  Interrupt: (_, place) => [{ _tag: "InterruptObserved", ...place }],
  // No hook of Codex's: what we asked ourselves (source/git.ts).
  [gitAsked]: (hook, place) => {
    const facts = gitFacts(Wire.gitInfo(hook.git))
    return Object.keys(facts).length === 0
      ? []
      : [{ _tag: "SessionNoted", ...place, facts: { ...facts, git_source: "asked" } }]
  },
  SessionEnd: (hook, place) => [{ _tag: "SessionEnded", ...place, ...(hook.reason != null && { reason: hook.reason }) }]
})

/**
 * Translates one hook call.
 *
 * @param payload what Codex gave on stdin
 * @param atNs arrival, Unix nanoseconds
 * @returns the events, or undefined where the payload is no hook call of a session
 */
export const translateHook = (
  payload: unknown,
  atNs: number,
  bytes: number
): ReadonlyArray<DomainEvent> | undefined => {
  const hook = hookPayload(payload)
  if (hook === undefined) return undefined
  const place: HookPlace = {
    threadId: hook.agent_id ?? hook.session_id,
    at: atNs / 1e9,
    bytes,
    live: true,
    ...(hook.turn_id != null && { turnId: hook.turn_id })
  }
  const row = hookRows[hook.hook_event_name]
  return row === undefined
    ? [{ _tag: "Unrecognised", ...place, topic: "hook", detail: hook.hook_event_name }]
    : row(hook, place)
}
