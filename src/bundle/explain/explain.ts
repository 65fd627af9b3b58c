/**
 * `--explain ID`: the questions that the graph exists for, answered in words and as JSON. Which request produced this
 * tool call, what did the model see of its output, which cell and which agent asked, where did this message come from
 * and where did it go.
 *
 * Owns what an id can name: the graph's own ids, and those that a user has at hand (call ids, response ids, items'
 * ids, agent paths, runtime cell ids). One id may name several things; each is explained.
 */
import { Schema } from "effect"
import type { Trace } from "../state.ts"
import { type Atlas, atlasOf } from "./atlas.ts"
import { explainCompaction, explainEdge, explainItem, explainThread, explainTurn } from "./talk.ts"
import { type Statement, say } from "./words.ts"
import { explainCell, explainInference, explainOperation, explainTool, toolTitle } from "./work.ts"

export interface Explanation {
  readonly kind: string
  readonly id: string
  readonly title: string
  readonly statements: ReadonlyArray<Statement>
}

export class NothingNamed extends Schema.TaggedError<NothingNamed>()("NothingNamed", { id: Schema.String }) {
  override get message() {
    return `nothing in this trace has the id ${JSON.stringify(this.id)}`
  }
  get hint() {
    return "name a tool call, call id, item, inference call, response, code cell, thread, agent path, turn or edge"
  }
}

/** Everything that an id names; empty if it names nothing. */
export const explain = (trace: Trace, id: string): ReadonlyArray<Explanation> => {
  const atlas = atlasOf(trace)
  return [
    ...found(trace.tool_calls, (tool) => tool.tool_call_id === id || tool.model_visible_call_id === id).map((tool) => ({
      kind: "tool_call",
      id: tool.tool_call_id,
      title: toolTitle(tool),
      statements: explainTool(atlas, tool)
    })),
    ...found(trace.code_cells, (cell) =>
      [cell.code_cell_id, cell.runtime_cell_id, cell.model_visible_call_id].includes(id)
    ).map((cell) => ({
      kind: "code_cell",
      id: cell.code_cell_id,
      title: cell.code_cell_id.replace(":", " "),
      statements: explainCell(atlas, cell)
    })),
    ...found(trace.inference_calls, (call) => call.inference_call_id === id || call.response_id === id).map((call) => ({
      kind: "inference_call",
      id: call.inference_call_id,
      title: `inference call ${call.inference_call_id}`,
      statements: explainInference(atlas, call)
    })),
    ...found(trace.conversation_items, (item) => item.item_id === id || item.responses_item_id === id).map((item) => ({
      kind: "conversation_item",
      id: item.item_id,
      title: `${item.item_id}${item.responses_item_id === undefined ? "" : `, ${item.responses_item_id}`}`,
      statements: explainItem(atlas, item)
    })),
    ...placesNamed(atlas, id)
  ]
}

const found = <V>(things: ReadonlyMap<string, V>, isMeant: (thing: V) => boolean): ReadonlyArray<V> =>
  [...things.values()].filter(isMeant)

const placesNamed = (atlas: Atlas, id: string): ReadonlyArray<Explanation> => {
  const { trace } = atlas
  const one = <V>(
    kind: string,
    things: ReadonlyMap<string, V>,
    tell: (atlas: Atlas, thing: V) => ReadonlyArray<Statement>
  ) => {
    const thing = things.get(id)
    return thing === undefined
      ? []
      : [{ kind, id, title: `${kind.replace("_", " ")} ${id}`, statements: tell(atlas, thing) }]
  }
  return [
    ...found(trace.threads, (thread) => thread.thread_id === id || thread.agent_path === id).map((thread) => ({
      kind: "thread",
      id: thread.thread_id,
      title: `agent ${thread.agent_path}, thread ${thread.thread_id}`,
      statements: explainThread(atlas, thread)
    })),
    ...one("turn", trace.codex_turns, explainTurn),
    ...one("terminal_operation", trace.terminal_operations, explainOperation),
    ...one("terminal_session", trace.terminal_sessions, (_, session) =>
      session.operation_ids.flatMap((operationId) => {
        const operation = trace.terminal_operations.get(operationId)
        return operation === undefined ? [] : explainOperation(atlas, operation)
      })
    ),
    ...one("compaction", trace.compactions, explainCompaction),
    ...one("edge", trace.interaction_edges, explainEdge),
    ...one("payload", trace.raw_payloads, (_, payload) => [say("file", `${payload.path}, ${payload.kind.type}`)])
  ]
}

/** An explanation as lines of text. */
export const explanationText = ({ statements, title }: Explanation): string => {
  const width = Math.max(0, ...statements.map(({ about }) => about.length))
  return [title, ...statements.map(({ about, text }) => `  ${about.padEnd(width)}  ${text}`)].join("\n")
}
