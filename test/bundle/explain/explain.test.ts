import { describe, expect, test } from "bun:test"
import { explain, explanationText } from "../../../src/bundle/explain/explain.ts"
import {
  agentMessage,
  assistantMessage,
  bundle,
  customCall,
  customOutput,
  functionCall,
  functionOutput,
  userMessage
} from "../../support/bundle.ts"
import { stateOf } from "../../support/reduced.ts"

const child = "22222222-2222-4222-8222-222222222222"
const activity = { event_id: "e", agent_thread_id: child, agent_path: "/root/a", kind: "interacted" }

/** A command of the model, a cell with a nested call, and a message to an agent. */
const trace = () => {
  const history = [userMessage("go", "m1"), functionCall("c1", { cmd: "ls" }), customCall("x1", "await tools.a()")]
  const story = bundle().asks("I1", history.slice(0, 1)).answers("I1", history.slice(1))
  story.calls("c1", "exec_command").runtimeBegins("c1", "exec_command", { process_id: "7", command: ["ls"], cwd: "/w" })
  story.runtimeEnds("c1", { process_id: "7", exit_code: 2, aggregated_output: "no such file" }, "failed").toolEnds("c1")
  story.calls("x1", { type: "other", name: "exec" }).cellStarts("1", "x1", "await tools.a()")
  story.calls("exec-1", "web", undefined, { cell: "1" }).toolEnds("exec-1").cellEnds("1").toolEnds("x1")
  story.threadStarts(child, "/root/a").inside("T1", "U1")
  story.calls("c3", "send_message", { payload: { arguments: '{"message":"hello"}' } }).runtimeEnds("c3", activity)
  story.asks("I2", [...history, functionOutput("c1", "no such file"), customOutput("x1", "done")])
  story.answers("I2", [assistantMessage("bye", "m2")])
  return stateOf(story.turnStarts("U2", child).asks("I3", [agentMessage("/root", "/root/a", "hello")]))
}

const told = (id: string): string => explain(trace(), id).map(explanationText).join("\n\n")

describe("what an id is, where it came from and where it went", () => {
  test("a tool call: which response asked, how it ran, what the model saw of it", () => {
    expect(told("c1")).toBe(
      [
        "tool call c1, exec_command",
        '  asked     by the model: the response of I1 (gpt-test, turn U1) holds conversation_item:2 (assistant function_call of c1): "{\\"cmd\\":\\"ls\\"}"',
        "  agent     in agent /root (thread T1), turn U1",
        "  ran       completed: began 6.000 s after the trace (event 6) and took 3.000 s (event 9)",
        '  terminal  terminal_operation:1 ran "ls" in terminal_session:terminal_operation:1: exit code 2, output "no such file"',
        '  seen      conversation_item:4 (tool function_call_output of c1): "no such file", first in the request of I2 (gpt-test, turn U1), in 1 request in all'
      ].join("\n")
    )
  })

  test("a nested call: the cell asked, the model wrote the cell, and saw nothing of the call itself", () => {
    const text = told("exec-1")
    expect(text).toContain("asked  by code: code_cell:x1")
    expect(text).toContain("the model wrote that code in conversation_item:3, the response of I1")
    expect(text).toContain("the result went to the code of its cell")
  })

  test("a call id may name the call and the cell that it started", () => {
    expect(explain(trace(), "x1").map(({ kind }) => kind)).toEqual(["tool_call", "code_cell"])
    expect(told("x1")).toContain("called  tool call exec-1 (web)")
  })

  test("a call whose output no request shows was never seen by the model", () => {
    expect(told("c3")).toContain("no recorded request shows its output: the model never saw it")
  })

  test("a message: from whom, to which item of which agent", () => {
    expect(told("c3")).toContain('to conversation_item:7 (assistant message): "hello" in agent /root/a (thread 2222')
    const received = told("conversation_item:7")
    expect(received).toContain(
      "came from  tool call c3 (send_message) of agent /root (thread T1), as send_message (edge:tool:c3)"
    )
    expect(told("edge:tool:c3")).toContain("evidence   raw_payload:")
  })

  test("an item: its producer, its requests, and the tool that it belongs to", () => {
    const output = told("conversation_item:5")
    expect(output).toContain("came from  tool call x1 (exec)")
    expect(output).toContain("came from  the output of code_cell:x1")
    expect(output).toContain("went to    the request of I2")
    expect(told("m1")).toContain("2 requests, from I1 (gpt-test, turn U1) to I2 (gpt-test, turn U1)")
    expect(told("m1")).toContain("outside the model")
    expect(told("m2")).toContain("no recorded request shows it")
  })

  test("an inference call, by its own id or its response's; a thread, by its id or its path; a turn", () => {
    expect(told("r-I1")).toContain("led to    tool call c1 (exec_command), tool call x1 (exec)")
    expect(explain(trace(), "/root/a")).toEqual(explain(trace(), child))
    expect(told("/root/a")).toContain("message")
    expect(told("U1")).toContain("2 calls: I1 (completed), I2 (completed)")
  })

  test("terminals and payloads are named too", () => {
    expect(told("terminal_session:terminal_operation:1")).toContain("tool call c1 (exec_command) did it")
    expect(told("terminal_operation:1")).toContain(
      "session   terminal_session:terminal_operation:1 has terminal_operation:1"
    )
    expect(told("raw_payload:1")).toContain("payloads/1.json, inference_request")
  })

  test("a compaction says what it replaced, and an item by what it was replaced", () => {
    const state = stateOf(
      bundle()
        .asks("I1", [userMessage("a")])
        .installs("C1", [userMessage("a")], [userMessage("sum")])
    )
    const text = (id: string) => explain(state, id).map(explanationText).join()
    expect(text("C1")).toContain("1 items by 1: conversation_item:3")
    expect(text("conversation_item:1")).toContain("compaction C1, which replaced it")
    expect(text("conversation_item:3")).toContain("came from  compaction C1")
  })

  test("each statement names the ids that can be asked about next; a strange id names nothing", () => {
    const [tool] = explain(trace(), "c1")
    expect(tool?.statements.flatMap(({ ids }) => ids)).toContain("I1")
    expect(explain(trace(), "nobody")).toEqual([])
  })
})
