/**
 * When the code-mode calls of one response ran: they take turns, and what their outputs and nested calls say tells when.
 */
import { describe, expect, test } from "bun:test"
import { type Slot, schedule } from "../../src/machine/schedule.ts"

const slot = (callId: string, more: Partial<Slot> = {}): Slot => ({
  callId,
  calledAt: 100,
  answeredAt: 103,
  yielded: false,
  ...more
})

const windows = (...slots: ReadonlyArray<Slot>) =>
  Object.fromEntries([...schedule(slots)].map(([id, { startedAt, endedAt }]) => [id, [startedAt, endedAt]]))

describe("calls of one response", () => {
  test("run in the order of the calls, each for its wall time, the last until its answer", () => {
    expect(windows(slot("a", { wallSeconds: 1 }), slot("b", { wallSeconds: 2 }))).toEqual({
      a: [100, 101],
      b: [101, 103]
    })
  })

  test("run in the order of their runtime ids where those tell", () => {
    const { a, b } = windows(
      slot("a", { runtimeId: "4", yielded: true, wallSeconds: 1 }),
      slot("b", { runtimeId: "3", yielded: true, wallSeconds: 1 })
    )
    expect(b?.[0]).toBe(100)
    expect(a?.[0]).toBe(101)
  })

  test("run in the order of the calls that only they can have made", () => {
    const { a, b } = windows(
      slot("a", { wallSeconds: 1, nested: { from: 101.5, to: 102 } }),
      slot("b", { wallSeconds: 1, nested: { from: 100.2, to: 100.8 } })
    )
    expect(b?.[0]).toBe(100)
    expect(a?.[0]).toBeGreaterThanOrEqual(100.8)
  })

  test("never overlap, never begin before they were called and never end after their answer", () => {
    const slots = ["a", "b", "c", "d"].map((id, index) =>
      slot(id, { calledAt: 100 + index / 100, wallSeconds: index % 2 })
    )
    const found = slots.map(({ callId }) => windows(...slots)[callId] ?? [0, 0])
    found.forEach(([startedAt = 0, endedAt = 0], index) => {
      expect(startedAt).toBeGreaterThanOrEqual(slots[index]?.calledAt ?? 0)
      expect(endedAt).toBeGreaterThanOrEqual(startedAt)
      expect(endedAt).toBeLessThanOrEqual(103)
      if (index > 0) expect(startedAt).toBeGreaterThanOrEqual(found[index - 1]?.[1] ?? 0)
    })
  })
})
