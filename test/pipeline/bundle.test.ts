/**
 * A bundle as a session: the same spans under the same ids as from the transcript, with the recording's own times.
 */
import { describe, expect, test } from "bun:test"
import type { Span } from "../../src/span/span.ts"
import {
  assistantMessage,
  bundle,
  customCall,
  customOutput,
  functionCall,
  functionOutput,
  userMessage
} from "../support/bundle.ts"
import { at, command, one, question, readStory, window } from "../support/bundle-reading.ts"
import { inputOf } from "../support/reading.ts"

describe("a turn", () => {
  const { spans } = readStory(command())

  test("has the times of its own events, and what was asked", () => {
    const turn = one(spans, "turn")
    expect(window(turn)).toEqual([at(3), at(12), "ok"])
    expect(turn.input).toBe("what time is it?")
    expect(turn.parent_id).toBe(one(spans, "session").id)
  })

  test("has a model call from a request's send to its answer, with the input as it was sent", () => {
    const calls = spans.filter((span) => span.kind === "llm")
    expect(calls.map(window)).toEqual([
      [at(4), at(5), "ok"],
      [at(10), at(11), "ok"]
    ])
    expect<unknown>(calls.map(inputOf)).toEqual([
      [question],
      [question, functionCall("c1", { cmd: "date" }), functionOutput("c1", "noon\n")]
    ])
    expect(calls[0]?.metadata).toMatchObject({ response_id: "r-I1", call_number: 1, effort: "high", model: "gpt-test" })
    expect(calls[0]?.metrics).toMatchObject({ prompt_tokens: 10, completion_tokens: 5 })
  })

  test("has a tool from its dispatch to its answer, whatever its process took", () => {
    const tool = one(spans, "tool")
    expect(window(tool)).toEqual([at(6), at(9), "ok"])
    expect(tool.name).toBe("exec_command")
    expect(tool.input).toEqual({ cmd: "date" })
    expect(tool.output).toBe("noon\n")
    expect(tool.metadata).toMatchObject({ call_id: "c1", exit_code: 0, process_id: "1" })
    expect(tool.metadata.requested_by).toBe(spans.find((span) => span.kind === "llm")?.id as string)
  })
})

describe("a call whose payloads are lost", () => {
  const nameAndKind = (kind: Parameters<ReturnType<typeof bundle>["calls"]>[1], label?: string) => {
    const story = bundle().asks("I1", [question]).answers("I1", [])
    const told = story
      .calls("c1", kind, undefined, label === undefined ? {} : { label })
      .toolEnds("c1")
      .turnEnds()
    const { name, metadata } = one(readStory(told).spans, "tool")
    return [name, metadata.tool_kind]
  }

  test("is called what its dispatch calls it, and is of that kind", () => {
    expect(nameAndKind("exec_command", "exec_command")).toEqual(["exec_command", "exec"])
    expect(nameAndKind("apply_patch", "apply_patch")).toEqual(["apply_patch", "patch"])
    expect(nameAndKind("spawn_agent", "collaboration.spawn_agent")).toEqual(["spawn_agent", "agent"])
    expect(nameAndKind("assign_agent_task", "collaboration.followup_task")).toEqual(["followup_task", "agent"])
    expect(nameAndKind({ type: "other", name: "update_plan" }, "update_plan")).toEqual(["update_plan", "plan"])
    expect(nameAndKind({ type: "other", name: "wait" }, "wait")).toEqual(["wait", "wait"])
    expect(nameAndKind({ type: "other", name: "no_such_tool" }, "no_such_tool")).toEqual(["no_such_tool", "other"])
  })

  test("of an MCP server is named by server and tool, in either of the forms that the dispatch has", () => {
    expect(nameAndKind({ type: "other", name: "echo" }, "mcp__lab.echo")).toEqual(["lab.echo", "mcp"])
    expect(nameAndKind({ type: "mcp", server: "lab", tool: "echo" }, "mcp:lab:echo")).toEqual(["lab.echo", "mcp"])
  })

  test("is called by its kind where the dispatch has no word for it", () => {
    expect(nameAndKind("web", "")).toEqual(["web_search", "web_search"])
    expect(nameAndKind("write_stdin", "")).toEqual(["write_stdin", "write_stdin"])
  })

  test("and that ran a script is a code cell", () => {
    const story = bundle().asks("I1", [question]).answers("I1", [])
    const told = story.calls("c1", { type: "other", name: "exec" }, undefined, { label: "exec" })
    told.event("code_cell_started", { runtime_cell_id: "1", model_visible_call_id: "c1", source_js: "text(1)" })
    expect(one(readStory(told.toolEnds("c1").turnEnds()).spans, "tool").metadata.tool_kind).toBe("code_cell")
  })
})

describe("a request without an answer", () => {
  test("that failed, and one that was cut after some output, are calls of their own that count for themselves", () => {
    const { spans } = readStory(
      bundle()
        .asks("I1", [question])
        .breaksOff("I1", "failed")
        .asks("I2", [question])
        .breaksOff("I2", "cancelled", [assistantMessage("It")])
        .asks("I3", [question])
        .answers("I3", [assistantMessage("noon")])
        .turnEnds()
    )
    const calls = spans.filter((span) => span.kind === "llm")
    expect(calls.map(window)).toEqual([
      [at(4), at(5), "error"],
      [at(6), at(7), "interrupted"],
      [at(8), at(9), "ok"]
    ])
    expect(calls[0]?.error?.message).toBe("cut")
    expect(calls[1]?.output).toEqual([assistantMessage("It")])
    expect(calls.map((span) => span.metadata.call_number)).toEqual([undefined, undefined, 1])
  })

  test("ends with its turn, and is told again when the answer comes late, under the same id", () => {
    const open = bundle().asks("I1", [question]).turnEnds("cancelled")
    const early = one(readStory(open).spans, "llm")
    expect(window(early)).toEqual([at(4), at(5), "interrupted"])
    const late = one(readStory(open.breaksOff("I1", "cancelled")).spans, "llm")
    expect(late.id).toBe(early.id)
    expect(window(late)).toEqual([at(4), at(6), "interrupted"])
  })

  test("is unfinished where the recording stops", () => {
    expect(one(readStory(bundle().asks("I1", [question])).spans, "llm").status).toBe("unfinished")
  })

  test("counts as a response in older versions when it was cut for good, and not when it is asked for again", () => {
    const cut = bundle(1)
      .asks("inference:1", [question])
      .breaksOff("inference:1", "failed", [assistantMessage("It")])
    const again = cut.asks("inference:2", [question]).breaksOff("inference:2", "cancelled", [assistantMessage("It is")])
    const calls = readStory(again.turnEnds("cancelled")).spans.filter((span) => span.kind === "llm")
    expect(calls.map(({ status, metadata }) => [status, metadata.call_number])).toEqual([
      ["error", undefined],
      ["interrupted", 1]
    ])
  })

  test("counts as a response when the model ran out of tokens (0.169)", () => {
    const story = bundle().asks("I1", [question])
    story.event("inference_failed", {
      inference_call_id: "I1",
      upstream_request_id: null,
      error: "Incomplete response returned, reason: max_output_tokens",
      partial_response_payload: story.payload("inference_response", { output_items: [assistantMessage("so far")] })
    })
    const call = one(readStory(story.turnEnds("failed")).spans, "llm")
    expect(call.metadata.call_number).toBe(1)
    expect(call.status).toBe("error")
  })
})

describe("an answer that Codex let go of", () => {
  const begun = () =>
    bundle()
      .accepts("m1")
      .asks("I1", [userMessage("go", "m1")])
      .answers("I1", [functionCall("c1", {}, "f1")])

  test("is interrupted, its calls never ran, and it is no response of its turn", () => {
    const { spans } = readStory(
      begun()
        .asks("I2", [userMessage("go", "m1"), userMessage("stop", "m2")])
        .answers("I2", [assistantMessage("done", "a1")])
        .accepts("a1")
        .turnEnds()
    )
    const calls = spans.filter((span) => span.kind === "llm")
    expect(calls.map(({ status, metadata }) => [status, metadata.call_number])).toEqual([
      ["interrupted", undefined],
      ["ok", 1]
    ])
    expect(spans.filter((span) => span.kind === "tool")).toEqual([])
  })

  test("is a response like any other once its last item is accepted, or one of its calls runs", () => {
    for (const story of [begun().accepts("f1"), begun().calls("c1", "exec_command")]) {
      expect(one(readStory(story).spans, "llm").metadata.call_number).toBe(1)
      expect(one(readStory(story).spans, "tool").metadata.call_id).toBe("c1")
    }
  })
})

describe("code cells", () => {
  const source = "await tools.exec_command({cmd: 'ls'})"
  const cell = () =>
    bundle()
      .asks("I1", [question])
      .answers("I1", [customCall("x1", source), customCall("x2", source)])
      .calls("x1", { type: "other", name: "exec" })
      .calls("x2", { type: "other", name: "exec" })
      .cellStarts("2", "x2", source)
      .cellStarts("1", "x1", source)

  test("a nested call hangs below the cell that made it, whatever else is open, and nothing is inferred", () => {
    const { spans } = readStory(
      cell()
        .calls("exec-1", "exec_command", undefined, { cell: "1" })
        .toolEnds("exec-1", { type: "code_mode_response", value: { output: "a b", exit_code: 0 } })
        .turnEnds()
    )
    const nested = spans.find((span) => span.metadata.call_id === "exec-1") as Span
    expect(nested.parent_id).toBe(spans.find((span) => span.metadata.call_id === "x1")?.id as string)
    expect(nested.metadata.attribution).toBeUndefined()
    expect(nested.output).toBe("a b")
    expect(window(nested)).toEqual([at(10), at(11), "ok"])
  })

  test("a cell that yields goes on until its code is done, past the answer of its call and past its turn", () => {
    const { spans } = readStory(
      cell()
        .cellResponds("1", "yielded")
        .toolEnds("x1", { type: "direct_response", response_item: customOutput("x1", "Script running with cell ID 1") })
        .turnEnds()
        .cellEnds("1")
    )
    const yielded = spans.find((span) => span.metadata.call_id === "x1") as Span
    expect(window(yielded)).toEqual([at(6), at(13), "ok"])
    expect(yielded.metadata.cell_id).toBe("1")
  })

  test("up to 0.158 a cell's own start and end are all that is recorded of it", () => {
    const { spans } = readStory(
      bundle(1)
        .asks("I1", [question])
        .answers("I1", [customCall("x1", source)])
        .cellStarts("1", "x1", source)
        .cellResponds("1", "failed")
        .cellEnds("1", "failed")
        .turnEnds()
    )
    expect(window(one(spans, "tool"))).toEqual([at(6), at(8), "error"])
  })
})

describe("tools", () => {
  test("a terminal that outlives its answer ends with its process", () => {
    const { spans } = readStory(
      bundle()
        .asks("I1", [question])
        .answers("I1", [functionCall("c1", { cmd: "serve" })])
        .calls("c1", "exec_command")
        .toolEnds("c1", {
          type: "direct_response",
          response_item: functionOutput("c1", "\nProcess running with session ID 7\n")
        })
        .turnEnds()
        .runtimeEnds("c1", { command: ["serve"], exit_code: 0, status: "completed" })
    )
    expect(window(one(spans, "tool"))).toEqual([at(6), at(9), "ok"])
  })

  test("a call that was stopped with its turn is interrupted, whatever the killed process said", () => {
    const { spans } = readStory(
      bundle()
        .asks("I1", [question])
        .answers("I1", [functionCall("c1", { cmd: "sleep 9" })])
        .calls("c1", "exec_command")
        .runtimeEnds("c1", { command: ["sleep"], exit_code: 137, status: "failed" }, "failed")
        .turnEnds("cancelled")
    )
    expect(window(one(spans, "tool"))).toEqual([at(6), at(7), "interrupted"])
  })

  test("an error that Codex answers with is the call's output", () => {
    const { spans } = readStory(
      bundle()
        .asks("I1", [question])
        .answers("I1", [functionCall("c1", {}, undefined, "nope")])
        .calls("c1", { type: "other", name: "nope" })
        .toolEnds("c1", { type: "error", error: "unsupported call: nope" }, "failed")
        .turnEnds()
    )
    const tool = one(spans, "tool")
    expect([tool.status, tool.output, tool.error?.message]).toEqual([
      "error",
      "unsupported call: nope",
      "unsupported call: nope"
    ])
  })

  test("the output that an interrupted call got is told with the request that carries it", () => {
    const call = functionCall("c1", { cmd: "sleep 9" })
    const { spans } = readStory(
      bundle()
        .asks("I1", [question])
        .answers("I1", [call])
        .calls("c1", "exec_command")
        .turnEnds("cancelled")
        .turnStarts("U2")
        .asks("I2", [question, call, functionOutput("c1", "aborted by user"), userMessage("again")])
        .turnEnds()
    )
    const tool = one(spans, "tool")
    expect([tool.output, tool.metadata.turn_id, tool.status]).toEqual(["aborted by user", "U1", "interrupted"])
    expect(spans.filter((span) => span.kind === "turn").map((span) => span.input)).toEqual([
      "what time is it?",
      "again"
    ])
  })
})
