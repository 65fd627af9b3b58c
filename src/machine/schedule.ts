/**
 * When the code-mode calls of one response really ran: `exec` and `wait` take turns.
 *
 * Codex runs one of them at a time, each until it is done or yields, in whatever order they get their turn (seen in
 * bundles of 0.142 to 0.169); their outputs are written together, in the order of the calls. What tells the times is the
 * first call, the wall time that each output names to 0.1 s, the nested calls that only one of them can have made, and
 * the last output's record. The order is the one in which all of these go together best; the runtime ids of cells that
 * yielded count up with it. Where several do, it is the one that Codex takes most often: the call that came last goes
 * first, then the others in turn (its scheduler runs what was handed to it last; 228 of 319 responses). Times: Unix
 * seconds.
 */

import type { WaitSaw } from "./cell.ts"

export interface Slot {
  readonly callId: string
  readonly calledAt: number
  readonly answeredAt: number
  readonly wallSeconds?: number
  /** `3` or `g2:1`: given in the order in which cells begin. */
  readonly runtimeId?: string
  /** It was done with its turn before its script was. */
  readonly yielded: boolean
  /** Of a `wait`: for which cell, and what it found. */
  readonly waits?: { readonly cell: string; readonly saw: WaitSaw }
  /** The first start and the last end of nested calls that are certainly its own; of a `wait`, the end of its cell's. */
  readonly nested?: { readonly from?: number; readonly to: number }
}

export interface Window {
  readonly startedAt: number
  readonly endedAt: number
}

/** How long Codex takes from a cell's last nested call to the cell's end. */
const wrapUp = 0.02

/** Wall times are written to 0.1 s. */
const wallPrecision = 0.05

/** Clocks and estimates are no better than this: an order must fit better by more than that to be believed. */
const tolerance = 0.02

/** A call that nothing holds up begins within this time. */
const startUp = 0.03

/** More calls than this in one response have too many orders to try them all. */
const ordersOfMost = 6

const ordinalOf = (runtimeId: string | undefined): number | undefined => {
  const found = /(\d+)$/.exec(runtimeId ?? "")
  return found === null ? undefined : Number(found[1])
}

/** Of two waits for one cell, that which found it running was first, and that which found it gone was last. */
const found: Readonly<Record<WaitSaw, number>> = { running: 0, over: 1, gone: 2 }

/** Whether `a` certainly ran before `b`; undefined where nothing tells. */
const ranBefore = (a: Slot, b: Slot): boolean | undefined => {
  if (a.waits !== undefined && a.waits.cell === b.waits?.cell && a.waits.saw !== b.waits.saw)
    return found[a.waits.saw] < found[b.waits.saw]
  const [idA, idB] = [ordinalOf(a.runtimeId), ordinalOf(b.runtimeId)]
  return idA === undefined || idB === undefined ? undefined : idA < idB
}

/** As `ranBefore`, or as the first calls that they made tell. */
const beganBefore = (a: Slot, b: Slot): boolean => {
  const certain = ranBefore(a, b)
  if (certain !== undefined) return certain
  return a.nested?.from !== undefined && b.nested?.from !== undefined && a.nested.from < b.nested.from
}

/** What came last goes first, unless something tells otherwise. */
const usualOrder = (slots: ReadonlyArray<Slot>): ReadonlyArray<Slot> => {
  const order: Array<Slot> = []
  for (const slot of [...slots.slice(-1), ...slots.slice(0, -1)]) {
    let place = order.length
    for (let i = order.length - 1; i >= 0; i--) if (beganBefore(slot, order[i] as Slot)) place = i
    order.splice(place, 0, slot)
  }
  return order
}

/** Every order that can be, the given one first. */
const orders = (slots: ReadonlyArray<Slot>): ReadonlyArray<ReadonlyArray<Slot>> =>
  slots.length < 2
    ? [slots]
    : slots.flatMap((first) => {
        const others = slots.filter((slot) => slot !== first)
        return others.some((other) => ranBefore(other, first) === true)
          ? []
          : orders(others).map((rest) => [first, ...rest])
      })

/** The turns that calls take in this order. */
const turnsOf = (order: ReadonlyArray<Slot>): ReadonlyArray<Window> => {
  const lastAnswer = Math.max(...order.map((slot) => slot.answeredAt))
  let free = Number.NEGATIVE_INFINITY
  return order.map((slot, index) => {
    const startedAt = Math.max(slot.calledAt, free)
    const next = order[index + 1]
    const told = startedAt + (slot.wallSeconds ?? 0)
    const seen =
      slot.yielded || slot.nested === undefined ? told : Math.max(told - wallPrecision, slot.nested.to + wrapUp)
    const latest = Math.min(slot.answeredAt, next?.nested?.from ?? slot.answeredAt)
    const isLast = next === undefined && slot.answeredAt >= lastAnswer - tolerance
    free = Math.max(startedAt, isLast ? slot.answeredAt : Math.min(seen, latest))
    return { startedAt, endedAt: free }
  })
}

/** By how much a turn contradicts what its call tells, in seconds. */
const misfit = (slot: Slot, { startedAt, endedAt }: Window): number => {
  const { wallSeconds, yielded, nested, answeredAt } = slot
  const took = endedAt - startedAt
  const offWall = wallSeconds === undefined ? 0 : Math.max(0, Math.abs(took - wallSeconds) - wallPrecision)
  const offAnswer = Math.max(0, endedAt - answeredAt - tolerance)
  if (nested === undefined) return offWall + offAnswer
  // A cell that yielded goes on; one that is done was done soon after its last call.
  const offEnd = yielded ? 0 : Math.abs(endedAt - Math.max(startedAt, nested.to) - wrapUp)
  return offWall + offAnswer + Math.max(0, offEnd - wrapUp)
}

/** For how long calls were waiting in this order while none had its turn, in seconds. */
const idle = (order: ReadonlyArray<Slot>, turns: ReadonlyArray<Window>): number =>
  order.reduce((sum, _, index) => {
    const asked = Math.min(...order.slice(index).map((slot) => slot.calledAt))
    const free = Math.max(asked, turns[index - 1]?.endedAt ?? asked)
    return sum + Math.max(0, (turns[index] as Window).startedAt - free - startUp)
  }, 0)

const bestOrder = (slots: ReadonlyArray<Slot>): ReadonlyArray<Slot> => {
  const usual = usualOrder(slots)
  if (slots.length > ordersOfMost) return usual
  const tried = orders(usual).map((order) => {
    const turns = turnsOf(order)
    return {
      order,
      off: order.reduce((sum, slot, index) => sum + misfit(slot, turns[index] as Window), idle(order, turns))
    }
  })
  const least = Math.min(...tried.map(({ off }) => off))
  return tried.find(({ off }) => off <= least + tolerance)?.order ?? usual
}

/** When each of the calls of one response ran, by call id. */
export const schedule = (slots: ReadonlyArray<Slot>): ReadonlyMap<string, Window> => {
  const order = bestOrder(slots)
  const turns = turnsOf(order)
  return new Map(order.map((slot, index) => [slot.callId, turns[index] as Window]))
}
