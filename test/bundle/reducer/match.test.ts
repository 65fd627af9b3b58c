import { describe, expect, test } from "bun:test"
import { Arbitrary, Schema } from "effect"
import { type Features, generationOf } from "../../../src/bundle/generation.ts"
import { matches, matchSearch } from "../../../src/bundle/reducer/match.ts"
import type { ModelItem } from "../../../src/bundle/reducer/normalise.ts"
import type { Item } from "../../../src/bundle/reducer/reduction.ts"
import type { Part } from "../../../src/bundle/state.ts"
import { holds } from "../../support/property.ts"

const newest = generationOf("0.169.0") as Features

const model = (parts: ReadonlyArray<Part>, more: Partial<ModelItem> = {}): ModelItem => ({
  responsesId: undefined,
  role: "user",
  channel: null,
  kind: "message",
  agentMessage: undefined,
  parts,
  callId: null,
  ...more
})
const text = (value: string): Part => ({ type: "text", text: value })
const itemOf = (of: ModelItem, order = 1): Item => ({
  state: {
    item_id: `conversation_item:${order}`,
    responses_item_id: of.responsesId,
    accepted_at_unix_ms: undefined,
    accepted_seq: undefined,
    thread_id: "T1",
    codex_turn_id: null,
    first_seen_at_unix_ms: 0,
    role: of.role,
    channel: of.channel,
    kind: of.kind,
    agent_message: of.agentMessage,
    body: { parts: of.parts },
    call_id: of.callId,
    produced_by: []
  },
  order,
  listed: false,
  takenBy: 0,
  answers: [],
  delivery: undefined,
  edgeTarget: false
})
const same = (a: ModelItem, b: ModelItem) => matches(itemOf(a).state, b)

describe("equality of items", () => {
  test("role, channel, kind, call and author count, and every part", () => {
    const base = model([text("a"), text("b")])
    expect(same(base, model([text("a"), text("b")]))).toBe(true)
    const others = [
      model([text("a")]),
      model([text("b"), text("a")]),
      model([text("a"), { type: "summary", text: "b" }]),
      { ...base, role: "assistant" as const },
      { ...base, channel: "final" as const },
      { ...base, kind: "reasoning" as const },
      { ...base, callId: "c" },
      { ...base, agentMessage: { author: "/root", recipient: "/root/a" } }
    ]
    for (const other of others) expect(same(base, other)).toBe(false)
  })

  test("JSON is compared by its summary, a reference by its hash, or by its payload where one has none", () => {
    const json = (summary: string, raw_payload_id: string) => model([{ type: "json", summary, raw_payload_id }])
    expect(same(json("{}", "p1"), json("{}", "p2"))).toBe(true)
    const image = (raw_payload_id: string, content_sha256: string | undefined) =>
      model([{ type: "payload_ref", label: "input_image", raw_payload_id, content_sha256 }])
    expect(same(image("p1", "x"), image("p2", "x"))).toBe(true)
    expect(same(image("p1", "x"), image("p1", "y"))).toBe(false)
    expect(same(image("p1", undefined), image("p1", "y"))).toBe(true)
    expect(same(image("p1", undefined), image("p2", undefined))).toBe(false)
  })

  test("reasoning is the same by its first secret, nothing else is", () => {
    const secret: Part = { type: "encoded", label: "encrypted_content", value: "s" }
    const thought = (parts: ReadonlyArray<Part>) => model(parts, { kind: "reasoning", role: "assistant" })
    expect(same(thought([text("a"), secret]), thought([secret]))).toBe(true)
    expect(same(model([text("a"), secret]), model([secret]))).toBe(false)
  })

  test("two ids that differ are two items", () => {
    expect(same(model([text("a")], { responsesId: "m1" }), model([text("a")], { responsesId: "m2" }))).toBe(false)
    expect(same(model([text("a")]), model([text("a")], { responsesId: "m2" }))).toBe(true)
  })
})

const Choice = Schema.Struct({
  body: Schema.Literals(["a", "b", "c", "long"]),
  id: Schema.Literals(["none", "m1", "m2"]),
  thought: Schema.Boolean
})
type Choice = typeof Choice.Type

const modelOf = ({ body, id, thought }: Choice): ModelItem => ({
  ...model(
    thought
      ? [text(body), { type: "encoded", label: "encrypted_content", value: body === "a" ? "s1" : "s2" }]
      : [text(body === "long" ? "x".repeat(100) : body)],
    thought ? { kind: "reasoning" } : {}
  ),
  responsesId: id === "none" ? undefined : id
})

holds(
  "a search, with or without an index, finds the first equal item that is not taken yet",
  Arbitrary.schema(Schema.Struct({ history: Schema.Array(Choice), wanted: Schema.Array(Choice) })),
  ({ history, wanted }) => {
    // Padding makes the same search pass the number of comparisons from which on it uses an index.
    for (const padding of [0, 3000]) {
      const pad = Array.from({ length: padding }, (_, n) => itemOf(model([text(`padding ${n}`)]), 1000 + n))
      const items = [...history.map((choice, index) => itemOf(modelOf(choice), index)), ...pad]
      const taken = new Set<Item>()
      const search = matchSearch(newest, items)
      for (const choice of wanted) {
        const sought = modelOf(choice)
        const expected = items.find((item) => !taken.has(item) && matches(item.state, sought))
        const found = search.find(sought, 1)
        if (found !== expected) return false
        if (found === undefined) continue
        found.takenBy = 1
        taken.add(found)
      }
    }
    return true
  },
  { runs: 60 }
)
