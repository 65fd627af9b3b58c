/**
 * A span as Braintrust gets it: field by field, and in a form that its message parser can read.
 */
import { describe, expect, test } from "bun:test"
import { makeRowEncoder, type OuterSpan } from "../../../src/sink/braintrust/row.ts"
import { type CaptureOptions, captureDefault } from "../../../src/span/encode.ts"
import type { Span } from "../../../src/span/span.ts"
import { version } from "../../../src/version.ts"
import { item, modelInput, said, span } from "../../support/spans.ts"

const rowOf = (
  one: Span,
  options: { readonly capture?: Partial<CaptureOptions>; readonly outer?: OuterSpan; readonly bytesMax?: number } = {}
): Record<string, unknown> => {
  const encoder = makeRowEncoder({ ...captureDefault, ...options.capture }, options.outer)
  return JSON.parse(encoder.row({ op: "close", span: one }, options.bytesMax).texts.join(""))
}

describe("a row", () => {
  test("carries the whole span, keyed by the span's id, merged over what was sent before", () => {
    const one = span({
      id: "s1",
      trace_id: "t1",
      parent_id: "p1",
      input: { cmd: "make" },
      output: "done",
      metadata: { call_id: "c1" },
      metrics: { tokens: 3 },
      tags: ["failed"]
    })
    expect(rowOf(one)).toEqual({
      id: "s1",
      span_id: "s1",
      root_span_id: "t1",
      span_parents: ["p1"],
      created: "2023-11-14T22:13:20.125Z",
      span_attributes: { name: "exec_command", type: "tool" },
      metrics: { tokens: 3, start: 1_700_000_000.125, end: 1_700_000_001.5 },
      tags: ["failed"],
      metadata: { kind: "tool", thread_id: "thread-1", status: "ok", call_id: "c1" },
      context: { span_origin: { name: "tracer", version, instrumentation: { name: "codex" } } },
      input: { cmd: "make" },
      output: "done",
      _is_merge: true,
      _merge_paths: [["input"], ["output"]]
    })
  })

  test("of a root has no parents, and one that still runs no end", () => {
    const { end: _end, status: _status, ...open } = span({ kind: "session" })
    const row = rowOf(open)
    expect(row.span_parents).toEqual([])
    expect(row.metrics).toEqual({ start: 1_700_000_000.125 })
    expect(row.metadata).toEqual({ kind: "session", thread_id: "thread-1" })
  })

  test("of a session takes an error back that is over; of a span that ends once there is none to take back", () => {
    for (const kind of ["session", "agent"] as const) {
      expect(rowOf(span({ kind, status: "error", error: { message: "limit" } })).error).toBe("limit")
      expect(rowOf(span({ kind })).error).toBeNull()
    }
    expect(rowOf(span({ kind: "turn" }))).not.toContainKey("error")
  })

  test("has a type by the kind of its span", () => {
    const kinds = ["session", "turn", "llm", "tool", "agent", "compaction"] as const
    expect(kinds.map((kind) => (rowOf(span({ kind })).span_attributes as { type: string }).type)).toEqual([
      ...["task", "task", "llm", "tool", "task", "task"]
    ])
  })

  test("of a failed span has an error, with its code once", () => {
    expect(rowOf(span({ status: "error", error: { message: "too fast", code: "rate_limit" } })).error).toBe(
      "rate_limit: too fast"
    )
    expect(rowOf(span({ status: "error", error: { message: "rate_limit hit", code: "rate_limit" } })).error).toBe(
      "rate_limit hit"
    )
    expect(rowOf(span({ status: "error" })).error).toBe("error")
    expect("error" in rowOf(span({ status: "interrupted" }))).toBe(false)
  })

  test("under an exported span belongs to that span's trace and carries what it propagates", () => {
    const outer = { rootSpanId: "R", spanId: "P", propagated: { metadata: { team: "x", kind: "?" }, scores: { a: 1 } } }
    const root = rowOf(span({ kind: "session", metadata: { cwd: "/w" } }), { outer })
    expect(root).toMatchObject({ root_span_id: "R", span_parents: ["P"], scores: { a: 1 } })
    expect(root.metadata).toEqual({ team: "x", kind: "session", thread_id: "thread-1", status: "ok", cwd: "/w" })
    expect(rowOf(span({ parent_id: "s" }), { outer })).toMatchObject({ root_span_id: "R", span_parents: ["s"] })
  })
})

describe("items that the message parser does not know", () => {
  const known = [
    said("hello"),
    item({ type: "function_call", call_id: "c", name: "f", arguments: "{}" }),
    item({ type: "function_call_output", call_id: "c", output: "x" }),
    item({ type: "reasoning", summary: [] })
  ]
  const tools = [
    { type: "namespace", name: "functions", tools: [{ type: "custom", name: "exec" }] },
    { type: "web_search" }
  ]
  const inputOf = (...unknown: Parameters<typeof modelInput>[0]) =>
    rowOf(span({ kind: "llm", input: modelInput([...known, ...unknown]) })).input as ReadonlyArray<unknown>

  test("leave the others as they are", () => {
    expect(inputOf(item({ type: "compaction", encrypted_content: "x" })).slice(0, 4)).toEqual(
      known.map((one) => one.value)
    )
  })

  test("become messages: a message between agents is a user's, what is encrypted is said to be", () => {
    const between = item({
      type: "agent_message",
      content: [
        { type: "input_text", text: "Message Type: NEW_TASK" },
        { type: "encrypted_content", encrypted_content: "gAAAA" }
      ]
    })
    expect(inputOf(between).at(-1)).toEqual({
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: "Message Type: NEW_TASK\n[encrypted]" }]
    })
  })

  test("become messages: tools are named, and defined in the metadata", () => {
    const row = rowOf(span({ kind: "llm", input: modelInput([item({ type: "additional_tools", tools }), said("hi")]) }))
    expect((row.input as ReadonlyArray<unknown>)[0]).toEqual({
      type: "message",
      role: "developer",
      content: [{ type: "input_text", text: "[additional_tools] functions.exec, web_search" }]
    })
    expect((row.metadata as { tools: unknown }).tools).toEqual(tools)
  })

  test("become messages: any other type, whole", () => {
    expect(inputOf(item({ type: "ghost_snapshot", id: "g" })).at(-1)).toEqual({
      type: "message",
      role: "developer",
      content: [{ type: "input_text", text: '[ghost_snapshot] {"type":"ghost_snapshot","id":"g"}' }]
    })
  })

  test("become messages: the marker of items that were left out", () => {
    const row = rowOf(span({ kind: "llm", input: modelInput([said("x".repeat(500)), said("y")]) }), {
      capture: { llmInputBytesMax: 250 }
    })
    expect((row.input as ReadonlyArray<unknown>)[0]).toEqual({
      type: "message",
      role: "developer",
      content: [{ type: "input_text", text: "[1 older items left out]" }]
    })
  })

  test("are rewritten in what the model produced as well", () => {
    const row = rowOf(span({ kind: "llm", output: [{ type: "tool_search_call", id: "t" }] }))
    expect(row.output).toMatchObject([{ type: "message", role: "developer" }])
  })
})

describe("a row that is too large", () => {
  test("of a model call keeps the newest items and says how many are gone", () => {
    const items = Array.from({ length: 50 }, (_, n) => said(`${n} ${"x".repeat(200)}`))
    const row = rowOf(span({ kind: "llm", input: modelInput(items) }), { bytesMax: 6000 })
    const input = row.input as ReadonlyArray<unknown>
    expect(JSON.stringify(row).length).toBeLessThan(6000)
    expect(JSON.stringify(input[0])).toContain(`[${50 - input.length + 1} older items left out]`)
    expect(input.at(-1)).toEqual(items.at(-1)?.value)
  })

  test("of a tool keeps the beginning of its texts and says how long they were", () => {
    const output = '"quoted" '.repeat(5000)
    const row = rowOf(span({ output }), { bytesMax: 9000 })
    expect(JSON.stringify(row).length).toBeLessThan(9000)
    expect(row.output).toStartWith('"\\"quoted\\" ')
    expect(row.output).toEndWith(`[shortened from ${JSON.stringify(output).length} bytes]`)
  })
})

test("--content none sends no text of the user, the model or a tool", () => {
  const capture = { content: "none" } as const
  const one = span({
    kind: "llm",
    input: modelInput([said("plan"), item({ type: "additional_tools", tools: [{ name: "plan" }] })]),
    output: [{ text: "plan" }],
    metadata: { cwd: "/plan" }
  })
  expect(JSON.stringify(rowOf(one, { capture }))).not.toContain("plan")
  const edited = { decision: "edited", by: "hook", input: { source: "plan", n: 1 } }
  expect(rowOf(span({ kind: "tool", metadata: { approval: edited } }), { capture }).metadata).toMatchObject({
    approval: { decision: "edited", by: "hook" }
  })
  expect(JSON.stringify(rowOf(span({ kind: "tool", metadata: { approval: edited } }), { capture }))).not.toContain(
    "plan"
  )
  const named = span({ kind: "turn", metadata: { turn_id: "t", skills: ["plan"] } })
  expect(JSON.stringify(rowOf(named, { capture }))).not.toContain("plan")
})
