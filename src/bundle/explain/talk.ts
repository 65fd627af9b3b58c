/**
 * What can be said of the conversation: items, messages between agents, threads, turns and compactions. Where
 * something came from, and where it went.
 */
import type { Anchor, Compaction, ConversationItem, InteractionEdge, Producer, Thread, Turn } from "../state.ts"
import { type Atlas, itemsOf } from "./atlas.ts"
import {
  callPhrase,
  itemPhrase,
  itemText,
  listed,
  quote,
  type Statement,
  say,
  threadPhrase,
  toolPhrase,
  windowStatement
} from "./words.ts"

export const explainItem = (atlas: Atlas, item: ConversationItem): ReadonlyArray<Statement> => {
  const shown = atlas.shownIn.get(item.item_id) ?? []
  const [first, last] = [shown[0], shown.at(-1)]
  const tool = atlas.toolOfItem.get(item.item_id)
  return [
    say("says", `${item.role} ${item.kind}: ${quote(itemText(item))}`),
    say("agent", `in the history of ${threadPhrase(atlas, item.thread_id)}, turn ${item.codex_turn_id ?? "unknown"}`, [
      item.thread_id
    ]),
    ...item.produced_by.map((producer) => producerStatement(atlas, producer)),
    ...(item.produced_by.length === 0
      ? [say("came from", "outside the model: a prompt, instructions or context that a request carried")]
      : []),
    ...(atlas.edgesTo.get(item.item_id) ?? []).map((edge) =>
      say("came from", `${anchorPhrase(atlas, edge.source)}, as ${edge.kind} (${edge.edge_id})`, [
        edge.edge_id,
        anchorId(edge.source)
      ])
    ),
    ...(first === undefined || last === undefined
      ? [say("went to", "no recorded request shows it")]
      : [
          say(
            "went to",
            shown.length === 1
              ? `the request of ${callPhrase(first)}`
              : `${shown.length} requests, from ${callPhrase(first)} to ${callPhrase(last)}`,
            [first.inference_call_id, last.inference_call_id]
          )
        ]),
    ...(atlas.replacedBy.get(item.item_id) ?? []).map((compaction) =>
      say("went to", `compaction ${compaction.compaction_id}, which replaced it`, [compaction.compaction_id])
    ),
    ...(atlas.edgesFrom.get(item.item_id) ?? []).map((edge) =>
      say("went to", `${anchorPhrase(atlas, edge.target)}, as ${edge.kind} (${edge.edge_id})`, [
        edge.edge_id,
        anchorId(edge.target)
      ])
    ),
    ...(tool === undefined ? [] : [say("tool", `it belongs to ${toolPhrase(tool)}`, [tool.tool_call_id])]),
    ...(item.accepted_seq === undefined ? [] : [say("accepted", `into the history by event ${item.accepted_seq}`)])
  ]
}

const producerStatement = (atlas: Atlas, producer: Producer): Statement => {
  switch (producer.type) {
    case "inference": {
      const call = atlas.trace.inference_calls.get(producer.inference_call_id)
      return say("came from", `the response of ${call === undefined ? producer.inference_call_id : callPhrase(call)}`, [
        producer.inference_call_id
      ])
    }
    case "tool": {
      const tool = atlas.trace.tool_calls.get(producer.tool_call_id)
      return say("came from", tool === undefined ? producer.tool_call_id : toolPhrase(tool), [producer.tool_call_id])
    }
    case "code_cell":
      return say("came from", `the output of ${producer.code_cell_id}`, [producer.code_cell_id])
    case "compaction":
      return say("came from", `compaction ${producer.compaction_id}`, [producer.compaction_id])
  }
}

const anchorId = (anchor: Anchor): string =>
  anchor.type === "conversation_item"
    ? anchor.item_id
    : anchor.type === "tool_call"
      ? anchor.tool_call_id
      : anchor.thread_id

const anchorPhrase = (atlas: Atlas, anchor: Anchor): string => {
  if (anchor.type === "thread") return threadPhrase(atlas, anchor.thread_id)
  if (anchor.type === "tool_call") {
    const tool = atlas.trace.tool_calls.get(anchor.tool_call_id)
    if (tool === undefined) return `tool call ${anchor.tool_call_id}`
    return `${toolPhrase(tool)} of ${threadPhrase(atlas, tool.thread_id)}`
  }
  const item = atlas.trace.conversation_items.get(anchor.item_id)
  return item === undefined ? anchor.item_id : `${itemPhrase(item)} in ${threadPhrase(atlas, item.thread_id)}`
}

export const edgeStatements = (atlas: Atlas, edge: InteractionEdge): ReadonlyArray<Statement> => [
  say(
    "message",
    `${edge.edge_id}, ${edge.kind}: from ${anchorPhrase(atlas, edge.source)} to ${anchorPhrase(atlas, edge.target)}`,
    [edge.edge_id, anchorId(edge.source), anchorId(edge.target)]
  )
]

export const explainEdge = (atlas: Atlas, edge: InteractionEdge): ReadonlyArray<Statement> => {
  const carried = edge.carried_raw_payload_ids
  return [
    say("came from", anchorPhrase(atlas, edge.source), [anchorId(edge.source)]),
    say("went to", anchorPhrase(atlas, edge.target), [anchorId(edge.target)]),
    ...(edge.target.type === "thread"
      ? [say("seen", "no item of the recipient's history carries it: it ends at the thread")]
      : []),
    ...(carried.length === 0 ? [] : [say("evidence", listed(carried, 20), carried)])
  ]
}

export const explainThread = (atlas: Atlas, thread: Thread): ReadonlyArray<Statement> => {
  const turns = [...atlas.trace.codex_turns.values()].filter((turn) => turn.thread_id === thread.thread_id)
  const items = new Set(thread.conversation_item_ids)
  const isHere = (anchor: Anchor): boolean =>
    anchor.type === "conversation_item"
      ? items.has(anchor.item_id)
      : anchor.type === "thread"
        ? anchor.thread_id === thread.thread_id
        : atlas.trace.tool_calls.get(anchor.tool_call_id)?.thread_id === thread.thread_id
  const { origin } = thread
  const edges = [...atlas.trace.interaction_edges.values()].filter((edge) => isHere(edge.source) || isHere(edge.target))
  return [
    origin.type === "root"
      ? say("origin", "the thread that nobody spawned")
      : say(
          "origin",
          `spawned by ${threadPhrase(atlas, origin.parent_thread_id)} as task ${origin.task_name}${origin.agent_role === "" ? "" : `, role ${origin.agent_role}`}`,
          [origin.parent_thread_id, origin.spawn_edge_id]
        ),
    windowStatement(atlas, thread.execution),
    say(
      "turns",
      turns.length === 0
        ? "none"
        : listed(
            turns.map((turn) => `${turn.codex_turn_id} (${turn.execution.status})`),
            20
          ),
      turns.map((turn) => turn.codex_turn_id)
    ),
    say("history", `${thread.conversation_item_ids.length} items`),
    ...edges.flatMap((edge) => edgeStatements(atlas, edge))
  ]
}

export const explainTurn = (atlas: Atlas, turn: Turn): ReadonlyArray<Statement> => {
  const calls = [...atlas.trace.inference_calls.values()].filter((call) => call.codex_turn_id === turn.codex_turn_id)
  const tools = [...atlas.trace.tool_calls.values()].filter(
    (tool) => tool.started_by_codex_turn_id === turn.codex_turn_id
  )
  return [
    say("agent", `of ${threadPhrase(atlas, turn.thread_id)}`, [turn.thread_id]),
    windowStatement(atlas, turn.execution),
    say(
      "model",
      `${calls.length} calls${
        calls.length === 0
          ? ""
          : `: ${listed(
              calls.map((call) => `${call.inference_call_id} (${call.execution.status})`),
              20
            )}`
      }`,
      calls.map((call) => call.inference_call_id)
    ),
    say(
      "tools",
      `${tools.length} calls${tools.length === 0 ? "" : `: ${listed(tools.map(toolPhrase), 20)}`}`,
      tools.map((tool) => tool.tool_call_id)
    )
  ]
}

export const explainCompaction = (atlas: Atlas, compaction: Compaction): ReadonlyArray<Statement> => [
  say("agent", `in ${threadPhrase(atlas, compaction.thread_id)}, turn ${compaction.codex_turn_id}`, [
    compaction.thread_id
  ]),
  say(
    "replaced",
    `${compaction.input_item_ids.length} items by ${compaction.replacement_item_ids.length}: ${listed(itemsOf(atlas, compaction.replacement_item_ids).map(itemPhrase))}`,
    compaction.replacement_item_ids
  ),
  say(
    "requests",
    compaction.request_ids.length === 0 ? "none was recorded" : listed(compaction.request_ids, 20),
    compaction.request_ids
  )
]
