/**
 * The graph in our spans against the graph in a reduced state: threads, turns, model calls, tool calls, agent edges.
 *
 * Written from the span contract (docs/SPANS.md) alone, so that it does not repeat what the writer believes.
 */
import { isModelInput } from "../../../src/span/model-input.ts"
import type { Span } from "../../../src/span/span.ts"
import type { Json, JsonObject } from "../../../src/wire/json.ts"

interface Execution {
  readonly status: string
  readonly started_at_unix_ms: number
}

/** The parts of state.json that spans can be held against. */
export interface State {
  readonly threads: {
    readonly [id: string]: { readonly origin: { readonly type: string; readonly parent_thread_id?: string } }
  }
  readonly codex_turns: { readonly [id: string]: { readonly thread_id: string; readonly execution: Execution } }
  readonly inference_calls: {
    readonly [id: string]: {
      readonly thread_id: string
      readonly codex_turn_id: string
      readonly execution: Execution
      readonly model: string
      readonly response_id: string | null
      readonly request_item_ids: ReadonlyArray<string>
      readonly response_item_ids: ReadonlyArray<string>
      readonly tool_call_ids_started_by_response: ReadonlyArray<string>
      readonly usage: { readonly input_tokens: number; readonly output_tokens: number } | null
    }
  }
  readonly code_cells: {
    readonly [id: string]: { readonly model_visible_call_id: string; readonly runtime_status: string }
  }
  readonly tool_calls: {
    readonly [id: string]: {
      readonly model_visible_call_id: string | null
      readonly thread_id: string
      readonly started_by_codex_turn_id: string | null
      readonly execution: Execution
      readonly requester: { readonly type: string; readonly code_cell_id?: string }
    }
  }
  readonly interaction_edges: {
    readonly [id: string]: {
      readonly kind: string
      readonly source: { readonly type: string; readonly tool_call_id?: string }
      readonly target: { readonly type: string; readonly thread_id?: string; readonly item_id?: string }
    }
  }
  readonly terminal_operations: { readonly [id: string]: unknown }
  readonly conversation_items: { readonly [id: string]: { readonly thread_id: string } }
}

const text = (value: Json | undefined): string | undefined => (typeof value === "string" ? value : undefined)

const executionStatus: { readonly [status: string]: string } = {
  ok: "completed",
  error: "failed",
  interrupted: "cancelled",
  unfinished: "running"
}
const statusOf = (span: Span): string => executionStatus[span.status ?? "unfinished"] ?? "running"

/** What one side has and the other has not, each as a line. */
const sided = (what: string, ours: ReadonlyArray<string>, theirs: ReadonlyArray<string>): ReadonlyArray<string> => {
  const count = (lines: ReadonlyArray<string>) => {
    const counts = new Map<string, number>()
    for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
    return counts
  }
  const [left, right] = [count(ours), count(theirs)]
  return [...new Set([...ours, ...theirs])].flatMap((line) => {
    const more = (left.get(line) ?? 0) - (right.get(line) ?? 0)
    if (more === 0) return []
    return [`${what} only in ${more > 0 ? "the spans" : "the state"}: ${line}`]
  })
}

const turns = (spans: ReadonlyArray<Span>, state: State): ReadonlyArray<string> =>
  sided(
    "turn",
    spans
      .filter((span) => span.kind === "turn")
      .map((span) => `${span.thread_id} ${text(span.metadata.turn_id) ?? span.id} ${statusOf(span)}`),
    Object.entries(state.codex_turns).map(
      ([id, turn]) => `${turn.thread_id} ${id.split("@")[0]} ${turn.execution.status}`
    )
  )

/** Items that every release of a schema takes as they are: enough to see that nothing is lost on the way. */
const plainItems = new Set<Json | undefined>(["message", "function_call", "function_call_output"])
const plainCount = (items: ReadonlyArray<Json>): number =>
  items.filter(
    (item) =>
      typeof item === "object" && item !== null && !Array.isArray(item) && plainItems.has((item as JsonObject).type)
  ).length

const lostItems = (spans: ReadonlyArray<Span>, state: State): ReadonlyArray<string> =>
  spans.flatMap((span) => {
    const call = state.inference_calls[span.id]
    if (span.kind !== "llm" || call === undefined) return []
    const sent = isModelInput(span.input)
      ? span.input.items.slice(0, span.input.length).map(({ value }): Json => value)
      : []
    const produced = Array.isArray(span.output) && span.status !== "unfinished" ? span.output : []
    return [
      ...(call.request_item_ids.length < plainCount(sent) ? [`request of ${span.id} lacks items`] : []),
      ...(call.response_item_ids.length < plainCount(produced) ? [`response of ${span.id} lacks items`] : [])
    ]
  })

const inferences = (spans: ReadonlyArray<Span>, state: State): ReadonlyArray<string> =>
  sided(
    "model call",
    spans
      .filter((span) => span.kind === "llm")
      .map((span) => {
        const { prompt_tokens: input, completion_tokens: output } = span.metrics
        const usage = input === undefined || output === undefined ? "" : ` ${input}+${output}`
        // A call that nobody saw end is closed by its turn, where that one ended.
        const status = span.status === "unfinished" ? "" : ` ${statusOf(span)}`
        return `${span.thread_id} ${span.id} ${text(span.metadata.response_id) ?? ""}${usage}${status}`
      }),
    Object.entries(state.inference_calls).map(([id, call]) => {
      const usage = call.usage === null ? "" : ` ${call.usage.input_tokens}+${call.usage.output_tokens}`
      const unfinished = spans.some((span) => span.id === id && span.status === "unfinished")
      const status = unfinished ? "" : ` ${call.execution.status}`
      return `${call.thread_id} ${id} ${call.response_id ?? ""}${usage}${status}`
    })
  )

/**
 * Whether the graph owes a cell for the call: a response that nobody saw end has no items in it, and so no scripts, unless
 * a later request carried them.
 */
const isScript = (span: Span, byId: ReadonlyMap<string, Span>, scripts: ReadonlySet<string | null>): boolean =>
  span.metadata.tool_kind === "code_cell" &&
  (byId.get(text(span.metadata.requested_by) ?? "")?.status !== "unfinished" ||
    scripts.has(text(span.metadata.call_id) ?? ""))

const scriptsOf = (state: State): ReadonlySet<string | null> =>
  new Set(Object.values(state.code_cells).map((cell) => cell.model_visible_call_id))

/** How a call's dispatch ended: a script is dispatched when it has an output, and a command that failed was dispatched. */
const dispatchOf = (span: Span, asScript: boolean): string => {
  if (asScript) return "as a script"
  return span.status === "error" && typeof span.metadata.exit_code === "number" ? "completed" : statusOf(span)
}

const cellStatus: { readonly [status: string]: string } = {
  ok: "completed",
  error: "failed",
  interrupted: "terminated"
}

/** A cell that nobody saw end is closed by its turn, where that one failed or was stopped: its status is not compared. */
const codeCells = (spans: ReadonlyArray<Span>, state: State): ReadonlyArray<string> => {
  const byId = new Map(spans.map((span) => [span.id, span]))
  const scripts = scriptsOf(state)
  const cells = spans.filter((span) => span.metadata.requested_by !== undefined && isScript(span, byId, scripts))
  const open = new Set(
    cells.filter((span) => cellStatus[span.status ?? ""] === undefined).map((span) => span.metadata.call_id)
  )
  return sided(
    "code cell",
    cells.map((span) => `${span.metadata.call_id} ${cellStatus[span.status ?? ""] ?? "open"}`),
    Object.values(state.code_cells).map(
      ({ model_visible_call_id: callId, runtime_status: status }) => `${callId} ${open.has(callId) ? "open" : status}`
    )
  )
}

/** Tools that the model or a cell called and Codex ran; what the provider ran or the user typed is none. */
const dispatched = (span: Span, byId: ReadonlyMap<string, Span>): boolean => {
  if (span.kind !== "tool") return false
  if (byId.get(span.parent_id ?? "")?.kind === "tool") return true
  const { tool_kind: kind, requested_by: requester } = span.metadata
  return requester !== undefined && kind !== "web_search" && kind !== "image_generation"
}

const toolCalls = (spans: ReadonlyArray<Span>, state: State): ReadonlyArray<string> => {
  const byId = new Map(spans.map((span) => [span.id, span]))
  const starters = new Map(
    Object.entries(state.inference_calls).flatMap(([id, call]) =>
      call.tool_call_ids_started_by_response.map((tool) => [tool, id] as const)
    )
  )
  const scripts = scriptsOf(state)
  const ours = spans
    .filter((span) => dispatched(span, byId))
    .map((span) => {
      const parent = byId.get(span.parent_id ?? "")
      const requester = byId.get(text(span.metadata.requested_by) ?? "")
      // A response that nobody saw end has no items in the graph, so no call of its is linked to it.
      const model = requester?.status === "unfinished" ? undefined : requester?.id
      const by = parent?.kind === "tool" ? `cell of ${parent.metadata.call_id}` : `model ${model}`
      return `${span.thread_id} ${text(span.metadata.call_id) ?? span.id} by ${by} ${dispatchOf(span, isScript(span, byId, scripts))}`
    })
  const theirs = Object.entries(state.tool_calls).map(([id, tool]) => {
    const cell = state.code_cells[tool.requester.code_cell_id ?? ""]
    const by =
      tool.requester.type === "code_cell" ? `cell of ${cell?.model_visible_call_id}` : `model ${starters.get(id)}`
    return `${tool.thread_id} ${id.split("@")[0]} by ${by} ${scripts.has(tool.model_visible_call_id ?? "") ? "as a script" : tool.execution.status}`
  })
  return sided("tool call", ours, theirs)
}

/** Tools that lead to an agent, by the edge that they make. */
const edgeKinds: { readonly [tool: string]: string | undefined } = {
  spawn_agent: "spawn_agent",
  send_message: "send_message",
  send_input: "send_message",
  followup_task: "assign_agent_task",
  close_agent: "close_agent",
  interrupt_agent: "close_agent"
}

/** Did an agent's model see a message? Codex's graph has no edge for one that its agent never took in. */
const tookIn = (childId: string, message: Json, spans: ReadonlyArray<Span>): boolean => {
  const words = JSON.stringify(message).slice(1, -1)
  return spans.some(
    ({ kind, thread_id: thread, input }) =>
      kind === "llm" &&
      thread === childId &&
      isModelInput(input) &&
      input.items
        .slice(0, input.length)
        .some(({ value }) => value.type === "agent_message" && JSON.stringify(value.content).includes(words))
  )
}

/** Who made which thread: an agent's parent, and the edge that leads to it. */
const agents = (spans: ReadonlyArray<Span>, state: State): ReadonlyArray<string> => {
  const spawned = spans.filter((span) => span.kind === "agent")
  const origins = sided(
    "agent",
    spawned
      .filter((span) => span.name !== "agent review")
      .map((span) => `${span.thread_id} of ${text(span.metadata.parent_thread_id)}`),
    Object.entries(state.threads).flatMap(([id, { origin }]) =>
      origin.type === "spawned" ? [`${id} of ${origin.parent_thread_id}`] : []
    )
  )
  const ids = new Set(spawned.map((agent) => agent.thread_id))
  const ours = spans.flatMap((span) => {
    const child = text(span.metadata.agent_thread_id)
    const kind = edgeKinds[span.name.split(".").at(-1) ?? ""]
    if (span.kind !== "tool" || child === undefined || kind === undefined || !ids.has(child)) return []
    const message = text((span.input as JsonObject | undefined)?.message) ?? ""
    return kind === "spawn_agent" || kind === "close_agent" || tookIn(child, message, spans)
      ? [`${kind} ${span.metadata.call_id} → ${child}`]
      : []
  })
  const theirs = Object.values(state.interaction_edges).flatMap(({ kind, source, target }) => {
    if (kind === "agent_result") return []
    const child = target.thread_id ?? state.conversation_items[target.item_id ?? ""]?.thread_id
    return [`${kind} ${source.tool_call_id?.split("@")[0]} → ${child}`]
  })
  return [...origins, ...sided("edge", ours, theirs)]
}

/** How much of a graph there was to compare. */
export const graphSize = (state: State): { readonly [part: string]: number } => ({
  threads: Object.keys(state.threads).length,
  turns: Object.keys(state.codex_turns).length,
  modelCalls: Object.keys(state.inference_calls).length,
  toolCalls: Object.keys(state.tool_calls).length,
  nestedCalls: Object.values(state.tool_calls).filter(({ requester }) => requester.type === "code_cell").length,
  codeCells: Object.keys(state.code_cells).length,
  terminalOperations: Object.keys(state.terminal_operations).length,
  edges: Object.keys(state.interaction_edges).length,
  agentResults: Object.values(state.interaction_edges).filter(({ kind }) => kind === "agent_result").length
})

/** Every way in which a reduced state differs from the spans that it was recorded from. */
export const graphDifferences = (spans: ReadonlyArray<Span>, state: State): ReadonlyArray<string> => [
  ...sided(
    "thread",
    spans.filter((span) => span.kind === "session" || span.kind === "agent").map((span) => span.thread_id),
    Object.keys(state.threads)
  ),
  ...turns(spans, state),
  ...inferences(spans, state),
  ...lostItems(spans, state),
  ...toolCalls(spans, state),
  ...codeCells(spans, state),
  ...agents(spans, state)
]
