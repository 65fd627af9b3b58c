/**
 * A strict JSON reader over bytes, for what `JSON.parse` loses: the text of numbers, the order of keys that look
 * like integers, repeated keys, lone surrogates, invalid UTF-8 and the nesting limit. It accepts what the JSON
 * library of Codex accepts (rollout-trace.md §1.2): the verdict of a reduction depends on it.
 *
 * Owns bytes → value. Leaves out the meaning of fields (fields.ts) and writing (json-text.ts).
 * The tokens are read in json-token.ts. Offsets are bytes.
 */
import { isUtf8 } from "node:buffer"
import {
  cursor,
  enter,
  fault,
  JsonFault,
  JsonNumber,
  type NumberForm,
  nestingMax,
  readNumber,
  readString,
  readWord,
  skipBlanks,
  skipString,
  startAt
} from "./json-token.ts"

export { JsonFault, JsonNumber, type NumberForm, nestingMax }

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

/**
 * An array whose elements were checked, but not built: where each of them stands in the bytes that were read.
 * Valid as long as the bytes are.
 */
export class JsonSpans {
  readonly bytes: Buffer
  readonly from: Array<number> = []
  readonly to: Array<number> = []
  private readonly numbers: NumberForm
  constructor(source: Buffer, numbers: NumberForm) {
    this.bytes = source
    this.numbers = numbers
  }
  /** Builds one element. */
  read(index: number): JsonValue {
    return readJson(this.bytes.subarray(this.from[index], this.to[index]), undefined, undefined, this.numbers)
  }
}

/**
 * Reads one JSON value from UTF-8 bytes, or throws `JsonFault`. With `wanted`, the members of a top-level object
 * that are not named are not built. They are checked just as strictly, or `loosely`: neither nesting nor surrogates
 * count there, as in the parts of an event that Codex ignores.
 */
export const readJson = (
  source: Uint8Array,
  wanted?: ReadonlySet<string>,
  rest?: "loosely",
  numbers: NumberForm = "written"
): JsonValue => {
  if (!isUtf8(source)) throw new JsonFault("invalid UTF-8", 0)
  startAt(source, numbers)
  skipBlanks()
  const value = wanted !== undefined && cursor.bytes[cursor.at] === 0x7b ? readObject(wanted, rest) : readValue(true)
  skipBlanks()
  if (cursor.at < cursor.end) throw new JsonFault("text after the value", cursor.at)
  return value
}

/** The same for a text that is itself a JSON string's content. */
export const readJsonText = (text: string, numbers: NumberForm = "written"): JsonValue =>
  readJson(Buffer.from(text, "utf8"), undefined, undefined, numbers)

/**
 * As `readJsonText`; undefined where the text is not JSON. With `keys` only these members of an object are read, and
 * the rest is checked loosely: so Codex reads a text into a type.
 */
export const readJsonTextIfValid = (
  text: string,
  numbers: NumberForm = "written",
  keys?: ReadonlySet<string>
): JsonValue | undefined => {
  try {
    return readJson(Buffer.from(text, "utf8"), keys, keys === undefined ? undefined : "loosely", numbers)
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

/**
 * Reads an object like `readJson` with `wanted`, and the array of one more member as spans. Undefined in the place
 * of the spans where the value has no such array.
 */
export const readJsonWithSpans = (
  source: Uint8Array,
  wanted: ReadonlySet<string>,
  spansKey: string,
  numbers: NumberForm = "written"
): { readonly value: JsonValue; readonly spans: JsonSpans | undefined } => {
  asSpans = spansKey
  spans = undefined
  try {
    const value = readJson(source, wanted, undefined, numbers)
    return { value, spans }
  } finally {
    asSpans = undefined
  }
}

let asSpans: string | undefined
let spans: JsonSpans | undefined

/**
 * The walk is `readArray`'s, written again: with a callback for the element, skipping took 40 % longer, with the comma
 * read by a function of its own 8 % (least of 60 runs over 20,000 items, Bun 1.4.5).
 */
const readSpans = (): JsonSpans => {
  const found = new JsonSpans(cursor.bytes, cursor.numbers)
  enter()
  if (cursor.bytes[cursor.at] !== 0x5d) {
    while (true) {
      found.from.push(cursor.at)
      readValue(false)
      found.to.push(cursor.at)
      skipBlanks()
      if (cursor.bytes[cursor.at] === 0x5d) break
      if (cursor.bytes[cursor.at] !== 0x2c) throw fault("expected , or ]")
      cursor.at++
      skipBlanks()
    }
  }
  cursor.at++
  cursor.depth--
  return found
}

const readValue = (build: boolean): JsonValue => {
  switch (cursor.bytes[cursor.at]) {
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

const readArray = (build: boolean): JsonArray => {
  enter()
  const items: Array<JsonValue> = []
  if (cursor.bytes[cursor.at] !== 0x5d) {
    while (true) {
      const item = readValue(build)
      if (build) items.push(item)
      skipBlanks()
      if (cursor.bytes[cursor.at] === 0x5d) break
      if (cursor.bytes[cursor.at] !== 0x2c) throw fault("expected , or ]")
      cursor.at++
      skipBlanks()
    }
  }
  cursor.at++
  cursor.depth--
  return items
}

const readObject = (wanted?: ReadonlySet<string>, rest?: "loosely"): JsonObject => {
  enter()
  const members = new Map<string, JsonValue>()
  let repeated: Array<string> | undefined
  if (cursor.bytes[cursor.at] !== 0x7d) {
    while (true) {
      if (cursor.bytes[cursor.at] !== 0x22) throw fault("expected a key")
      const key = readString()
      readColon()
      if (wanted !== undefined && key === asSpans) {
        // Of a repeated key the last value counts.
        if (cursor.bytes[cursor.at] === 0x5b) spans = readSpans()
        else {
          spans = undefined
          readValue(false)
        }
        if (!readComma()) break
        continue
      }
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
  cursor.at++
  cursor.depth--
  return repeated === undefined ? members : Object.assign(members, { repeated })
}

const skipObject = (): null => {
  enter()
  if (cursor.bytes[cursor.at] !== 0x7d) {
    while (true) {
      if (cursor.bytes[cursor.at] !== 0x22) throw fault("expected a key")
      skipString()
      readColon()
      readValue(false)
      if (!readComma()) break
    }
  }
  cursor.at++
  cursor.depth--
  return null
}

/** Finds the end of a value without recursion and lets `JSON.parse` say whether it is one. */
const skipLoosely = (): null => {
  const from = cursor.at
  let open = 0
  do {
    const c = cursor.bytes[cursor.at]
    if (c === undefined) throw fault("")
    if (c === 0x22) {
      for (cursor.at++; cursor.bytes[cursor.at] !== 0x22; cursor.at++) {
        if (cursor.at >= cursor.end) throw fault("")
        if (cursor.bytes[cursor.at] === 0x5c) cursor.at++
      }
      cursor.at++
    } else if (c === 0x7b || c === 0x5b) {
      open++
      cursor.at++
    } else if (c === 0x7d || c === 0x5d) {
      open--
      cursor.at++
    } else if (open > 0) cursor.at++
    else readValue(false)
  } while (open > 0)
  if (looseJsonFault(cursor.bytes.subarray(from, cursor.at)) !== undefined)
    throw new JsonFault("expected a value", from)
  return null
}

const readColon = (): void => {
  skipBlanks()
  if (cursor.bytes[cursor.at] !== 0x3a) throw fault("expected :")
  cursor.at++
  skipBlanks()
}

/** Whether another member follows; false at the closing brace. */
const readComma = (): boolean => {
  skipBlanks()
  if (cursor.bytes[cursor.at] === 0x7d) return false
  if (cursor.bytes[cursor.at] !== 0x2c) throw fault("expected , or }")
  cursor.at++
  skipBlanks()
  return true
}
