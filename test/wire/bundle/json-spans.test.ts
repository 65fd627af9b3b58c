import { describe, expect, test } from "bun:test"
import { JsonFault } from "../../../src/wire/bundle/json.ts"
import { type LastText, readJsonWithSpans } from "../../../src/wire/bundle/json-spans.ts"
import { compactJson } from "../../../src/wire/bundle/json-text.ts"

const wanted = new Set(["id"])

/** Reads texts one after another; what each says, and the places that its elements had in the one before. */
const reader = () => {
  let last: LastText | undefined
  return (text: string) => {
    const bytes = Buffer.from(text)
    const { members, spans, value } = readJsonWithSpans(bytes, wanted, "input", "written", last)
    last = { bytes, members, elements: spans ?? { from: [], to: [] } }
    return {
      value: compactJson(value),
      items: spans?.places.map((_, index) => compactJson(spans.read(index))),
      places: spans?.places
    }
  }
}
const request = (items: ReadonlyArray<unknown>, more: object = {}) =>
  JSON.stringify({ model: "m", input: items, tools: [{ name: "a" }], ...more }, null, 2)

describe("a text that repeats the last one", () => {
  test("elements are told by their place in it, and read where they are new", () => {
    const read = reader()
    const [a, b, c] = [{ a: 1 }, { b: [2, 1.5] }, { c: "x" }]
    expect(read(request([a, b])).places).toEqual([-1, -1])
    expect(read(request([a, b, c]))).toEqual({
      value: "{}",
      items: ['{"a":1}', '{"b":[2,1.5]}', '{"c":"x"}'],
      places: [0, 1, -1]
    })
    expect(read(request([b, c, a, b])).places).toEqual([1, 2, 0, 1])
  })

  test("a wanted member is read each time, also where nothing has changed", () => {
    const read = reader()
    expect(read(request([], { id: "1" })).value).toBe('{"id":"1"}')
    expect(read(request([], { id: "1" })).value).toBe('{"id":"1"}')
    expect(read(request([], { id: "2", more: true })).value).toBe('{"id":"2"}')
  })

  test("a number that goes on is another one", () => {
    const read = reader()
    read('{"n":1,"input":[1]}')
    expect(read('{"n":12,"input":[12,1]}')).toEqual({ value: "{}", items: ["12", "1"], places: [-1, 0] })
  })

  test("of an array that is there twice the last one counts; no array is none", () => {
    const read = reader()
    expect(read('{"input":[1],"input":[2,3]}').items).toEqual(["2", "3"])
    expect(read('{"input":[1],"input":4}').items).toBeUndefined()
    expect(read("[1]")).toEqual({ value: "[1]", items: undefined, places: undefined })
  })

  test.each([
    ["an element", (text: string) => text.replace('"x"', '"\\ud800"')],
    ["a number", (text: string) => text.replace("1.5", "01.5")],
    ["a member", (text: string) => text.replace('"name"', "name")],
    ["a comma", (text: string) => text.replace("],", "]")],
    ["the end", (text: string) => text.slice(0, -1)],
    ["text after it", (text: string) => `${text} 1`]
  ])("what is broken in %s is refused as it is alone", (_where, broken) => {
    const read = reader()
    const text = request([{ b: [2, 1.5] }, { c: "x" }])
    read(text)
    expect(() => reader()(broken(text))).toThrow(JsonFault)
    expect(() => read(broken(text))).toThrow(JsonFault)
  })

  test("nesting counts from the top", () => {
    const deep = (levels: number) => request([JSON.parse(`{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`)])
    expect(reader()(deep(124)).places).toEqual([-1])
    expect(() => reader()(deep(125))).toThrow("nesting")
    const once = reader()
    once(deep(1))
    expect(() => once(deep(125))).toThrow("nesting")
  })
})
