/**
 * When two JSON values are the same, and what a text that may be JSON is read as.
 */
import { expect, test } from "bun:test"
import { type Json, parsed, parsedOrAsIs, sameJson } from "../../src/wire/json.ts"

test("the order of keys makes no difference, the order of a list does", () => {
  expect(sameJson({ a: 1, b: [null, { c: "x" }] }, { b: [null, { c: "x" }], a: 1 })).toBe(true)
  expect(sameJson([1, 2], [2, 1])).toBe(false)
})

test("a key more, a key less, another type or another value is a difference", () => {
  const value = { a: 1, b: null }
  const others: ReadonlyArray<Json | undefined> = [
    { a: 1 },
    { a: 1, b: null, c: 2 },
    { a: "1", b: null },
    [1, null],
    null,
    undefined,
    { a: 1, toString: null }
  ]
  for (const other of others) expect(sameJson(value, other)).toBe(false)
})

test("JSON that is nested deeper than anybody wrote is the text that it is", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000)
  expect([parsed(deep), parsedOrAsIs(deep)]).toEqual([undefined, deep])
  expect(parsed("[".repeat(200) + "]".repeat(200))).toBeArray()
})

test("what is nested deeper than Codex reads is compared no further", () => {
  const deep = (levels: number): Json => JSON.parse("[".repeat(levels) + "]".repeat(levels))
  expect(sameJson(deep(100), deep(100))).toBe(true)
  expect(sameJson(deep(10_000), deep(10_000))).toBe(false)
})

test("a text is read as the JSON that it is; one that is none stays a text", () => {
  expect(['{"a":[1]}', "null", "{a:"].map(parsed)).toEqual([{ a: [1] }, null, undefined])
  expect(['{"a":[1]}', "null", "{a:", 3, undefined].map(parsedOrAsIs)).toEqual([{ a: [1] }, null, "{a:", 3, undefined])
})
