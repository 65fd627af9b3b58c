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
  test("run one after another, the one that came last first, each for its wall time, the last until its answer", () => {
    expect(windows(slot("a", { wallSeconds: 2 }), slot("b", { wallSeconds: 1 }))).toEqual({
      b: [100, 101],
      a: [101, 103]
    })
    const { a, b, c } = windows(...["a", "b", "c"].map((id) => slot(id, { wallSeconds: 1 })))
    expect([c?.[0], a?.[0], b?.[0]]).toEqual([100, 101, 102])
  })

  test("run in the order of the calls where one of them had begun before the next was made", () => {
    const { a, b } = windows(slot("a", { wallSeconds: 2 }), slot("b", { calledAt: 100.5, wallSeconds: 1 }))
    expect([a?.[0], b?.[0]]).toEqual([100, 102])
  })

  test("run in the one order that wall times and calls of their own allow", () => {
    // b was done at 100.3, so what took a second until the answer came after it; and the other way round.
    const done = { answeredAt: 101.32 }
    const [ended, slow] = [
      { wallSeconds: 0.3, nested: { from: 100.1, to: 100.28 }, ...done },
      { wallSeconds: 1, ...done }
    ]
    expect(windows(slot("a", ended), slot("b", slow)).a?.[0]).toBe(100)
    expect(windows(slot("a", slow), slot("b", ended)).b?.[0]).toBe(100)
    const late = { wallSeconds: 0.3, nested: { from: 101.1, to: 101.3 }, ...done }
    expect(windows(slot("a", late), slot("b", slow)).b?.[0]).toBe(100)
    expect(windows(slot("a", slow), slot("b", late)).a?.[0]).toBe(100)
  })

  test("run in the order of the calls where nothing else tells and one was made while nothing ran", () => {
    const { a, b } = windows(slot("a"), slot("b", { calledAt: 100.5 }))
    expect(a?.[0]).toBe(100)
    expect(b?.[0]).toBeGreaterThanOrEqual(100.5)
  })

  test("began before their first call, also where they went on after it", () => {
    const goesOn = slot("a", { yielded: true, wallSeconds: 1.5, nested: { from: 100.1, to: 105 } })
    expect(windows(goesOn, slot("b", { wallSeconds: 1.5 })).a).toEqual([100, 101.5])
  })

  test("were done before they were answered", () => {
    const quick = slot("a", { answeredAt: 100.02, wallSeconds: 0 })
    expect(windows(quick, slot("b", { wallSeconds: 3 })).a).toEqual([100, 100])
  })

  test("that wait for one cell found it running first, then its end, then gone", () => {
    const wait = (callId: string, saw: "running" | "over" | "gone") =>
      slot(callId, { waits: { cell: "c", saw }, yielded: saw === "running", wallSeconds: 1 })
    const turns = windows(wait("a", "running"), wait("b", "over"), wait("c", "gone"))
    expect(Object.values(turns).map(([from]) => from)).toEqual([100, 101, 102])
    const others = windows(wait("a", "gone"), wait("b", "over"))
    expect(others.b?.[0]).toBe(100)
  })

  test("that wait for a cell were over soon after its last call, where no wall time tells", () => {
    const { a, b } = windows(slot("a", { nested: { to: 100.5 } }), slot("b"))
    expect(a).toEqual([100, 100.52])
    expect(b).toEqual([100.52, 103])
  })

  test("that wait for a cell are over soon after the cell's last call", () => {
    const waits = [
      slot("a", { wallSeconds: 0.2, nested: { to: 102.97 } }),
      slot("b", { wallSeconds: 2.8, nested: { to: 102.75 } })
    ]
    const { a, b } = windows(...waits)
    expect(b).toEqual([100, 102.77])
    expect(a).toEqual([102.77, 103])
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
    })
    const taken = found.toSorted(([a = 0], [b = 0]) => a - b)
    taken.forEach(([startedAt = 0], index) => {
      if (index > 0) expect(startedAt).toBeGreaterThanOrEqual(taken[index - 1]?.[1] ?? 0)
    })
  })

  test("of many at once run in the order of the calls that only they can have made", () => {
    const many = Array.from({ length: 40 }, (_, index) => {
      const place = (index * 7) % 40
      const nested = { from: 100 + place / 20 + 0.01, to: 100 + place / 20 + 0.02 }
      return { place, slot: slot(`call_${index}`, { wallSeconds: 0, nested }) }
    })
    const turns = schedule(many.map((one) => one.slot))
    const taken = many.toSorted((a, b) => a.place - b.place).map((one) => turns.get(one.slot.callId)?.startedAt ?? 0)
    expect(taken).toEqual(taken.toSorted((a, b) => a - b))
  })
})
