/**
 * The table that machines keep their parts in: every view stays what it was, whatever others made of it.
 */
import { describe, expect, test } from "bun:test"
import * as Table from "../../src/machine/table.ts"
import { chance } from "../support/chance.ts"

const entries = <V>(table: Table.Table<V>, keys: ReadonlyArray<string>) =>
  keys.flatMap((key) => {
    const value = Table.get(table, key)
    return value === undefined ? [] : [[key, value] as const]
  })

describe("a table", () => {
  test("gives back what was put in, in the order in which keys came", () => {
    const table = ["b", "a", "c"].reduce((t, key, index) => Table.set(t, key, index), Table.empty<number>())
    expect(Table.values(table)).toEqual([0, 1, 2])
    expect(Table.get(table, "a")).toBe(1)
    expect(Table.get(table, "d")).toBeUndefined()
    expect(Table.values(Table.set(table, "b", 9))).toEqual([9, 1, 2])
    expect(table.length).toBe(3)
  })

  test("knows no key that only another view has", () => {
    const base = Table.set(Table.empty<number>(), "a", 1)
    const left = Table.set(base, "left", 2)
    const right = Table.set(base, "right", 3)
    expect(Table.get(base, "left")).toBeUndefined()
    expect(Table.get(right, "left")).toBeUndefined()
    expect([Table.values(base), Table.values(left), Table.values(right)]).toEqual([[1], [1, 2], [1, 3]])
  })

  test("without some rows keeps the others in order", () => {
    const table = ["a", "b", "c", "d"].reduce((t, key) => Table.set(t, key, key), Table.empty<string>())
    expect(Table.values(Table.without(table, new Set(["b", "x"])))).toEqual(["a", "c", "d"])
    expect(Table.values(table)).toEqual(["a", "b", "c", "d"])
  })

  test("does as a plain map does, in every view, however views branch", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const next = chance(seed)
      const keys = Array.from({ length: 90 }, (_, index) => `k${index}`)
      const views: Array<{ readonly table: Table.Table<number>; readonly model: ReadonlyMap<string, number> }> = [
        { table: Table.empty(), model: new Map() }
      ]
      for (let n = 0; n < 200; n++) {
        const from = views[Math.floor(next() * views.length)]
        const key = keys[Math.floor(next() * keys.length)]
        if (from === undefined || key === undefined) continue
        if (next() < 0.05) {
          const model = new Map(from.model)
          model.delete(key)
          views.push({ table: Table.without(from.table, new Set([key])), model })
        } else {
          views.push({ table: Table.set(from.table, key, n), model: new Map(from.model).set(key, n) })
        }
      }
      for (const { table, model } of views) {
        expect(Table.values(table)).toEqual([...model.values()])
        expect(entries(table, keys).length).toBe(model.size)
      }
    }
  })
})
