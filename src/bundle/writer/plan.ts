/**
 * Spans of one session → the events of a bundle, in order.
 *
 * Pure. Owns what needs the whole session: unique ids, which response a call belongs to, cells and their calls, and the
 * messages that agents answered with. One kind of event a file beside this one.
 */
import { isModelInput } from "../../span/model-input.ts"
import type { Span } from "../../span/span.ts"
import type { Json, JsonObject } from "../../wire/json.ts"
import { callEvents } from "./calls.ts"
import { inTime, ms, type PlannedEvent, rank } from "./event.ts"
import type { Schema } from "./items.ts"
import { agentPath, threadEnded, threadStarted, turnEvents } from "./threads.ts"
import { toolEvents } from "./tools.ts"

export interface PlanOptions {
  readonly schema: Schema
  readonly traceId: string
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The items of a session's threads that tools need: calls by the model, and the outputs that answered them. */
interface RecordedItems {
  readonly calls: ReadonlyMap<string, JsonObject>
  readonly outputs: ReadonlyMap<string, JsonObject>
  /** Messages to a thread from an agent path, in order. */
  readonly messages: ReadonlyMap<string, ReadonlyArray<JsonObject>>
}

const recordedItems = (llms: ReadonlyArray<Span>): RecordedItems => {
  const calls = new Map<string, JsonObject>()
  const outputs = new Map<string, JsonObject>()
  const messages = new Map<string, Array<JsonObject>>()
  const seen = new Set<JsonObject>()
  const note = (threadId: string, item: JsonObject): void => {
    const key = `${threadId}/${String(item.call_id)}`
    if (item.type === "agent_message") {
      const sender = `${threadId}/${String(item.author)}`
      messages.set(sender, [...(messages.get(sender) ?? []), item])
    } else if (typeof item.call_id !== "string") return
    else if (String(item.type).endsWith("_output")) outputs.has(key) || outputs.set(key, item)
    else calls.has(key) || calls.set(key, item)
  }
  for (const { thread_id: threadId, input, output } of llms) {
    if (isModelInput(input)) {
      for (const { value } of input.items.slice(0, input.length)) {
        if (seen.has(value)) continue
        seen.add(value)
        note(threadId, value)
      }
    }
    for (const item of Array.isArray(output) ? output : []) if (isObject(item)) note(threadId, item)
  }
  return { calls, outputs, messages }
}

/** Ids that must be unique over the bundle: the first use keeps it, a later one says where it stands. */
const unique = () => {
  const taken = new Set<string>()
  return (id: string, place: string): string => {
    const free = taken.has(id) ? `${id}@${place}` : id
    taken.add(free)
    return free
  }
}

const metadataText = (span: Span, key: string): string | undefined => {
  const value = span.metadata[key]
  return typeof value === "string" ? value : undefined
}

/** The text of a message between agents. */
const words = (item: JsonObject): string => {
  const parts = Array.isArray(item.content) ? item.content : []
  const encrypted = parts.find((part: Json) => isObject(part) && typeof part.encrypted_content === "string")
  if (isObject(encrypted)) return String(encrypted.encrypted_content)
  return parts.flatMap((part: Json) => (isObject(part) && typeof part.text === "string" ? [part.text] : [])).join("\n")
}

/** What agents answered with, where their parent's history shows it: the n-th message of an agent ends its n-th turn. */
const agentResults = (
  spans: ReadonlyArray<Span>,
  items: RecordedItems,
  turnId: (span: Span) => string | undefined
): ReadonlyArray<PlannedEvent> =>
  spans
    .filter((span) => span.kind === "agent")
    .flatMap((agent) => {
      const parent = metadataText(agent, "parent_thread_id")
      if (parent === undefined) return []
      const answers = items.messages.get(`${parent}/${agentPath(agent)}`) ?? []
      const turns = spans.filter(
        (span) => span.kind === "turn" && span.thread_id === agent.thread_id && span.status === "ok"
      )
      return turns.slice(0, answers.length).flatMap((turn, nth): ReadonlyArray<PlannedEvent> => {
        const [childTurn, answer] = [turnId(turn), answers[nth]]
        if (childTurn === undefined || answer === undefined) return []
        const message = words(answer)
        return [
          {
            atMs: ms(turn.end ?? turn.start),
            rank: rank.agentResult,
            threadId: agent.thread_id,
            turnId: childTurn,
            type: "agent_result_observed",
            fields: {
              edge_id: `edge:agent_result:${agent.thread_id}:${childTurn}:${parent}`,
              child_thread_id: agent.thread_id,
              child_codex_turn_id: childTurn,
              parent_thread_id: parent,
              message
            },
            payloads: {
              carried_payload: { kind: "agent_result", json: { child_agent_path: agentPath(agent), message } }
            },
            derived: "from the parent's history"
          }
        ]
      })
    })

/** Plans a bundle from the closed spans of one session. */
export const planBundle = (
  spans: ReadonlyArray<Span>,
  { schema, traceId }: PlanOptions
): ReadonlyArray<PlannedEvent> => {
  const root = spans.find((span) => span.kind === "session")
  if (root === undefined) return []
  const byId = new Map(spans.map((span) => [span.id, span]))
  const llms = spans.filter((span) => span.kind === "llm").sort((a, b) => a.start - b.start)
  const items = recordedItems(llms)
  const uniqueTurn = unique()
  const turnIds = new Map(
    spans
      .filter((span) => span.kind === "turn")
      .map((span) => [span.id, uniqueTurn(metadataText(span, "turn_id") ?? span.id, span.thread_id)] as const)
  )
  /** The turn that a span stands in, directly or through a cell or a compaction. */
  const turnOf = (span: Span): Span | undefined => {
    let at: Span | undefined = span
    while (at !== undefined && at.kind !== "turn") at = at.parent_id === undefined ? undefined : byId.get(at.parent_id)
    return at
  }
  const turnIdOf = (span: Span): string | undefined => {
    const turn = turnOf(span)
    return turn && turnIds.get(turn.id)
  }

  const threads = spans.filter((span) => span.kind === "session" || span.kind === "agent")
  const accepted = new Set<string>()
  const calls = llms.flatMap((span) => {
    const turnId = turnIdOf(span)
    return turnId === undefined
      ? []
      : callEvents(span, { schema, turnId, accepted: acceptedIn(accepted, span.thread_id) })
  })
  const turns = spans
    .filter((span) => span.kind === "turn")
    .flatMap((span) => {
      const lastCall = Math.max(0, ...llms.filter((llm) => turnOf(llm) === span).map((llm) => ms(llm.end ?? llm.start)))
      const endMs = span.end === undefined ? undefined : Math.max(ms(span.end), lastCall)
      return turnEvents(span, turnIds.get(span.id) as string, endMs)
    })
  const tools = planTools(spans, byId, items, turnIdOf, schema)
  const results = agentResults(spans, items, turnIdOf)
  const body = [...threads.map(threadStarted), ...turns, ...calls, ...tools, ...results]
  const lastMs = Math.max(...body.map((event) => event.atMs))
  const began: PlannedEvent = {
    atMs: Math.min(...body.map((event) => event.atMs)),
    rank: rank.rollout,
    type: "rollout_started",
    fields: { trace_id: traceId, root_thread_id: root.thread_id }
  }
  const isOver = spans.every((span) => span.kind !== "turn" || span.status !== "unfinished")
  const endings = isOver ? [...threads].reverse().map((span) => threadEnded(span.thread_id, lastMs)) : []
  const ended: ReadonlyArray<PlannedEvent> = isOver
    ? [{ atMs: lastMs, rank: rank.threadEnd, type: "rollout_ended", fields: { status: "completed" } }]
    : []
  const completed: ReadonlyArray<PlannedEvent> =
    schema === 2 ? [{ atMs: lastMs, rank: rank.threadEnd, type: "recording_completed", fields: {} }] : []
  return [began, ...inTime(clamped(body)), ...endings, ...ended, ...completed]
}

/** Item ids are one thread's: a child repeats its parent's. */
const acceptedIn = (all: Set<string>, threadId: string): Set<string> => {
  const prefixed = {
    has: (id: string) => all.has(`${threadId}/${id}`),
    add: (id: string) => all.add(`${threadId}/${id}`)
  }
  return prefixed as unknown as Set<string>
}

/** Nothing of a thread or turn comes before its start, whatever the clocks of its sources say. */
const clamped = (events: ReadonlyArray<PlannedEvent>): ReadonlyArray<PlannedEvent> => {
  const threads = new Map<string, number>()
  const turns = new Map<string, number>()
  for (const { type, fields, atMs } of events) {
    if (type === "thread_started") threads.set(String(fields.thread_id), atMs)
    if (type === "codex_turn_started") turns.set(String(fields.codex_turn_id), atMs)
  }
  return events.map((event) => {
    const thread = event.threadId === undefined ? undefined : threads.get(event.threadId)
    const turn = event.turnId === undefined ? undefined : turns.get(event.turnId)
    const soonest = Math.max(
      thread ?? event.atMs,
      event.type === "codex_turn_started" ? 0 : Math.max(turn ?? 0, thread ?? 0)
    )
    return event.atMs >= soonest ? event : { ...event, atMs: soonest }
  })
}

/** Tools in the order they began, each with what it needs to know of the others. */
const planTools = (
  spans: ReadonlyArray<Span>,
  byId: ReadonlyMap<string, Span>,
  items: RecordedItems,
  turnIdOf: (span: Span) => string | undefined,
  schema: Schema
): ReadonlyArray<PlannedEvent> => {
  const [uniqueCall, uniqueCell] = [unique(), unique()]
  const visible = new Set<string>()
  const cells = new Map<string, { readonly runtimeId: string; readonly startMs: number; calls: number }>()
  const tools = spans.filter((span) => span.kind === "tool").sort((a, b) => a.start - b.start)
  const isNested = (span: Span): boolean => byId.get(span.parent_id ?? "")?.kind === "tool"
  const plan = (span: Span): ReadonlyArray<PlannedEvent> => {
    const callId = metadataText(span, "call_id") ?? span.id
    const turnId = turnIdOf(span)
    const requester = byId.get(metadataText(span, "requested_by") ?? "")
    const nested = isNested(span)
    // What nobody called (a command of the user's own) or the provider ran itself is no tool call of a recording.
    if (
      turnId === undefined ||
      (!nested && (requester === undefined || !items.calls.has(`${span.thread_id}/${callId}`)))
    )
      return []
    const callItem = items.calls.get(`${span.thread_id}/${callId}`)
    if (!nested && (callItem?.type === "web_search_call" || callItem?.type === "image_generation_call")) return []
    const parent = nested ? cells.get(span.parent_id ?? "") : undefined
    if (nested && parent === undefined) return []
    if (parent !== undefined) parent.calls++
    const requestedMs = requester === undefined ? 0 : ms(requester.end ?? requester.start)
    const ownRuntimeId =
      span.metadata.tool_kind === "code_cell"
        ? uniqueCell(`${metadataText(span, "cell_id") ?? `cell-${cells.size + 1}`}`, String(cells.size + 1))
        : undefined
    const notBeforeMs = Math.max(requestedMs, parent?.startMs ?? 0)
    if (ownRuntimeId !== undefined) {
      cells.set(span.id, { runtimeId: ownRuntimeId, startMs: Math.max(ms(span.start), notBeforeMs), calls: 0 })
    }
    const isVisible = !nested && !visible.has(callId)
    if (isVisible) visible.add(callId)
    const outputItem = items.outputs.get(`${span.thread_id}/${callId}`)
    return toolEvents(span, {
      schema,
      turnId,
      toolCallId: uniqueCall(callId, span.thread_id),
      ...(isVisible && { modelVisibleCallId: callId }),
      ...(parent && { cell: { runtimeId: parent.runtimeId, nth: parent.calls } }),
      ...(ownRuntimeId !== undefined && isVisible && { ownRuntimeId }),
      ...(callItem && { callItem }),
      ...(outputItem && !nested && { outputItem }),
      notBeforeMs
    })
  }
  // Cells before the calls that they made, whatever their clocks say.
  return [...tools.filter((span) => !isNested(span)), ...tools.filter(isNested)].flatMap(plan)
}
