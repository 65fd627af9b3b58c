/**
 * When the code-mode calls of one response really ran: `exec` and `wait` take turns.
 *
 * Codex runs one of them at a time, each until it is done or yields, in whatever order they get their turn (seen in
 * bundles of 0.142 to 0.169); their outputs are written together, in the order of the calls. What tells the order is
 * the runtime ids of cells that yielded (they count up) and the nested calls that only one of them can have made; what
 * tells the times is the first call, the wall time that each output names to 0.1 s, and the last output's record.
 * Times: Unix seconds.
 */

export interface Slot {
  readonly callId: string
  readonly calledAt: number
  readonly answeredAt: number
  readonly wallSeconds?: number
  /** `3` or `g2:1`: given in the order in which cells begin. */
  readonly runtimeId?: string
  readonly yielded: boolean
  /** The first start and the last end of nested calls that are certainly its own. */
  readonly nested?: { readonly from: number; readonly to: number }
}

export interface Window {
  readonly startedAt: number
  readonly endedAt: number
}

const ordinalOf = (runtimeId: string | undefined): number | undefined => {
  const found = /(\d+)$/.exec(runtimeId ?? "")
  return found === null ? undefined : Number(found[1])
}

/** Whether `a` certainly ran before `b`; undefined where nothing tells. */
const ranBefore = (a: Slot, b: Slot): boolean | undefined => {
  const [idA, idB] = [ordinalOf(a.runtimeId), ordinalOf(b.runtimeId)]
  if (idA !== undefined && idB !== undefined) return idA < idB
  if (a.nested !== undefined && b.nested !== undefined) return a.nested.from < b.nested.from
  return undefined
}

/** The order in which they ran: that of the calls, unless something tells otherwise. */
const inOrder = (slots: ReadonlyArray<Slot>): ReadonlyArray<Slot> => {
  const order: Array<Slot> = []
  for (const slot of slots) {
    let place = order.length
    for (let i = order.length - 1; i >= 0; i--) if (ranBefore(slot, order[i] as Slot) === true) place = i
    order.splice(place, 0, slot)
  }
  return order
}

/** How long Codex takes from a cell's last nested call to the cell's end. */
const wrapUp = 0.02

/** When each of the calls of one response ran, by call id. */
export const schedule = (slots: ReadonlyArray<Slot>): ReadonlyMap<string, Window> => {
  const order = inOrder(slots)
  const lastAnswer = Math.max(...slots.map((slot) => slot.answeredAt))
  const windows = new Map<string, Window>()
  let free = Number.NEGATIVE_INFINITY
  order.forEach((slot, index) => {
    const startedAt = Math.max(slot.calledAt, free)
    const next = order[index + 1]
    const told = startedAt + (slot.wallSeconds ?? 0)
    const seen = slot.yielded || slot.nested === undefined ? told : Math.max(told - 0.05, slot.nested.to + wrapUp)
    const latest = Math.min(slot.answeredAt, next?.nested?.from ?? slot.answeredAt)
    const endedAt =
      next === undefined && slot.answeredAt >= lastAnswer - 0.02 ? slot.answeredAt : Math.min(seen, latest)
    windows.set(slot.callId, { startedAt, endedAt: Math.max(startedAt, endedAt) })
    free = Math.max(startedAt, endedAt)
  })
  return windows
}
