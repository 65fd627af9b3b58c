/**
 * Code cells: scripts that the model wrote, the calls they made, and which script made which call.
 */
import { describe, expect, test } from "bun:test"
import type { Json } from "../../src/wire/json.ts"
import { lines, ofKind, pictureOf, type Reading, read, the } from "../support/reading.ts"
import { session } from "../support/session.ts"
import { newer, v169 } from "../support/session-dialect.ts"

const answer = (headline: string, seconds = 0.1): Json => [
  { type: "input_text", text: `${headline}\nWall time ${seconds} seconds\nOutput:\n` }
]
const completed = (seconds?: number) => answer("Script completed", seconds)

/** Which cell each nested call hangs under, by call id. */
const parents = (reading: Reading) => {
  const tools = ofKind(reading, "tool")
  const nested = tools.filter(({ metadata }) => String(metadata.call_id).startsWith("exec-"))
  return Object.fromEntries(
    nested.map(({ metadata, parent_id: id }) => [
      String(metadata.call_id),
      String(tools.find((tool) => tool.id === id)?.metadata.call_id ?? "the turn")
    ])
  )
}

describe("a cell", () => {
  test("is a tool whose children are the calls that its script made", () => {
    for (const dialect of newer) {
      const told = session().turn("go").calls("exec", 'await tools.exec_command({cmd: "ls"})')
      told.nested("ls").answers(completed()).says("Done.").ends()
      expect(pictureOf(told, dialect)).toBe(
        lines(
          "codex: work             ok",
          "└─ turn 1               ok",
          "   ├─ gpt-5.5           ok",
          "   ├─ exec              ok",
          "   │  └─ exec_command   ok",
          "   └─ gpt-5.5           ok"
        )
      )
      expect(the(read(told, dialect), "tool", "exec").metadata.tool_kind).toBe("code_cell")
      const nested = the(read(told, dialect), "tool", "exec_command")
      expect(nested.input).toEqual({ cmd: "ls" })
      expect(nested.metadata).not.toHaveProperty("attribution")
    }
  })

  test("that failed is an error, and one that was terminated is interrupted", () => {
    for (const [headline, status] of [
      ["Script failed", "error"],
      ["Script terminated", "interrupted"]
    ] as const) {
      const told = session().turn("go").calls("exec", "throw 1").answers(answer(headline)).says("Oh.").ends()
      expect(the(read(told, v169), "tool").status).toBe(status)
    }
  })

  test("that yielded runs on until the wait that saw its end", () => {
    for (const dialect of newer) {
      const told = session().turn("go").calls("exec", "slow()", { id: "call_cell" })
      told
        .answers(answer("Script running with cell ID 3"))
        .calls("wait", { cell_id: "3" }, { id: "call_wait" })
        .after(2)
      told.answers(completed(2)).says("Done.").ends()
      const reading = read(told, dialect)
      const cell = the(reading, "tool", "exec")
      const wait = the(reading, "tool", "wait")
      expect([cell.status, cell.metadata.cell_id, cell.end]).toEqual(["ok", "3", wait.end])
      expect(wait.metadata).toMatchObject({ tool_kind: "wait", cell_call_id: "call_cell" })
    }
  })

  test("that yielded and was never waited for is unfinished", () => {
    const told = session().turn("go").calls("exec", "slow()").answers(answer("Script running with cell ID 3"))
    expect(the(read(told.says("Later.").ends(), v169), "tool").status).toBe("unfinished")
  })

  test("is not touched by a wait that came too late for it", () => {
    const told = session().turn("go").calls("exec", "quick()").answers(answer("Script running with cell ID 3"))
    told.calls("wait", { cell_id: "3" }, { id: "call_1" }).answers(completed())
    told.calls("wait", { cell_id: "3" }, { id: "call_2" }).answers("exec cell 3 not found").says("Done.").ends()
    const reading = read(told, v169)
    const first = ofKind(reading, "tool").find(({ metadata }) => metadata.call_id === "call_1")
    expect(the(reading, "tool", "exec")).toMatchObject({ status: "ok", end: first?.end ?? 0 })
  })

  test("is answered by its script's end, not by what the script sent on the way", () => {
    const told = session().turn("go").calls("exec", "notify('half')", { id: "call_cell" })
    told.answers("half way", "call_cell").after(1).answers(completed(1), "call_cell").says("Done.").ends()
    const cell = the(read(told, v169), "tool")
    expect(cell.status).toBe("ok")
    expect((cell.end ?? 0) - cell.start).toBeGreaterThan(0.9)
  })
})

describe("a nested call", () => {
  test("that was on its way when its cell was stopped is the cell's", () => {
    const told = session().turn("go").calls("exec", 'await tools.exec_command({cmd: "ls"})', { id: "call_a" })
    const turnId = told.turnId ?? ""
    told.answers("aborted by user after 0.2s").interrupts().after(0.02)
    const item = { type: "CommandExecution", id: "exec-late", command: ["ls"], status: "completed" }
    expect(parents(read(told.item(item, { ofTurn: turnId }), v169, { hooks: false }))).toEqual({
      "exec-late": "call_a"
    })
  })

  test("belongs to the only cell that ran", () => {
    const told = session()
      .turn("go")
      .calls("exec", "a()", { id: "call_a" })
      .nested("ls", 0.1, "exec-1")
      .answers(completed())
    told.calls("exec", "b()", { id: "call_b" }).nested("ls", 0.1, "exec-2").answers(completed()).says("Done.").ends()
    for (const dialect of newer) {
      expect(parents(read(told, dialect))).toEqual({ "exec-1": "call_a", "exec-2": "call_b" })
    }
  })

  test("of two cells in one response belongs to the one whose script spells it out", () => {
    for (const dialect of newer) {
      const told = session().turn("go")
      told.calls("exec", 'await tools.exec_command({cmd: "make a"})', { id: "call_a" })
      told.calls("exec", 'await tools.exec_command({cmd: "make b"})', { id: "call_b" })
      told.nested("make b", 0.1, "exec-b").nested("make a", 0.1, "exec-a")
      told.answers(completed(), "call_a").answers(completed(), "call_b").says("Done.").ends()
      const reading = read(told, dialect)
      expect(parents(reading)).toEqual({ "exec-a": "call_a", "exec-b": "call_b" })
      expect(ofKind(reading, "tool").filter(({ metadata }) => "attribution" in metadata)).toEqual([])
    }
  })

  test("that two cells may have made goes to the likelier one, and says that it was inferred", () => {
    for (const dialect of newer) {
      const told = session().turn("go")
      told.calls("exec", 'await tools.exec_command({cmd: "ls"})', { id: "call_a" })
      told.calls("exec", 'await tools.exec_command({cmd: "ls"})', { id: "call_b" })
      told.nested("ls", 0.1, "exec-1").nested("ls", 0.1, "exec-2")
      told.answers(completed(), "call_a").answers(completed(), "call_b").says("Done.").ends()
      const reading = read(told, dialect)
      const inferred = ofKind(reading, "tool").filter(({ metadata }) => metadata.attribution === "inferred")
      expect(inferred.length).toBeGreaterThan(0)
      expect(Object.keys(parents(reading))).toEqual(["exec-1", "exec-2"])
      expect(Object.values(parents(reading))).not.toContain("the turn")
    }
  })

  test("of a cell that yielded may come in a later turn, and still is its child", () => {
    const told = session().turn("go").calls("exec", 'await tools.exec_command({cmd: "slow"})', { id: "call_a" })
    told.answers(answer("Script running with cell ID 3")).says("Later.").ends()
    told
      .turn("wait for it")
      .calls("wait", { cell_id: "3" })
      .nested("slow", 1, "exec-1")
      .answers(completed(1))
      .says("Done.")
      .ends()
    expect(parents(read(told, v169))).toEqual({ "exec-1": "call_a" })
  })

  test("that failed before it ran is known from its hook alone, and has no result", () => {
    for (const dialect of newer) {
      const told = session().turn("go").calls("exec", 'await tools.apply_patch("x")', { id: "call_a" }).responds()
      told.hook("PreToolUse", { tool_use_id: "exec-p", tool_name: "apply_patch", tool_input: { command: "x" } })
      told.answers(answer("Script failed")).says("Oh.").ends()
      const reading = read(told, dialect)
      expect(parents(reading)).toEqual({ "exec-p": "call_a" })
      expect(the(reading, "tool", "apply_patch").status).toBe("unfinished")
      expect(ofKind(read(told, dialect, { hooks: false }), "tool")).toHaveLength(1)
    }
  })

  test("is found in the same cell when its hook was read before everything else", () => {
    const told = session().turn("go").calls("exec", 'await tools.apply_patch("x")', { id: "call_a" }).responds()
    told.hook("PreToolUse", { tool_use_id: "exec-p", tool_name: "apply_patch", tool_input: { command: "x" } })
    told.answers(completed())
    told.calls("exec", 'await tools.exec_command({cmd: "ls"})', { id: "call_b" })
    told.calls("exec", 'await tools.exec_command({cmd: "pwd"})', { id: "call_c" })
    told.nested("ls", 0.1, "exec-1").nested("pwd", 0.1, "exec-2")
    told.answers(completed(), "call_b").answers(completed(), "call_c").says("Done.").ends()
    expect(parents(read(told, v169))).toEqual({ "exec-p": "call_a", "exec-1": "call_b", "exec-2": "call_c" })
  })

  test("is found in its cell when its hook came late: after the cell's end, or while the next one ran", () => {
    const patch = { tool_use_id: "exec-p", tool_name: "apply_patch", tool_input: { command: "some patch" } }
    const first = () =>
      session().turn("go").calls("exec", 'await tools.apply_patch("some patch")', { id: "call_a" }).responds()
    const afterIts = first().answers(answer("Script failed")).hook("PreToolUse", patch).says("Oh.").ends()
    const inTheNext = first().answers(answer("Script failed")).calls("exec", "b()", { id: "call_b" }).responds()
    inTheNext.hook("PreToolUse", patch).answers(completed(), "call_b").says("Oh.").ends()
    for (const told of [afterIts, inTheNext])
      for (const dialect of newer) expect(parents(read(told, dialect))).toEqual({ "exec-p": "call_a" })
  })

  test("of nobody's script hangs under its turn", () => {
    const told = session().turn("go").says("Done.").nested("ls", 0.1, "exec-1").ends()
    expect(parents(read(told, v169))).toEqual({ "exec-1": "the turn" })
  })
})

/** Two cells, `call_a` and `call_b`, that go on as 1 and 2; each runs one command. */
const twoLeftRunning = (first: string, second: string) => {
  const told = session().turn("go")
  for (const [id, cmd, cell] of [
    ["call_a", first, 1],
    ["call_b", second, 2]
  ]) {
    told.calls("exec", `await tools.exec_command({cmd: "${cmd}"})`, { id: String(id) })
    told.responds().answers(answer(`Script running with cell ID ${cell}`))
  }
  return told
}

describe("the cells of one response", () => {
  test("ran one after another, each for the time that its output names", () => {
    const told = session()
      .turn("go")
      .calls("exec", "a()", { id: "call_a" })
      .calls("exec", "b()", { id: "call_b" })
      .responds()
    told.after(2).answers(completed(1.5), "call_a").answers(completed(0.5), "call_b").says("Done.").ends()
    const tools = ofKind(read(told, v169, { hooks: false }), "tool")
    const [a, b] = ["call_a", "call_b"].map((id) => tools.find((span) => span.metadata.call_id === id))
    // What was called last goes first.
    expect((b?.end ?? 0) - (b?.start ?? 0)).toBeCloseTo(0.5, 1)
    expect(a?.start).toBeGreaterThanOrEqual(b?.end ?? 0)
    expect((a?.end ?? 0) - (a?.start ?? 0)).toBeCloseTo(1.5, 1)
  })

  test("that spell the same call have each the one that was made while they ran", () => {
    const told = session()
      .turn("go")
      .calls("exec", 'await tools.exec_command({cmd: "same"})', { id: "call_a" })
      .calls("exec", 'await tools.exec_command({cmd: "same"})', { id: "call_b" })
      .responds()
    const hook = (id: string) =>
      told.hook("PreToolUse", { tool_use_id: id, tool_name: "Bash", tool_input: { command: "same" } })
    told.after(0.86)
    hook("exec-1")
    told.after(0.94).answers(completed(0.9), "call_a").answers(completed(0.9), "call_b").says("Done.").ends()
    expect(parents(read(told, v169))).toEqual({ "exec-1": "call_b" })
  })

  test("that go on have their calls although an order of their waits that is only likely says otherwise", () => {
    const told = twoLeftRunning("same", "same")
      .calls("wait", { cell_id: "1" }, { id: "call_c" })
      .calls("wait", { cell_id: "2" }, { id: "call_d" })
      .responds()
      .after(1)
      .nested("same", 0.1, "exec-1")
      .after(1)
      .nested("same", 0.1, "exec-2")
    told.answers(completed(1.1), "call_c").answers(completed(1.1), "call_d").says("Done.").ends()
    const found = parents(read(told, v169, { hooks: false }))
    expect(Object.values(found).toSorted()).toEqual(["call_a", "call_b"])
  })

  test("that go on are not over when a wait left them running", () => {
    const told = twoLeftRunning("one", "two")
      .after(0.5)
      .calls("wait", { cell_id: "1" }, { id: "call_c" })
      .calls("wait", { cell_id: "2" }, { id: "call_d" })
      .calls("wait", { cell_id: "1" }, { id: "call_e" })
      .responds()
      .after(1.5)
      .nested("two", 0.5, "exec-2")
      .after(0.5)
      .nested("one", 0.5, "exec-1")
    told.answers(completed(1), "call_c").answers(completed(1.9), "call_d")
    told.answers(answer("Script running with cell ID 1", 0.2), "call_e").says("Done.").ends()
    const tools = ofKind(read(told, v169, { hooks: false }), "tool")
    const by = (id: string) => tools.find((span) => span.metadata.call_id === id)
    const length = (id: string) => (by(id)?.end ?? 0) - (by(id)?.start ?? 0)
    expect(by("call_a")?.end).toBe(by("call_c")?.end as number)
    expect(by("call_b")?.end).toBe(by("call_d")?.end as number)
    expect(length("call_e")).toBeCloseTo(0.2, 1)
    expect(length("call_d")).toBeCloseTo(1.9, 0)
    expect(by("call_e")?.start).toBeLessThan(by("call_c")?.start ?? 0)
  })

  test("that go on are over when the wait that saw it was, not when its response was answered", () => {
    const told = twoLeftRunning("one", "two")
      .calls("wait", { cell_id: "1" }, { id: "call_c" })
      .calls("wait", { cell_id: "2" }, { id: "call_d" })
      .responds()
      .after(1)
      .nested("one", 0.1, "exec-1")
      .after(1)
      .nested("two", 0.1, "exec-2")
    told.answers(completed(1.1), "call_c").answers(completed(1.1), "call_d").says("Done.").ends()
    const tools = ofKind(read(told, v169, { hooks: false }), "tool")
    const [one, two, first, second] = ["call_a", "call_b", "call_c", "call_d"].map((id) =>
      tools.find((span) => span.metadata.call_id === id)
    )
    expect(first?.end).toBeLessThan((second?.end ?? 0) - 0.9)
    expect(one?.end).toBe(first?.end as number)
    expect(two?.end).toBe(second?.end as number)
  })
})
