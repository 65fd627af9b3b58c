/**
 * What can only be said when every event was read (rollout-trace.md §3.12): spawns that nobody saw arrive, what was
 * accepted, which cell a call started, and whether every payload is there.
 */

import { looseJsonFault } from "../../wire/bundle/json.ts"
import { byBytes } from "../../wire/bundle/json-text.ts"
import { Refusal } from "../refusal.ts"
import { settleAcceptance } from "./acceptance.ts"
import { settleSpawns } from "./edge.ts"
import type { Reduction } from "./reduction.ts"

/** Finishes the graph; throws the `Refusal` of the first payload that is not sound. */
export const settle = (reduction: Reduction): void => {
  settleSpawns(reduction)
  if (!reduction.features.itemIds) return
  settleAcceptance(reduction)
  linkCellsToTheirCalls(reduction)
}

const linkCellsToTheirCalls = ({ toolsByCall, trace }: Reduction): void => {
  for (const cell of trace.code_cells.values()) {
    const tool = toolsByCall.get(cell.model_visible_call_id)
    if (tool === undefined || tool.requester.type !== "model") continue
    if (tool.kind.type !== "other" || tool.kind.name !== "exec") continue
    if (tool.thread_id !== cell.thread_id || tool.started_by_codex_turn_id !== cell.codex_turn_id) continue
    tool.started_code_cell_id = cell.code_cell_id
  }
}

/** What is wrong with the payload files that no rule has opened, in the order in which Codex checks. */
export function* unsoundPayloads(reduction: Reduction): Generator<Refusal> {
  const { raw_payloads } = reduction.trace
  for (const id of [...raw_payloads.keys()].sort(byBytes)) {
    const path = raw_payloads.get(id)?.path
    if (path === undefined || reduction.sound.has(path)) continue
    try {
      const fault = looseJsonFault(reduction.files(path))
      if (fault !== undefined) yield new Refusal("payload", `payload ${id} is ${fault}`, path)
      else reduction.sound.add(path)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      yield error
    }
  }
}
