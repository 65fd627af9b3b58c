/**
 * A strict JSON reader over bytes, for what `JSON.parse` loses: the text of numbers, the order of keys that look
 * like integers, repeated keys, lone surrogates, invalid UTF-8 and the nesting limit. It accepts what the JSON
 * library of Codex accepts (rollout-trace.md §1.2): the verdict of a reduction depends on it.
 *
 * Owns bytes → value. Leaves out the meaning of fields (fields.ts) and writing (json-text.ts).
 * Offsets are bytes. Strings are copied out of the input, never views of it: a kept string must not keep a payload.
 */
import { isUtf8 } from "node:buffer"

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

/** An object in source order; of a repeated key the last value counts, at the first position. */
export interface JsonObject extends ReadonlyMap<string, JsonValue> {
  /** The keys that the text had more than once. */
  readonly repeated?: ReadonlyArray<string>
}
export type JsonArray = ReadonlyArray<JsonValue>
export type JsonValue = null | boolean | string | JsonNumber | JsonArray | JsonObject

export const isObject = (value: JsonValue | undefined): value is JsonObject => value instanceof Map
export const isArray = (value: JsonValue | undefined): value is JsonArray => Array.isArray(value)

/** The member of an object; undefined where the value is no object or has no such key. */
export const member = (value: JsonValue | undefined, key: string): JsonValue | undefined =>
  value instanceof Map ? (value as JsonObject).get(key) : undefined

/** The member, if it is a string. */
export const textMember = (value: JsonValue | undefined, key: string): string | undefined => {
  const found = member(value, key)
  return typeof found === "string" ? found : undefined
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

let bytes: Buffer = Buffer.alloc(0)
let at = 0
let end = 0
let depth = 0

/**
 * Reads one JSON value from UTF-8 bytes, or throws `JsonFault`. With `wanted`, the members of a top-level object
 * that are not named are not built. They are checked just as strictly, or `loosely`: neither nesting nor surrogates
 * count there, as in the parts of an event that Codex ignores.
 */
export const readJson = (source: Uint8Array, wanted?: ReadonlySet<string>, rest?: "loosely"): JsonValue => {
  if (!isUtf8(source)) throw new JsonFault("invalid UTF-8", 0)
  bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength)
  at = 0
  end = bytes.length
  depth = 0
  skipBlanks()
  const value = wanted !== undefined && bytes[at] === 0x7b ? readObject(wanted, rest) : readValue(true)
  skipBlanks()
  if (at < end) throw new JsonFault("text after the value", at)
  return value
}

/** The same for a text that is itself a JSON string's content. */
export const readJsonText = (text: string): JsonValue => readJson(Buffer.from(text, "utf8"))

/** As `readJsonText`; undefined where the text is not JSON. */
export const readJsonTextIfValid = (text: string): JsonValue | undefined => {
  try {
    return readJsonText(text)
  } catch (fault) {
    if (fault instanceof JsonFault) return undefined
    throw fault
  }
}

/**
 * Why the bytes are not one JSON value in UTF-8; undefined if they are. Codex checks payloads that no rule opens
 * less strictly: neither nesting nor surrogates count. That is `JSON.parse`'s idea of JSON.
 */
export const looseJsonFault = (source: Uint8Array): "not UTF-8" | "not JSON" | undefined => {
  if (!isUtf8(source)) return "not UTF-8"
  try {
    JSON.parse(Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString("utf8"))
    return undefined
  } catch {
    return "not JSON"
  }
}

const latin1 = (from: number, to: number): string => bytes.toString("latin1", from, to)
const utf8 = (from: number, to: number): string => bytes.toString("utf8", from, to)

const skipBlanks = (): void => {
  while (at < end) {
    const c = bytes[at]
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return
    at++
  }
}

const readValue = (build: boolean): JsonValue => {
  switch (bytes[at]) {
    case 0x22:
      return build ? readString() : skipString()
    case 0x7b:
      return build ? readObject() : skipObject()
    case 0x5b:
      return readArray(build)
    case 0x74:
      return readWord("true", true)
    case 0x66:
      return readWord("false", false)
    case 0x6e:
      return readWord("null", null)
    default:
      return readNumber(build)
  }
}

const readWord = <A>(word: string, value: A): A => {
  for (let i = 0; i < word.length; i++) {
    if (bytes[at + i] !== word.charCodeAt(i)) throw fault("expected a value")
  }
  at += word.length
  return value
}

const fault = (what: string): JsonFault => new JsonFault(at < end ? what : "the text ends too early", at)

const enter = (): void => {
  if (++depth > nestingMax) throw fault(`more than ${nestingMax} levels of nesting`)
  at++
  skipBlanks()
}

const readArray = (build: boolean): JsonArray => {
  enter()
  const items: Array<JsonValue> = []
  if (bytes[at] !== 0x5d) {
    while (true) {
      const item = readValue(build)
      if (build) items.push(item)
      skipBlanks()
      if (bytes[at] === 0x5d) break
      if (bytes[at] !== 0x2c) throw fault("expected , or ]")
      at++
      skipBlanks()
    }
  }
  at++
  depth--
  return items
}

const readObject = (wanted?: ReadonlySet<string>, rest?: "loosely"): JsonObject => {
  enter()
  const members = new Map<string, JsonValue>()
  let repeated: Array<string> | undefined
  if (bytes[at] !== 0x7d) {
    while (true) {
      if (bytes[at] !== 0x22) throw fault("expected a key")
      const key = readString()
      readColon()
      const build = wanted === undefined || wanted.has(key)
      const value = build || rest === undefined ? readValue(build) : skipLoosely()
      if (build) {
        const size = members.size
        members.set(key, value)
        if (members.size === size) repeated = [...(repeated ?? []), key]
      }
      if (!readComma()) break
    }
  }
  at++
  depth--
  return repeated === undefined ? members : Object.assign(members, { repeated })
}

const skipObject = (): null => {
  enter()
  if (bytes[at] !== 0x7d) {
    while (true) {
      if (bytes[at] !== 0x22) throw fault("expected a key")
      skipString()
      readColon()
      readValue(false)
      if (!readComma()) break
    }
  }
  at++
  depth--
  return null
}

/** Finds the end of a value without recursion and lets `JSON.parse` say whether it is one. */
const skipLoosely = (): null => {
  const from = at
  let open = 0
  do {
    const c = bytes[at]
    if (c === undefined) throw fault("")
    if (c === 0x22) {
      for (at++; bytes[at] !== 0x22; at++) {
        if (at >= end) throw fault("")
        if (bytes[at] === 0x5c) at++
      }
      at++
    } else if (c === 0x7b || c === 0x5b) {
      open++
      at++
    } else if (c === 0x7d || c === 0x5d) {
      open--
      at++
    } else if (open > 0) at++
    else readValue(false)
  } while (open > 0)
  if (looseJsonFault(bytes.subarray(from, at)) !== undefined) throw new JsonFault("expected a value", from)
  return null
}

const readColon = (): void => {
  skipBlanks()
  if (bytes[at] !== 0x3a) throw fault("expected :")
  at++
  skipBlanks()
}

/** Whether another member follows; false at the closing brace. */
const readComma = (): boolean => {
  skipBlanks()
  if (bytes[at] === 0x7d) return false
  if (bytes[at] !== 0x2c) throw fault("expected , or }")
  at++
  skipBlanks()
  return true
}

/**
 * Short ASCII strings are mostly keys and type names, the same ones over and over: one string for all of them
 * saves the copy and, in the state, the memory.
 */
const internedMax = 24
const interned = new Array<string | undefined>(4096)

const shortString = (from: number, to: number, hash: number): string => {
  const slot = (hash ^ (hash >>> 15)) & 4095
  const known = interned[slot]
  if (known !== undefined && known.length === to - from) {
    let i = 0
    while (i < known.length && known.charCodeAt(i) === bytes[from + i]) i++
    if (i === known.length) return known
  }
  const made = latin1(from, to)
  interned[slot] = made
  return made
}

const readString = (): string => {
  const from = ++at
  let hash = 0
  let wide = 0
  let i = from
  let c = bytes[i]
  while (c !== undefined && c !== 0x22 && c !== 0x5c && c >= 0x20) {
    hash = (Math.imul(hash, 31) + c) | 0
    wide |= c
    c = bytes[++i]
  }
  at = i
  if (i >= end) throw fault("")
  if (c === 0x22) {
    at = i + 1
    if (wide >= 0x80) return utf8(from, i)
    return i - from <= internedMax ? shortString(from, i, hash) : latin1(from, i)
  }
  let text = utf8(from, i)
  while (true) {
    if (at >= end) throw fault("")
    const here = bytes[at] as number
    if (here === 0x22) break
    if (here === 0x5c) {
      text += readEscape()
      continue
    }
    if (here < 0x20) throw fault("a control character in a string")
    const start = at
    let next = here as number | undefined
    while (next !== undefined && next !== 0x22 && next !== 0x5c && next >= 0x20) next = bytes[++at]
    text += utf8(start, at)
  }
  at++
  return flat(text)
}

/** A string put together from pieces, as one piece. */
const flat = (text: string): string => {
  // Asking for a character resolves the rope that += built, so that the pieces can be collected.
  text.charCodeAt(0)
  return text
}

const skipString = (): null => {
  at++
  while (true) {
    const c = bytes[at]
    if (c === undefined || at >= end) throw fault("")
    if (c === 0x22) break
    if (c === 0x5c) readEscape()
    else if (c < 0x20) throw fault("a control character in a string")
    else at++
  }
  at++
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
  const kind = bytes[at + 1]
  const simple = kind === undefined ? undefined : escapes[kind]
  if (simple !== undefined) {
    at += 2
    return simple
  }
  if (kind !== 0x75) throw fault("an unknown escape")
  const first = readHex(at + 2)
  at += 6
  if (first < 0xd800 || first > 0xdfff) return String.fromCharCode(first)
  if (first <= 0xdbff && bytes[at] === 0x5c && bytes[at + 1] === 0x75) {
    const second = readHex(at + 2)
    if (second >= 0xdc00 && second <= 0xdfff) {
      at += 6
      return String.fromCharCode(first, second)
    }
  }
  throw fault("a lone surrogate escape")
}

const readHex = (from: number): number => {
  let code = 0
  for (let i = from; i < from + 4; i++) {
    const c = i < end ? (bytes[i] as number) : 0
    const digit = c >= 48 && c <= 57 ? c - 48 : c >= 97 && c <= 102 ? c - 87 : c >= 65 && c <= 70 ? c - 55 : -1
    if (digit < 0) throw fault("a broken \\u escape")
    code = code * 16 + digit
  }
  return code
}

const isDigit = (c: number | undefined): boolean => c !== undefined && c >= 48 && c <= 57

const readDigits = (): void => {
  if (!isDigit(bytes[at])) throw fault("expected a digit")
  while (isDigit(bytes[at])) at++
}

const readNumber = (build: boolean): JsonNumber => {
  const from = at
  if (bytes[at] === 0x2d) at++
  if (bytes[at] === 0x30) at++
  else if (isDigit(bytes[at])) readDigits()
  else throw fault("expected a value")
  if (bytes[at] === 0x2e) {
    at++
    readDigits()
  }
  let exponent = -1
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    exponent = at
    at++
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++
    readDigits()
  }
  if (!build) return nothing
  if (exponent >= 0) {
    const tail = latin1(exponent + 1, at)
    const signed = tail.startsWith("-") || tail.startsWith("+") ? tail : `+${tail}`
    return new JsonNumber(`${latin1(from, exponent)}e${signed}`)
  }
  return new JsonNumber(latin1(from, at))
}

const nothing = new JsonNumber("0")
