import { describe, expect, test } from "bun:test"
import { bundle, customCall, customOutput } from "../../support/bundle.ts"
import { at, numbers, refusalOf, stateOf } from "../../support/reduced.ts"

const asked = (schema: 1 | 2 = 2) =>
  bundle(schema)
    .asks("I1", [])
    .answers("I1", [customCall("x1", "text(1)")])
const cellOf = (story: ReturnType<typeof bundle>, version?: string) =>
  at(stateOf(story, version).code_cells, "code_cell:x1")

describe("code cells", () => {
  test("a cell belongs to the item that holds its source, and to the tools and outputs around it", () => {
    const story = asked()
      .calls("x1", { type: "other", name: "exec" })
      .cellStarts("1", "x1")
      .calls("exec-b", "web", undefined, { cell: "1" })
    story.calls("exec-a", "web", undefined, { cell: "1" })
    story.calls("c2", { type: "other", name: "wait" }, { tool_name: "wait", payload: { arguments: '{"cell_id":"1"}' } })
    story.asks("I2", [customCall("x1", "text(1)"), customOutput("x1", "1")])
    const trace = stateOf(story)
    expect(at(trace.code_cells, "code_cell:x1")).toMatchObject({
      source_item_id: "conversation_item:1",
      output_item_ids: ["conversation_item:2"],
      nested_tool_call_ids: ["exec-b", "exec-a"],
      wait_tool_call_ids: ["c2"],
      runtime_status: "starting"
    })
    expect(at(trace.tool_calls, "x1").started_code_cell_id).toBe("code_cell:x1")
    expect(at(trace.conversation_items, "conversation_item:2").produced_by.map(({ type }) => type)).toEqual([
      "tool",
      "code_cell"
    ])
  })

  test("a cell waits for its source, and what happens meanwhile waits with it", () => {
    const story = bundle().asks("I1", []).cellStarts("1", "x1").calls("exec-b", "web", undefined, { cell: "1" })
    story
      .calls("exec-a", "web", undefined, { cell: "1" })
      .cellResponds("1", "yielded", {})
      .cellEnds("1", "completed", {})
    expect(stateOf(story).code_cells.size).toBe(0)
    expect(cellOf(story.answers("I1", [customCall("x1", "text(1)")]))).toMatchObject({
      execution: { status: "completed", started_seq: 5, ended_seq: 9 },
      nested_tool_call_ids: ["exec-a", "exec-b"],
      initial_response_status: "yielded",
      yielded_seq: 8,
      raw_initial_response_payload_id: "raw_payload:2",
      raw_result_payload_id: "raw_payload:3"
    })
  })

  test("the first real response counts, also after an end; in older reducers the first of either", () => {
    const story = (schema: 1 | 2) =>
      asked(schema).cellStarts("1", "x1").cellEnds("1").cellResponds("1", "running").cellResponds("1", "completed")
    expect(cellOf(story(2))).toMatchObject({
      initial_response_seq: 8,
      initial_response_status: "running",
      runtime_status: "completed"
    })
    const older = cellOf(story(1), "0.155.0")
    expect([older.initial_response_seq, older.initial_response_status]).toEqual([7, undefined])
  })

  test("each status of a cell is one of its execution", () => {
    const statuses = ["starting", "running", "yielded", "completed", "failed", "terminated"]
    expect(
      statuses.map((status) => cellOf(asked().cellStarts("1", "x1").cellEnds("1", status)).execution.status)
    ).toEqual(["running", "running", "running", "completed", "failed", "cancelled"])
  })

  test("a turn that broke off takes its running cells with it, a completed one leaves them", () => {
    const after = (status: string) => cellOf(asked().cellStarts("1", "x1").turnEnds(status))
    expect(after("completed").execution.status).toBe("running")
    expect(after("failed")).toMatchObject({ runtime_status: "failed", execution: { status: "failed" } })
    expect(after("aborted")).toMatchObject({ runtime_status: "terminated", execution: { status: "cancelled" } })
    const ended = cellOf(asked().cellStarts("1", "x1").cellEnds("1", "yielded", {}).turnEnds("cancelled"))
    expect(ended.raw_result_payload_id).toBeNull()
  })

  test("runtime ids are known per thread, and mean one cell", () => {
    const other = asked().cellStarts("1", "x1").threadStarts("T2").turnStarts("U2", "T2")
    expect(refusalOf(other.cellEnds("1")).what).toContain("never started in thread T2")
    expect(refusalOf(asked().cellStarts("1", "x1").cellStarts("1", "x2")).what).toContain(
      "is both code_cell:x1 and code_cell:x2"
    )
    expect(refusalOf(asked().cellStarts("1", "x1").cellStarts("2", "x1")).what).toBe(
      "code_cell:x1 starts a second time"
    )
    expect(refusalOf(bundle().cellStarts("1", "x1").cellStarts("2", "x1")).rule).toBe("code cell")
    expect(refusalOf(bundle().calls("exec-a", "web", undefined, { cell: "9" })).what).toContain("runtime cell 9")
  })

  test("a cell needs a thread at once and a turn when it starts", () => {
    expect(refusalOf(asked().inside(null, null).cellStarts("1", "x1")).what).toContain("neither a thread nor a turn")
    expect(refusalOf(asked().inside("T1", null).cellStarts("1", "x1")).what).toBe("code_cell:x1 names no turn")
    expect(cellOf(asked().inside(null, "U1").cellStarts("1", "x1")).thread_id).toBe("T1")
  })

  test("only the tool exec of the same turn, or of none, started a cell", () => {
    const startedBy = (kind: object | string) =>
      at(
        stateOf(
          asked()
            .calls("x1", kind as never)
            .cellStarts("1", "x1")
        ).tool_calls,
        "x1"
      ).started_code_cell_id
    expect(startedBy({ type: "other", name: "exec" })).toBe("code_cell:x1")
    expect(startedBy("exec_command")).toBeUndefined()
    const elsewhere = asked().calls("x1", { type: "other", name: "exec" }).turnStarts("U2").cellStarts("1", "x1")
    expect(at(stateOf(elsewhere).tool_calls, "x1").started_code_cell_id).toBeUndefined()
    const nowhere = asked().inside("T1", null).calls("x1", { type: "other", name: "exec" })
    const named = stateOf(nowhere.inside("T1", "U1").cellStarts("1", "x1")).tool_calls
    expect(at(named, "x1").started_by_codex_turn_id).toBeNull()
    expect(at(named, "x1").started_code_cell_id).toBe("code_cell:x1")
  })

  test("outputs that were there before the cell are its outputs", () => {
    const story = bundle()
      .asks("I1", [customCall("x1", "text(1)"), customOutput("x1", "1")])
      .cellStarts("1", "x1")
    expect(numbers(cellOf(story).output_item_ids)).toBe("2")
  })
})
