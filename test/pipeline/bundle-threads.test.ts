/**
 * A bundle as a session: agents, reviews, what clients were told, several processes, and broken logs.
 */
import { describe, expect, test } from "bun:test"
import { mixedFold } from "../../src/pipeline/mixed-fold.ts"
import type { Span } from "../../src/span/span.ts"
import {
  agentMessage,
  assistantMessage,
  BundleStory,
  bundle,
  functionCall,
  functionOutput,
  userMessage
} from "../support/bundle.ts"
import { at, command, linesOf, one, question, readLines, readStory, window } from "../support/bundle-reading.ts"
import { inputOf } from "../support/reading.ts"

describe("agents", () => {
  const child = {
    session_source: { subagent: { thread_spawn: { parent_thread_id: "T1", agent_path: "/root/a", depth: 1 } } }
  }

  test("an agent hangs below the turn that spawned it, with the messages between the two", () => {
    const message = agentMessage("/root", "/root/a", "look around")
    const { spans } = readStory(
      bundle()
        .asks("I1", [question])
        .answers("I1", [functionCall("s1", { message: "look around" }, undefined, "spawn_agent")])
        .calls("s1", "spawn_agent", { tool_name: "spawn_agent", payload: { type: "function", arguments: "{}" } })
        .threadStarts("T2", "/root/a", child)
        .runtimeEnds("s1", { event_id: "s1", agent_thread_id: "T2", agent_path: "/root/a", kind: "started" })
        .turnStarts("U2", "T2")
        .asks("I2", [message])
        .answers("I2", [assistantMessage("nothing here")])
        .turnEnds()
        .inside("T1", "U1")
        .results("T2", "U2", "T1", "nothing here")
        .turnEnds()
    )
    const agent = one(spans, "agent")
    expect(agent.name).toBe("agent /root/a")
    expect(agent.parent_id).toBe(spans.find((span) => span.kind === "turn" && span.thread_id === "T1")?.id as string)
    expect(agent.metadata).toMatchObject({ spawning_call_id: "s1", depth: 1 })
    const edges = agent.metadata.message_edges as ReadonlyArray<{ kind: string }>
    expect(edges.map(({ kind }) => kind)).toEqual(["spawn", "received", "result"])
    expect(spans.find((span) => span.kind === "turn" && span.thread_id === "T2")?.input).toBe("look around")
  })

  test("a review is the turn that asked for it, and its reviewer an agent below that turn", () => {
    const parent = new BundleStory()
      .rolloutStarts()
      .threadStarts()
      .turnStarts("V1")
      .turnEnds("completed", "U1")
      .turnStarts("U2")
      .turnEnds()
    const reviewer = new BundleStory().threadStarts("T2", "/root", { session_source: { subagent: "review" } })
    reviewer
      .turnStarts("V1", "T2")
      .asks("I1", [userMessage("review it")])
      .answers("I1", [assistantMessage("fine")])
      .turnEnds()
    const { spans } = readStory(parent, reviewer)
    const turns = spans.filter((span) => span.kind === "turn")
    expect(turns.map((span) => [span.thread_id, span.metadata.turn_id])).toEqual([
      ["T1", "U1"],
      ["T1", "U2"],
      ["T2", "V1"]
    ])
    expect(turns[0]?.tags).toContain("review")
    expect(one(spans, "agent").parent_id).toBe(turns[0]?.id as string)
  })
})

describe("what Codex told its clients of a turn", () => {
  test("completes it: its last message, its failure, its context window", () => {
    const story = new BundleStory().rolloutStarts().threadStarts().turnStarts()
    const says = (type: string, payload: object) =>
      story.event(
        "protocol_event_observed",
        { event_type: type, event_payload: story.payload("protocol_event", payload) },
        null
      )
    says("turn_started", {
      type: "task_started",
      turn_id: "U1",
      model_context_window: 1000,
      collaboration_mode_kind: "plan"
    })
    story.asks("I1", [question]).turnEnds("completed")
    says("turn_complete", {
      type: "task_complete",
      turn_id: "U1",
      last_agent_message: "noon",
      duration_ms: 7,
      error: { message: "no", codex_error_info: "other" }
    })
    const turn = one(readStory(story).spans, "turn")
    expect(window(turn)).toEqual([at(3), at(6), "error"])
    expect(turn.output).toBe("noon")
    expect(turn.error).toEqual({ message: "no", code: "other" })
    expect(turn.metadata).toMatchObject({ context_window: 1000, collaboration_mode: "plan", duration_ms: 7 })
  })

  test("an error that followed a failed request is the failure of its turn (before 0.155)", () => {
    const story = bundle(1).asks("I1", [question]).breaksOff("I1", "failed")
    const payload = { type: "error", message: "limit reached", codex_error_info: "usage_limit_exceeded" }
    story.event(
      "protocol_event_observed",
      { event_type: "error", event_payload: story.payload("protocol_event", payload) },
      null
    )
    const turn = one(readStory(story.turnEnds()).spans, "turn")
    expect([turn.status, turn.error]).toEqual(["error", { message: "limit reached", code: "usage_limit_exceeded" }])
  })
})

describe("several processes of a thread", () => {
  test("are one session: turns go on counting, and the open turn of the first is unfinished", () => {
    const first = bundle()
      .asks("I1", [question])
      .answers("I1", [functionCall("c1", {})])
      .calls("c1", "exec_command")
    const second = new BundleStory().rolloutStarts().threadStarts().turnStarts("U2")
    second
      .asks("I2", [question, functionCall("c1", {}), functionOutput("c1", "aborted"), userMessage("go on")])
      .turnEnds()
    const { spans } = readStory(first, second)
    expect(
      spans.filter((span) => span.kind === "turn").map(({ name, status, input }) => [name, status, input])
    ).toEqual([
      ["turn 1", "unfinished", "what time is it?"],
      ["turn 2", "ok", "go on"]
    ])
    expect(one(spans, "tool").status).toBe("unfinished")
  })
})

describe("a compaction (remote)", () => {
  test("is a span of its turn from its request to its checkpoint, with the history before and after", () => {
    const story = bundle()
      .asks("I1", [question])
      .answers("I1", [assistantMessage("noon")])
      .asksForSummary("K1")
      .installs("K1", [question, assistantMessage("noon")], [userMessage("summary")])
      .asks("I2", [userMessage("summary")])
    const { spans } = readStory(story.answers("I2", [assistantMessage("done")]).turnEnds())
    const compaction = one(spans, "compaction")
    expect(window(compaction)).toEqual([at(6), at(7), "ok"])
    expect([compaction.input, compaction.output]).toEqual([
      { items: 2 },
      { items: 1, replacement: [userMessage("summary")] }
    ])
    expect(inputOf(spans.filter((span) => span.kind === "llm")[1])).toEqual([userMessage("summary")])
  })

  test("has its request as a model call, exactly: what was sent, when, and what came back", () => {
    const trigger = { type: "compaction_trigger" }
    const summary = { type: "compaction", encrypted_content: "gAAAAAB" }
    const base = { type: "message", role: "developer", content: [{ type: "input_text", text: "Be kind." }] }
    for (const inside of [true, false]) {
      const sent = inside ? [base, question] : [question]
      const story = bundle()
        .asks("I1", sent)
        .answers("I1", [assistantMessage("noon")])
        .asksForSummary("K1", {}, { input: [question, trigger], instructions: "Be kind." })
        .givesSummary("K1", [summary])
        .installs("K1", [question], [question, summary])
        .asks("I2", [question, summary])
      const { spans } = readStory(story.answers("I2", [assistantMessage("done")]).turnEnds())
      const compaction = one(spans, "compaction")
      const call = spans.find(({ parent_id: id }) => id === compaction.id)
      expect(window(call as Span)).toEqual([at(6), at(7), "ok"])
      expect(window(compaction)).toEqual([at(6), at(8), "ok"])
      expect(inputOf(call)).toEqual([...(inside ? [base] : []), question, trigger])
      expect([call?.output, call?.metadata.instructions]).toEqual([[summary], inside ? undefined : "Be kind."])
      expect(spans.filter(({ kind }) => kind === "llm")).toHaveLength(3)
    }
  })

  test("whose request is lost has no model call", () => {
    const story = bundle()
      .asks("I1", [question])
      .answers("I1", [assistantMessage("noon")])
    story.asksForSummary("K1").givesSummary("K1", []).installs("K1", [question], [question]).turnEnds()
    const { spans } = readStory(story)
    expect(spans.filter(({ parent_id: id }) => id === one(spans, "compaction").id)).toEqual([])
  })
})

describe("a broken bundle", () => {
  test("loses what is broken and nothing else", () => {
    const whole = linesOf(command())
    const torn = whole.toSpliced(5, 0, { ...(whole[5] as (typeof whole)[number]), text: '{"schema_version":2,"seq":' })
    const { spans, skipped } = readLines(torn)
    expect(skipped.map(({ reason }) => reason)).toEqual(["not JSON"])
    expect(spans).toEqual(readStory(command()).spans as Array<Span>)
  })

  test("an event that nobody knows is a note, one without the fields that it needs is skipped with its reason", () => {
    const { notes, skipped } = readStory(command().event("moon_risen").event("inference_started", { model: 1 }))
    expect(notes).toEqual(["bundle event: moon_risen"])
    expect(skipped.map(({ reason }) => reason)).toEqual([
      "not an event of a bundle: payload.inference_call_id: expected a string, found nothing"
    ])
  })

  test("a request whose payload is lost is told with what is known, and says that its input is not", () => {
    const story = command()
    const { spans } = readLines(linesOf(story, ["raw_payload:1"]))
    const [first, second] = spans.filter((span) => span.kind === "llm")
    expect(first?.metadata.input_assumed).toBe("the request's payload could not be read")
    expect(window(first as Span)).toEqual([at(4), at(5), "ok"])
    expect(inputOf(second as Span)).toHaveLength(3)
  })

  test("cut at any line, it gives what was told so far, and never a span twice", () => {
    const lines = linesOf(command())
    const whole = new Set(readLines(lines).spans.map(({ id }) => id))
    for (let length = 0; length <= lines.length; length++) {
      const { spans } = readLines(lines.slice(0, length))
      const strange = spans.filter(({ id, status }) => !whole.has(id) && status !== "unfinished")
      expect(strange).toEqual([])
    }
  })
})

describe("the log alone, among other lines", () => {
  test("tells what stands in it: turns, calls and their times, under the same ids", () => {
    const story = command()
    const fold = mixedFold()
    const bare = linesOf(story).map(({ payloads: _, ...line }) => line)
    const steps = [fold.push({ _tag: "Mixed" }, bare), fold.end()]
    const told = new Map(steps.flatMap(({ writes }) => writes.map(({ span }) => [span.id, span] as const)))
    expect(steps.flatMap(({ skipped }) => skipped)).toEqual([])
    const whole = readLines(linesOf(story), "R").spans.filter(({ kind }) => kind !== "session")
    expect(whole.map(({ id, start, end }) => [id, start, end])).toEqual(
      whole.map(({ id }) => [id, told.get(id)?.start as number, told.get(id)?.end])
    )
  })
})
