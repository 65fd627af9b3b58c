/**
 * What each version of Codex can tell, as a table made from recordings: docs/VERSIONS.md.
 *
 * Owns the list of facts and how a recording shows each. A cell says what was seen, never what was expected.
 */
import type { Shapes } from "./shapes.ts"

interface Fact {
  readonly fact: string
  /** Kinds of records, or `kind/field`, any of which shows it. */
  readonly shownBy: ReadonlyArray<string>
}

const facts: ReadonlyArray<Fact> = [
  { fact: "turns have ids", shownBy: ["transcript turn_context/turn_id"] },
  { fact: "turns say when they start and end", shownBy: ["transcript event_msg.task_started"] },
  { fact: "turns say their duration", shownBy: ["transcript event_msg.task_complete/duration_ms"] },
  { fact: "failed turns say why", shownBy: ["transcript event_msg.task_complete/error"] },
  { fact: "turns say who asked for them", shownBy: ["transcript event_msg.task_started/turn_attribution"] },
  { fact: "base instructions", shownBy: ["transcript session_meta/base_instructions"] },
  {
    fact: "tool items with start and end",
    shownBy: ["transcript event_msg.item_completed.CommandExecution/started_at_ms"]
  },
  {
    fact: "patches and MCP calls say that they ended",
    shownBy: [
      "transcript event_msg.item_completed.FileChange",
      "transcript event_msg.patch_apply_end",
      "transcript event_msg.mcp_tool_call_end"
    ]
  },
  { fact: "usage per response, with its id", shownBy: ["transcript token_usage_record/response_id"] },
  { fact: "running totals of usage", shownBy: ["transcript event_msg.token_count/info"] },
  { fact: "history order of each item", shownBy: ["transcript response_item.message/(line).metadata"] },
  { fact: "compaction with its new history", shownBy: ["transcript compacted/replacement_history"] },
  { fact: "compaction names its response", shownBy: ["transcript compacted/compaction_response_id"] },
  {
    fact: "agents (v1) with items of their own",
    shownBy: ["transcript event_msg.item_completed.CollabAgentToolCall", "transcript event_msg.collab_agent_spawn_end"]
  },
  {
    fact: "agents (v2)",
    shownBy: ["transcript event_msg.item_completed.SubAgentActivity", "transcript event_msg.sub_agent_activity"]
  },
  { fact: "messages between agents", shownBy: ["transcript response_item.agent_message"] },
  { fact: "code mode", shownBy: ["bundle code_cell_started"] },
  { fact: "turns taken back: a record", shownBy: ["transcript event_msg.thread_rolled_back"] },
  { fact: "turns taken back: a further file", shownBy: ["transcript session_meta/history_base"] },
  { fact: "forks name their origin", shownBy: ["transcript session_meta/forked_from_id"] },
  { fact: "forks leave the history where it is", shownBy: ["transcript session_meta/forked_from_ordinal_exclusive"] },
  { fact: "hooks: session, prompt, tools, stop", shownBy: ["hook PreToolUse"] },
  { fact: "hooks: approval requested", shownBy: ["hook PermissionRequest"] },
  { fact: "hooks: compaction", shownBy: ["hook PreCompact"] },
  { fact: "hooks: model requests", shownBy: ["hook PreModelRequest"] },
  { fact: "hooks: agents", shownBy: ["hook SubagentStart"] },
  { fact: "hooks: interrupt, session end", shownBy: ["hook Interrupt", "hook SessionEnd"] },
  { fact: "trace bundles", shownBy: ["bundle rollout_started"] },
  { fact: "bundles order the history", shownBy: ["bundle history_item_accepted"] }
]

const shows = (shapes: Shapes, place: string): boolean => {
  const slash = place.indexOf("/")
  return slash < 0 ? shapes.has(place) : shapes.get(place.slice(0, slash))?.has(place.slice(slash + 1)) === true
}

/** A Markdown table, a row a fact and a column a version, in the order given. */
export const versionTable = (seen: ReadonlyMap<string, Shapes>): string => {
  const row = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  const versions = [...seen.keys()]
  const cell = (version: string, { shownBy }: Fact) => {
    const shapes = seen.get(version)
    return shapes !== undefined && shownBy.some((place) => shows(shapes, place)) ? "yes" : "–"
  }
  return [
    row(["", ...versions]),
    row(["---", ...versions.map(() => "---")]),
    ...facts.map((fact) => row([fact.fact, ...versions.map((version) => cell(version, fact))]))
  ].join("\n")
}
