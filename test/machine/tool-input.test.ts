/**
 * Calls that a hook of the user's edited before they ran: what was called, what really ran, and what is no edit.
 */
import { describe, expect, test } from "bun:test"
import type { JsonObject } from "../../src/wire/json.ts"
import { byTime, read, readLines, strandsOf, the } from "../support/reading.ts"
import { session } from "../support/session.ts"
import { v142, v155, v169 } from "../support/session-dialect.ts"

describe("a call that a hook edited", () => {
  const edited = (input: JsonObject | string) => ({ decision: "edited", by: "hook", input })
  const argv = (cmd: string) => ({ command: ["/bin/bash", "-lc", cmd], exit_code: 0 })
  const ran = (id: string, name: string, input: JsonObject) => ({
    tool_use_id: id,
    tool_name: name,
    tool_input: input,
    tool_response: ""
  })

  test("says what really ran, by its item or by PostToolUse, and still what was called", () => {
    const told = session().turn("go").calls("exec_command", { cmd: "echo a" }, { id: "c" })
    told.runs("exec", 0.1, argv("echo b")).hook("PostToolUse", ran("c", "Bash", { command: "echo b" }))
    told.answers("Process exited with code 0\nb\n").says("Done.").ends()
    for (const dialect of [v142, v155, v169]) {
      const tool = the(read(told, dialect), "tool")
      expect([tool.input, tool.metadata.approval]).toEqual([{ cmd: "echo a" }, edited({ cmd: "echo b" })])
    }
    const alone = the(read(told, v169, { hooks: false }), "tool")
    expect(alone.metadata.approval).toEqual(edited({ cmd: "echo b" }))
  })

  test("says so whatever is read first, and of what its user was asked too", () => {
    const told = session().turn("go").calls("exec_command", { cmd: "rm a", justification: "why not" }, { id: "c" })
    told.asks("rm b", "why not").after(1).runs("exec", 0.1, argv("rm b"))
    told.hook("PostToolUse", ran("c", "Bash", { command: "rm b" })).answers("Process exited with code 0\n")
    const strands = strandsOf(told.says("Done.").ends(), v169)
    for (const order of [strands.flat(), strands.toReversed().flat(), byTime(strands)])
      expect(the(readLines(told.rootId, order), "tool").metadata.approval).toMatchObject({
        ...edited({ cmd: "rm b" }),
        requested: true,
        justification: "why not"
      })
  })

  test("is a patch whose text PostToolUse tells, or an MCP call with other arguments", () => {
    const patch = (file: string) => `*** Begin Patch\n*** Add File: ${file}\n+a\n*** End Patch\n`
    const patched = session().turn("go").calls("apply_patch", patch("a"), { id: "c" })
    patched
      .hook("PostToolUse", ran("c", "apply_patch", { command: patch("b") }))
      .answers("Exit code: 0\n")
      .ends()
    expect(the(read(patched, v169), "tool").metadata.approval).toEqual(edited(patch("b")))
    const mcp = session().turn("go").calls("mcp__lab__echo", { text: "a" }, { id: "c" })
    mcp
      .hook("PostToolUse", ran("c", "mcp__lab__echo", { text: "b" }))
      .answers("b")
      .ends()
    expect(the(read(mcp, v169), "tool").metadata.approval).toEqual(edited({ text: "b" }))
  })

  test("from a script shows what the script called, which PreToolUse alone was told", () => {
    const told = session().turn("go").calls("exec", 'await tools.exec_command({cmd: "echo a"})')
    told.hook("PreToolUse", { tool_use_id: "exec-1", tool_name: "Bash", tool_input: { command: "echo a" } })
    told.runs("exec", 0.1, argv("echo b"), { id: "exec-1" }).answers("Script completed\nWall time 0.1 seconds\n").ends()
    const tool = the(read(told, v169), "tool", "exec_command")
    expect([tool.input, tool.metadata.approval]).toEqual([{ command: "echo a" }, edited({ command: "echo b" })])
  })

  test("is none where only the way of writing differs", () => {
    const calls: ReadonlyArray<readonly [string, JsonObject | string, string, JsonObject, JsonObject]> = [
      [
        "shell",
        { command: ["bash", "-lc", "ls"] },
        "Bash",
        { command: "bash -lc ls" },
        { command: ["bash", "-lc", "ls"] }
      ],
      ["shell_command", { command: "ls\n" }, "Bash", { command: "ls" }, argv("ls\n")],
      [
        "exec_command",
        { cmd: "dir" },
        "Bash",
        { command: "dir" },
        { command: ["C:\\pwsh.exe", "-Command", "[Console]…\ndir"] }
      ],
      ["mcp__lab__echo", { a: 1, b: { c: 2, d: 3 } }, "mcp__lab__echo", { b: { d: 3, c: 2 }, a: 1 }, {}]
    ]
    for (const [name, input, hookName, told, fields] of calls) {
      const story = session().turn("go").calls(name, input, { id: "c" })
      story.hook("PreToolUse", { tool_use_id: "c", tool_name: hookName, tool_input: told })
      if (hookName === "Bash") story.runs("exec", 0.1, fields)
      story
        .hook("PostToolUse", ran("c", hookName, told))
        .answers("ok")
        .says("Done.")
        .ends()
      for (const dialect of [v142, v169])
        expect([name, the(read(story, dialect), "tool").metadata.approval]).toEqual([name, undefined])
    }
    const heredoc = "apply_patch <<'EOF'\n*** Begin Patch\n*** End Patch\nEOF\n"
    const patched = session().turn("go").calls("exec_command", { cmd: heredoc })
    patched.runs("patch", 0.1, { changes: {} }, { silent: true }).answers("Exit code: 0\n").says("Done.").ends()
    expect(the(read(patched, v169), "tool").metadata).not.toHaveProperty("approval")
  })
})
