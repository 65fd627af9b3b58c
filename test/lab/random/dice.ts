/**
 * Reproducible choices: the same seed and the same place in the story give the same die.
 *
 * A place is named, not counted, because agents ask in an order that the machine's load decides.
 */
export interface Dice {
  /** A whole number from `low` to `high`, both included. */
  readonly between: (low: number, high: number) => number
  /** True in `percent` of 100 cases. */
  readonly chance: (percent: number) => boolean
  readonly pick: <A>(choices: readonly [A, ...ReadonlyArray<A>]) => A
}

export const diceAt = (seed: number, ...place: ReadonlyArray<string | number>): Dice => {
  let state = Bun.hash.murmur32v3(JSON.stringify([seed, ...place]))
  // mulberry32: 32 bits of state are plenty for the few dozen choices of one answer.
  const unit = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const between = (low: number, high: number) => low + Math.floor(unit() * (high - low + 1))
  return {
    between,
    chance: (percent) => unit() * 100 < percent,
    pick: (choices) => choices[between(0, choices.length - 1)] ?? choices[0]
  }
}
