/**
 * Chance with a seed, for tests that try many orders: the same seed gives the same order.
 */
import type { Strand } from "./reading.ts"

/** Numbers from 0 (inclusive) to 1 (exclusive), the same ones for the same seed. */
export const chance = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The strand with neighbours changed here and there, where both came within a tenth of a second. */
export const jostled = (strand: Strand, seed: number): Strand => {
  const next = chance(seed)
  const out = [...strand]
  for (let index = 0; index + 1 < out.length; index++) {
    const [one, other] = [out[index], out[index + 1]]
    if (one === undefined || other === undefined || Math.abs(one.at - other.at) > 100 || next() > 0.4) continue
    out.splice(index, 2, other, one)
  }
  return out
}

/** A hook call that arrives so many milliseconds later. */
export const heardLater = (call: Strand[number], ms: number): Strand[number] => {
  const at = Math.round(call.at + ms)
  return { ...call, at, line: { ...call.line, text: call.line.text.replace(/"at_ns":\d+/, `"at_ns":${at * 1e6}`) } }
}

/** The journal as it is where hooks are slow: each call arrives up to so many milliseconds late, one by one. */
export const late = (journal: Strand, most: number, seed: number): Strand => {
  const next = chance(seed)
  return journal.map((call) => heardLater(call, next() * most)).sort((a, b) => a.at - b.at)
}

/** The strands as one, each read with a delay of up to so many milliseconds that changes from line to line. */
export const delayed = (strands: ReadonlyArray<Strand>, most: number, seed: number): Strand => {
  const next = chance(seed)
  return strands
    .flatMap((strand) => {
      let read = 0
      return strand.map((one) => {
        read = Math.max(read, one.at + next() * most)
        return { one, read }
      })
    })
    .sort((a, b) => a.read - b.read)
    .map(({ one }) => one)
}

/** The strands as one, in an order that keeps each strand's own. Runs of lines stay together now and then. */
export const interleaved = (strands: ReadonlyArray<Strand>, seed: number): Strand => {
  const next = chance(seed)
  const left = strands.map((lines) => ({ lines, at: 0 })).filter(({ lines }) => lines.length > 0)
  const out: Array<Strand[number]> = []
  while (left.length > 0) {
    const index = Math.floor(next() * left.length)
    const taken = left[index]
    if (taken === undefined) continue
    const count = next() < 0.3 ? taken.lines.length : 1 + Math.floor(next() * 5)
    out.push(...taken.lines.slice(taken.at, taken.at + count))
    taken.at += count
    if (taken.at >= taken.lines.length) left.splice(index, 1)
  }
  return out
}
