/**
 * What can only be said when every event was read (rollout-trace.md §3.12): spawns that nobody saw arrive, what was
 * accepted, which cell a call started, and whether every payload is there.
 */

import { looseJsonFault } from "../../wire/bundle/json.ts"
import { sortedByBytes } from "../../wire/bundle/json-text.ts"
import { orRefusal, Refusal } from "../refusal.ts"
import { settleAcceptance } from "./acceptance.ts"
import { settleSpawns } from "./edge.ts"
import type { Reduction } from "./reduction.ts"

/** Finishes the graph; `onRefusal` is told what does not fit or is not there, and may throw. */
export const settle = (reduction: Reduction, onRefusal: (refusal: Refusal) => void): void => {
  settleSpawns(reduction, onRefusal)
  if (!reduction.features.itemIds) return
  settleAcceptance(reduction)
  linkCellsToTheirCalls(reduction)
  if (reduction.features.strictRecording) checkPayloads(reduction, onRefusal)
}

const linkCellsToTheirCalls = ({ toolsByCall, trace }: Reduction): void => {
  for (const cell of trace.code_cells.values()) {
    const tool = toolsByCall.get(cell.model_visible_call_id)
    if (tool === undefined || tool.requester.type !== "model") continue
    if (tool.kind.type !== "other" || tool.kind.name !== "exec") continue
    if (tool.thread_id !== cell.thread_id) continue
    // A call that names no turn is taken for one of the cell's.
    if ((tool.started_by_codex_turn_id ?? cell.codex_turn_id) !== cell.codex_turn_id) continue
    tool.started_code_cell_id = cell.code_cell_id
  }
}

/** Payload files that no rule has opened must be there and JSON all the same; in the order in which Codex checks. */
const checkPayloads = (reduction: Reduction, onRefusal: (refusal: Refusal) => void): void => {
  const { raw_payloads } = reduction.trace
  for (const id of sortedByBytes(raw_payloads.keys())) {
    const path = raw_payloads.get(id)?.path
    if (path === undefined || reduction.sound.has(path)) continue
    const content = orRefusal(() => reduction.files(path))
    if (content instanceof Refusal) onRefusal(content)
    else {
      const fault = looseJsonFault(content)
      if (fault !== undefined) onRefusal(new Refusal("payload", `payload ${id} is ${fault}`, path))
      else reduction.sound.add(path)
    }
  }
}
