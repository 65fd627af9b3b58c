/**
 * Transcript records → domain events: the rows that both dialects share, and the door to the two that they don't.
 *
 * A pure table keyed by record type; `paginated.ts` (0.155 +) and `legacy.ts` (≤ 0.142) hold the rows of `event_msg`.
 * A record may be in either dialect at any time (0.155 + still writes a few legacy events), so rows are looked up by
 * name and never by version. A known record that lacks what its row needs is reported as malformed by the caller.
 */

import type { JsonObject } from "../wire/json.ts"
import { isObject, type TranscriptRecord } from "../wire/record.ts"
import * as Wire from "../wire/transcript.ts"
import { requestRulesOf, resultAsText, showsFreeForm } from "./codex-rules.ts"
import type { DomainEvent, Lineage } from "./event.ts"
import { gitFacts } from "./git.ts"
import { type HistoryItem, isOutput } from "./history-item.ts"
import { legacyRows } from "./legacy.ts"
import { paginatedRows } from "./paginated.ts"
import { known, type Place, type Row, readUsage, rowTable } from "./row.ts"
import { skillsGiven, skillsNamed } from "./skills.ts"
import { seconds } from "./time.ts"
import { turnRows } from "./turns.ts"

const nothing: ReadonlyArray<DomainEvent> = []

/** Where a thread hangs, by its first record or, of a bundle, its metadata. */
export const lineageOf = (meta: Omit<NonNullable<ReturnType<typeof Wire.sessionMeta>>, "id">): Lineage => {
  const source = isObject(meta.source) ? meta.source.subagent : undefined
  const spawn = isObject(source) ? Wire.threadSpawn(source.thread_spawn) : undefined
  const parentThreadId = meta.parent_thread_id ?? spawn?.parent_thread_id
  const agentPath = meta.agent_path ?? spawn?.agent_path
  const nickname = meta.agent_nickname ?? spawn?.agent_nickname
  const role = meta.agent_role ?? spawn?.agent_role
  const kind =
    spawn !== undefined ? "agent" : source === "review" ? "review" : source !== undefined ? "other" : undefined
  return {
    ...(parentThreadId != null && { parentThreadId }),
    ...(kind !== undefined && { kind }),
    ...(agentPath != null && { agentPath }),
    ...(nickname != null && { nickname }),
    ...(role != null && { role }),
    ...(spawn?.depth != null && { depth: spawn.depth }),
    ...(meta.forked_from_id != null && { forkedFromId: meta.forked_from_id }),
    ...(meta.forked_from_ordinal_exclusive != null && { forkedFromOrdinal: meta.forked_from_ordinal_exclusive })
  }
}

const sessionMeta: Row = (payload, place) => {
  const meta = Wire.sessionMeta(payload)
  if (meta === undefined) return undefined
  const version = meta.cli_version ?? undefined
  const source = meta.source
  const started = meta.timestamp == null ? undefined : seconds(meta.timestamp)
  return [
    {
      _tag: "ThreadStarted",
      ...place,
      metaId: meta.id,
      ...(meta.session_id != null && { rootId: meta.session_id }),
      lineage: lineageOf(meta),
      facts: known({
        cwd: meta.cwd,
        originator: meta.originator,
        cli_version: version,
        source: typeof source === "string" ? source : isObject(source) ? Object.keys(source)[0] : undefined,
        model_provider: meta.model_provider,
        history_mode: meta.history_mode,
        forked_from: meta.forked_from_id,
        ...gitFacts(meta.git)
      }),
      ...(meta.cwd != null && { cwd: meta.cwd }),
      ...(started !== undefined && { startedAt: started }),
      ...(meta.base_instructions?.text != null && { baseInstructions: meta.base_instructions.text }),
      requestRules: requestRulesOf(version),
      // It names the file before, which after an earlier revert has an id of its own.
      ...(meta.history_base?.end_ordinal_exclusive != null && { revertedTo: meta.history_base.end_ordinal_exclusive }),
      ...(meta.subagent_history_start_ordinal != null && { ownFromOrdinal: meta.subagent_history_start_ordinal })
    }
  ]
}

/** `approvals_reviewer`: the user, or Codex's own reviewer in the user's place. [seen 0.155, 0.169; the last: source] */
const reviewers = rowTable<"user" | "reviewer">({
  user: "user",
  auto_review: "reviewer",
  guardian_subagent: "reviewer"
})

const turnContext: Row = (payload, place) => {
  const context = Wire.turnContext(payload)
  if (context === undefined) return undefined
  const reviewer = reviewers[context.approvals_reviewer ?? ""]
  const mode = isObject(context.collaboration_mode) ? context.collaboration_mode.mode : undefined
  const sandbox = isObject(context.sandbox_policy)
    ? (context.sandbox_policy.type ?? context.sandbox_policy.mode)
    : undefined
  return [
    {
      _tag: "TurnConfigured",
      ...place,
      ...(context.turn_id != null && { turnId: context.turn_id }),
      ...(context.model != null && { model: context.model }),
      ...(context.effort != null && { effort: context.effort }),
      ...(reviewer !== undefined && { reviewer }),
      facts: known({ model: context.model, effort: context.effort, collaboration_mode: mode, cwd: context.cwd }),
      sessionFacts: known({
        model: context.model,
        approval_policy: typeof context.approval_policy === "string" ? context.approval_policy : undefined,
        sandbox
      })
    }
  ]
}

/** Responses API items that the model produces; everything else in a history was given to it. */
const producedTypes: ReadonlySet<string> = new Set([
  "reasoning",
  "function_call",
  "custom_tool_call",
  "local_shell_call",
  "web_search_call",
  "image_generation_call",
  "tool_search_call",
  "mcp_call",
  "compaction",
  "compaction_summary",
  "context_compaction"
])

/** Whether an item is the model's own: in a history, everything else was given to it. */
export const isProduced = ({ type, role }: JsonObject): boolean =>
  producedTypes.has(String(type)) || (type === "message" && role === "assistant")

/** What Codex adds to an item for itself, and strips before it sends the item. */
const stripped = (item: JsonObject): JsonObject => {
  const { internal_chat_message_metadata_passthrough: _, ...value } = item
  return value
}

/** A history item as a request carries it. A result that has two forms stands in that of a model that made it so. */
export const historyItem = (item: JsonObject, { at, ordinal }: Place): HistoryItem => {
  const recorded = stripped(item)
  const place = { at, ...(ordinal !== undefined && { ordinal }) }
  const { output } = recorded
  if (typeof output !== "string" || !isOutput(recorded)) return { value: recorded, ...place }
  const asText = resultAsText(output)
  if (asText === output) return { value: recorded, ...place }
  const forms = { recorded, text: { ...recorded, output: asText } }
  return { value: showsFreeForm(recorded) ? forms.text : recorded, forms, ...place }
}

const responseItem: Row = (payload, place, record) => {
  const item = Wire.responseItem(payload)
  if (item === undefined) return undefined
  const turnId = Wire.passthrough(payload.internal_chat_message_metadata_passthrough)?.turn_id
  const seen = Wire.itemMetadata(record.metadata)
  const ofTurn = { ...place, ...(turnId != null && { turnId }) }
  return [
    {
      _tag: "ItemRecorded",
      ...ofTurn,
      item: historyItem(payload, place),
      side: isProduced(payload) ? "output" : "input",
      ...(seen?.sampled_through_sequence != null && { sampledThrough: seen.sampled_through_sequence })
    },
    ...skillsNamed(skillsGiven(payload), ofTurn)
  ]
}

const compacted: Row = (payload, place) => {
  const record = Wire.compacted(payload)
  if (record === undefined) return undefined
  return [
    {
      _tag: "HistoryReplaced",
      ...place,
      ...(record.replacement_history != null && {
        items: record.replacement_history.filter(isObject).map((item) => historyItem(item, place))
      }),
      // A remote compaction has no words: its summary is an encrypted item of the new history.
      ...(record.message != null && record.message !== "" && { summary: record.message }),
      ...(record.compaction_response_id != null && { responseId: record.compaction_response_id })
    }
  ]
}

const tokenUsageRecord: Row = (payload, place) => {
  const record = Wire.tokenUsageRecord(payload)
  if (record === undefined) return undefined
  const usage = readUsage(record.usage)
  return [
    {
      _tag: "ResponseCompleted",
      ...place,
      responseId: record.response_id,
      ...(record.turn_id != null && { turnId: record.turn_id }),
      ...(usage && { usage })
    }
  ]
}

const ignored: Row = () => nothing

const eventMsg: Row = (payload, place, record) => {
  const type = payload.type
  if (typeof type !== "string") return undefined
  const row = eventRows[type]
  return row === undefined
    ? [{ _tag: "Unrecognised", ...place, topic: "event_msg", detail: type }]
    : row(payload, place, record)
}

const eventRows = rowTable<Row>({ ...turnRows, ...paginatedRows, ...legacyRows })

const rows = rowTable<Row>({
  session_meta: sessionMeta,
  turn_context: turnContext,
  response_item: responseItem,
  compacted,
  token_usage_record: tokenUsageRecord,
  event_msg: eventMsg,
  // Says of the next agent_message whether it woke the receiver; the message itself is the fact.
  inter_agent_communication_metadata: ignored,
  inter_agent_communication: ignored,
  // What the model is told of the world comes as response items; the rest is Codex's own bookkeeping.
  world_state: ignored,
  dynamic_tools_updated: ignored,
  security_risk_score: ignored,
  realtime_item: ignored
})

/**
 * Translates a transcript record into what happened.
 *
 * @param threadId the thread whose file it stands in
 * @returns the events in order, or undefined where the record lacks a field that its type needs
 */
export const translate = (
  record: TranscriptRecord,
  threadId: string,
  bytes: number
): ReadonlyArray<DomainEvent> | undefined => {
  const at = seconds(record.timestamp)
  if (at === undefined) return undefined
  const ordinal = record.ordinal ?? undefined
  const place: Place = { threadId, at, bytes, ...(ordinal !== undefined && { ordinal }) }
  const row = rows[record.type]
  return row === undefined
    ? [{ _tag: "Unrecognised", ...place, topic: "record", detail: record.type }]
    : row(record.payload, place, record)
}
