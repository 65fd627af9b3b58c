/**
 * The envelope of a transcript line: what is a record, and why something else is none.
 */
import { describe, expect, test } from "bun:test"
import { asRecord, isRecord, parseObject } from "../../src/wire/record.ts"
import { usage } from "../../src/wire/transcript.ts"

const envelope = { timestamp: "2026-11-20T08:00:00.000Z", type: "event_msg", payload: { type: "x" } }

describe("a line", () => {
  test("is an object or says why not", () => {
    expect(parseObject('{"a":1}')).toEqual({ a: 1 })
    for (const text of ["", "{", "nonsense", '{"a":1}{"b":2}'])
      expect(parseObject(text)).toEqual({ reason: "not JSON" })
    const deep = (levels: number) => `{"a":${'[{"b":'.repeat(levels / 2)}1${"}]".repeat(levels / 2)}}`
    for (const levels of [256, 100_000]) expect(parseObject(deep(levels))).toEqual({ reason: "nested too deep" })
    expect(parseObject(deep(254))).toHaveProperty("a")
    for (const text of ["[]", "null", "1", '"text"']) expect(parseObject(text)).toEqual({ reason: "not a JSON object" })
  })
})

describe("a record", () => {
  test("has a time, a type and a payload, whatever else it has", () => {
    const record = asRecord({ ...envelope, novelty: true })
    expect(isRecord(record)).toBe(true)
    expect(record).toMatchObject({ type: "event_msg", payload: { type: "x" } })
  })

  test("keeps its place and its metadata where it has them", () => {
    expect(asRecord({ ...envelope, ordinal: 7, metadata: { history_sequence: 3 } })).toMatchObject({
      ordinal: 7,
      metadata: { history_sequence: 3 }
    })
    expect(asRecord({ ...envelope, ordinal: "seventh" })).toMatchObject({ ordinal: null })
  })

  test("is none without one of the three, and says so", () => {
    const { timestamp, ...untimed } = envelope
    expect(asRecord(untimed)).toEqual({ reason: "not a transcript record: timestamp, type or payload is missing" })
    expect(asRecord({ timestamp, type: "event_msg" })).toMatchObject({ reason: expect.stringContaining("missing") })
    expect(asRecord({ ...envelope, payload: [] })).toEqual({
      reason: "not a transcript record: its payload is not an object"
    })
  })
})

test("counts of tokens need input and output; the rest may be absent or odd", () => {
  expect(usage({ input_tokens: 1, output_tokens: 2 })).toEqual({ input_tokens: 1, output_tokens: 2 })
  expect(usage({ input_tokens: 1, output_tokens: 2, total_tokens: "3" })).toMatchObject({ total_tokens: null })
  expect(usage({ input_tokens: 1 })).toBeUndefined()
  expect(usage(null)).toBeUndefined()
})
