import { describe, expect, test } from "bun:test"
import {
  type Decoder,
  flag,
  i32,
  i64,
  list,
  literal,
  Malformed,
  oneOf,
  optional,
  record,
  struct,
  tagged,
  text,
  u64,
  withDefault
} from "../../../src/wire/bundle/fields.ts"
import { readJsonText } from "../../../src/wire/bundle/json.ts"

const read = <A>(decoder: Decoder<A>, json: string): A => decoder(readJsonText(json))
const fault = (decoder: Decoder<unknown>, json: string): string => {
  try {
    read(decoder, json)
  } catch (error) {
    if (error instanceof Malformed) return error.message
    throw error
  }
  return "none"
}

describe("typed fields", () => {
  test("an integer must be written as one and lie within its bounds", () => {
    expect(read(u64, "18446744073709551615")).toBe(18446744073709551615n)
    expect(read(i64, "-9223372036854775808")).toBe(-9223372036854775808n)
    expect(read(i64, "7")).toBe(7)
    expect(fault(u64, "18446744073709551616")).toContain("unsigned 64-bit")
    expect(fault(u64, "-1")).toContain("the number -1")
    expect(fault(i32, "2147483648")).toContain("32-bit")
    expect(fault(i64, "6.0")).toContain("6.0")
    expect(fault(i64, '"6"')).toContain("a string")
  })

  test("minus zero is 0 in a payload and no integer in the event log", () => {
    expect(read(i64, "-0")).toBe(0)
    expect(fault(literal(i64), "-0")).not.toBe("none")
    expect(read(literal(i64), "5")).toBe(5)
  })

  test("absent and null are the same for an optional field, but null is no default", () => {
    const fields = struct({ a: optional(text), b: withDefault(text, "") })
    expect(read(fields, '{"a":null}')).toEqual({ a: null, b: "" })
    expect(fault(fields, '{"b":null}')).toBe("b: expected a string, found null")
  })

  test("a fault names its place from the top", () => {
    const fields = struct({ a: struct({ list: list(flag) }) })
    expect(fault(fields, '{"a":{"list":[true,3]}}')).toBe("a.list.[1]: expected true or false, found the number 3")
    expect(fault(fields, "[]")).toBe("expected an object, found an array")
  })

  test("a known key twice is refused in a record and forgiven in a struct; unknown keys never matter", () => {
    const table = { a: text }
    expect(fault(record(table), '{"a":"x","a":"y"}')).toBe("a is there twice")
    expect(read(struct(table), '{"a":"x","a":"y"}')).toEqual({ a: "y" })
    expect(read(record(table), '{"a":"x","b":1,"b":2}')).toEqual({ a: "x" })
  })

  test("a tagged record is told by its type", () => {
    const shape = tagged({ dot: {}, line: { to: text } }, "shape")
    expect(read(shape, '{"to":"b","type":"line"}')).toEqual({ type: "line", to: "b" })
    expect(read(shape, '{"type":"dot","to":3}')).toEqual({ type: "dot" })
    expect(fault(shape, '{"type":"blob"}')).toBe('unknown shape "blob"')
    expect(fault(shape, '{"type":"line"}')).toBe("to: expected a string, found nothing")
    expect(fault(shape, '{"type":"dot","type":"dot"}')).toBe("type is there twice")
  })

  test("one of a few names", () => {
    expect(read(oneOf("a", "b"), '"b"')).toBe("b")
    expect(fault(oneOf("a", "b"), '"c"')).toBe('expected "a" or "b", found a string')
  })
})
