import { expect, test } from "bun:test"
import { explain, explanationText } from "../../../src/bundle/explain/explain.ts"
import { type BundleStory, bundle, customCall, functionCall } from "../../support/bundle.ts"
import { stateOf } from "../../support/reduced.ts"

const told = (story: BundleStory, id: string) => explain(stateOf(story), id).map(explanationText).join("\n\n")

test("a call whose response was never recorded was asked by the model all the same", () => {
  expect(told(bundle().calls("c1", "web"), "c1")).toContain(
    "by the model; no recorded response holds the call, no payload shows the call"
  )
  const shown = bundle()
    .asks("I1", [functionCall("c1", { a: 1 })])
    .calls("c1", "web")
  expect(told(shown, "c1")).toContain("the call is conversation_item:1")
})

test("a nested call whose cell never found its source names the cell only", () => {
  const story = bundle().cellStarts("1", "x1").calls("exec-1", "web", undefined, { cell: "1" })
  expect(told(story, "exec-1")).toContain("asked  by code: code_cell:x1")
})

test("a cell lists its calls and those that wait for it", () => {
  const story = bundle()
    .asks("I1", [])
    .answers("I1", [customCall("x1", "text(1)")])
    .cellStarts("1", "x1")
  story.calls("exec-1", { type: "mcp", server: "lab", tool: "echo" }, undefined, { cell: "1" })
  story.calls("c2", "web", { tool_name: "wait", payload: { arguments: '{"cell_id":"1"}' } })
  const text = told(story, "code_cell:x1")
  expect(text).toContain("called         tool call exec-1 (lab.echo)")
  expect(text).toContain("waited for by  tool call c2 (web)")
})

test("a request that failed has no response, and says its usage if it had one", () => {
  expect(told(bundle().asks("I1", []).breaksOff("I1", "failed"), "I1")).toContain("no item of a response was recorded")
  const usage = { input_tokens: 9, cached_input_tokens: 4, output_tokens: 2, reasoning_output_tokens: 1 }
  expect(told(bundle().asks("I1", []).answers("I1", [], { token_usage: usage }), "I1")).toContain(
    "9 input tokens (4 cached), 2 output"
  )
})

test("an operation without a result says so", () => {
  const story = bundle()
    .calls("c1", "exec_command")
    .runtimeBegins("c1", "exec_command", { command: ["ls"], cwd: "/" })
  expect(told(story, "terminal_operation:1")).toContain('ran "ls": no result was recorded')
})
