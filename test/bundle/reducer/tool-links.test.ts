import { expect, test } from "bun:test"
import { bundle, customOutput, functionCall, functionOutput } from "../../support/bundle.ts"
import { at, numbers, stateOf } from "../../support/reduced.ts"

test("a tool without a call id has no items, whatever the model was shown", () => {
  const trace = stateOf(
    bundle()
      .asks("I1", [functionCall("c1", {})])
      .calls("c1", "web", undefined, { callId: null })
  )
  expect(at(trace.tool_calls, "c1").model_visible_call_item_ids).toEqual([])
})

test("calls of both kinds and outputs of both kinds are a tool's items", () => {
  const story = bundle()
    .calls("c1", "web")
    .asks("I1", [functionCall("c1", {}), functionOutput("c1", "a"), customOutput("c1", "b")])
  const tool = at(stateOf(story).tool_calls, "c1")
  expect([numbers(tool.model_visible_call_item_ids), numbers(tool.model_visible_output_item_ids)]).toEqual(["1", "2 3"])
})

test("every response that holds the call is named, also a retried one", () => {
  const story = bundle()
    .asks("I1", [])
    .answers("I1", [functionCall("c1", {}, "m1")])
    .asks("I2", [])
  const trace = stateOf(story.answers("I2", [functionCall("c1", {}, "m1")]).calls("c1", "web"))
  expect([...trace.inference_calls.values()].map((call) => call.tool_call_ids_started_by_response)).toEqual([
    ["c1"],
    ["c1"]
  ])
})

test("a response that is replaced by another end no longer holds the call", () => {
  const story = bundle()
    .asks("I1", [])
    .answers("I1", [functionCall("c1", {})])
    .answers("I1", [])
    .calls("c1", "web")
  expect(at(stateOf(story).inference_calls, "I1").tool_call_ids_started_by_response).toEqual([])
})

test("a terminal shows its tool's items as they come, and nothing while there are none", () => {
  const story = bundle()
    .calls("c1", "exec_command")
    .runtimeBegins("c1", "exec_command", { command: ["a"], cwd: "/" })
  const observed = () => at(stateOf(story).terminal_operations, "terminal_operation:1").model_observations
  expect(observed()).toEqual([])
  story.asks("I1", [functionOutput("c1", "a")])
  expect(observed()).toMatchObject([{ call_item_ids: [], output_item_ids: ["conversation_item:1"] }])
  story.asks("I2", [functionCall("c1", {}), functionOutput("c1", "a")])
  expect(observed()).toMatchObject([{ call_item_ids: ["conversation_item:2"] }])
})
