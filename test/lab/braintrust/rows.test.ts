import { expect, test } from "bun:test"
import { destinationOf, makeRowStore, type Row } from "./rows.ts"

const row = (facts: Row): Row => ({ id: "a", project_id: "p", log_id: "g", ...facts })
const merge = (facts: Row): Row => row({ _is_merge: true, ...facts })

const after = (...writes: ReadonlyArray<Row>) => {
  const store = makeRowStore("union")
  for (const write of writes) store.apply([write])
  const { _xact_id, project_id, log_id, ...rest } = store.rows()[0] ?? {}
  return rest
}

test("a row without _is_merge replaces the whole row of its id", () => {
  expect(after(row({ input: 1, output: 2 }), row({ input: 3 }))).toEqual({ id: "a", input: 3 })
})

test("a merge joins objects deeply, replaces arrays and lets null overwrite", () => {
  expect(
    after(
      row({ metadata: { a: 1, deep: { x: 1 } }, list: [1, 2], error: "e" }),
      merge({
        metadata: { b: 2, deep: { y: 2 } },
        list: [3],
        error: null
      })
    )
  ).toEqual({ id: "a", metadata: { a: 1, b: 2, deep: { x: 1, y: 2 } }, list: [3], error: null })
})

test("a merge of an absent row inserts it", () => {
  expect(after(merge({ input: 1 }))).toEqual({ id: "a", input: 1 })
})

test("at _merge_paths the new value replaces the old one", () => {
  expect(after(row({ input: { a: 1 } }), merge({ input: { b: 2 }, _merge_paths: [["input"]] }))).toEqual({
    id: "a",
    input: { b: 2 }
  })
})

test("a merge never changes ids, parents and creation time", () => {
  const first = { span_id: "s", root_span_id: "r", span_parents: ["p1"], created: "then" }
  expect(after(row(first), merge({ span_id: "x", root_span_id: "y", span_parents: [], created: "now" }))).toEqual({
    id: "a",
    ...first
  })
})

test("top-level tags are united, unless the store replaces them", () => {
  expect(after(row({ tags: ["a"] }), merge({ tags: ["b", "a"] }))).toEqual({ id: "a", tags: ["a", "b"] })
  const store = makeRowStore("replace")
  store.apply([row({ tags: ["a"] })])
  store.apply([merge({ tags: ["b"] })])
  expect(store.rows()[0]?.tags).toEqual(["b"])
})

test("_array_delete takes members out of an array", () => {
  expect(after(row({ tags: ["a", "b"] }), merge({ _array_delete: [{ path: ["tags"], delete: ["a"] }] }))).toEqual({
    id: "a",
    tags: ["b"]
  })
})

test("_object_delete removes the row", () => {
  expect(after(row({ input: 1 }), row({ _object_delete: true }))).toEqual({})
})

test("a request is one transaction, and every raw write is kept", () => {
  const store = makeRowStore("union")
  store.apply([row({ input: 1 }), { ...row({ input: 2 }), id: "b" }])
  store.apply([merge({ output: 3 })])
  const [a, b] = store.rows()
  expect(a?._xact_id).not.toBe(b?._xact_id)
  expect(store.history("a").map((write) => write._is_merge)).toEqual([undefined, true])
})

test("what a test does to a row it was given does not reach the store", () => {
  const store = makeRowStore("union")
  store.apply([row({ metadata: { a: 1 } })])
  Object.assign(store.rows()[0]?.metadata as object, { a: 2 })
  expect(store.rows()[0]?.metadata).toEqual({ a: 1 })
})

test("the same id in two projects is two rows, and a project row needs log_id g", () => {
  const store = makeRowStore("union")
  store.apply([row({}), row({ project_id: "q" })])
  expect(store.rows().length).toBe(2)
  expect(destinationOf({ project_id: "p" })).toBeUndefined()
  expect(destinationOf({ experiment_id: "e" })).toBe("experiment_id:e")
})
