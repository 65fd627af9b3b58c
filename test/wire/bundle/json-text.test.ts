import { describe, expect, test } from "bun:test"
import { Arbitrary, Schema } from "effect"
import { readJsonText } from "../../../src/wire/bundle/json.ts"
import { byBytes, compactJson, cutToBytes, sortedJson } from "../../../src/wire/bundle/json-text.ts"
import { holds } from "../../support/property.ts"

describe("writing JSON", () => {
  test("compact JSON keeps order and number text", () => {
    expect(compactJson(readJsonText('{ "b" : [1.50, null, true], "10": "é\\u001f/" }'))).toBe(
      '{"b":[1.50,null,true],"10":"é\\u001f/"}'
    )
  })

  test("sorted JSON sorts keys by bytes at every level", () => {
    expect(sortedJson(readJsonText('{"b":{"z":1,"a":[{"d":1,"c":2}]},"B":0}'))).toBe(
      '{"B":0,"b":{"a":[{"c":2,"d":1}],"z":1}}'
    )
  })

  test("ids sort by bytes: ten before two, and beyond U+FFFF after everything", () => {
    expect(["i:2", "i:10", "😀", "\uFFFD", "i:1"].sort(byBytes)).toEqual(["i:1", "i:10", "i:2", "\uFFFD", "😀"])
  })

  test("a text is cut at a number of bytes, at a whole character, and says whether it fell inside one", () => {
    expect(cutToBytes("abc", 3)).toEqual({ text: "abc", cut: false, inside: false })
    expect(cutToBytes("abcd", 3)).toEqual({ text: "abc", cut: true, inside: false })
    expect(cutToBytes("abé", 3)).toEqual({ text: "ab", cut: true, inside: true })
    expect(cutToBytes("a😀b", 5)).toEqual({ text: "a😀", cut: true, inside: false })
  })

  holds(
    "the order of keys is that of their UTF-8 bytes",
    Arbitrary.schema(Schema.Tuple([Schema.String, Schema.String])),
    ([a, b]) => {
      if (!a.isWellFormed() || !b.isWellFormed()) return true
      return Math.sign(byBytes(a, b)) === Buffer.compare(Buffer.from(a), Buffer.from(b))
    }
  )
})
