/**
 * The truth reader against Codex's own reducer: where a bundle has a `state.json`, both must have understood the same.
 */
import { expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { at, type Fields, isFields, list, readFields, text } from "../../bench/fidelity/json.ts"
import type { Truth } from "../../bench/fidelity/truth.ts"
import { readTruth } from "../../bench/fidelity/truth-reader.ts"
import { describeCorpus } from "../support/corpus.ts"

const objects = (state: Fields, key: string): ReadonlyArray<Fields> => {
  const map = state[key]
  return isFields(map) ? Object.values(map).filter(isFields) : []
}

const ids = (state: Fields, key: string, id: string) => objects(state, key).map((one) => String(one[id]))

/** Nested calls below the call of their cell, as the reducer has them. */
const nestedOf = (state: Fields) =>
  objects(state, "code_cells").flatMap((cell) =>
    list(cell, "nested_tool_call_ids").map((id) => [String(id), String(cell.model_visible_call_id)] as const)
  )

/** The turn that made each agent, through the edge that the reducer drew. */
const spawnsOf = (state: Fields) =>
  objects(state, "interaction_edges")
    .filter((edge) => edge.kind === "spawn_agent")
    .map((edge) => {
      const tool = text(edge, "source", "tool_call_id") ?? ""
      const item = text(edge, "target", "item_id") ?? ""
      const child = text(edge, "target", "thread_id") ?? text(state, "conversation_items", item, "thread_id") ?? ""
      return [child, text(at(state, "tool_calls", tool), "started_by_codex_turn_id")] as const
    })

describeCorpus("the truth beside Codex's reducer", (cases) => {
  const reduced = cases.flatMap((one) => {
    const truth = readTruth(one, true)
    return one.bundles
      .map((bundle) => join(bundle, "state.json"))
      .filter(existsSync)
      .map((file): { name: string; truth: Truth; state: Fields } => ({
        name: one.name,
        truth,
        state: readFields(file)
      }))
  })

  test("knows every thread, turn, call of the model and tool call", () => {
    expect(reduced.length).toBeGreaterThan(10)
    for (const { name, truth, state } of reduced) {
      const known = {
        threads: new Set(truth.threads.keys()),
        turns: new Set(truth.turns.map((turn) => turn.id)),
        calls: new Set(truth.calls.map((call) => call.key)),
        tools: new Set(truth.tools.map((tool) => tool.id))
      }
      const unknown = {
        threads: ids(state, "threads", "thread_id").filter((id) => !known.threads.has(id)),
        turns: ids(state, "codex_turns", "codex_turn_id").filter((id) => !known.turns.has(id)),
        calls: ids(state, "inference_calls", "inference_call_id").filter((id) => !known.calls.has(id)),
        tools: ids(state, "tool_calls", "tool_call_id").filter((id) => !known.tools.has(id))
      }
      expect({ name, ...unknown }).toEqual({ name, threads: [], turns: [], calls: [], tools: [] })
    }
  })

  test("hangs every nested call below the same cell", () => {
    const pairs = reduced.flatMap(({ truth, state }) =>
      nestedOf(state).map(([id, cell]) => ({ id, cell, told: truth.tools.find((tool) => tool.id === id)?.cell }))
    )
    expect(pairs.length).toBeGreaterThan(20)
    expect(pairs.filter(({ cell, told }) => cell !== told)).toEqual([])
  })

  test("hangs every agent below the turn that spawned it", () => {
    const spawns = reduced.flatMap(({ truth, state }) =>
      spawnsOf(state).map(([child, turn]) => ({ child, turn, told: truth.threads.get(child)?.spawnTurn }))
    )
    expect(spawns.length).toBeGreaterThan(3)
    expect(spawns.filter(({ turn, told }) => turn !== told)).toEqual([])
  })
})
