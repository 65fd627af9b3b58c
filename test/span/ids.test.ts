/**
 * Span ids: what they are made of, and that they never change.
 */
import { expect, test } from "bun:test"
import type { SpanKey } from "../../src/machine/effect.ts"
import { spanId } from "../../src/span/ids.ts"

const keys: ReadonlyArray<SpanKey> = [
  { kind: "session", threadId: "T1", key: "" },
  { kind: "turn", threadId: "T1", key: "U1" },
  { kind: "tool", threadId: "T1", key: "U1/call_1" }
]

test("an id is what it always was: traces that were written stay the same traces", () => {
  expect(keys.map(spanId)).toEqual(["43f1d68c7edc0763", "e88ffb229a8e0115", "82b0987b9ea20b2f"])
})

test("an id is a span id as OpenTelemetry has them, and the same for an equal key", () => {
  for (const key of keys) {
    expect(spanId(key)).toMatch(/^[0-9a-f]{16}$/)
    expect(spanId({ ...key })).toBe(spanId(key))
  }
})

test("another kind, thread or key is another span", () => {
  const [, turn] = keys as [SpanKey, SpanKey]
  const others: ReadonlyArray<SpanKey> = [
    { ...turn, kind: "llm" },
    { ...turn, threadId: "T2" },
    { ...turn, key: "U2" }
  ]
  expect(new Set([turn, ...others].map(spanId)).size).toBe(4)
})
