/**
 * Model calls: which output items are one response, when it ran, what it cost, and the requests that came to nothing.
 */
import { describe, expect, test } from "bun:test"
import { requestRulesOf } from "../../src/domain/codex-rules.ts"
import { mixedFold } from "../../src/pipeline/mixed-fold.ts"
import type { Line } from "../../src/source/line.ts"
import { heardLater, late } from "../support/chance.ts"
import {
  byTime,
  inputOf,
  lines,
  ofKind,
  pictureOf,
  type Reading,
  read,
  readLines,
  type Strand,
  strandsOf,
  the,
  wordsOf
} from "../support/reading.ts"
import { type Story, session } from "../support/session.ts"
import { dialects, newer, v77, v118, v142, v155, v169, withTurnIds } from "../support/session-dialect.ts"

describe("a response", () => {
  test("is all items up to its usage, and the next begins after them", () => {
    for (const dialect of dialects) {
      const told = session()
        .turn("go")
        .reasons("a")
        .says("First.")
        .calls("exec_command", { cmd: "ls" })
        .answers("a.txt")
      const calls = ofKind(read(told.reasons("b").says("Second.").ends(), dialect), "llm")
      expect(calls.map(({ output }) => wordsOf(output as never))).toEqual([
        ["reasoning", "First.", "exec_command"],
        ["reasoning", "Second."]
      ])
      expect(calls.map(({ metadata }) => metadata.call_number)).toEqual([1, 2])
    }
  })

  test("costs what its own usage says, however often the counts are repeated and however late they come", () => {
    for (const dialect of dialects) {
      const told = session().turn("go").execs("ls").recounts().recounts().says("Done.").responds({ cached: 7 }).ends()
      const calls = ofKind(read(told, dialect), "llm")
      expect(calls.map(({ metrics }) => metrics.prompt_tokens)).toEqual([1100, 1200])
      expect(calls[1]?.metrics).toMatchObject({
        completion_tokens: 50,
        tokens: 1250,
        prompt_cached_tokens: 7,
        completion_reasoning_tokens: 10
      })
    }
  })

  test("has no usage where its counts were never told", () => {
    const told = session().turn("go").calls("exec_command", { cmd: "make" }).responds().crashes()
    const [call] = ofKind(read(told, v142), "llm")
    expect(call?.metrics).toEqual({})
    expect(call?.status).toBe("unfinished")
  })

  test("is named by the id that its usage record gives it", () => {
    for (const dialect of newer) {
      const calls = ofKind(read(session().turn("go").execs("ls").says("Done.").ends(), dialect), "llm")
      const ids = calls.map(({ metadata }) => metadata.response_id)
      expect(new Set(ids).size).toBe(2)
      expect(ids.every((id) => String(id).startsWith("resp_"))).toBe(true)
    }
  })

  test("whose item said nothing of the history it saw is told apart by its usage alone", () => {
    const told = session().turn("go").says("One.").responds().says("Two.").responds().ends()
    for (const dialect of newer) expect(ofKind(read(told, dialect), "llm")).toHaveLength(2)
  })

  test("without any item is a call all the same: its usage was paid", () => {
    const told = session().turn("go").responds().ends()
    const call = the(read(told, v155), "llm")
    expect([call.output, call.metrics.prompt_tokens, call.status]).toEqual([[], 1100, "ok"])
  })

  test("starts when the hook saw the request go out, else soon after the last record that it could see", () => {
    const told = session().turn("go")
    const asked = told.now
    told.says("Done.").ends()
    for (const dialect of newer) {
      const withHooks = the(read(told, dialect), "llm")
      const without = the(read(told, dialect, { hooks: false }), "llm")
      expect(withHooks.start).toBeCloseTo(asked + 0.002, 3)
      expect(without.start).toBeCloseTo(asked + requestRulesOf(dialect.version).sendDelay.first, 3)
      expect(without.end).toBe(withHooks.end)
    }
  })

  test("that was answered at once starts no later than its first item", () => {
    const record = (second: number, type: string, payload: object): Line => {
      const timestamp = new Date(1_800_000_000_000 + second * 1000).toISOString()
      return { file: "-", lineNumber: 1, byteOffset: 0, text: JSON.stringify({ timestamp, type, payload }) }
    }
    const message = (role: string, type: string, text: string) => ({ type: "message", role, content: [{ type, text }] })
    const fold = mixedFold()
    const { writes } = fold.push({ _tag: "Mixed" }, [
      record(0, "session_meta", { id: "01a1fb04-d4b6-7932-bfe6-acf87a2ddb77", cwd: "/", cli_version: "0.169.0" }),
      record(1, "event_msg", { type: "task_started", turn_id: "t" }),
      record(1, "response_item", message("user", "input_text", "go")),
      record(1.004, "response_item", message("assistant", "output_text", "Done.")),
      record(1.005, "event_msg", { type: "task_complete", turn_id: "t" })
    ])
    const call = writes.findLast(({ span }) => span.kind === "llm")?.span
    expect(call?.start).toBe(1_800_000_001.004)
    expect(call?.end).toBe(1_800_000_001.004)
  })

  test("tells its time to the first token where its items say when they began to stream", () => {
    const told = session().turn("go").reasons("hm").says("Done.").ends()
    for (const dialect of newer)
      expect(the(read(told, dialect), "llm").metrics.time_to_first_token).toBeCloseTo(0.053, 3)
    for (const dialect of [v77, v118, v142]) {
      expect(the(read(told, dialect), "llm").metrics).not.toHaveProperty("time_to_first_token")
    }
  })

  test("that an interrupt cut is interrupted, and its output is what had come", () => {
    for (const dialect of newer) {
      const told = session().turn("go").reasons("half a thought").interrupts()
      const call = the(read(told, dialect), "llm")
      expect([call.status, wordsOf(call.output as never)]).toEqual(["interrupted", ["reasoning"]])
      expect(call.metrics).not.toHaveProperty("prompt_tokens")
    }
  })
})

describe("a request that was cut", () => {
  test("is a failed call of its own beside the one that repeats it", () => {
    for (const dialect of newer) {
      const told = session().turn("go").reasons("half").cut().after(0.2).says("Whole.").ends()
      expect(pictureOf(told, dialect, { hooks: false })).toBe(
        lines("codex: work     ok", "└─ turn 1       ok", "   ├─ gpt-5.5   error", "   └─ gpt-5.5   ok")
      )
      const [cut, whole] = ofKind(read(told, dialect, { hooks: false }), "llm")
      expect(cut?.error).toEqual({ message: "the response was cut before it completed", code: "response_cut" })
      expect(cut?.metadata).not.toHaveProperty("call_number")
      expect(whole?.metadata.call_number).toBe(1)
    }
  })

  test("leaves what it had produced in the next request's input", () => {
    const told = session().turn("go").says("Half.").cut().after(0.2).says("Whole.").ends()
    const calls = ofKind(read(told, v155), "llm")
    expect(calls.map((call) => wordsOf(inputOf(call)))).toEqual([["go"], ["go", "Half."]])
  })
})

describe("a response that a crash cut", () => {
  test("is what its calls name", () => {
    const told = session().turn("go").execs("ls").calls("exec_command", { cmd: "never" }, { id: "call_cut" }).crashes()
    const reading = read(told.turn("on").says("Done.").ends(), v169, { hooks: false })
    const tool = ofKind(reading, "tool").find(({ metadata }) => metadata.call_id === "call_cut")
    const cut = ofKind(reading, "llm").find(({ id }) => id === tool?.metadata.requested_by)
    expect(cut).toMatchObject({ status: "unfinished", parent_id: tool?.parent_id })
    expect(cut?.output).toMatchObject([{ call_id: "call_cut" }])
  })
})

describe("an attempt that left nothing behind", () => {
  test("is a failed call with the error that the hook was given, when its turn is over", () => {
    for (const dialect of newer) {
      const told = session().turn("go").fails("500 from upstream").after(0.2).says("Done.").ends()
      const reading = read(told, dialect)
      expect(pictureOf(told, dialect)).toBe(
        lines("codex: work     ok", "└─ turn 1       ok", "   ├─ gpt-5.5   error", "   └─ gpt-5.5   ok")
      )
      const [failed] = ofKind(reading, "llm")
      expect(failed?.error?.message).toBe("500 from upstream")
      expect(failed?.output).toEqual([])
      expect(wordsOf(inputOf(failed)).at(-1)).toBe("go")
      expect(ofKind(read(told, dialect, { hooks: false }), "llm")).toHaveLength(1)
    }
  })

  test("of a turn that failed is its only call", () => {
    const told = session().turn("go").fails("usage limit").ends({ message: "usage limit" })
    for (const dialect of newer) {
      expect(pictureOf(told, dialect)).toBe(
        lines("codex: work     error", "└─ turn 1       error", "   └─ gpt-5.5   error")
      )
    }
  })

  test("that was never answered before the user stopped is interrupted", () => {
    const told = session().turn("go").hook("PreModelRequest").after(1).interrupts()
    expect(the(read(told, v169), "llm").status).toBe("interrupted")
  })

  test("saw the history of its own moment and asked the model of its own turn, however late its hooks are read", () => {
    for (const dialect of newer) {
      const told = session().turn("one").fails("500").says("One.").ends()
      told.turn("two", { model: "gpt-6-sol" }).compacts("summed up").says("Two.").ends()
      const strands = strandsOf(told, dialect)
      const failed = (reading: Reading) => ofKind(reading, "llm").find(({ status }) => status === "error")
      const [inTime, late] = [byTime(strands), strands.flat()].map((order) => failed(readLines(told.id, order)))
      expect(wordsOf(inputOf(inTime)).at(-1)).toBe("one")
      expect(inTime?.name).toBe("gpt-5.5")
      expect(wordsOf(inputOf(late))).toEqual(wordsOf(inputOf(inTime)))
      expect(late?.name).toBe("gpt-5.5")
    }
  })

  test("is one request where two hooks told of it: ours may be installed twice", () => {
    for (const dialect of newer) {
      const told = session().turn("go").hook("PreModelRequest")
      told.after(0.002).says("Done.").responds().hook("PostModelRequest", { status: "completed" }).ends()
      const calls = ofKind(read(told, dialect), "llm")
      expect(calls.map(({ status, metadata }) => [status, metadata.call_number])).toEqual([["ok", 1]])
    }
  })

  test("keeps its error although the answer was written down before the request", () => {
    const told = session().turn("go").fails("500 from upstream").after(0.2).says("Done.").ends()
    const [records = [], hooks = []] = strandsOf(told, v169)
    const [failed] = ofKind(readLines(told.id, [...records, ...hooks.toReversed()]), "llm")
    expect(failed?.error?.message).toBe("500 from upstream")
  })

  test("is none where the hook of the request was overtaken by that of its answer", () => {
    const told = session().turn("go").execs("ls").says("Done.").ends()
    const [records = [], hooks = []] = strandsOf(told, v169)
    const isOf = (name: string) => hooks.findIndex(({ line }) => line.text.includes(`"${name}"`))
    const [asked, answered] = [isOf("PreModelRequest"), isOf("PostModelRequest")]
    const at = (index: number) => String((hooks[index]?.at ?? 0) * 1e6)
    // The request's hook comes two milliseconds after that of its answer.
    const late = String(((hooks[answered]?.at ?? 0) + 2) * 1e6)
    const moved = hooks.map((placed, index) =>
      index !== asked
        ? placed
        : { ...placed, line: { ...placed.line, text: placed.line.text.replace(at(asked), late) } }
    )
    expect(moved).not.toEqual([...hooks])
    const calls = ofKind(readLines(told.id, [...records, ...moved]), "llm")
    expect(calls.map(({ status, metadata }) => [status, metadata.call_number])).toEqual([
      ["ok", 1],
      ["ok", 2]
    ])
  })

  test("is none where its hook was heard after the response had begun, and that of its answer after the turn", () => {
    const told = session().turn("go").says("Done.").ends()
    const [records = [], journal = []] = strandsOf(told, v169)
    const hooks = late(journal, 150, 6)
    const requested = hooks.findIndex(({ line }) => line.text.includes("PreModelRequest"))
    const began = records.find(({ line }) => line.text.includes("Done."))
    expect(hooks[requested]?.at).toBeGreaterThan((began?.at ?? 0) + 10)
    const order = [...hooks.slice(0, requested + 1), ...records, ...hooks.slice(requested + 1)]
    const calls = readLines(told.id, order).writes.filter(({ span }) => span.kind === "llm")
    expect(new Set(calls.map(({ span }) => span.metadata.call_number))).toEqual(new Set([1]))
  })

  test("is told though it went out right after a compaction, whose request calls no hook", () => {
    const told = session().turn("go").compacts("summed up", { asks: true }).after(0.02)
    const reading = read(told.hook("PreModelRequest").after(0.02).interrupts(), v169)
    expect(ofKind(reading, "llm").map(({ status }) => status)).toEqual(["ok", "interrupted"])
  })

  /** The n-th hook of a name comes so many milliseconds later. */
  const delayed = (hooks: Strand, name: string, n: number, ms: number): Strand => {
    const index = hooks.flatMap(({ line }, at) => (line.text.includes(`"${name}"`) ? [at] : []))[n]
    return hooks
      .map((call, at) => (at === index ? heardLater(call, ms) : call))
      .toSorted((one, other) => one.at - other.at)
  }
  const outcomes = (told: Story, hooks: Strand, records: Strand) =>
    ofKind(readLines(told.id, [...records, ...hooks]), "llm").map(({ status }) => status)

  test("is told though a request before it was heard of only after its answer", () => {
    const told = session().turn("go").execs("ls").hook("PreModelRequest").after(0.05).interrupts()
    const [records = [], hooks = []] = strandsOf(told, v169)
    for (const ms of [0, 50, 65, 80]) {
      expect(outcomes(told, delayed(hooks, "PreModelRequest", 0, ms), records)).toEqual(["ok", "interrupted"])
    }
  })

  test("is none where a response was stopped whose request was heard of late", () => {
    const told = session().turn("go").says("half").hook("PostModelRequest", { status: "cancelled" }).interrupts()
    const [records = [], hooks = []] = strandsOf(told, v169)
    for (const ms of [0, 64, 70]) {
      const heard = delayed(delayed(hooks, "PreModelRequest", 0, ms), "PostModelRequest", 0, ms)
      expect(outcomes(told, heard, records)).toEqual(["interrupted"])
    }
  })

  test("leaves the request of a compaction alone, which calls no hook", () => {
    const told = session().turn("go").execs("ls").hook("PreModelRequest").after(0.5)
    const reading = read(told.compacts("sum").says("Done.").ends(), v169)
    const compaction = the(reading, "compaction")
    const calls = ofKind(reading, "llm")
    expect(calls.map(({ status }) => status).toSorted()).toEqual(["ok", "ok", "ok", "unfinished"])
    const asked = calls.find(({ parent_id: id }) => id === compaction.id)
    expect(asked?.start).toBeGreaterThanOrEqual(compaction.start)
  })

  test("adds nothing to what the turn cost", () => {
    const told = session().turn("go").fails("500").says("Done.").ends()
    expect(the(read(told, v169), "turn").metadata.usage).toMatchObject({ input_tokens: 1100 })
  })
})

describe("a session's usage", () => {
  test("counts every response of every thread once", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("one").execs("ls").says("Done.").ends().recounts()
      const usage = the(read(told, dialect), "session").metadata.usage
      expect(usage).toMatchObject({ input_tokens: 2300, output_tokens: 100, total_tokens: 2400 })
    }
  })

  test("does not count what a fork copied from its parent", () => {
    for (const dialect of [v118, v142]) {
      const told = session().turn("one").says("One.").ends()
      const fork = told.forksByCopy()
      fork.turn("left").says("Left.").ends()
      const reading = read(fork, dialect)
      expect(the(reading, "session").metadata.usage).toMatchObject({ input_tokens: 1100 })
      expect(ofKind(reading, "llm")).toHaveLength(1)
    }
  })
})
