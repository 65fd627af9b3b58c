/**
 * A thread without a transcript: what its hooks tell, and nothing that they don't.
 */
import { describe, expect, test } from "bun:test"
import type { JsonObject } from "../../src/wire/json.ts"
import { byTime, lines, ofKind, pictureOf, read, readLines, strandsOf, the } from "../support/reading.ts"
import { type Story, session } from "../support/session.ts"
import { v169 } from "../support/session-dialect.ts"

const usage = (input: number): JsonObject => ({ input_tokens: input, output_tokens: 10, total_tokens: input + 10 })

/** A turn as 0.169 tells it by hooks alone: a request, two tools, a request that failed, another one. */
const work = (told: Story): Story => {
  told.hook("SessionStart", { source: "startup" })
  told.turnId = "turn-a"
  told.after(1).hook("UserPromptSubmit", { prompt: "list the files", model: "gpt-5.5" })
  told.after(0.1).hook("PreModelRequest")
  told.after(0.5).hook("PostModelRequest", { status: "completed", token_usage: usage(100) })
  told.after(0.1).hook("PreToolUse", { tool_use_id: "call_a", tool_name: "Bash", tool_input: { command: "ls" } })
  told.hook("PreToolUse", { tool_use_id: "exec-1", tool_name: "mcp__files__read", tool_input: { path: "a" } })
  told.after(0.3).hook("PostToolUse", { tool_use_id: "call_a", tool_name: "Bash", tool_response: "a b" })
  told.after(0.1).hook("PreModelRequest")
  told.after(0.2).hook("PostModelRequest", { status: "failed", error: "overloaded" })
  told.after(1).hook("PreModelRequest")
  return told.after(0.4).hook("PostModelRequest", { status: "completed", token_usage: usage(200) })
}

/** As if Codex had written no file. */
const unwritten = (told: Story): Story => {
  for (const file of told.files) file.facts.length = 0
  return told
}

describe("a thread without a transcript", () => {
  test("is told from its hooks", () => {
    const told = unwritten(work(session()).after(0.1).hook("Stop", { last_assistant_message: "Two files." }))
    expect(pictureOf(told, v169)).toBe(
      lines(
        "codex: work          ok",
        "└─ turn 1            ok",
        "   ├─ gpt-5.5        ok",
        "   ├─ exec_command   ok",
        "   ├─ files.read     unfinished",
        "   ├─ gpt-5.5        error",
        "   └─ gpt-5.5        ok"
      )
    )
  })

  test("has the times, the words and the tokens that they tell", () => {
    const told = session()
    const from = told.now
    const stopped = unwritten(work(told).after(0.1).hook("Stop", { last_assistant_message: "Two files." }))
    const reading = read(stopped, v169)
    const turn = the(reading, "turn")
    expect([turn.start - from, turn.end].map((time) => Number(time?.toFixed(3)))).toEqual([1.002, told.now + 0.002])
    expect(turn).toMatchObject({ input: "list the files", output: "Two files.", metadata: { model: "gpt-5.5" } })
    expect(turn.metadata.usage).toMatchObject({ input_tokens: 300, output_tokens: 20 })
    expect(the(reading, "tool", "exec_command")).toMatchObject({ input: { command: "ls" }, output: "a b" })
    expect(the(reading, "session")).toMatchObject({
      input: "list the files",
      output: "Two files.",
      metadata: { session_start: "startup", transcript_missing: true, usage: { total_tokens: 320 } }
    })
  })

  test("says nothing of what a request carried or was answered", () => {
    const calls = ofKind(read(unwritten(work(session())), v169), "llm").toSorted((a, b) => a.start - b.start)
    expect(calls.map(({ status, metrics }) => [status, metrics.prompt_tokens])).toEqual([
      ["ok", 100],
      ["error", undefined],
      ["ok", 200]
    ])
    for (const call of calls) expect(["input" in call, "output" in call]).toEqual([false, false])
  })

  test("that nobody stopped is unfinished, one that the user stopped is interrupted, and a prompt alone is a turn", () => {
    expect(the(read(unwritten(work(session())), v169), "turn").status).toBe("unfinished")
    const interrupted = unwritten(work(session()).after(1).hook("Interrupt"))
    const turn = the(read(interrupted, v169), "turn")
    expect([turn.status, turn.end?.toFixed(3)]).toEqual(["interrupted", (interrupted.now + 0.002).toFixed(3)])
    const asked = session()
    asked.turnId = "turn-a"
    asked.hook("UserPromptSubmit", { prompt: "hi" })
    expect(the(read(unwritten(asked), v169), "turn")).toMatchObject({ input: "hi", status: "unfinished" })
  })

  test("is told alike in whatever order its hooks are read", () => {
    const told = unwritten(work(session()).after(0.1).hook("Stop", { last_assistant_message: "Two files." }))
    const all = byTime(strandsOf(told, v169))
    const spans = readLines(told.rootId, all).spans
    expect(readLines(told.rootId, all.toReversed()).spans).toEqual(spans)
  })

  test("gives its turns and calls the ids that its transcript would give them", () => {
    const told = session().turn("go").execs("ls").says("Done.").ends()
    const ids = (story: Story) => new Set(read(story, v169).spans.map(({ id }) => id))
    const written = ids(told)
    const hooked = ids(unwritten(told))
    expect(hooked.size).toBeGreaterThan(3)
    expect([...hooked].filter((id) => !written.has(id))).toEqual([])
  })

  test("says nothing more as soon as there is a transcript", () => {
    const told = session().turn("go").says("Done.").ends()
    const spans = read(told, v169).spans
    told.hook("UserPromptSubmit", { prompt: "never", turn_id: "elsewhere", model: "other" })
    const reading = read(told, v169)
    expect(reading.spans).toEqual(spans)
    expect(reading.notes).toEqual([])
  })
})
