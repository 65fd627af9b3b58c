import { describe, expect, test } from "bun:test"
import {
  cursor,
  enter,
  JsonFault,
  nestingMax,
  readNumber,
  readString,
  readWord,
  skipBlanks,
  skipString,
  startAt
} from "../../../src/wire/bundle/json-token.ts"

const reading = <A>(text: string, read: () => A): readonly [A, number] => {
  startAt(Buffer.from(text), "written")
  return [read(), cursor.at]
}

describe("tokens", () => {
  test("each token ends where the next one begins", () => {
    expect(reading("  \t\n1", skipBlanks)[1]).toBe(4)
    expect(reading('"ab" ', readString)).toEqual(["ab", 4])
    expect(reading('"a\\"b" ', skipString)[1]).toBe(6)
    expect(reading("-1.5e3,", () => readNumber(true).text)).toEqual(["-1.5e+3", 6])
    expect(reading("null]", () => readWord("null", null))).toEqual([null, 4])
  })

  test("a string that is checked fails where one that is read does", () => {
    for (const text of ['"a', '"\\x"', '"\\u12g4"', '"\\ud800x"', '"\u0001"', '"\\']) {
      expect(() => reading(text, readString)).toThrow(JsonFault)
      expect(() => reading(text, skipString)).toThrow(JsonFault)
    }
  })

  test("a short string that comes again is the same string, another of the same hash is not", () => {
    const words = Array.from({ length: 5000 }, (_, n) => `word${n}`)
    for (const word of [...words, ...words]) expect(reading(`"${word}"`, readString)[0]).toBe(word)
  })

  test("a fault says where it is, or that the text ends", () => {
    expect(() => reading("nul", () => readWord("null", null))).toThrow("expected a value at byte 0")
    expect(() => reading("", () => readNumber(true))).toThrow("the text ends too early at byte 0")
  })

  test("one level too many is a fault", () => {
    startAt(Buffer.from("[".repeat(nestingMax + 1)), "written")
    for (let level = 0; level < nestingMax; level++) enter()
    expect(enter).toThrow(`more than ${nestingMax} levels`)
  })
})
