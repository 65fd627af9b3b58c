/**
 * Tool calls: what was called, when it really ran, how it ended, and who was asked whether it may.
 */
import { describe, expect, test } from "bun:test"
import type { Span } from "../../src/span/span.ts"
import type { JsonObject } from "../../src/wire/json.ts"
import { byTime, lines, ofKind, pictureOf, read, readLines, strandsOf, the } from "../support/reading.ts"
import { session } from "../support/session.ts"
import { dialects, newer, v118, v142, v155, v169, withTurnIds } from "../support/session-dialect.ts"

const took = ({ start, end }: Span) => (end ?? Number.NaN) - start

describe("a call", () => {
  test("shows what the model wrote and what it was answered", () => {
    for (const dialect of dialects) {
      const told = session().turn("go").execs("ls -la", { id: "call_ls" }).says("Done.").ends()
      const tool = the(read(told, dialect), "tool")
      expect(tool).toMatchObject({ name: "exec_command", status: "ok", input: { cmd: "ls -la" } })
      expect(tool.output).toContain("Process exited with code 0")
      expect(tool.metadata).toMatchObject({ call_id: "call_ls", tool_kind: "exec", exit_code: 0 })
    }
  })

  test("names the response that asked for it", () => {
    for (const dialect of dialects) {
      const reading = read(session().turn("go").execs("ls").says("Done.").ends(), dialect)
      expect(the(reading, "tool").metadata.requested_by).toBe(ofKind(reading, "llm")[0]?.id)
    }
  })

  test("that failed says its exit code", () => {
    for (const dialect of dialects) {
      const tool = the(read(session().turn("go").execs("make", { exit: 2 }).says("Broken.").ends(), dialect), "tool")
      expect(tool).toMatchObject({ status: "error", error: { message: "exit code 2" }, metadata: { exit_code: 2 } })
    }
  })

  test("whose output never came is unfinished, not failed", () => {
    for (const dialect of dialects) {
      const told = session().turn("go").calls("exec_command", { cmd: "make" }).responds()
      const tool = the(read(told, dialect), "tool")
      expect([tool.status, tool.error]).toEqual(["unfinished", undefined])
    }
  })

  test("that the user stopped is interrupted", () => {
    for (const dialect of dialects) {
      const told = session().turn("go").calls("exec_command", { cmd: "make" }).responds().interrupts()
      expect(the(read(told, dialect), "tool").status).toBe("interrupted")
    }
  })

  test("of a tool that does not exist, or with arguments that are none, failed at once", () => {
    for (const text of ["unsupported call: nope", "failed to parse function arguments: EOF"]) {
      const told = session().turn("go").calls("exec_command", { cmd: "sleep 2" }).calls("nope", {}).responds().after(2)
      told.answers("Process exited with code 0\n").answers(text).says("Oh.").ends()
      const tool = the(read(told, v169, { hooks: false }), "tool", "nope")
      expect([tool.status, tool.error?.message]).toEqual(["error", text])
      expect(took(tool)).toBeLessThan(0.1)
    }
  })

  test("ran when its item says, not when its output was written down", () => {
    for (const dialect of newer) {
      const told = session().turn("go").calls("exec_command", { cmd: "a" }, { id: "call_a" })
      told.calls("exec_command", { cmd: "b" }, { id: "call_b" })
      told.runs("exec", 0.1, { command: ["sh", "-c", "a"] }, { id: "call_a" })
      told.runs("exec", 1, { command: ["sh", "-c", "b"] }, { id: "call_b" })
      told.answers("a", "call_a").answers("b", "call_b").says("Done.").ends()
      const [a, b] = ofKind(read(told, dialect, { hooks: false }), "tool")
      expect(took(a as Span)).toBeCloseTo(0.105, 2)
      expect(took(b as Span)).toBeCloseTo(1.005, 2)
    }
  })

  test("whose answer was written late took what the answer itself says", () => {
    for (const dialect of [v118, v142]) {
      const told = session().turn("go").calls("exec_command", { cmd: "a" }, { id: "call_a" })
      told.calls("exec_command", { cmd: "b" }, { id: "call_b" }).after(3)
      told.answers("Wall time: 3.0 seconds\nProcess exited with code 0\n", "call_a")
      told.answers("Wall time: 0.5 seconds\nProcess exited with code 0\n", "call_b").says("Done.").ends()
      const [, b] = ofKind(read(told, dialect, { hooks: false }), "tool")
      expect(took(b as Span)).toBeLessThan(1)
    }
  })

  test("that a terminal went on after ends with its process, even turns later", () => {
    for (const dialect of newer) {
      const told = session().turn("serve").calls("exec_command", { cmd: "serve" }, { id: "call_s" })
      const ofTurn = told.turnId ?? ""
      told.answers("Chunk ID: 1\nProcess running with session ID 7\nOutput:\n").says("Up.").ends()
      const open = the(read(told, dialect, { end: false }), "tool")
      expect(open.status).toBe("unfinished")
      told.turn("more").says("Yes.")
      told.runs("exec", 2, { exit_code: 0 }, { id: "call_s", ofTurn, silent: true }).ends()
      const tool = the(read(told, dialect), "tool")
      expect(tool.status).toBe("ok")
      expect(tool.parent_id).toBe(ofKind(read(told, dialect), "turn")[0]?.id ?? "")
      expect(took(tool)).toBeGreaterThan(1.9)
    }
  })

  test("whose id is used again in the same turn is a span of its own", () => {
    const told = session().turn("go").calls("exec_command", { cmd: "a" }, { id: "call_1" }).answers("a", "call_1")
    told.calls("exec_command", { cmd: "b" }, { id: "call_1" }).answers("b", "call_1").says("Done.").ends()
    const tools = ofKind(read(told, v142), "tool")
    expect(tools.map(({ input }) => input)).toEqual([{ cmd: "a" }, { cmd: "b" }])
    expect(new Set(tools.map(({ id }) => id)).size).toBe(2)
  })

  test("whose id is used again while it runs has an end all the same, and does not take the other's", () => {
    for (const dialect of [v142, v169]) {
      const told = session().turn("go").calls("exec_command", { cmd: "a" }, { id: "call_1" })
      told.calls("exec_command", { cmd: "b" }, { id: "call_1" }).answers("b", "call_1").says("Done.").ends()
      const reading = read(told, dialect)
      const end = the(reading, "turn").end as number
      const tools = ofKind(reading, "tool").toSorted((a, b) => a.start - b.start)
      expect(tools.map(({ input, status }) => [input, status])).toEqual([
        [{ cmd: "a" }, "unfinished"],
        [{ cmd: "b" }, "ok"]
      ])
      expect([tools[0]?.end, (tools[1]?.end as number) < end]).toEqual([end, true])
    }
  })

  test("whose arguments are no JSON shows them as they are", () => {
    const told = session().turn("go").record("response_item", {
      type: "function_call",
      name: "exec_command",
      arguments: "{cmd:",
      call_id: "call_x"
    })
    told.answers("failed to parse function arguments", "call_x").says("Oh.").ends()
    expect(the(read(told, v142), "tool").input).toBe("{cmd:")
  })
})

describe("kinds", () => {
  test("a patch tells its files, and what went wrong", () => {
    for (const dialect of [v142, v155, v169]) {
      const patch = (status: "completed" | "failed") => {
        const told = session().turn("edit").calls("apply_patch", "*** Begin Patch\n*** Add File: a.txt\n")
        const changes = { "/home/ann/work/a.txt": { type: "add", content: "hi\n" } }
        told.runs(
          "patch",
          0.1,
          { changes, stdout: "", stderr: "no such file", success: status === "completed" },
          { status }
        )
        return the(read(told.answers("done").says("Ok.").ends(), dialect), "tool")
      }
      const good = patch("completed")
      expect(good).toMatchObject({ name: "apply_patch", status: "ok", input: "*** Begin Patch\n*** Add File: a.txt\n" })
      expect(good.metadata).toMatchObject({ tool_kind: "patch", files_changed: { "/home/ann/work/a.txt": "add" } })
      expect(patch("failed")).toMatchObject({ status: "error", error: { message: "no such file" } })
    }
  })

  test("an MCP call is named by server and tool", () => {
    for (const dialect of [v118, v142, v155, v169]) {
      const told = session().turn("ask").calls("find", { q: "x" }, { namespace: "mcp__docs__" })
      const result = { content: [{ type: "text", text: "found" }] }
      told.runs("mcp", 0.1, { server: "docs", tool: "find", arguments: { q: "x" }, result })
      const tool = the(read(told.answers("found").says("Ok.").ends(), dialect), "tool")
      expect([tool.name, tool.metadata.tool_kind, tool.status]).toEqual(["docs.find", "mcp", "ok"])
      if (dialect.endEvents) expect(tool.metadata).toMatchObject({ mcp_server: "docs", mcp_tool: "find" })
    }
  })

  test("a call that went well is not judged by its own words", () => {
    const words = ["aborted because the row was locked", "execution error: none found", "Script failed twice last week"]
    for (const said of words) {
      const told = session().turn("ask").calls("find", { q: "x" }, { namespace: "mcp__docs__" })
      told.runs("mcp", 0.1, { server: "docs", tool: "find", arguments: { q: "x" }, result: { content: [] } })
      expect(the(read(told.answers(said).says("Ok.").ends(), v169), "tool").status).toBe("ok")
    }
    const silent = session()
      .turn("ask")
      .calls("find", { q: "x" })
      .answers("aborted because the row was locked")
      .says("Ok.")
      .ends()
    expect(the(read(silent, v169), "tool").status).toBe("ok")
  })

  test("what a command prints, or a server says, of refusals and stops is no refusal and no stop", () => {
    const words = ["exec command rejected by user", "patch rejected by user", "aborted by user of the queue"]
    for (const said of words) {
      const printed = session().turn("read the log").calls("exec_command", { cmd: "cat log" })
      printed.answers(`Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 0\nOutput:\n${said}`)
      expect(the(read(printed.says("Ok.").ends(), v169, { hooks: false }), "tool").status).toBe("ok")
      // Where the output stands alone, the recorded run tells that it ran.
      for (const [exitCode, status] of [
        [0, "completed"],
        [3, "failed"]
      ] as const) {
        const ran = session().turn("read the log").calls("exec_command", { cmd: "cat log" })
        ran.runs("exec", 0.1, { command: ["cat", "log"], exit_code: exitCode }, { status })
        const tool = the(read(ran.answers(said).says("Ok.").ends(), v169), "tool")
        expect([tool.status, tool.error?.code]).toEqual([exitCode === 0 ? "ok" : "error", undefined])
      }
      const asked = session().turn("ask").calls("find", { q: "x" }, { namespace: "mcp__docs__" }).answers(said)
      expect(the(read(asked.says("Ok.").ends(), v169), "tool").status).toBe("ok")
    }
  })

  test("a call that was never begun, since its turn was stopped, is interrupted", () => {
    const told = session().turn("go").calls("exec_command", { cmd: "make" }).answers("aborted before dispatch")
    expect(the(read(told.says("Ok.").ends(), v169, { hooks: false }), "tool").status).toBe("interrupted")
  })

  test("an older version writes the server into the name", () => {
    const told = session().turn("ask").calls("mcp__docs__find", { q: "x" }).answers("found").says("Ok.").ends()
    expect(the(read(told, v118), "tool").name).toBe("docs.find")
  })

  test("a web search is served by the provider: it has no output, and is over", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("search")
      told.record("response_item", { type: "web_search_call", id: "ws_1", status: "completed", action: { query: "x" } })
      const tool = the(read(told.says("Found.").ends(), dialect), "tool")
      expect(tool).toMatchObject({ name: "web_search", status: "ok", metadata: { tool_kind: "web_search" } })
    }
  })

  test("a skill is named by the folder of the file that was read", () => {
    const told = session().turn("go").execs("cat /home/ann/.codex/skills/deploy/SKILL.md").says("Ok.").ends()
    expect(the(read(told, v169), "tool").metadata.skill).toBe("deploy")
  })

  test("a plan, a view of an image and a terminal's input are what their names say", () => {
    const told = session().turn("go").calls("update_plan", { plan: [] }).answers("Plan updated")
    told.calls("view_image", { path: "p.png" }).answers("seen").calls("write_stdin", { session_id: 7, chars: "q" })
    told.answers("bye").says("Ok.").ends()
    const tools = ofKind(read(told, v169), "tool")
    expect(tools.map(({ metadata }) => metadata.tool_kind)).toEqual(["plan", "view_image", "write_stdin"])
  })
})

describe("an approval", () => {
  const asked = (answer: (told: ReturnType<typeof session>) => unknown) => {
    const told = session().turn("may I").calls("exec_command", { cmd: "rm a", justification: "clean up" })
    answer(told.asks("rm a", "clean up"))
    return told
  }

  test("that was given says so, and how long it took", () => {
    for (const dialect of newer) {
      const told = asked((t) => {
        t.after(2)
        t.runs("exec", 0.1, { duration: { secs: 0, nanos: 100_000_000 } })
          .answers("Process exited with code 0\n")
          .ends()
      })
      const approval = the(read(told, dialect), "tool").metadata.approval
      expect(approval).toMatchObject({ requested: true, decision: "granted", justification: "clean up" })
      expect((approval as { waited_ms?: number }).waited_ms).toBeGreaterThan(1900)
    }
  })

  test("of a patch is found although the hook tells it without its last line break", () => {
    const patch = "*** Begin Patch\n*** Add File: a\n+a\n*** End Patch"
    const told = session().turn("may I").calls("apply_patch", `${patch}\n`)
    told.hook("PermissionRequest", { tool_name: "apply_patch", tool_input: { command: patch } })
    told.answers("Exit code: 0\nWall time: 0.1 seconds\nOutput:\nSuccess.\n").ends()
    expect(the(read(told, v169), "tool").metadata.approval).toMatchObject({ requested: true, decision: "granted" })
  })

  test("that was given names who is asked in its turn, whatever is read first; nobody where that changed or is not told", () => {
    const given = (...reviewers: ReadonlyArray<string>) => {
      const told = session().turn("may I")
      for (const reviewer of reviewers)
        told.record("turn_context", { turn_id: told.turnId ?? "", approvals_reviewer: reviewer })
      told.calls("exec_command", { cmd: "rm a" }).asks("rm a", "clean up").runs("exec", 0.1)
      const strands = strandsOf(told.answers("Process exited with code 0\n").ends(), v169)
      return [strands.flat(), strands.toReversed().flat(), byTime(strands)].map((order) => {
        const { approval } = the(readLines(told.rootId, order), "tool").metadata
        expect(approval).toMatchObject({ requested: true, decision: "granted" })
        return (approval as JsonObject).by
      })
    }
    expect(given("user")).toEqual(["user", "user", "user"])
    expect(given("auto_review", "auto_review")).toEqual(["reviewer", "reviewer", "reviewer"])
    for (const unknown of [[], ["somebody"], ["user", "auto_review"]])
      expect(given(...unknown)).toEqual([undefined, undefined, undefined])
  })

  test("that was refused is an error with the code declined, by the user", () => {
    for (const dialect of newer) {
      const told = asked((t) =>
        t.after(1).answers('exec_command failed: CreateProcess { message: "Rejected(\\"rejected by user\\")" }')
      )
      const tool = the(read(told.says("Well.").ends(), dialect), "tool")
      expect(tool).toMatchObject({ status: "error", error: { code: "declined" } })
      expect(tool.metadata).toMatchObject({ status: "declined", approval: { decision: "denied", by: "user" } })
    }
  })

  test("that was refused is seen from the answer alone, without hooks and in every dialect", () => {
    for (const dialect of dialects) {
      const told = session().turn("go").calls("exec_command", { cmd: "rm a" })
      const tool = the(read(told.answers("exec command rejected by user").says("Well.").ends(), dialect), "tool")
      expect(tool.metadata).toMatchObject({ status: "declined", approval: { requested: true, decision: "denied" } })
    }
  })

  test("that ended with the turn was cancelled", () => {
    const told = asked((t) => t.after(1).interrupts())
    const tool = the(read(told, v169), "tool")
    expect([tool.status, tool.metadata.approval]).toMatchObject([
      "interrupted",
      { requested: true, decision: "cancelled" }
    ])
  })

  test("that nobody reported is absent, not given", () => {
    for (const dialect of dialects) {
      const tool = the(read(session().turn("go").execs("ls").says("Done.").ends(), dialect), "tool")
      expect(tool.metadata).not.toHaveProperty("approval")
    }
  })

  test("belongs to the call whose command was asked about, though the question names none", () => {
    const told = session().turn("go").calls("exec_command", { cmd: "ls" }, { id: "call_ls" })
    told.calls("exec_command", { cmd: "rm a" }, { id: "call_rm" }).asks("rm a", "clean up")
    told.answers("ok", "call_ls").answers("ok", "call_rm").says("Done.").ends()
    const tools = ofKind(read(told, v169), "tool")
    expect(tools.map(({ metadata }) => "approval" in metadata)).toEqual([false, true])
  })
})

describe("a tool that nobody called", () => {
  test("in a turn that Codex itself ran is told from its item", () => {
    const told = session().turn("go").says("Done.")
    told.item({ type: "CommandExecution", id: "own", command: ["sh", "-c", "date"], status: "completed", exit_code: 0 })
    expect(pictureOf(told.ends(), v169)).toBe(
      lines("codex: work          ok", "└─ turn 1            ok", "   ├─ gpt-5.5        ok", "   └─ exec_command   ok")
    )
  })

  test("and of which only a hook tells makes no span: its record will come", () => {
    const told = session().turn("go").hook("PreToolUse", { tool_use_id: "call_q", tool_name: "Bash", tool_input: {} })
    expect(ofKind(read(told.says("Done.").ends(), v155), "tool")).toEqual([])
  })
})
