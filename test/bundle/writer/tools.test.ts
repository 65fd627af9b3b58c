import { describe, expect, test } from "bun:test"
import type { PlannedEvent } from "../../../src/bundle/writer/event.ts"
import { planBundle } from "../../../src/bundle/writer/plan.ts"
import type { HistoryItem } from "../../../src/span/model-input.ts"
import type { Json } from "../../../src/wire/json.ts"
import { read } from "../../support/reading.ts"
import { type Story, session } from "../../support/session.ts"
import { v169 } from "../../support/session-dialect.ts"
import { item, modelInput, said, span } from "../../support/spans.ts"

const eventsOf = (story: Story): ReadonlyArray<PlannedEvent> =>
  planBundle(read(story, v169).spans, { schema: 2, traceId: "trace-1" })

/** The events of one call: what they are, and how they say that it went. */
const told = (story: Story, toolCallId: string): ReadonlyArray<readonly [string, Json | undefined]> =>
  eventsOf(story)
    .filter(({ fields }) => fields.tool_call_id === toolCallId)
    .map(({ type, fields }) => [type.replace("tool_call_", ""), fields.status])

const headline = (text: string) => [{ type: "input_text", text: `${text}\nWall time 0.1 seconds\nOutput:\n` }]

describe("a call", () => {
  test("of a command that left with an error was dispatched well: its run failed", () => {
    const story = session().turn("go").execs("make", { exit: 2, id: "call_a" }).says("So.").ends()
    expect(told(story, "call_a")).toEqual([
      ["started", undefined],
      ["runtime_started", undefined],
      ["runtime_ended", "failed"],
      ["ended", "completed"]
    ])
  })

  test("whose output never came has no end", () => {
    const story = session().turn("go").calls("find", { q: "x" }, { id: "call_a" }).responds()
    expect(told(story, "call_a")).toEqual([["started", undefined]])
  })

  test("that a turn's end stopped is cancelled, and marked as derived", () => {
    const story = session().turn("go").calls("find", { q: "x" }, { id: "call_a" }).responds().interrupts()
    const ended = eventsOf(story).find(({ type }) => type === "tool_call_ended")
    expect([ended?.fields.status, ended?.derived]).toEqual(["cancelled", "from the end of the turn"])
  })

  test("of a wait that names no cell has no invocation: Codex would refuse it", () => {
    const story = session().turn("go").calls("wait", {}, { id: "call_a" }).answers("no such cell").says("So.").ends()
    const started = eventsOf(story).find(({ type }) => type === "tool_call_started")
    expect(started?.payloads).toBeUndefined()
  })
})

describe("a code cell", () => {
  const cellEvents = (story: Story) =>
    eventsOf(story)
      .filter(({ type }) => type.startsWith("code_cell_"))
      .map(({ type, fields }) => [type.replace("code_cell_", ""), fields.runtime_cell_id, fields.status])

  test("that is done at once answers and ends, under an id that is derived where nobody told it", () => {
    const story = session().turn("go").calls("exec", "1", { id: "call_a" }).answers(headline("Script completed"))
    story.says("So.").ends()
    expect(cellEvents(story)).toEqual([
      ["started", "cell-call_a", undefined],
      ["initial_response", "cell-call_a", "completed"],
      ["ended", "cell-call_a", "completed"]
    ])
    const [started] = eventsOf(story).filter(({ type }) => type === "code_cell_started")
    expect(started?.derived).toBe("runtime cell id")
  })

  test("that runs on has yielded, and its call is done", () => {
    const yields = headline("Script running with cell ID 3")
    const story = session().turn("go").calls("exec", "slow()", { id: "call_a" }).answers(yields).says("Later.").ends()
    expect(cellEvents(story).slice(0, 2)).toEqual([
      ["started", "3", undefined],
      ["initial_response", "3", "yielded"]
    ])
    expect(told(story, "call_a").at(-1)).toEqual(["ended", "completed"])
  })

  test("makes its calls: they name it, and are counted in it", () => {
    const story = session().turn("go").calls("exec", 'await tools.exec_command({cmd: "ls"})', { id: "call_a" })
    story.nested("ls", 0.1, "exec-1").answers(headline("Script completed")).says("So.").ends()
    const nested = eventsOf(story).find(({ fields }) => fields.tool_call_id === "exec-1")
    expect(nested?.fields).toMatchObject({
      requester: { type: "code_cell", runtime_cell_id: "cell-call_a" },
      code_mode_runtime_tool_id: "tool-1",
      model_visible_call_id: null
    })
  })
})

describe("an agent's answer", () => {
  const content = [{ type: "input_text", text: "Found it." }]
  const answer = item({ type: "agent_message", author: "/root/helper", recipient: "/root", content })
  const agent = { agent_path: "/root/helper", parent_thread_id: "T1" }
  const results = (history: ReadonlyArray<HistoryItem>) =>
    planBundle(
      [
        span({ id: "s", kind: "session", thread_id: "T1" }),
        span({ id: "t1", kind: "turn", thread_id: "T1", parent_id: "s" }),
        span({ id: "a", kind: "agent", thread_id: "T2", parent_id: "t1", metadata: agent }),
        span({ id: "t2", kind: "turn", thread_id: "T2", parent_id: "a" }),
        span({ id: "l1", kind: "llm", thread_id: "T1", parent_id: "t1", input: modelInput(history), output: [] })
      ],
      { schema: 2, traceId: "trace-1" }
    ).filter(({ type }) => type === "agent_result_observed")

  test("is told where its parent's history shows it", () => {
    const [result, ...more] = results([said("go"), answer])
    expect([result?.fields.message, result?.derived, more]).toEqual(["Found it.", "from the parent's history", []])
  })

  test("that its parent never saw is not made up", () => {
    expect(results([said("go")])).toEqual([])
  })
})

test("a search that the provider ran by itself is an item of the response, and no tool call", () => {
  const call = { type: "web_search_call", call_id: "ws_1", status: "completed" }
  const events = planBundle(
    [
      span({ id: "s", kind: "session" }),
      span({ id: "t", kind: "turn", parent_id: "s" }),
      span({ id: "l", kind: "llm", parent_id: "t", input: modelInput([said("go")]), output: [call] }),
      span({ id: "w", parent_id: "t", name: "web_search", metadata: { call_id: "ws_1", requested_by: "l" } })
    ],
    { schema: 2, traceId: "trace-1" }
  )
  expect(events.map(({ type }) => type)).toContain("inference_completed")
  expect(events.map(({ type }) => type)).not.toContain("tool_call_started")
})

test("a nested call is never told before the cell that made it, whatever the clocks say", () => {
  const call = { type: "custom_tool_call", call_id: "c1", name: "exec", input: "1" }
  const cell = { call_id: "c1", requested_by: "l", tool_kind: "code_cell" }
  const events = planBundle(
    [
      span({ id: "s", kind: "session", start: 1, end: 9 }),
      span({ id: "t", kind: "turn", parent_id: "s", start: 1, end: 9 }),
      span({ id: "l", kind: "llm", parent_id: "t", start: 2, end: 4, input: modelInput([said("go")]), output: [call] }),
      span({ id: "c", parent_id: "t", name: "exec", start: 4, end: 6, metadata: cell }),
      span({ id: "n", parent_id: "c", start: 3, end: 5, metadata: { call_id: "exec-1" } })
    ],
    { schema: 2, traceId: "trace-1" }
  )
  const starts = events.filter(({ type }) => type === "code_cell_started" || type === "tool_call_started")
  expect(starts.map(({ fields }) => fields.tool_call_id ?? "the cell")).toEqual(["c1", "the cell", "exec-1"])
})
