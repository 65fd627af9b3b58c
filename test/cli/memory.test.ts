import { describe, expect, test } from "bun:test"
import { makeMemoryLimit } from "../../src/cli/memory.ts"

const mebibyte = 1024 * 1024
const line = { file: "f", lineNumber: 1, byteOffset: 0, text: "x".repeat(mebibyte) }

/** A process that grows by 1 MiB for each line it reads, and of which `live` bytes stay. */
const simulate = (lines: number, live: number, collectMs: number) => {
  let [resident, now, peak, collections] = [50 * mebibyte, 0, 0, 0]
  const limit = makeMemoryLimit({
    residentBytes: () => resident,
    nowMs: () => now,
    collect: () => {
      collections += 1
      now += collectMs
      resident = live
    }
  })
  for (let read = 0; read < lines; read++) {
    resident += mebibyte
    now += 10
    limit([line])
    peak = Math.max(peak, resident)
  }
  return { peak: Math.round(peak / mebibyte), collections, now }
}

describe("memory", () => {
  test("a process that stays small is never asked to collect", () => {
    expect(simulate(90, 0, 20).collections).toBe(0)
  })

  test("garbage is collected before it grows large", () => {
    const { peak, collections } = simulate(5000, 50 * mebibyte, 20)
    expect(peak).toBeLessThanOrEqual(154)
    expect(collections).toBeLessThan(60)
  })

  test("where everything is alive, collecting takes no more than a tenth of the time", () => {
    const { collections, now } = simulate(5000, 400 * mebibyte, 50)
    expect((collections * 50) / now).toBeLessThan(0.1)
  })
})
