/**
 * Compactions: who asked for them, what they cost, what the history was before and is after.
 */
import { describe, expect, test } from "bun:test"
import type { JsonObject } from "../../src/wire/json.ts"
import { inputOf, lines, ofKind, pictureOf, read, the, wordsOf } from "../support/reading.ts"
import { type Story, session } from "../support/session.ts"
import { newer, v77, v118, v155, v169, withTurnIds } from "../support/session-dialect.ts"

const base = "You are a coding agent."
const preamble = "Another language model started to solve this problem"

describe("a compaction", () => {
  test("inside a turn is a span of its own, and the summary its model call", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("a lot").execs("seq 9").compacts("much happened").says("Done.").ends()
      expect(pictureOf(told, dialect)).toBe(
        lines(
          "codex: work          ok",
          "└─ turn 1            ok",
          "   ├─ gpt-5.5        ok",
          "   ├─ exec_command   ok",
          "   ├─ compaction     ok",
          "   │  └─ gpt-5.5     ok",
          "   └─ gpt-5.5        ok"
        )
      )
      expect(the(read(told, dialect), "compaction").metadata.trigger).toBe("auto")
    }
  })

  test("asked for by hand is a turn that carries the tag", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("a lot").says("Much.").ends().turn().compacts("much", { trigger: "manual" }).ends()
      const reading = read(told, dialect)
      expect(the(reading, "compaction").metadata.trigger).toBe("manual")
      expect(ofKind(reading, "turn").map(({ tags }) => tags)).toEqual([[], ["compaction"]])
    }
  })

  test("by hand is told from what else its turn did, without hooks", () => {
    for (const dialect of newer) {
      const told = session()
        .turn()
        .compacts("nothing yet")
        .ends()
        .turn("go")
        .says("One.")
        .compacts("one")
        .says("Two.")
        .ends()
      const triggers = ofKind(read(told, dialect, { hooks: false }), "compaction").map(
        ({ metadata }) => metadata.trigger
      )
      expect(triggers).toEqual(["manual", "auto"])
    }
  })

  test("right after an answer, whose request left a count alone (0.77), takes neither that answer nor its tokens", () => {
    const counts = (input: number, all: number): JsonObject => {
      const usage = (input_tokens: number): JsonObject => ({
        input_tokens,
        output_tokens: 5,
        total_tokens: input_tokens + 5
      })
      return { type: "token_count", info: { total_token_usage: usage(all), last_token_usage: usage(input) } }
    }
    const told = session()
      .turn("go")
      .record("response_item", {
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "Gone." }]
      })
    told.record("event_msg", counts(100, 100))
    told.record("turn_context", { model: "gpt-5.5", cwd: "/home/ann/work" })
    told.record("event_msg", counts(100, 100))
    told.record("event_msg", counts(300, 400))
    told.record("compacted", { message: "went" })
    const reading = read(told, v77)
    const [answer, summary] = ofKind(reading, "llm")
    expect([answer?.metrics.prompt_tokens, wordsOf(answer?.output as JsonObject[])]).toEqual([100, ["Gone."]])
    expect([summary?.metrics.prompt_tokens, summary?.parent_id]).toEqual([300, the(reading, "compaction").id])
  })

  test("tells the history before and after, and what the summary's request cost", () => {
    const told = session().turn("a lot").execs("seq 9").compacts("much happened").says("Done.").ends()
    for (const dialect of withTurnIds) {
      const span = the(read(told, dialect), "compaction")
      expect(span.metadata).toMatchObject({
        items_before: dialect === v169 ? 4 : 3,
        items_after: 1,
        tokens_before: 1200
      })
      expect(span.output).toMatchObject({ items: 1, replacement: [{ role: "user" }] })
      expect(span.metadata.summary).toBe(`${preamble}\nmuch happened`)
    }
  })

  test("tells how many tokens are left, by the count that is written after it", () => {
    const usage = (input_tokens: number, total_tokens: number) => ({ input_tokens, output_tokens: 0, total_tokens })
    const info = { total_token_usage: usage(2400, 2450), last_token_usage: usage(0, 150) }
    for (const dialect of newer) {
      const told = session().turn("a lot").execs("seq 9").compacts("much happened")
      told.record("event_msg", { type: "token_count", info }).says("Done.").ends()
      expect(the(read(told, dialect), "compaction").metadata.tokens_after).toBe(150)
    }
  })

  test("asked the model with the history and a prompt that no record holds, and says that this was assumed", () => {
    const told = session().turn("a lot").execs("seq 9").compacts("much happened").says("Done.").ends()
    const [first, summary] = ofKind(read(told, v155), "llm")
    const words = wordsOf(inputOf(summary))
    expect(words.slice(0, 3)).toEqual(["a lot", "exec_command", expect.stringContaining("exited with code 0")])
    expect(words.at(-1)).toContain("CONTEXT CHECKPOINT COMPACTION")
    expect(summary?.input).toMatchObject({ base: { spanId: first?.id } })
    expect(summary?.metadata.input_assumed).toBe("compaction prompt")
    expect(wordsOf(summary?.output as never)).toEqual(["much happened"])
  })

  const patchResult = JSON.stringify({ output: "Success.\n", metadata: { exit_code: 0, duration_seconds: 0.5 } })
  const patchText = "Exit code: 0\nWall time: 0.5 seconds\nOutput:\nSuccess.\n"
  const patched = () => session().turn("edit").calls("apply_patch", "*** Begin Patch\n").answers(patchResult)

  test("is asked without tools, so it carries a patch's result as it was recorded, and none of the request before", () => {
    const told = patched().execs("ls").compacts("much happened").says("Done.").ends()
    const [, before, summary] = ofKind(read(told, v118), "llm")
    expect(inputOf(before).map(({ output }) => output)).toContain(patchText)
    expect(inputOf(summary).map(({ output }) => output)).toContain(patchResult)
    expect(summary?.input).not.toHaveProperty("base")
  })

  test("goes on from the request before it where the patch came after that", () => {
    const [before, summary] = ofKind(read(patched().compacts("much happened").says("Done.").ends(), v118), "llm")
    expect(inputOf(summary).map(({ output }) => output)).toContain(patchResult)
    expect(summary?.input).toMatchObject({ base: { spanId: before?.id } })
  })

  test("begins the next request's input anew with its replacement", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("a lot").says("Much.").compacts("much happened").says("Done.").ends()
      const last = ofKind(read(told, dialect), "llm").at(-1)
      expect(wordsOf(inputOf(last)).filter((words) => words !== base)).toEqual([`${preamble}\nmuch happened`])
      expect(last?.input).not.toHaveProperty("base")
    }
  })

  test("of a version that records its summary alone keeps what the user said", () => {
    const told = session()
      .turn("first")
      .says("One.")
      .ends()
      .turn("second")
      .gives("user", "<environment_context>")
      .says("Two.")
      .compacts("both")
      .says("Three.")
      .ends()
    const last = ofKind(read(told, v77), "llm").at(-1)
    expect(wordsOf(inputOf(last))).toEqual(["first", "second", `${preamble}\nboth`])
  })

  test("that asked no model has no call, and is a span all the same", () => {
    for (const dialect of newer) {
      const told = session().turn("go").execs("ls").compacts("remote", { asks: false }).says("Done.").ends()
      const reading = read(told, dialect)
      const compaction = the(reading, "compaction")
      expect(ofKind(reading, "llm").filter((call) => call.parent_id === compaction.id)).toEqual([])
      expect(compaction.status).toBe("ok")
    }
  })

  /** As Codex writes it (codex-rs/core: compact_remote.rs): no words, and an item of the new history that is encrypted. */
  const remotely = (told: Story) => {
    const kept = { type: "message", role: "user", content: [{ type: "input_text", text: "go" }] }
    const summary = { type: "compaction", encrypted_content: "gAAAAAB" }
    told.record("compacted", { message: "", replacement_history: [kept, summary] })
    return { kept, summary }
  }

  test("by the provider has no words: its summary is the encrypted item that the next request begins with", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("go").execs("ls")
      const { kept, summary } = remotely(told)
      const reading = read(told.says("Done.").ends(), dialect)
      const { status, output, metadata } = the(reading, "compaction")
      expect([status, metadata.trigger, metadata.items_after]).toEqual(["ok", "auto", 2])
      expect(output).toEqual({ items: 2, replacement: [kept, summary] })
      expect(metadata).not.toContainKey("summary")
      expect(inputOf(ofKind(reading, "llm").at(-1)).slice(-2)).toEqual([kept, summary])
    }
  })

  test("by the provider is one call, told of or not: the history, and since 0.140 the word for it", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("go").execs("ls")
      const { summary } = remotely(told)
      const [before, call, after, ...others] = ofKind(read(told.says("Done.").ends(), dialect), "llm")
      expect(others).toEqual([])
      const produced = (before?.output ?? []) as ReadonlyArray<JsonObject>
      const history = [...inputOf(before), ...produced]
      const input = inputOf(call)
      expect(input.slice(0, history.length)).toEqual(history)
      const asked = Bun.semver.order(dialect.version, "0.140.0") < 0 ? [] : [{ type: "compaction_trigger" }]
      expect(input.slice(history.length + 1)).toEqual(asked)
      expect([call?.output, call?.status, call?.metadata.input_assumed]).toEqual([[summary], "ok", undefined])
      expect(call?.end).toBeLessThanOrEqual(after?.start ?? 0)
    }
  })

  test("by the provider has the tools since 0.115, and carries a patch's result as any request does", () => {
    for (const [version, carried] of [
      ["0.114.0", patchResult],
      ["0.115.0", patchText]
    ] as const) {
      const told = patched()
      remotely(told)
      const [, call] = ofKind(read(told.says("Done.").ends(), { ...v118, version }), "llm")
      expect(inputOf(call).map(({ output }) => output)).toContain(carried)
    }
  })

  test("by the provider takes nothing of what the model said just before", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("go").execs("ls").says("Much was seen.").responds()
      const { summary } = remotely(told)
      const calls = ofKind(read(told.says("Done.").ends(), dialect), "llm")
      const [, before, asked, after, ...others] = calls.toSorted((a, b) => (a.end ?? 0) - (b.end ?? 0))
      expect(others).toEqual([])
      expect(JSON.stringify(before?.output)).toContain("Much was seen.")
      expect(asked?.output).toEqual([summary])
      expect(asked?.start).toBeGreaterThanOrEqual(before?.end ?? Infinity)
      expect(after?.start).toBeGreaterThanOrEqual(asked?.end ?? Infinity)
    }
  })

  test("by the provider whose usage is told has a model call, and the encrypted item is what it gave", () => {
    for (const dialect of newer) {
      const told = session().turn("go").execs("ls")
      const counts = { input_tokens: 900, output_tokens: 9 }
      told.record("token_usage_record", { response_id: "resp_c", turn_id: told.turnId ?? "", usage: counts })
      const { summary } = remotely(told)
      const reading = read(told.says("Done.").ends(), dialect)
      const compaction = the(reading, "compaction")
      const [call, ...others] = ofKind(reading, "llm").filter(({ parent_id: id }) => id === compaction.id)
      expect([call?.output, others]).toEqual([[summary], []])
      expect(compaction.metadata.tokens_before).toBe(900)
    }
  })

  test("counts its usage in its turn, once", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("a lot").execs("seq 9").compacts("much").says("Done.").ends()
      expect(the(read(told, dialect), "turn").metadata.usage).toMatchObject({ input_tokens: 1100 + 1200 + 1300 })
    }
  })

  test("begins when its item says, before its first request", () => {
    const told = session().turn("go").execs("ls")
    const from = told.now
    told.compacts("much").says("Done.").ends()
    for (const dialect of newer) expect(the(read(told, dialect), "compaction").start).toBeLessThanOrEqual(from + 0.011)
  })

  test("that runs while the reading ends leaves its request, and no compaction", () => {
    const told = session().turn("go").execs("ls").hook("PreCompact", { trigger: "auto" }).says("half a summary")
    const reading = read(told, v118)
    expect(ofKind(reading, "compaction")).toEqual([])
    expect(ofKind(reading, "llm")).toHaveLength(2)
  })
})
