/**
 * Turns: how they begin and end, whatever is written about it, and what was asked and answered in them.
 */
import { describe, expect, test } from "bun:test"
import { lines, ofKind, pictureOf, read, readLines, strand, the } from "../support/reading.ts"
import { session } from "../support/session.ts"
import { dialects, newer, v77, v169, withTurnIds } from "../support/session-dialect.ts"

describe("a turn", () => {
  test("runs from its start to the end that was written, with its prompt and its last answer", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("fix it").says("Looking.").execs("make").says("Fixed.").ends()
      const turn = the(read(told, dialect), "turn")
      expect(turn).toMatchObject({ name: "turn 1", status: "ok", input: "fix it", output: "Fixed.", end: told.now })
      expect(turn.metadata).toMatchObject({ turn_number: 1, model: "gpt-5.5", effort: "medium" })
    }
  })

  test("shows the same tree in every dialect", () => {
    for (const dialect of dialects) {
      const told = session()
        .turn("fix it")
        .execs("make", { exit: 2 })
        .says("Broken.")
        .ends()
        .turn("and now")
        .says("No.")
        .ends()
      expect(pictureOf(told, dialect)).toBe(
        lines(
          "codex: work          ok",
          "├─ turn 1            ok",
          "│  ├─ gpt-5.5        ok",
          "│  ├─ exec_command   error",
          "│  └─ gpt-5.5        ok",
          "└─ turn 2            ok",
          "   └─ gpt-5.5        ok"
        )
      )
    }
  })

  test("that was never ended is unfinished, and ends when it was last seen to do anything", () => {
    for (const dialect of dialects) {
      const told = session().turn("build").reasons("how").calls("exec_command", { cmd: "make" })
      const { now } = told.responds()
      const turn = the(read(told, dialect, { hooks: false }), "turn")
      expect(turn.status).toBe("unfinished")
      expect(Math.abs((turn.end ?? 0) - now)).toBeLessThan(0.021)
    }
  })

  test("still runs while nobody said that it is over", () => {
    for (const dialect of dialects) {
      const told = session().turn("build").execs("make").says("Built.")
      const turn = the(read(told, dialect, { end: false }), "turn")
      expect([turn.status, turn.end]).toEqual([undefined, undefined])
    }
  })

  test("that Stop was called for has ended until its record corrects it, with everything that it held", () => {
    for (const dialect of newer) {
      const stopped = session().turn("build").says("Built.").stops()
      const spans = read(stopped, dialect, { end: false })
      expect(the(spans, "turn")).toMatchObject({ status: "ok", output: "Built." })
      expect(the(spans, "turn").end).toBeCloseTo(stopped.now, 1)
      expect(the(spans, "llm").status).toBe("ok")
      const ended = session().turn("build").says("Built.").ends()
      expect(the(read(ended, dialect, { end: false }), "turn")).toMatchObject({ status: "ok", end: ended.now })
    }
  })

  test("that goes on after Stop still runs", () => {
    for (const dialect of newer) {
      const blocked = session().turn("build").says("Built.").stops().execs("make")
      expect(the(read(blocked, dialect, { end: false }), "turn").end).toBeUndefined()
    }
  })

  test("takes its answer from Stop when its end never came", () => {
    const told = session().turn("build").says("Built.").stops()
    expect(the(read(told, v169), "turn")).toMatchObject({ status: "unfinished", output: "Built." })
  })

  test("that only hooks know makes no span where the transcript is there, and is noted", () => {
    const told = session().turn("one").says("One.").ends()
    told.hook("Stop", { turn_id: "nowhere", last_assistant_message: "?" })
    const reading = read(told, v169)
    expect(ofKind(reading, "turn")).toHaveLength(1)
    expect(reading.notes).toContainEqual({ topic: "hook", detail: "a turn that the transcript does not have" })
  })

  test("that the user stopped is interrupted, with the calls that were waiting", () => {
    for (const dialect of dialects) {
      const told = session().turn("wait").calls("exec_command", { cmd: "sleep 60" }).responds().after(2).interrupts()
      expect(pictureOf(told, dialect)).toBe(
        lines(
          "codex: work          interrupted",
          "└─ turn 1            interrupted",
          "   ├─ gpt-5.5        ok",
          "   └─ exec_command   interrupted"
        )
      )
      const turn = the(read(told, dialect), "turn")
      expect([turn.tags, turn.metadata.reason]).toEqual([["interrupted"], "interrupted"])
    }
  })

  test("whose beginning was damaged is told from its settings on", () => {
    for (const dialect of newer) {
      const told = session().turn("go").execs("ls").says("Done.").ends()
      const whole = told.lines(dialect)
      const left = whole.filter((line) => !line.includes('"task_started"'))
      expect(left).toHaveLength(whole.length - 1)
      const reading = (lines: ReadonlyArray<string>) =>
        readLines(told.id, strand({ _tag: "Transcript", threadId: told.id }, "a.jsonl", lines))
      const spans = (lines: ReadonlyArray<string>) =>
        reading(lines).spans.map(({ id, kind, status, end }) => [id, kind, status, end])
      expect(spans(left)).toEqual(spans(whole))
      expect(reading(left).notes).toEqual([])
    }
  })

  test("that ended before it began, by a clock that was set back, took no time", () => {
    const told = session().turn("go").says("Done.").ends()
    const [...lines] = told.lines(v169)
    const before = new Date((told.now - 60) * 1000).toISOString()
    const last = JSON.stringify({ ...JSON.parse(lines.at(-1) ?? ""), timestamp: before })
    const own = strand({ _tag: "Transcript", threadId: told.id }, "a.jsonl", [...lines.slice(0, -1), last])
    const turn = the(readLines(told.id, own), "turn")
    expect(turn.end).toBe(turn.start)
  })

  test("that failed says why, and the session is as its last turn", () => {
    for (const dialect of withTurnIds) {
      const error = { message: "usage limit reached", codex_error_info: { usage_limit_exceeded: {} } }
      const reading = read(session().turn("go").ends(error), dialect)
      expect(the(reading, "turn")).toMatchObject({
        status: "error",
        error: { message: "usage limit reached", code: "usage_limit_exceeded" },
        tags: ["failed"]
      })
      const { status, error: why } = the(reading, "session")
      expect([status, why]).toEqual(["error", the(reading, "turn").error])
    }
  })

  test("that failed is no failure of the session once another turn went well", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("go").ends({ message: "usage limit reached" }).turn("again").says("Done.").ends()
      const { status, error } = the(read(told, dialect), "session")
      expect([status, error]).toEqual(["ok", undefined])
    }
  })

  test("that another one follows without an end was cut by a crash, and its call has no result", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("build").calls("exec_command", { cmd: "make" }).responds().crashes()
      told.after(60).turn("again").says("Here.").ends()
      expect(pictureOf(told, dialect)).toBe(
        lines(
          "codex: work          ok",
          "├─ turn 1            unfinished",
          "│  ├─ gpt-5.5        ok",
          "│  └─ exec_command   unfinished",
          "└─ turn 2            ok",
          "   └─ gpt-5.5        ok"
        )
      )
      const [first] = ofKind(read(told, dialect), "turn")
      expect((first?.end ?? 0) - (first?.start ?? 0)).toBeLessThan(1)
    }
  })

  test("without ids begins with each prompt, and is done when the model spoke last", () => {
    const told = session().turn("one").says("One.").ends().turn("two").execs("ls")
    const turns = ofKind(read(told, v77), "turn")
    expect(turns.map(({ name, status, input }) => [name, status, input])).toEqual([
      ["turn 1", "ok", "one"],
      ["turn 2", "unfinished", "two"]
    ])
    expect(turns[0]?.end).toBeGreaterThan(turns[0]?.start ?? 0)
    expect(turns[0]?.metadata).not.toHaveProperty("implied")
  })

  test("keeps every message that steered it, in order, and images beside the text", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("go left").execs("ls").steers("no, right").says("Right.").ends()
      expect(the(read(told, dialect), "turn").input).toEqual([
        { type: "text", text: "go left" },
        { type: "text", text: "no, right" }
      ])
    }
    const image = session().turn("look", { images: 1 }).says("Seen.").ends()
    const { input } = the(read(image, v169), "turn")
    expect(input).toEqual([
      { type: "text", text: "look" },
      { type: "local_image", path: "/home/ann/work/p.png" }
    ])
  })

  test("names the skills that the user named, each once and in that turn alone", () => {
    const skill = (name: string) => `<skill>\n<name>${name}</name>\n<path>/w/${name}/SKILL.md</path>\nDo.\n</skill>`
    for (const dialect of withTurnIds) {
      const told = session().turn("$greet and $part, then $greet").gives("user", skill("greet"))
      told.gives("user", skill("part")).gives("user", skill("greet")).says("Hello.").ends()
      told.turn("again").says("Hello again.").ends()
      const turns = read(told, dialect).spans.filter(({ kind }) => kind === "turn")
      expect(turns.map(({ metadata }) => metadata.skills)).toEqual([["greet", "part"], undefined])
    }
  })

  test("that ran the user's own command has no prompt and no model call", () => {
    for (const dialect of newer) {
      const told = session().shell("git status", 1)
      expect(pictureOf(told, dialect)).toBe(
        lines("codex: work          ok", "└─ turn 1            ok", "   └─ exec_command   error")
      )
      const reading = read(told, dialect)
      expect(the(reading, "turn").input).toBeUndefined()
      expect(the(reading, "tool").metadata.command_source).toBe("user_shell")
    }
  })

  test("runs with the model that was chosen for it", () => {
    for (const dialect of dialects) {
      const told = session().turn("one").says("One.").ends().turn("two", { model: "gpt-5.2-codex" }).says("Two.").ends()
      const reading = read(told, dialect)
      expect(ofKind(reading, "llm").map(({ name }) => name)).toEqual(["gpt-5.5", "gpt-5.2-codex"])
      expect(ofKind(reading, "turn").map(({ metadata }) => metadata.model)).toEqual(["gpt-5.5", "gpt-5.2-codex"])
    }
  })

  test("sums up the usage of its responses, and of its responses alone", () => {
    for (const dialect of dialects) {
      const told = session().turn("work").execs("ls").says("Done.").ends().turn("more").says("Done.").ends()
      const [first, second] = ofKind(read(told, dialect), "turn")
      expect(first?.metadata.usage).toEqual({
        input_tokens: 2300,
        cached_input_tokens: 1000,
        output_tokens: 100,
        reasoning_output_tokens: 20,
        total_tokens: 2400
      })
      expect(second?.metadata.usage).toMatchObject({ input_tokens: 1300, output_tokens: 50 })
      expect(first?.metrics).toEqual({})
    }
  })

  test("does not run backwards when the clock does", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("work").after(5).execs("ls").after(-4).says("Done.").ends()
      const { spans } = read(told, dialect, { hooks: false })
      expect(spans.map(({ status }) => status)).toEqual(spans.map(() => "ok"))
      expect(spans.filter(({ start, end }) => (end ?? start) < start)).toEqual([])
    }
  })
})

describe("records that are no turn's", () => {
  test("of unknown kinds are noted with their name, and everything else is as before", () => {
    const told = session().turn("work").record("brand_new", { a: 1 }).record("event_msg", { type: "novelty" })
    told.item({ type: "Hologram", id: "h" }).says("Done.").ends().hook("NewHook")
    const reading = read(told, v169)
    expect(reading.notes).toEqual([
      { topic: "record", detail: "brand_new" },
      { topic: "event_msg", detail: "novelty" },
      { topic: "item", detail: "Hologram" },
      { topic: "hook", detail: "NewHook" }
    ])
    expect(the(reading, "turn").status).toBe("ok")
  })

  test("of a turn that was never begun are noted as late", () => {
    const told = session().turn("work").says("Done.")
    told.item({ type: "CommandExecution", id: "call_x", status: "completed" }, { ofTurn: "long-gone" }).ends()
    const reading = read(told, v169)
    expect(ofKind(reading, "tool")).toEqual([])
    expect(reading.notes).toEqual([{ topic: "late", detail: "a record of a turn that is no longer held" }])
  })
})
