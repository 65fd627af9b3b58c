import { describe, expect, test } from "bun:test"
import { Arbitrary, Schema } from "effect"
import { JsonFault, type JsonValue, readJson, readJsonShortly } from "../../../src/wire/bundle/json.ts"
import { readPlain, readPlainElement, readPlainText } from "../../../src/wire/bundle/json-plain.ts"
import { compactJson, sortedJson } from "../../../src/wire/bundle/json-text.ts"
import { holds } from "../../support/property.ts"

const attempt = <A>(read: () => A): A | string => {
  try {
    return read()
  } catch (error) {
    if (error instanceof JsonFault) return error.message
    throw error
  }
}

const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`

describe("the short way to read JSON", () => {
  test("what JSON.stringify gives back unchanged is read, compact or indented by two", () => {
    const value = { type: "message", n: [1, -2.5, 1e21, 1e-7], "10": null, t: true, text: 'é"\\\n😀', e: {}, l: [] }
    expect(readPlainText(JSON.stringify(value))).toEqual(value)
    expect(readPlainText(JSON.stringify(value, null, 2))).toEqual(value)
  })

  test.each([
    ["a number written otherwise", '{"a":1.0}'],
    ["an exponent written otherwise", '{"a":1E5}'],
    ["minus zero", '{"a":-0}'],
    ["an integer of more digits than a double has", '{"a":9007199254740993}'],
    ["a key twice", '{"a":1,"a":1}'],
    ["keys that look like integers, in another order", '{"b":1,"2":1,"1":1}'],
    ["blanks of another form", '{"a": 1}'],
    ["an escape that need not be", '{"a":"\\u00e9"}'],
    ["a lone surrogate", '{"a":"\\ud800"}'],
    ["text after the value", '{"a":1}\n'],
    ["no JSON", '{"a":'],
    ["too many levels", `{"a":${nested(127)}}`],
    ["too many indented levels", JSON.stringify(JSON.parse(`{"a":${nested(127)}}`), null, 2)]
  ])("%s goes the long way", (_what, text) => {
    expect(readPlainText(text)).toBeUndefined()
  })

  test("levels count, not brackets", () => {
    const many = `[${Array.from({ length: 200 }, () => "[]").join(",")}]`
    expect(readPlainText(many)).toEqual(JSON.parse(many))
    expect(readPlainText(nested(127))).toEqual(JSON.parse(nested(127)))
    expect(readPlainText(nested(128))).toBeUndefined()
  })

  test("bytes that are no UTF-8, or start with a mark, go the long way", () => {
    expect(readPlain(Buffer.from([0x22, 0xff, 0x22]))).toBeUndefined()
    expect(readPlain(Buffer.from("\ufeff1"))).toBeUndefined()
    expect(readPlain(Buffer.from('"é"'))).toBe("é")
  })

  test("an element of an indented array is read without the array's indent", () => {
    const text = Buffer.from(JSON.stringify({ input: [{ a: [1], b: "x" }] }, null, 2))
    const from = text.indexOf('{\n      "a"')
    expect(readPlainElement(text, from, text.indexOf("\n    }") + 6, "\n    ")).toEqual({ a: [1], b: "x" })
  })

  holds("both ways read the same", Arbitrary.schema(Schema.Json), (value) => {
    const texts = (read: JsonValue) => [compactJson(read), sortedJson(read)]
    for (const indent of [undefined, 2]) {
      const source = Buffer.from(JSON.stringify(value, null, indent))
      const long = attempt(() => texts(readJson(source)))
      expect(attempt(() => texts(readJsonShortly(source)))).toEqual(long)
    }
    return true
  })
})
