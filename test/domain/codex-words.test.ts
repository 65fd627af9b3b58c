/**
 * Codex's own words, as the recorded runs of the lab have them, and beside them what only sounds like them.
 */
import { describe, expect, test } from "bun:test"
import {
  cellWordsIn,
  exitCodeIn,
  hookRefusalIn,
  isWrittenByCodex,
  refusalIn,
  saysAborted,
  saysFailed,
  saysNeverBegan,
  saysRunning,
  textOf,
  wallTimeIn
} from "../../src/domain/codex-words.ts"

describe("a call that was stopped", () => {
  test("says so as its whole text", () => {
    for (const text of [
      "aborted",
      "aborted by user after 1.5s",
      "Wall time: 0.2 seconds\naborted by user",
      "aborted before dispatch"
    ])
      expect([text, saysAborted(text)]).toEqual([text, true])
    for (const text of ["aborted by user of the database", "transaction aborted", "aborted by user\nand more", ""])
      expect([text, saysAborted(text)]).toEqual([text, false])
  })
})

describe("a call that failed", () => {
  test("says so at its beginning", () => {
    for (const text of [
      "unsupported call: nope",
      "unsupported custom tool call: apply_patch",
      "failed to parse function arguments: key must be a string at line 1 column 2",
      'failed to parse exec_command arguments: Error("key must be a string", line: 1, column: 2)',
      "apply_patch verification failed: Failed to read file to update",
      "write_stdin failed: Unknown process id 7",
      "collab spawn failed: agent thread limit reached",
      "live agent path `/root/nobody` not found",
      "agent with id 01a1fb04-0000-7000-8000-000000000001 not found",
      "unable to locate image at `/nowhere.png`: No such file",
      "cell belongs to a stale code-mode host generation"
    ]) {
      expect([text, saysFailed(text)]).toEqual([text, true])
      expect([text, saysFailed(`I read: ${text}`)]).toEqual([text, false])
    }
  })

  test("never began where there is no such tool, or no such arguments", () => {
    expect(["unsupported call: nope", "failed to parse function arguments: EOF"].map(saysNeverBegan)).toEqual([
      true,
      true
    ])
    expect(saysNeverBegan("apply_patch verification failed: no such file")).toBe(false)
  })
})

describe("the head of a command's output", () => {
  const terminal = (state: string) => `Chunk ID: a1\nWall time: 0.4798 seconds\n${state}\nOutput:\n`

  test("names the exit code, and nothing further down does", () => {
    expect(exitCodeIn("Exit code: -1\nWall time: 0 seconds\nOutput:\n")).toBe(-1)
    expect(exitCodeIn(terminal("Process exited with code 2"))).toBe(2)
    expect(exitCodeIn(`Command: make\n${terminal("Process exited with code 0")}`)).toBe(0)
    expect(exitCodeIn("a\nb\nc\nd\nProcess exited with code 1\n")).toBeUndefined()
  })

  test("says that a terminal goes on", () => {
    expect(saysRunning(terminal("Process running with session ID 7"))).toBe(true)
    expect(saysRunning("Process running with session ID 7")).toBe(false)
  })

  test("says how long it took, and how exactly", () => {
    expect(wallTimeIn(terminal(""))?.seconds).toBe(0.4798)
    expect(wallTimeIn(terminal(""))?.grain).toBeCloseTo(0.0001, 6)
    expect(wallTimeIn("Script completed\nWall time 3.1 seconds\nOutput:\n")?.seconds).toBe(3.1)
    expect(wallTimeIn("it took 3 seconds")).toBeUndefined()
  })
})

test("a script runs on under an id or has ended; anything else is what it sent", () => {
  expect(cellWordsIn("Script running with cell ID g1:3\nWall time 0.1 seconds\n")).toEqual({ runtimeId: "g1:3" })
  expect(cellWordsIn("Script failed\nWall time 0.1 seconds\n")).toEqual({ outcome: "failed" })
  expect(cellWordsIn("the Script failed")).toBeUndefined()
})

describe("a refusal", () => {
  const terminal = (words: string) => `exec_command failed: CreateProcess { message: "Rejected(\\"${words}\\")" }`

  test("by the user", () => {
    for (const text of ["patch rejected by user", "exec command rejected by user", terminal("rejected by user")])
      expect(refusalIn(text)).toEqual({ by: "user" })
    expect(refusalIn(terminal("rejected by user").replace("failed:", "failed for `touch a`:"))).toEqual({ by: "user" })
  })

  test("by a policy or by the reviewer gives the reason", () => {
    const forbidden = "`touch a` rejected: policy forbids commands starting with `touch`"
    expect(refusalIn(terminal(forbidden))).toEqual({ by: "policy", reason: forbidden })
    expect(refusalIn(terminal("Too risky.\\nReason: it deletes."))).toEqual({
      by: "reviewer",
      reason: "Too risky.\nReason: it deletes."
    })
  })

  test("by a hook gives its reason, whatever the tool", () => {
    const by = { by: "hook" as const, reason: "not while I watch" }
    expect(hookRefusalIn("Command blocked by PreToolUse hook: not while I watch. Command: rm a")).toEqual(by)
    expect(hookRefusalIn("Tool call blocked by PreToolUse hook: not while I watch. Tool: find")).toEqual(by)
  })

  test("is not what only speaks of one", () => {
    for (const text of [
      "the patch was rejected by user ann",
      "patch rejected by user ann",
      "log: exec command rejected by user"
    ])
      expect([text, refusalIn(text), hookRefusalIn(text)]).toEqual([text, undefined, undefined])
  })
})

test("a message in the user's name that Codex wrote begins with a mark of Codex's", () => {
  expect(
    ["<environment_context>\n", " <turn_aborted>", "# AGENTS.md instructions for /w"].map(isWrittenByCodex)
  ).toEqual([true, true, true])
  expect(["<environment>", "what is <turn_aborted>?"].map(isWrittenByCodex)).toEqual([false, false])
})

test("the text of an output is all of it, or its first part", () => {
  expect(textOf("a")).toBe("a")
  expect(
    textOf([
      { type: "input_text", text: "a" },
      { type: "input_text", text: "b" }
    ])
  ).toBe("a")
  for (const none of [undefined, null, [], [null], { text: "a" }, [{ type: "input_image" }]])
    expect(textOf(none)).toBeUndefined()
})
