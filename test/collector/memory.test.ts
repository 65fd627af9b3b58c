import { describe, expect, test } from "bun:test"
import { makeMemoryKeeper } from "../../src/collector/memory.ts"

const mebibyte = 1024 * 1024

/** A process that grows by 1 MiB for each portion it reads, and of which `live` bytes stay. */
const simulate = (portions: number, live: number, collectMs: number) => {
  let [resident, now, peak, collections] = [50 * mebibyte, 0, 0, 0]
  const keepSmall = makeMemoryKeeper(undefined, {
    residentBytes: () => resident,
    nowMs: () => now,
    collect: () => {
      collections += 1
      now += collectMs
      resident = Math.min(resident, live)
    }
  })
  for (let read = 0; read < portions; read++) {
    resident += mebibyte
    now += 10
    keepSmall()
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
    expect(peak).toBeLessThanOrEqual(172)
    expect(collections).toBeLessThan(60)
  })

  test("where much is alive, a collection waits until it pays", () => {
    const { peak, collections } = simulate(5000, 150 * mebibyte, 20)
    expect(peak).toBeLessThanOrEqual(186)
    expect(collections).toBeLessThan(500)
  })

  test("where everything is alive, collecting takes no more than its share of the time", () => {
    const { collections, now } = simulate(5000, 400 * mebibyte, 50)
    expect((collections * 50) / now).toBeLessThan(0.16)
  })
})
