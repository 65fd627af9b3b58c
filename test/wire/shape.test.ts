/**
 * Shapes: strict about what the reducer needs, lenient about everything else.
 */
import { describe, expect, test } from "bun:test"
import { Result, Schema } from "effect"
import { shape } from "../../src/wire/shape.ts"

const point = shape((optional) => ({
  id: Schema.String,
  x: optional(Schema.Number),
  label: optional(Schema.Struct({ text: optional(Schema.String), size: optional(Schema.Number) }))
}))

describe("a shape", () => {
  test("reads what it knows and leaves the rest out", () => {
    expect(point({ id: "a", x: 1, label: { text: "A" }, y: 2 })).toEqual({ id: "a", x: 1, label: { text: "A" } })
  })

  test("takes absent and null for an optional field", () => {
    expect(point({ id: "a" })).toEqual({ id: "a" })
    expect(point({ id: "a", x: null })).toEqual({ id: "a", x: null })
  })

  test("drops an optional field whose type is new, and nothing else", () => {
    expect(point({ id: "a", x: "one", label: { text: "A" } })).toEqual({ id: "a", x: null, label: { text: "A" } })
    expect(point({ id: "a", x: 1, label: "A" })).toEqual({ id: "a", x: 1, label: null })
  })

  test("drops inside an optional field only what is new there", () => {
    expect(point({ id: "a", label: { text: "A", size: "big" } })).toEqual({ id: "a", label: { text: "A", size: null } })
  })

  test("refuses what lacks a required field, or has another type there", () => {
    for (const value of [{ x: 1 }, { id: 1 }, { id: null }, "a", null, undefined, 7, []]) {
      expect([value, point(value)]).toEqual([value, undefined])
    }
  })

  test("does not change what it reads", () => {
    const value = Object.freeze({ id: "a", x: "one", label: Object.freeze({ size: "big" }) })
    expect(point(value)).toEqual({ id: "a", x: null, label: { size: null } })
    expect(value).toEqual({ id: "a", x: "one", label: { size: "big" } })
  })
})

/** The same fields as a plain Schema, which decodes them in its own way. */
const optional = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))
const fieldsOf = (opt: typeof optional) => ({
  id: Schema.String,
  any: Schema.Unknown,
  count: opt(Schema.Number),
  flag: opt(Schema.Boolean),
  parts: opt(Schema.Array(Schema.Unknown)),
  names: opt(Schema.Array(Schema.String)),
  inner: opt(Schema.Struct({ text: opt(Schema.String) }))
})

test("a shape reads what its Schema decodes as that does", () => {
  const read = shape(fieldsOf)
  const decode = Schema.decodeUnknownResult(Schema.Struct(fieldsOf(optional)))
  const members = [null, "text", 7, true, ["a", "b"], [1], { text: "t", more: 1 }, { text: 3 }]
  const values = Object.keys(fieldsOf(optional)).flatMap((name) =>
    members.map((member) => ({ id: "i", any: 0, count: 1, extra: "e", [name]: member }))
  )
  const decoded = values.flatMap((value) => {
    const result = decode(value)
    return Result.isSuccess(result) ? [[value, result.success] as const] : []
  })
  expect(decoded.length).toBeGreaterThan(values.length / 4)
  for (const [value, expected] of decoded) expect(read(value)).toEqual(expected)
})
