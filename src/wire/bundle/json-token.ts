/**
 * The tokens of strict JSON: where a reading stands in its bytes, and how a string, a number or a word is read there.
 *
 * Owns the cursor, which exists once: a reading runs to its end before the next one starts. Values are made of tokens
 * in json.ts. Offsets are bytes. Strings are copied out of the input, never views of it: a kept string must not keep
 * a payload.
 */

/** A number as it was written; exponents are normalised to `e` with a sign, integer `-0` to `0`. */
export class JsonNumber {
  readonly text: string
  /** It was written `-0`, which the event log does not take for an integer. */
  readonly minusZero: boolean
  constructor(text: string) {
    this.minusZero = text === "-0"
    this.text = this.minusZero ? "0" : text
  }
}

/** Why a text is not JSON, and where. */
export class JsonFault extends Error {
  readonly offset: number
  constructor(what: string, offset: number) {
    super(`${what} at byte ${offset}`)
    this.offset = offset
  }
}

/** Levels of arrays and objects inside each other that are still read. */
export const nestingMax = 127

/**
 * What a number's text becomes: as it was written, or that of the nearest double, which is all that Codex 0.128 keeps
 * of a number that is no 64-bit integer.
 */
export type NumberForm = "written" | "double"

/** Where the reading stands. */
export const cursor = { bytes: Buffer.alloc(0) as Buffer, at: 0, end: 0, depth: 0, numbers: "written" as NumberForm }

export const startAt = (source: Uint8Array, numbers: NumberForm): void => {
  cursor.numbers = numbers
  cursor.bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength)
  cursor.at = 0
  cursor.end = cursor.bytes.length
  cursor.depth = 0
}

const latin1 = (from: number, to: number): string => cursor.bytes.toString("latin1", from, to)
const utf8 = (from: number, to: number): string => cursor.bytes.toString("utf8", from, to)

/** Goes to the next byte that is no blank. */
export const skipBlanks = (): void => {
  while (cursor.at < cursor.end) {
    const c = cursor.bytes[cursor.at]
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return
    cursor.at++
  }
}

/** Reads a literal word and gives its value. */
export const readWord = <A>(word: string, value: A): A => {
  for (let i = 0; i < word.length; i++) {
    if (cursor.bytes[cursor.at + i] !== word.charCodeAt(i)) throw fault("expected a value")
  }
  cursor.at += word.length
  return value
}

/** A fault at the cursor; where the text is over, that is the fault. */
export const fault = (what: string): JsonFault =>
  new JsonFault(cursor.at < cursor.end ? what : "the text ends too early", cursor.at)

/** Goes into an array or an object, past its bracket. */
export const enter = (): void => {
  if (++cursor.depth > nestingMax) throw fault(`more than ${nestingMax} levels of nesting`)
  cursor.at++
  skipBlanks()
}

/**
 * Short ASCII strings are mostly keys, type names and the UUIDs of threads and turns, the same ones over and over: one
 * string for all of them saves the copy and, in the state, the memory.
 */
const internedMax = 40
const interned = new Array<string | undefined>(4096)

const shortString = (from: number, to: number, hash: number): string => {
  const slot = (hash ^ (hash >>> 15)) & 4095
  const known = interned[slot]
  if (known !== undefined && known.length === to - from) {
    let i = 0
    while (i < known.length && known.charCodeAt(i) === cursor.bytes[from + i]) i++
    if (i === known.length) return known
  }
  const made = latin1(from, to)
  interned[slot] = made
  return made
}

/** Reads a string, from its opening quote. */
export const readString = (): string => {
  const from = ++cursor.at
  let hash = 0
  let wide = 0
  let i = from
  let c = cursor.bytes[i]
  while (c !== undefined && c !== 0x22 && c !== 0x5c && c >= 0x20) {
    hash = (Math.imul(hash, 31) + c) | 0
    wide |= c
    c = cursor.bytes[++i]
  }
  cursor.at = i
  if (i >= cursor.end) throw fault("")
  if (c === 0x22) {
    cursor.at = i + 1
    if (wide >= 0x80) return utf8(from, i)
    return i - from <= internedMax ? shortString(from, i, hash) : latin1(from, i)
  }
  let text = utf8(from, i)
  while (true) {
    if (cursor.at >= cursor.end) throw fault("")
    const here = cursor.bytes[cursor.at] as number
    if (here === 0x22) break
    if (here === 0x5c) {
      text += readEscape()
      continue
    }
    if (here < 0x20) throw fault("a control character in a string")
    const start = cursor.at
    let next = here as number | undefined
    while (next !== undefined && next !== 0x22 && next !== 0x5c && next >= 0x20) next = cursor.bytes[++cursor.at]
    text += utf8(start, cursor.at)
  }
  cursor.at++
  return flat(text)
}

/** A string put together from pieces, as one piece. */
const flat = (text: string): string => {
  // Asking for a character resolves the rope that += built, so that the pieces can be collected.
  text.charCodeAt(0)
  return text
}

/** Checks a string without making it. */
export const skipString = (): null => {
  cursor.at++
  while (true) {
    const c = cursor.bytes[cursor.at]
    if (c === undefined || cursor.at >= cursor.end) throw fault("")
    if (c === 0x22) break
    if (c === 0x5c) readEscape()
    else if (c < 0x20) throw fault("a control character in a string")
    else cursor.at++
  }
  cursor.at++
  return null
}

const escapes: { readonly [byte: number]: string } = {
  34: '"',
  92: "\\",
  47: "/",
  98: "\b",
  102: "\f",
  110: "\n",
  114: "\r",
  116: "\t"
}

const readEscape = (): string => {
  const kind = cursor.bytes[cursor.at + 1]
  const simple = kind === undefined ? undefined : escapes[kind]
  if (simple !== undefined) {
    cursor.at += 2
    return simple
  }
  if (kind !== 0x75) throw fault("an unknown escape")
  const first = readHex(cursor.at + 2)
  cursor.at += 6
  if (first < 0xd800 || first > 0xdfff) return String.fromCharCode(first)
  if (first <= 0xdbff && cursor.bytes[cursor.at] === 0x5c && cursor.bytes[cursor.at + 1] === 0x75) {
    const second = readHex(cursor.at + 2)
    if (second >= 0xdc00 && second <= 0xdfff) {
      cursor.at += 6
      return String.fromCharCode(first, second)
    }
  }
  throw fault("a lone surrogate escape")
}

const readHex = (from: number): number => {
  let code = 0
  for (let i = from; i < from + 4; i++) {
    const c = i < cursor.end ? (cursor.bytes[i] as number) : 0
    const digit = c >= 48 && c <= 57 ? c - 48 : c >= 97 && c <= 102 ? c - 87 : c >= 65 && c <= 70 ? c - 55 : -1
    if (digit < 0) throw fault("a broken \\u escape")
    code = code * 16 + digit
  }
  return code
}

const isDigit = (c: number | undefined): boolean => c !== undefined && c >= 48 && c <= 57

const readDigits = (): void => {
  if (!isDigit(cursor.bytes[cursor.at])) throw fault("expected a digit")
  while (isDigit(cursor.bytes[cursor.at])) cursor.at++
}

/** Reads a number; without `build` it is only checked. */
export const readNumber = (build: boolean): JsonNumber => {
  const from = cursor.at
  if (cursor.bytes[cursor.at] === 0x2d) cursor.at++
  if (cursor.bytes[cursor.at] === 0x30) cursor.at++
  else if (isDigit(cursor.bytes[cursor.at])) readDigits()
  else throw fault("expected a value")
  if (cursor.bytes[cursor.at] === 0x2e) {
    cursor.at++
    readDigits()
  }
  let exponent = -1
  if (cursor.bytes[cursor.at] === 0x65 || cursor.bytes[cursor.at] === 0x45) {
    exponent = cursor.at
    cursor.at++
    if (cursor.bytes[cursor.at] === 0x2b || cursor.bytes[cursor.at] === 0x2d) cursor.at++
    readDigits()
  }
  if (!build && cursor.numbers === "written") return nothing
  if (cursor.numbers === "double") return new JsonNumber(doubleText(latin1(from, cursor.at), exponent < 0))
  if (exponent >= 0) {
    const tail = latin1(exponent + 1, cursor.at)
    const signed = tail.startsWith("-") || tail.startsWith("+") ? tail : `+${tail}`
    return new JsonNumber(`${latin1(from, exponent)}e${signed}`)
  }
  return new JsonNumber(latin1(from, cursor.at))
}

const nothing = new JsonNumber("0")

const int64Min = -(2n ** 63n)
const uint64Max = 2n ** 64n - 1n

/** The text that Rust gives the double of a literal; an integer of 64 bits stays what it is. */
const doubleText = (text: string, hasNoExponent: boolean): string => {
  if (hasNoExponent && !text.includes(".") && text !== "-0") {
    const exact = BigInt(text)
    if (exact >= int64Min && exact <= uint64Max) return text
  }
  const value = Number(text)
  if (!Number.isFinite(value)) throw new JsonFault("a number out of range", cursor.at - text.length)
  if (Object.is(value, -0)) return "-0.0"
  const short = value.toExponential()
  const exponent = Number(short.slice(short.indexOf("e") + 1))
  if (value !== 0 && (exponent >= 16 || exponent < -5)) return short
  return Number.isInteger(value) ? `${value}.0` : String(value)
}
