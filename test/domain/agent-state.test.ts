/** What an agent is said to be doing: Codex's words, read leniently. */
import { expect, test } from "bun:test"
import { agentState, agentStates, isSettled, resumedBy } from "../../src/domain/agent-state.ts"

test("a state is a word, or a word with what it brought", () => {
  expect(agentState("running")).toEqual({ word: "running" })
  expect(agentState({ completed: "12." })).toEqual({ word: "completed", message: "12." })
  expect(agentState({ completed: null })).toEqual({ word: "completed" })
  for (const none of ["not_found", {}, null, 7, undefined]) expect(agentState(none)).toBeUndefined()
})

test("states of several agents come by thread or in a list", () => {
  const states = [["a", { word: "completed", message: "12." }] as const]
  expect(agentStates({ a: { completed: "12." }, b: "not_found" })).toEqual(states)
  expect(agentStates([{ thread_id: "a", status: { completed: "12." } }, { status: "running" }, "x"])).toEqual(states)
  expect(agentStates("a")).toEqual([])
})

test("what an agent does not leave by itself is how it ended", () => {
  const words = ["pending_init", "running", "completed", "errored", "interrupted", "shutdown"]
  expect(words.filter((word) => isSettled({ word }))).toEqual(["completed", "errored", "interrupted", "shutdown"])
  expect(words.map((word) => resumedBy({ word })).filter((did) => did === "resumed")).toHaveLength(2)
})
