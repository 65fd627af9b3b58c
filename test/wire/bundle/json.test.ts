import { describe, expect, test } from "bun:test"
import { Arbitrary, Schema } from "effect"
import {
  JsonFault,
  JsonNumber,
  type JsonValue,
  looseJsonFault,
  member,
  readJson,
  readJsonText,
  readJsonTextIfValid
} from "../../../src/wire/bundle/json.ts"
import { holds } from "../../support/property.ts"

const plain = (value: JsonValue): unknown =>
  value instanceof JsonNumber
    ? Number(value.text)
    : Array.isArray(value)
      ? value.map(plain)
      : value instanceof Map
        ? Object.fromEntries([...(value as ReadonlyMap<string, JsonValue>)].map(([key, item]) => [key, plain(item)]))
        : value

const numberText = (text: string) => (readJsonText(text) as JsonNumber).text
const isRefused = (source: string | Uint8Array) => {
  try {
    readJson(typeof source === "string" ? Buffer.from(source) : source)
    return false
  } catch (error) {
    if (error instanceof JsonFault) return true
    throw error
  }
}
const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels)

describe("reading JSON strictly", () => {
  test("a number keeps its text, an exponent gets e and a sign, minus zero is zero", () => {
    const texts = ["1.50", "12345678901234567890", "1E3", "1e05", "2e-7", "-0", "-0.0", "0.1E+2"]
    expect(texts.map(numberText)).toEqual([
      "1.50",
      "12345678901234567890",
      "1e+3",
      "1e+05",
      "2e-7",
      "0",
      "-0.0",
      "0.1e+2"
    ])
  })

  test("read as doubles, a number is what Rust makes of it; an integer of 64 bits stays", () => {
    const texts = ["1.50", "1e15", "1e16", "0.00001", "0.000001", "-0", "18446744073709551615", "18446744073709551616"]
    const doubles = texts.map((text) => (readJsonText(text, "double") as JsonNumber).text)
    expect(doubles).toEqual([
      "1.5",
      "1000000000000000.0",
      "1e+16",
      "0.00001",
      "1e-6",
      "-0.0",
      "18446744073709551615",
      "1.8446744073709552e+19"
    ])
    expect(() => readJsonText("1e400", "double")).toThrow("out of range")
  })

  test("a text that is read into known keys is checked loosely elsewhere", () => {
    const keys = new Set(["a"])
    expect(plain(readJsonTextIfValid('{"a":1,"b":"\\ud800"}', "written", keys) ?? null)).toEqual({ a: 1 })
    expect(readJsonTextIfValid('{"a":"\\ud800"}', "written", keys)).toBeUndefined()
  })

  test("keys keep their order, also those that look like integers; of a repeated key the last value counts", () => {
    const value = readJsonText('{"b":1,"10":2,"9":3,"b":4}') as ReadonlyMap<string, JsonNumber>
    expect([...value.keys()]).toEqual(["b", "10", "9"])
    expect(value.get("b")?.text).toBe("4")
    expect(value).toHaveProperty("repeated", ["b"])
  })

  test("escapes, surrogate pairs and wide characters read as they are meant", () => {
    expect(readJsonText('"a\\n\\u00e9\\ud83d\\ude00\\/ é😀"')).toBe("a\né😀/ é😀")
  })

  test("lone surrogates, invalid UTF-8, a BOM and text after the value are refused", () => {
    expect(['"\\ud800"', '"\\udc00\\ud800"', '"\\ud800\\u0041"', "\uFEFF1", "1 2", "", "  "].map(isRefused)).toEqual(
      Array.from({ length: 7 }, () => true)
    )
    expect(isRefused(new Uint8Array([0x22, 0xff, 0x22]))).toBe(true)
  })

  test("127 levels of nesting are read, 128 are not", () => {
    expect([isRefused(nested(127)), isRefused(nested(128))]).toEqual([false, true])
    expect(isRefused(`{"a":${nested(126)}}`)).toBe(false)
  })

  test("what only looks like JSON is refused", () => {
    const wrong = [
      "01",
      "1.",
      ".5",
      "+1",
      "1e",
      "-",
      "tru",
      "nul",
      "[1,]",
      "{,}",
      '{"a"}',
      '{"a":1,}',
      "'a'",
      '"a',
      '"\t"',
      '"\\x"',
      "[1 2]",
      "{1:2}"
    ]
    expect(wrong.filter((text) => !isRefused(text))).toEqual([])
  })

  test("unwanted members of the top object are not built, but checked", () => {
    const read = (text: string) => readJson(Buffer.from(text), new Set(["a"]))
    expect(plain(read('{"b":[1,{"a":2}],"a":[1],"c":"x"}'))).toEqual({ a: [1] })
    expect(() => read('{"b":[1,{"a":"\\ud800"}],"a":1}')).toThrow(JsonFault)
    expect(() => read(`{"b":${nested(127)}}`)).toThrow(JsonFault)
  })

  test("read loosely, an unwanted member may be deep or hold a lone surrogate, but must be JSON", () => {
    const read = (text: string) => plain(readJson(Buffer.from(text), new Set(["a"]), "loosely"))
    expect(read(`{"b":${nested(5000)},"c":"\\ud800","d":-1.5e3,"e":{"x":"}\\""},"a":true}`)).toEqual({ a: true })
    for (const text of ['{"b":[1,],"a":1}', '{"b":[}', '{"b":"x', '{"b":nul,"a":1}', '{"b":[1}']) {
      expect(() => read(text)).toThrow(JsonFault)
    }
  })

  test("the loose check of unopened payloads knows UTF-8 and grammar only", () => {
    expect(looseJsonFault(Buffer.from(nested(5000)))).toBeUndefined()
    expect(looseJsonFault(Buffer.from('"\\ud800"'))).toBeUndefined()
    expect(looseJsonFault(Buffer.from("{"))).toBe("not JSON")
    expect(looseJsonFault(new Uint8Array([0x22, 0xff, 0x22]))).toBe("not UTF-8")
  })

  test("a text that is no JSON reads as nothing, and a member of no object is nothing", () => {
    expect(readJsonTextIfValid("{")).toBeUndefined()
    expect(member(readJsonText("[1]"), "a")).toBeUndefined()
  })

  holds("any JSON reads as JSON.parse reads it", Arbitrary.schema(Schema.Json), (value) => {
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
      // A generated text may hold lone surrogates, which this reader refuses on purpose.
      if (/\\ud[89a-f]/i.test(text)) return true
      expect(plain(readJsonText(text))).toEqual(JSON.parse(text))
    }
    return true
  })
})
