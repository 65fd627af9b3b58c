import { expect, test } from "bun:test"
import { answer, says } from "./answer.ts"
import { epilogue, type Incoming, outputOf, prompterOf } from "./script.ts"

const from = (threadId: string, more: Partial<Incoming> = {}): Incoming => ({
  threadId,
  turnMetadata: { agent_name: "/root" },
  subagent: undefined,
  kind: "turn",
  input: [],
  ...more
})

const user = (text: string) => [{ type: "message", role: "user", content: [{ type: "input_text", text }] }]

test("each agent is told its own answers, in order", () => {
  const [one, two, alpha] = [answer(says("one")), answer(says("two")), answer(says("alpha"))]
  const prompter = prompterOf({ "/root": [one, two], "/root/alpha": [alpha] })
  expect(prompter.next(from("t1")).answer).toBe(one)
  expect(prompter.next(from("t2", { turnMetadata: { agent_name: "/root/alpha" } })).answer).toBe(alpha)
  expect(prompter.next(from("t1")).answer).toBe(two)
})

test("a v1 agent is known by its task, and stays known when its task is out of sight", () => {
  const counts = answer(says("12"))
  const prompter = prompterOf({ "/root": [], "count the tests": [epilogue("x"), counts] })
  const spawned = { subagent: "thread_spawn", input: user("please count the tests now") }
  expect(prompter.next(from("t2", spawned)).agent).toBe("count the tests")
  expect(prompter.next(from("t2", { input: user("go on") })).answer).toBe(counts)
})

test("a request for a summary takes nothing from the agent's own answers", () => {
  const next = answer(says("next"))
  const prompter = prompterOf({ "/root": [next] })
  expect(prompter.next(from("t1", { kind: "compaction" })).agent).toBe("compaction")
  expect(prompter.next(from("t1")).answer).toBe(next)
})

test("answers that nobody asked for are left over", () => {
  const prompter = prompterOf({ "/root": [answer(), answer(), answer()], review: [answer()] })
  prompter.next(from("t1"))
  expect(prompter.leftOver()).toEqual({ "/root": 2, review: 1 })
})

test("an agent at the end of its program ends its turn", () => {
  const prompter = prompterOf({ "/root": [] })
  expect(prompter.next(from("t1")).answer).toEqual(epilogue("/root"))
})

test("a script reads a tool's latest output, as text or as content parts", () => {
  const input = [
    { type: "function_call", name: "exec", call_id: "c1" },
    { type: "function_call_output", call_id: "c1", output: "old" },
    { type: "custom_tool_call", name: "exec", call_id: "c2" },
    { type: "custom_tool_call_output", call_id: "c2", output: [{ type: "input_text", text: "cell ID 3" }] }
  ]
  expect(outputOf({ agent: "/root", turn: 0, threadId: "t1", kind: "turn", input }, "exec")).toBe("cell ID 3")
})
