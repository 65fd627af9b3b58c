import { describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { kept, describe as say } from "../../bench/bench.ts"
import { medianLives, quantile, runOnFile } from "../../bench/measure.ts"

const figure = { name: "speed", value: 50, unit: "MB/s", baseline: { name: "jq", value: 25 } }

describe("a bench's figure", () => {
  test("keeps a promise at its limit and breaks it beyond", () => {
    const promise = (of: "value" | "ratio", at: "least" | "most", limit: number) =>
      kept({ ...figure, promise: { of, at, limit } })
    expect([promise("ratio", "least", 2), promise("ratio", "least", 2.1)]).toEqual([true, false])
    expect([promise("value", "most", 50), promise("value", "most", 49)]).toEqual([true, false])
    expect(kept(figure)).toBe(true)
  })

  test("without a baseline, or with a baseline of nothing, keeps no promise of a ratio", () => {
    const promise = { of: "ratio", at: "least", limit: 0 } as const
    expect(kept({ name: "x", value: 1, unit: "ms", promise })).toBe(false)
    expect(kept({ ...figure, baseline: { name: "jq", value: 0 }, promise })).toBe(false)
  })

  test("is told with its baseline, its ratio and its promise", () => {
    const told = say({ ...figure, promise: { of: "ratio", at: "least", limit: 2.5 } })
    for (const part of ["speed", "50.0 MB/s", "jq 25.0 MB/s, ratio 2.00", "promised ≥ 2.50 ×: BROKEN"])
      expect(told).toContain(part)
  })
})

describe("measuring", () => {
  test("a quantile is a value that was measured", () => {
    expect([quantile([3, 1, 2], 0.5), quantile([1, 2, 3, 4], 0.95), quantile([5], 0.95)]).toEqual([2, 4, 5])
  })

  test("lives are taken in turn, and the first round does not count", async () => {
    const order: Array<string> = []
    const live = (name: string, values: Array<number>) => async () => {
      order.push(name)
      return values.shift() ?? 0
    }
    expect(await medianLives(3, [live("a", [100, 1, 2, 3]), live("b", [100, 6, 5, 4])])).toEqual([2, 5])
    expect(order.slice(0, 4)).toEqual(["a", "b", "a", "b"])
  })

  test("output is counted to the byte, and a command that fails is an error that says why", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tracer-test-"))
    try {
      const file = join(folder, "input")
      writeFileSync(file, "x".repeat(3_000_000))
      expect((await runOnFile(["cat"], file, "counted")).outputBytes).toBe(3_000_000)
      expect((await runOnFile(["cat"], file, "dropped")).outputBytes).toBe(0)
      await expect(runOnFile(["sh", "-c", "echo it broke >&2; exit 3"], file, "dropped")).rejects.toThrow("it broke")
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
