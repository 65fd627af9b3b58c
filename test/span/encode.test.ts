/**
 * What leaves the machine under each capture mode, and that it stays within its bound.
 */
import { describe, expect, test } from "bun:test"
import { Arbitrary, Schema } from "effect"
import { type CaptureOptions, captureDefault, makeSpanEncoder } from "../../src/span/encode.ts"
import type { HistoryItem } from "../../src/span/model-input.ts"
import type { Span } from "../../src/span/span.ts"
import { holds } from "../support/property.ts"
import { item, modelInput, said, span } from "../support/spans.ts"

const lineOf = (one: Span, capture: Partial<CaptureOptions> = {}): string => {
  const { texts, bytes } = makeSpanEncoder({ ...captureDefault, ...capture }).line(one)
  expect(Buffer.byteLength(texts.join(""))).toBe(bytes)
  return texts.join("")
}

const written = (one: Span, capture: Partial<CaptureOptions> = {}): Record<string, unknown> =>
  JSON.parse(lineOf(one, capture))

const llm = (fields: Partial<Span>): Span => span({ kind: "llm", name: "gpt-5.5", ...fields })

const everything = span({
  parent_id: "turn-1",
  error: { message: "it broke", code: "broken" },
  input: { cmd: "make" },
  output: ["a", 1, null, { b: true }],
  metadata: { call_id: "call_1", exit_code: 2 },
  metrics: { tokens: 3 },
  tags: ["failed"]
})

describe("a line", () => {
  test("is the span contract as it is: these keys, in this order", () => {
    const line = lineOf(everything)
    expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(everything)))
    expect([...line.matchAll(/"(\w+)":/g)].map(([, key]) => key).slice(0, 9)).toEqual([
      ...["id", "trace_id", "parent_id", "thread_id", "kind", "name", "start", "end", "status"]
    ])
  })

  test("leaves out what is not known instead of writing null", () => {
    const { end: _end, status: _status, ...open } = span()
    expect(Object.keys(written(open))).toEqual([
      ...["id", "trace_id", "thread_id", "kind", "name", "start", "metadata", "metrics", "tags"]
    ])
  })

  test("is one line, whatever the content", () => {
    const line = lineOf(span({ input: "a\nb\r\u2028c", output: "\n" }))
    expect(line.split(/[\n\r]/)).toEqual([line.slice(0, -1), ""])
  })

  test("of a model call holds the first items of the shared list, as they were sent", () => {
    const items = [said("one"), said("two"), said("not yet")]
    expect(written(llm({ input: modelInput(items, { length: 2 }) })).input).toEqual([items[0]?.value, items[1]?.value])
  })
})

describe("--llm-input full", () => {
  const items = [said("a".repeat(400)), said("b".repeat(400)), said("c")]
  const bytesOf = (one: HistoryItem | undefined) => JSON.stringify(one?.value).length

  test("keeps the newest items within the bound and counts the others in one marker", () => {
    const llmInputBytesMax = bytesOf(items[1]) + bytesOf(items[2]) + 60
    expect(written(llm({ input: modelInput(items) }), { llmInputBytesMax }).input).toEqual([
      { type: "items_left_out", count: 1 },
      items[1]?.value,
      items[2]?.value
    ])
  })

  test("gives the marker its room: an item that only fits without it goes", () => {
    const llmInputBytesMax = bytesOf(items[1]) + bytesOf(items[2]) + 5
    expect(written(llm({ input: modelInput(items) }), { llmInputBytesMax }).input).toEqual([
      { type: "items_left_out", count: 2 },
      items[2]?.value
    ])
  })

  test("is only the marker when even the newest item is too large", () => {
    expect(written(llm({ input: modelInput(items) }), { llmInputBytesMax: 50 }).input).toEqual([
      { type: "items_left_out", count: 3 }
    ])
  })

  const texts = Arbitrary.array(Arbitrary.schema(Schema.String), { maxLength: 12 })
  const bound = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 45, maximum: 2000 })))
  holds(
    "never exceeds its bound, and loses no item without counting it",
    Arbitrary.all([texts, bound]),
    ([all, max]) => {
      const history = all.map(said)
      const line = makeSpanEncoder({ ...captureDefault, redact: false, llmInputBytesMax: max }).encode(
        llm({ input: modelInput(history) })
      )
      const input = JSON.parse(line.input?.texts.join("") ?? "null") as Array<{ type: string; count?: number }>
      const left = input[0]?.type === "items_left_out" ? (input[0].count ?? 0) : 0
      const kept = left === 0 ? input : input.slice(1)
      expect(kept).toEqual(history.slice(left).map((one) => one.value) as never)
      return (line.input?.bytes ?? 0) <= max && kept.length + left === history.length
    }
  )
})

describe("--llm-input delta", () => {
  test("holds only what the thread's previous call did not have, and says where the rest is", () => {
    const items = [said("one"), said("two"), said("three")]
    const row = written(llm({ input: modelInput(items, { base: { spanId: "llm-1", length: 2 } }) }), {
      llmInput: "delta"
    })
    expect(row.input).toEqual([items[2]?.value])
    expect(row.metadata).toEqual({ input_base: "llm-1", input_items: 3 })
  })

  test("holds the whole where there is nothing to build on", () => {
    const row = written(llm({ input: modelInput([said("one")]) }), { llmInput: "delta" })
    expect(row.input).toEqual([said("one").value])
    expect(row.metadata).toEqual({ input_items: 1 })
  })

  holds(
    "can be put together to exactly what full would have written",
    Arbitrary.array(Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 }))), { maxLength: 8 }),
    (growth) => {
      const items: Array<HistoryItem> = []
      const calls = growth.map((more, index) => {
        const base = index === 0 ? {} : { base: { spanId: `llm-${index - 1}`, length: items.length } }
        for (let n = 0; n < more; n++) items.push(said(`${index}.${n}`))
        return llm({ id: `llm-${index}`, input: modelInput(items, { length: items.length, ...base }) })
      })
      const inputs = new Map<unknown, ReadonlyArray<unknown>>()
      for (const call of calls) {
        const { id, input, metadata } = written(call, { llmInput: "delta" }) as {
          id: string
          input: Array<unknown>
          metadata: { input_base?: string; input_items: number }
        }
        const whole = [...(inputs.get(metadata.input_base) ?? []), ...input]
        expect(whole.length).toBe(metadata.input_items)
        expect(whole).toEqual(written(call).input as never)
        inputs.set(id, whole)
      }
      return true
    }
  )
})

describe("--llm-input none", () => {
  test("leaves the input out and everything else in", () => {
    const row = written(llm({ input: modelInput([said("one")]), output: "done" }), { llmInput: "none" })
    expect("input" in row).toBe(false)
    expect(row.output).toBe("done")
  })
})

describe("--content none", () => {
  const secretive = span({
    ...everything,
    error: { message: "cannot open /home/me/plan.txt" },
    metadata: {
      call_id: "call_1",
      exit_code: 2,
      tool_kind: "exec",
      command: "cat plan.txt",
      cwd: "/home/me",
      usage: { tokens: 5 },
      approval: {
        decision: "approved",
        by: "user",
        refusal: "the plan is secret",
        justification: "may I read the plan?"
      },
      files_changed: ["plan.txt"]
    }
  })

  test("tells structure, times, tokens and status, and no text of user, model or tool", () => {
    expect(written(secretive, { content: "none" })).toEqual({
      ...JSON.parse(JSON.stringify(span({ parent_id: "turn-1", metrics: { tokens: 3 }, tags: ["failed"] }))),
      error: { message: "error" },
      metadata: {
        call_id: "call_1",
        exit_code: 2,
        tool_kind: "exec",
        usage: { tokens: 5 },
        approval: { decision: "approved", by: "user" }
      }
    })
  })

  test("names no session after its folder and no agent by what the model called it", () => {
    const agent = span({
      kind: "agent",
      name: "agent /root/find_the_leak",
      metadata: {
        agent_path: "/root/find_the_leak",
        message_edges: [{ from: "/root", to: "find_the_leak", kind: "task" }]
      }
    })
    const row = written(agent, { content: "none" })
    expect([row.name, row.metadata]).toEqual(["agent", { message_edges: [{ kind: "task" }] }])
    expect(written(span({ kind: "session", name: "codex: secret-plan" }), { content: "none" }).name).toBe("codex")
  })

  test("keeps the metadata that the user added", () => {
    const own = span({ metadata: { build: "nightly", cwd: "/home/me", nested: { build: "x" } } })
    expect(written(own, { content: "none", ownKeys: ["build"] }).metadata).toEqual({ build: "nightly" })
  })

  test("keeps the code of an error", () => {
    const row = written(span({ error: { message: "too many tokens in 'plan'", code: "rate_limit" } }), {
      content: "none"
    })
    expect(row.error).toEqual({ message: "rate_limit", code: "rate_limit" })
  })
})

describe("redaction", () => {
  const key = `sk-${"a1B2c3D4".repeat(4)}`
  const leaky = span({
    name: `run ${key}`,
    error: { message: `bad key ${key}` },
    input: { cmd: `curl -H "x: ${key}"` },
    output: key,
    metadata: { command: key }
  })

  test("reaches every text of a span", () => {
    expect(JSON.stringify(written(leaky))).not.toContain(key)
    expect(written(leaky).output).toBe("sk-[redacted]")
  })

  test("reaches the items of a model input", () => {
    expect(JSON.stringify(written(llm({ input: modelInput([said(key)]) })))).not.toContain(key)
  })

  test("can be switched off", () => {
    expect(written(leaky, { redact: false }).output).toBe(key)
  })
})

test("an item is serialised once, however many inputs hold it", () => {
  let times = 0
  const counted = item({ type: "message", toJSON: (() => ++times) as never })
  const encoder = makeSpanEncoder(captureDefault)
  for (let n = 0; n < 5; n++) encoder.line(llm({ input: modelInput([counted]) }))
  expect(times).toBe(1)
})

test("a tool's answer reads the same in its own span and in the next input, with its secrets gone in both", () => {
  const encoder = makeSpanEncoder(captureDefault)
  const answer = `${"line of output\n".repeat(40)}OPENAI_API_KEY=sk-proj-0123456789abcdef0123456789abcdef`
  const value = { type: "function_call_output", call_id: "call_1", output: answer }
  const read = (one: Span) => JSON.parse(encoder.line(one).texts.join(""))
  const own = read(span({ output: answer })).output
  expect(own).toContain("OPENAI_API_KEY=sk-[redacted]")
  expect(read(llm({ input: modelInput([item(value)]) })).input).toEqual([{ ...value, output: own }])
})
