import { expect, test } from "bun:test"
import { differences } from "../../src/bundle/compare.ts"
import { readJsonText } from "../../src/wire/bundle/json.ts"

const between = (ours: string, theirs: string) =>
  [...differences(readJsonText(ours), readJsonText(theirs))].map(
    ({ ours: a, path, theirs: b }) => `${path}: ${a} / ${b}`
  )

test("equal values have no differences, whatever the order of their keys", () => {
  expect(between('{"a":1,"b":[{"c":null}]}', '{"b":[{"c":null}],"a":1}')).toEqual([])
})

test("a difference is named by its path, on both sides", () => {
  expect(between('{"a":{"x":1},"l":[1,2]}', '{"a":{"x":2,"y":true},"l":[1]}')).toEqual([
    "a.x: 1 / 2",
    "a.y: undefined / true",
    "l[1]: 2 / undefined"
  ])
})

test("numbers differ as they are written, and a long value is cut", () => {
  expect(between('{"n":1.0}', '{"n":1}')).toEqual(["n: 1.0 / 1"])
  const [only] = between(`{"t":"${"x".repeat(500)}"}`, '{"t":{}}')
  expect(only?.length).toBeLessThan(200)
})
