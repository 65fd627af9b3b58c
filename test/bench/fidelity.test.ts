import { describe, expect, test } from "bun:test"
import { inputDifference } from "../../bench/fidelity/canonical.ts"
import { judge } from "../../bench/fidelity/judge.ts"
import { percentile } from "../../bench/fidelity/judgement.ts"
import { readSpans, type ToldSpan } from "../../bench/fidelity/spans.ts"
import type { TrueCall, Truth } from "../../bench/fidelity/truth.ts"
import { readTruth } from "../../bench/fidelity/truth-reader.ts"
import { broken } from "../../bench/fidelity/verdict.ts"
import { describeCorpus } from "../support/corpus.ts"
import { perfectSpans } from "./perfect-spans.ts"

const usage = {
  prompt_tokens: 100,
  completion_tokens: 20,
  tokens: 120,
  prompt_cached_tokens: 50,
  prompt_cache_creation_tokens: 0,
  completion_reasoning_tokens: 5
}

const call = (key: string, thread: string, turn: string, startMs: number): TrueCall => ({
  key,
  thread,
  turn,
  compaction: false,
  instructionsTold: true,
  input: [
    { type: "message", role: "user", content: [{ type: "input_text", text: `ask ${key}` }] },
    { type: "function_call_output", call_id: `before ${key}`, output: "done" }
  ],
  responseId: `resp_${key}`,
  start: { from: startMs, to: startMs },
  end: { from: startMs + 100, to: startMs + 100 },
  usage,
  usageTold: true,
  startHooked: false,
  owed: true
})

/** A root with one turn (a command, two cells that overlap with a call in each) and one agent with a turn of its own. */
const truth: Truth = {
  calls: [call("a", "root", "t1", 1000), call("b", "root", "t1", 3000), call("c", "agent", "t2", 4000)],
  tools: [
    tool("exec", { start: { from: 1200, to: 1300 }, end: { from: 1800, to: 1900 } }),
    tool("cell1", {
      startTold: "record",
      endTold: "record",
      start: { from: 1200, to: 1200 },
      end: { from: 2000, to: 2000 }
    }),
    tool("cell2", {
      startTold: "record",
      endTold: "record",
      start: { from: 1300, to: 1300 },
      end: { from: 2100, to: 2100 }
    }),
    tool("nested1", {
      cell: "cell1",
      cellOverlaps: true,
      start: { from: 1400, to: 1410 },
      end: { from: 1500, to: 1510 }
    }),
    tool("nested2", {
      cell: "cell2",
      cellOverlaps: true,
      start: { from: 1400, to: 1410 },
      end: { from: 1500, to: 1510 }
    })
  ],
  turns: [
    { id: "t1", thread: "root", start: { from: 900, to: 950 }, end: { from: 3200, to: 3210 } },
    { id: "t2", thread: "agent", start: { from: 3900, to: 3950 }, end: { from: 4200, to: 4210 } }
  ],
  threads: new Map([
    ["root", { id: "root", owed: true }],
    ["agent", { id: "agent", parent: "root", spawnTurn: "t1", owed: true }]
  ]),
  compactions: [],
  recorded: true
}

function tool(id: string, facts: Partial<Truth["tools"][number]>): Truth["tools"][number] {
  return {
    id,
    thread: "root",
    turn: "t1",
    name: "exec_command",
    cellOverlaps: false,
    startTold: "timed",
    endTold: "timed",
    owed: true,
    ...facts
  }
}

const perfect = perfectSpans(truth)
const idOf = (callId: string) => `tool root ${callId}`

/** The truth with one span bent. */
const bend = (id: string, change: (span: ToldSpan) => Partial<ToldSpan>) =>
  perfect.map((span) => (span.id === id ? { ...span, ...change(span) } : span))

const promises = (spans: ReadonlyArray<ToldSpan>, withHooks = false) => broken(judge(truth, spans), withHooks)

describe("fidelity", () => {
  test("spans that tell the truth break no promise", () => {
    expect(promises(perfect)).toEqual([])
    expect(judge(truth, perfect).findings).toEqual([])
  })

  test("a call of the model that is missing is found out", () => {
    expect(promises(perfect.filter((span) => span.id !== "llm b"))).toContain("model calls found: 2 of 3")
  })

  test("an input that lacks an item, has one more, or another text is not equal", () => {
    const cases: ReadonlyArray<(input: ReadonlyArray<unknown>) => ReadonlyArray<unknown>> = [
      (input) => input.slice(0, -1),
      (input) => [...input, { type: "message", role: "user", content: [] }],
      (input) => [...input].reverse(),
      (input) => [
        { type: "message", role: "user", content: [{ type: "input_text", text: "ask z" }] },
        ...input.slice(1)
      ]
    ]
    for (const lie of cases) {
      const spans = bend("llm a", (span) => ({ input: lie(Array.isArray(span.input) ? span.input : []) }))
      expect(promises(spans)).toEqual(["inputs equal: 2 of 3"])
    }
  })

  test("ids and bookkeeping of an item do not count, what the model reads does", () => {
    const sent = [{ type: "reasoning", id: "rs_1", summary: [], content: null, encrypted_content: "x" }]
    expect(
      inputDifference(sent, [{ encrypted_content: "x", summary: [], type: "reasoning", id: "other" }])
    ).toBeUndefined()
    expect(inputDifference(sent, [{ type: "reasoning", summary: [], encrypted_content: "y" }])).toContain(
      "item 0 differs"
    )
  })

  test("instructions that were not sent apart, or are missing, are lies", () => {
    expect(promises(bend("llm a", () => ({ metadata: { response_id: "resp_a", instructions: "be good" } })))).toEqual([
      "instructions equal: 2 of 3"
    ])
  })

  test("instructions that no transcript holds may be left out, but not be made up", () => {
    const calls = truth.calls.map((one) => ({ ...one, instructions: "built in", instructionsTold: false }))
    const silent = { ...truth, calls }
    expect(broken(judge(silent, perfect), false)).toEqual([])
    const invented = perfect.map((span) => ({ ...span, metadata: { ...span.metadata, instructions: "invented" } }))
    expect(broken(judge(silent, invented), false)).toEqual(["instructions equal: 0 of 3"])
  })

  test("tokens counted twice are wrong in the span and in the sum", () => {
    expect(promises(bend("llm a", () => ({ metrics: { ...usage, prompt_tokens: 200 } })))).toEqual([
      "usage right: 2 of 3",
      "usage sums right: 0 of 1"
    ])
    expect(promises(bend("turn 0", () => ({ metrics: { tokens: 240 } })))).toEqual(["usage sums right: 0 of 1"])
  })

  test("tokens that a crash kept from being written may be left out, but not be made up", () => {
    const calls = truth.calls.map((one) => ({ ...one, usageTold: one.key !== "b" }))
    const silent = bend("llm b", () => ({ metrics: {} }))
    expect(broken(judge({ ...truth, calls }, silent), false)).toEqual([])
    const invented = bend("llm b", () => ({ metrics: { tokens: 1 } }))
    expect(broken(judge({ ...truth, calls }, invented), false)).toEqual([
      "usage right: 2 of 3",
      "usage sums right: 0 of 1"
    ])
  })

  test("of two attempts with one input, the span stands for the one that was answered", () => {
    const { responseId: _, ...answered } = call("a", "root", "t1", 2000)
    const failed = { ...answered, key: "failed", start: { from: 1000, to: 1000 }, owed: false }
    const retried: Truth = { ...truth, calls: [failed, answered] }
    expect(judge(retried, perfectSpans(retried)).times.llmStart).toEqual([0])
  })

  test("a time outside its window is off by the distance to the nearer edge", () => {
    const early = judge(
      truth,
      bend(idOf("exec"), () => ({ startMs: 1170 }))
    )
    expect(Math.max(...early.times.toolStart)).toBe(30)
    const between = judge(
      truth,
      bend(idOf("exec"), () => ({ startMs: 1250, endMs: 1850 }))
    )
    expect(between.findings).toEqual([])
    expect(promises(bend("llm a", (span) => ({ startMs: span.startMs + 51 })))).toEqual([
      "model start: p95 is 51.0 ms, promised 50 ms"
    ])
    const hooked = { ...truth, calls: truth.calls.map((one) => ({ ...one, startHooked: true })) }
    const late = bend("llm a", (span) => ({ startMs: span.startMs + 26 }))
    expect(broken(judge(hooked, late), true)).toEqual(["model start with a hook: p95 is 26.0 ms, promised 25 ms"])
    expect(promises(late, true)).toEqual(["model start: p95 is 26.0 ms, promised 25 ms"])
    expect(promises(late)).toEqual([])
    expect(promises(bend("turn 0", () => ({ endMs: 3300 })))).toEqual(["turn end: p95 is 90.0 ms, promised 25 ms"])
  })

  test("calls that only their records tell of are timed apart, and only with hooks have a limit", () => {
    const spans = bend(idOf("cell1"), () => ({ startMs: 900 }))
    expect(promises(spans)).toEqual([])
    expect(promises(spans, true)).toEqual(["start of a call without item or hook: p95 is 300.0 ms, promised 200 ms"])
  })

  test("a moment that nothing tells of is not timed", () => {
    const tools = truth.tools.map((one) => (one.id === "nested1" ? { ...one, endTold: "nothing" as const } : one))
    const { times } = judge(
      { ...truth, tools },
      bend(idOf("nested1"), () => ({ endMs: 9000 }))
    )
    expect(Math.max(...times.toolEnd, ...times.recordEnd)).toBe(0)
  })

  test("a span below the wrong parent, below none, or in another trace is found out", () => {
    for (const lie of [{ parentId: "turn 1" }, { parentId: "nowhere" }, { traceId: "another" }])
      expect(promises(bend(idOf("exec"), () => lie))).toContain("parents right: 9 of 10")
    expect(promises(bend("thread agent", () => ({ parentId: "thread root" })))).toEqual(["parents right: 9 of 10"])
  })

  test("a nested call in the wrong one of two overlapping cells is doubtful if marked, wrong if not", () => {
    const wrong = { parentId: idOf("cell2") }
    expect(promises(bend(idOf("nested1"), () => wrong))).toEqual([
      "parents right: 10 of 11",
      "doubtful parents: 1 of 2"
    ])
    const marked = bend(idOf("nested1"), (span) => ({
      ...wrong,
      metadata: { ...span.metadata, attribution: "inferred" }
    }))
    expect(promises(marked)).toEqual(["doubtful parents: 1 of 2"])
  })

  test("a span that stands for nothing is a ghost, whatever its kind", () => {
    const ghost = (kind: string, metadata: ToldSpan["metadata"]): ToldSpan => ({
      id: "ghost",
      traceId: "root",
      parentId: "turn 0",
      thread: "root",
      kind,
      name: "ghost",
      startMs: 5000,
      metadata,
      metrics: {}
    })
    const ghosts = [
      ghost("llm", {}),
      ghost("llm", { response_id: "resp_a" }),
      ghost("tool", { call_id: "exec" }),
      ghost("tool", { call_id: "never called" }),
      ghost("turn", { turn_id: "t2" }),
      ghost("agent", {}),
      ghost("session", {}),
      ghost("compaction", {})
    ]
    for (const one of ghosts) expect(promises([...perfect, one])).toContain("ghost spans: 1")
  })

  test("a replayed call on a child's thread is a ghost, though its id is known on the parent's", () => {
    const replay = perfect
      .filter((span) => span.id === idOf("exec"))
      .map((span) => ({ ...span, id: "x", thread: "agent" }))
    expect(promises([...perfect, ...replay])).toEqual(["ghost spans: 1"])
  })

  test("an attempt that failed may be told, but is not owed", () => {
    const { responseId: _, usage: __, ...failed } = call("d", "root", "t1", 3500)
    const withFailure: Truth = { ...truth, calls: [...truth.calls, { ...failed, owed: false }] }
    expect(broken(judge(withFailure, perfectSpans(withFailure)), false)).toEqual([])
    const told = perfectSpans({ ...withFailure, calls: withFailure.calls.map((one) => ({ ...one, owed: true })) })
    expect(judge(withFailure, told).ghosts).toBe(0)
  })

  test("the last line of an id is the truth about its span, and foreign lines are counted", () => {
    const line = (end?: number) =>
      JSON.stringify({ id: "1", kind: "turn", start: 1, ...(end !== undefined && { end }) })
    const { spans, foreignLines } = readSpans([line(), "a warning", line(2.5), ""].join("\n"))
    expect(spans.map((span) => span.endMs)).toEqual([2500])
    expect(foreignLines).toBe(1)
  })

  test("p95 is the value that 95 of 100 errors do not exceed", () => {
    const errors = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect(percentile(errors, 0.95)).toBe(95)
    expect(percentile([7], 0.95)).toBe(7)
    expect(percentile([], 0.95)).toBeUndefined()
  })
})

describeCorpus("fidelity on the corpus", (cases) => {
  test("the truth of every case is one that true spans can tell", () => {
    for (const one of cases)
      for (const withHooks of [false, true]) {
        const real = readTruth(one, withHooks)
        expect({ name: one.name, broken: broken(judge(real, perfectSpans(real)), withHooks) }).toEqual({
          name: one.name,
          broken: []
        })
        expect(real.calls.length).toBeGreaterThan(1)
      }
  })

  const truthOf = (name: string, withHooks = false) => {
    const one = cases.find((candidate) => candidate.name === name)
    if (one === undefined) throw new Error(`no case ${name}`)
    return readTruth(one, withHooks)
  }

  test("a request that was sent twice under one id is one call", () => {
    expect(truthOf("random-code").calls.length).toBe(22)
    expect(truthOf("random-plain").calls.length).toBe(24)
  })

  test("a reviewer is an agent of the review turn, and its turn is its own", () => {
    const review = truthOf("review")
    const reviewer = [...review.threads.values()].find((thread) => thread.parent !== undefined)
    expect(reviewer?.spawnTurn).toEndWith("cfb4")
    expect(review.turns.filter((turn) => turn.thread === reviewer?.id).length).toBe(1)
    expect(review.turns.length).toBe(8)
  })

  test("the four bundles of a crashed and resumed thread are one thread with four turns", () => {
    const crash = truthOf("crash")
    expect(crash.threads.size).toBe(1)
    expect(crash.turns.length).toBe(4)
    expect(crash.turns.filter((turn) => turn.end === undefined).length).toBe(1)
  })

  test("a cell that yielded ends when its code does, not when it first answered", () => {
    const yielded = truthOf("code").tools.find((tool) => tool.id === "call_c3")
    expect(yielded?.end?.to).toBe(yielded?.end?.from)
    // It answered after 0.3 s and ran for another 1.2 s.
    expect((yielded?.end?.from ?? 0) - (yielded?.start?.to ?? 0)).toBeGreaterThan(1000)
  })

  test("cells of one response are open together, though one may run after the other", () => {
    const { tools } = truthOf("random-code")
    const nested = tools.filter((tool) => tool.cell === "call_x_14_280320" || tool.cell === "call_x_14_283740")
    expect(nested.length).toBe(5)
    expect(nested.every((tool) => tool.cellOverlaps)).toBe(true)
  })

  test("a nested call without an item is owed only if a hook told of it", () => {
    const owed = (withHooks: boolean) =>
      new Set(
        truthOf("random-code", withHooks)
          .tools.filter((tool) => tool.owed)
          .map((tool) => tool.id)
      )
    const [alone, hooked] = [owed(false), owed(true)]
    for (const id of alone) expect(hooked.has(id)).toBe(true)
  })
})
