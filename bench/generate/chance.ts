/**
 * Reproducible chance: the same seed gives the same choices, texts and ids on every machine.
 */

/** A linear generator of 32 bits (mulberry32): fast, and random enough for shapes and lengths. */
export interface Chance {
  /** A number in [0, 1). */
  readonly next: () => number
  /** A whole number from `low` to `high`, both included. */
  readonly between: (low: number, high: number) => number
  readonly happens: (share: number) => boolean
  readonly pick: <A>(of: readonly [A, ...ReadonlyArray<A>]) => A
  /** Bytes of a text whose lengths are spread as those of tool outputs are: many short, a few very long. */
  readonly length: (median: number, most: number) => number
  readonly hex: (digits: number) => string
  /** A version-7-shaped UUID at a moment. */
  readonly uuid: (atMs: number) => string
  /** Text of about this many characters, cut from one long made-up text. */
  readonly text: (length: number) => string
  /** Base64 of this many characters. */
  readonly base64: (length: number) => string
}

/** What outputs and messages of work on code are made of. */
const plainWords = [
  "error",
  "warning",
  "test",
  "build",
  "module",
  "return",
  "const",
  "import",
  "path/to/file.ts:42:7",
  "expected",
  "received",
  "assert",
  "function",
  "0 failures",
  "compiled",
  "in 312ms",
  '"quoted"',
  "C:\\temp",
  "TypeError: undefined is not a function",
  "at Object.<anonymous>",
  "npm",
  "cargo",
  "ok",
  "PASS",
  "FAIL",
  "diff --git"
] as const

const words = [...plainWords, "→", "naïve", "日本"] as const

/** Length of the texts that slices are cut from. */
const stockLength = 1 << 20

/**
 * Characters beyond ASCII stand together: in one paragraph of eight. Of the 2,200-byte pieces of what an agent reads,
 * 1 % (C headers) to 20 % (READMEs) hold any: 8 % of Python's library and of this project's dependencies, 13 % of its
 * sources; of the transcripts that were recorded for the lab, 2 % of the lines.
 */
const paragraphLength = 2_048
export const worldlyShare = 1 / 8

export const chance = (seed: number, worldly = worldlyShare): Chance => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  const pick = <A>(of: readonly [A, ...ReadonlyArray<A>]): A => of[Math.floor(next() * of.length)] ?? of[0]
  const hex = (digits: number) => {
    let text = ""
    while (text.length < digits)
      text += Math.floor(next() * 0x100000000)
        .toString(16)
        .padStart(8, "0")
    return text.slice(0, digits)
  }
  let prose = ""
  while (prose.length < stockLength) {
    const vocabulary = next() < worldly ? words : plainWords
    const end = prose.length + paragraphLength
    while (prose.length < end) prose += `${pick(vocabulary)}${next() < 0.12 ? "\n" : " "}`
  }
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  let code = ""
  for (let index = 0; index < stockLength; index++) code += letters[Math.floor(next() * 64)]
  const slice = (stock: string, length: number) => {
    const from = Math.floor(next() * (stock.length / 2))
    return length <= stock.length / 2
      ? stock.slice(from, from + length)
      : stock.repeat(Math.ceil(length / stock.length)).slice(0, length)
  }
  return {
    next,
    between,
    pick,
    hex,
    happens: (share) => next() < share,
    // exp of a bell-shaped sum: log-normal, as measured lengths of outputs are.
    length: (median, most) =>
      Math.min(most, Math.ceil(median * Math.exp((next() + next() + next() + next() - 2) * 1.9))),
    uuid: (atMs) => {
      const time = Math.floor(atMs).toString(16).padStart(12, "0")
      const rest = hex(18)
      return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`
    },
    text: (length) => slice(prose, length),
    base64: (length) => slice(code, length)
  }
}
