/**
 * What a model request carried: the thread's history, word for word, with the few things that no record tells.
 */
import { describe, expect, test } from "bun:test"
import type { JsonObject } from "../../src/wire/json.ts"
import { inputOf, ofKind, type Reading, read, wordsOf } from "../support/reading.ts"
import { type Story, session } from "../support/session.ts"
import { type Dialect, dialects, v118, v142, v155, v169, withTurnIds } from "../support/session-dialect.ts"

const inputs = (reading: Reading) => ofKind(reading, "llm").map((span) => wordsOf(inputOf(span)))

const inputsOf = (story: Story, dialect: Dialect) => inputs(read(story, dialect))

const base = "You are a coding agent."

describe("a request's input", () => {
  test("is everything that was recorded before it, in order, and grows by what was produced and answered", () => {
    for (const dialect of [v118, v142, v155]) {
      const told = session()
        .turn("fix it")
        .reasons("hm")
        .calls("exec_command", { cmd: "ls" })
        .answers("a.txt")
        .says("Done.")
        .ends()
      expect(inputsOf(told, dialect)).toEqual([["fix it"], ["fix it", "reasoning", "exec_command", "a.txt"]])
    }
  })

  test("begins with the base instructions from 0.162 on; before, they are sent apart", () => {
    const told = session().turn("hi").says("Hello.").ends()
    expect(inputsOf(told, v169)).toEqual([[base, "hi"]])
    for (const dialect of [v118, v142, v155]) {
      const [call] = ofKind(read(told, dialect), "llm")
      expect(wordsOf(inputOf(call))).toEqual(["hi"])
      expect(call?.metadata.instructions).toBe(base)
    }
    expect(ofKind(read(told, v169), "llm")[0]?.metadata).not.toHaveProperty("instructions")
  })

  test("holds base instructions once where a record holds them already", () => {
    const told = session().turn("hi")
    told.gives("developer", base).says("Hello.").ends()
    expect(inputsOf(told, v169)).toEqual([["hi", base]])
  })

  test("has nothing in it that Codex strips before it sends", () => {
    for (const dialect of dialects) {
      for (const call of ofKind(read(session().turn("hi").says("Hello.").ends(), dialect), "llm")) {
        for (const item of inputOf(call)) expect(item).not.toHaveProperty("internal_chat_message_metadata_passthrough")
      }
    }
  })

  test("leaves out what is kept in a history and never sent", () => {
    const told = session().turn("hi").record("response_item", { type: "ghost_snapshot", ghost_commit: {} })
    expect(inputsOf(told.says("Hello.").ends(), v142)).toEqual([["hi"]])
  })

  test("carries a made-up output for a call that a crash left without one", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("build").calls("exec_command", { cmd: "make" }).responds().crashes()
      told.turn("again").says("Here.").ends()
      const own = inputsOf(told, dialect)
        .at(-1)
        ?.filter((words) => words !== base)
      expect(own).toEqual(["build", "exec_command", "aborted", "again"])
    }
  })

  test("carries the real output once it has come, and the made-up one no more", () => {
    const told = session().turn("build").calls("exec_command", { cmd: "make" }, { id: "call_m" }).responds().crashes()
    told.turn("again").says("Here.").answers("late", "call_m").says("And there.").ends()
    expect(inputsOf(told, v155)).toEqual([
      ["build"],
      ["build", "exec_command", "aborted", "again"],
      ["build", "exec_command", "again", "msg", "late"].map((words) => (words === "msg" ? "Here." : words))
    ])
  })

  test("carries a patch's result as text, as it was sent, also where it was recorded as JSON", () => {
    for (const dialect of dialects) {
      const told = session().turn("edit").calls("apply_patch", "*** Begin Patch\n")
      told.answers("Exit code: 0\nWall time: 0 seconds\nOutput:\nSuccess.\n").says("Edited.").ends()
      expect(inputsOf(told, dialect).at(-1)?.at(-1)).toBe("Exit code: 0\nWall time: 0 seconds\nOutput:\nSuccess.\n")
    }
    expect(session().turn("edit").lines(v118).join()).not.toContain("duration_seconds")
  })

  describe("with results that were recorded as JSON (up to 0.128)", () => {
    const recorded = (output: string) => JSON.stringify({ output, metadata: { exit_code: 0, duration_seconds: 0.5 } })
    const asText = (output: string) => `Exit code: 0\nWall time: 0.5 seconds\nOutput:\n${output}`
    const patched = (story: Story, name: string) =>
      story.calls("apply_patch", "*** Begin Patch\n").answers(recorded(name)).says(`${name} is done.`).ends()
    const commanded = (story: Story, tool: string, name: string) =>
      story
        .calls(tool, { command: [name] })
        .answers(recorded(name))
        .says(`${name} is done.`)
        .ends()
    const resultsOf = (told: Story) =>
      ofKind(read(told, v118), "llm").map((call) => inputOf(call).flatMap(({ output }) => output ?? []))

    test("carries them as its own model reads them, whoever made them", () => {
      const told = patched(session().turn("one", { model: "gpt-5.2" }), "one")
      commanded(told.turn("two", { model: "gpt-5" }), "shell", "two")
      patched(told.turn("three", { model: "gpt-5.2" }), "three")
      const texts = ["one", "two", "three"].map(asText)
      expect(resultsOf(told)).toEqual([
        [],
        texts.slice(0, 1),
        [recorded("one")],
        [recorded("one"), recorded("two")],
        texts.slice(0, 2),
        texts
      ])
    })

    test("leaves alone what another tool answered, though it looks the same", () => {
      const told = patched(session().turn("one"), "one")
      commanded(told.turn("two"), "mcp__lab.echo", "two")
      expect(resultsOf(told).at(-1)).toEqual([asText("one"), recorded("two")])
    })

    test("shares its items as ever while the model stays", () => {
      const told = session().turn("one", { model: "gpt-5" })
      commanded(told, "shell", "one")
      commanded(told.turn("two"), "shell", "two")
      const calls = ofKind(read(told, v118), "llm")
      const bases = calls.map(({ input }) => (input as { readonly base?: { readonly spanId: string } }).base?.spanId)
      expect(bases).toEqual([undefined, ...calls.slice(0, -1).map(({ id }) => id)])
    })
  })

  test("has its images in lower detail for a model that does not take the original", () => {
    const details = (model: string) => {
      const told = session().turn("look", { images: 1, model }).says("Seen.").ends()
      const [call] = ofKind(read(told, v169), "llm")
      return inputOf(call).flatMap(({ content }) =>
        (content as ReadonlyArray<JsonObject>).flatMap(({ detail }) => detail ?? [])
      )
    }
    expect(details("gpt-5.5")).toEqual(["original"])
    expect(details("gpt-5.2-codex")).toEqual(["high"])
  })

  test("has no detail of an image in a lite request, which carries its tools", () => {
    const told = session().record("response_item", { type: "additional_tools", role: "developer", tools: [] })
    const [call] = ofKind(read(told.turn("look", { images: 1 }).says("Seen.").ends(), v169), "llm")
    const parts = inputOf(call).flatMap(({ content }) => (content ?? []) as ReadonlyArray<JsonObject>)
    expect(parts.find(({ type }) => type === "input_image")).toEqual({
      type: "input_image",
      image_url: expect.any(String)
    })
  })

  test("is shared with the request before it, and says where that one ended", () => {
    const told = session().turn("one").says("One.").ends().turn("two").says("Two.").ends()
    const [first, second] = ofKind(read(told, v155), "llm")
    expect(second?.input).toMatchObject({ base: { spanId: first?.id, length: 1 } })
    const itemsOf = (input: unknown) => (input as { readonly items: unknown }).items
    expect(itemsOf(first?.input)).toBe(itemsOf(second?.input))
  })
})

describe("a history", () => {
  test("loses the turns that were rolled back", () => {
    for (const dialect of [v118, v142]) {
      const told = session().turn("one").says("One.").ends().turn("two").says("Two.").ends()
      told.record("event_msg", { type: "thread_rolled_back", num_turns: 1 }).turn("other").says("Other.").ends()
      expect(inputsOf(told, dialect).at(-1)).toEqual(["one", "One.", "other"])
    }
  })

  test("loses with a turn what was told just before its prompt, and keeps what stood before the first", () => {
    const told = session().gives("user", "<environment_context>").turn("one").says("One.").ends().shell("ls")
    told.turn("two").says("Two.").ends().record("event_msg", { type: "thread_rolled_back", num_turns: 1 })
    told.turn("three").says("Three.").ends().record("event_msg", { type: "thread_rolled_back", num_turns: 9 })
    const asked = inputsOf(told.turn("four").says("Four.").ends(), v118)
    expect(asked.slice(-2)).toEqual([
      ["<environment_context>", "one", "One.", "three"],
      ["<environment_context>", "four"]
    ])
  })

  test("goes on from the point that was reverted to; the turns that were taken back stay spans", () => {
    for (const dialect of [v155, v169]) {
      const told = session().turn("one").says("One.").ends()
      const mark = told.mark()
      told.turn("two").says("Two.").ends().reverts(mark).turn("other").says("Other.").ends()
      const reading = read(told, dialect)
      expect(
        inputs(reading)
          .at(-1)
          ?.filter((words) => words !== base)
      ).toEqual(["one", "One.", "other"])
      expect(ofKind(reading, "turn").map(({ name }) => name)).toEqual(["turn 1", "turn 2", "turn 3"])
    }
  })

  test("begins anew where everything was taken back", () => {
    for (const dialect of [v155, v169]) {
      const told = session()
      const mark = told.mark()
      told.turn("one").says("One.").ends().reverts(mark).turn("other").says("Other.").ends()
      const asked = inputs(read(told, dialect)).at(-1) ?? []
      expect(asked.filter((words) => words !== base)).toEqual(["other"])
    }
  })

  test("goes on from a revert's own point when that is reverted too", () => {
    const told = session().turn("one").says("One.").ends()
    const first = told.mark()
    told.turn("two").says("Two.").ends().reverts(first).turn("three").says("Three.").ends()
    const second = told.mark()
    told.turn("four").says("Four.").ends().reverts(second).turn("other").says("Other.").ends()
    expect(inputsOf(told, v169).at(-1)).toEqual([base, "one", "One.", "three", "Three.", "other"])
  })

  test("gets back what a compaction replaced when that is taken back", () => {
    const told = session().turn("one").says("One.").ends()
    const mark = told.mark()
    told.turn("two").compacts("much happened").says("Two.").ends().turn("three").compacts("more").says("Three.").ends()
    told.reverts(mark).turn("other").says("Other.").ends()
    expect(inputsOf(told, v169).at(-1)).toEqual([base, "one", "One.", "other"])
  })

  test("of a fork begins with the parent's up to the fork, and none of that makes a span", () => {
    const told = session().turn("one").says("One.").ends()
    const fork = told.forks()
    told.turn("not in the fork").says("No.").ends()
    fork.turn("left").says("Left.").ends()
    const reading = read(fork, v169)
    expect(inputs(reading)).toEqual([[base, "one", "One.", "left"]])
    expect(ofKind(reading, "turn").map(({ name, input }) => [name, input])).toEqual([["turn 1", "left"]])
    expect(ofKind(reading, "session")[0]?.metadata).toMatchObject({ forked_from: told.id })
  })

  test("of a fork of a fork begins with both", () => {
    const told = session().turn("one").says("One.").ends()
    const fork = told.forks()
    fork.turn("left").says("Left.").ends()
    const further = fork.forks()
    further.turn("further").says("Further.").ends()
    expect(inputsOf(further, v169)).toEqual([[base, "one", "One.", "left", "Left.", "further"]])
  })

  test("of a fork that copied its parent's records holds them once, and tells its own turns alone", () => {
    for (const dialect of [v118, v142]) {
      const told = session().turn("one").says("One.").ends().after(60)
      const fork = told.forksByCopy()
      fork.turn("left").says("Left.").ends()
      const reading = read(fork, dialect)
      expect(inputs(reading)).toEqual([["one", "One.", "left"]])
      expect(ofKind(reading, "turn").map(({ input }) => input)).toEqual(["left"])
    }
  })
})
