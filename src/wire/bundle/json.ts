/**
 * A strict JSON reader over bytes, for what `JSON.parse` loses: the text of numbers, the order of keys that look
 * like integers, repeated keys, lone surrogates, invalid UTF-8 and the nesting limit. It accepts what the JSON
 * library of Codex accepts (rollout-trace.md §1.2): the verdict of a reduction depends on it.
 *
 * Owns bytes → value. Leaves out the meaning of fields (fields.ts) and writing (json-text.ts). The tokens are read in
 * json-token.ts; a text in which nothing could be lost is read by `JSON.parse` (json-plain.ts). Offsets are bytes.
 */
import { isUtf8 } from "node:buffer"
import { type PlainJson, type PlainObject, readPlain, readPlainText } from "./json-plain.ts"
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
export interface OrderedObject extends ReadonlyMap<string, JsonValue> {
  /** The keys that the text had more than once. */
  readonly repeated?: ReadonlyArray<string>
}
export type JsonObject = OrderedObject | PlainObject
export type JsonArray = ReadonlyArray<JsonValue>
/** Either as the strict reader makes it, or plain in all its parts. */
export type JsonValue = null | boolean | string | JsonNumber | JsonArray | OrderedObject | PlainJson

export const isArray = (value: JsonValue | undefined): value is JsonArray => Array.isArray(value)
export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
export const isOrdered = (value: JsonValue | undefined): value is OrderedObject => value instanceof Map

/** The text of a number; undefined where the value is none. */
export const numberText = (value: JsonValue | undefined): string | undefined =>
  typeof value === "number" ? String(value) : value instanceof JsonNumber ? value.text : undefined

/** The keys of an object, in source order. */
export const keysOf = (object: JsonObject): ReadonlyArray<string> =>
  isOrdered(object) ? [...object.keys()] : Object.keys(object)

/** The member of an object; undefined where the value is no object or has no such key. */
export const member = (value: JsonValue | undefined, key: string): JsonValue | undefined => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined
  if (value instanceof Map) return (value as OrderedObject).get(key)
  const found = (value as PlainObject)[key]
  // What every object inherits is a function, and JSON has none.
  return typeof found === "function" ? undefined : found
}

/** The member, if it is a string. */
export const textMember = (value: JsonValue | undefined, key: string): string | undefined => {
  const found = member(value, key)
  return typeof found === "string" ? found : undefined
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

/** As `readJson`, the short way where the text allows it; what is not `wanted` may be built then all the same. */
export const readJsonShortly: typeof readJson = (source, wanted, rest, numbers = "written") => {
  const plain = numbers === "written" ? readPlain(source) : undefined
  return plain === undefined ? readJson(source, wanted, rest, numbers) : plain
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
  const plain = numbers === "written" ? readPlainText(text) : undefined
  if (plain !== undefined) return plain
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

/** Reads the value at the cursor; without `build` it is only checked. */
export const readValue = (build: boolean): JsonValue => {
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

const readObject = (wanted?: ReadonlySet<string>, rest?: "loosely"): OrderedObject => {
  enter()
  const members = new Map<string, JsonValue>()
  let repeated: Array<string> | undefined
  if (cursor.bytes[cursor.at] !== 0x7d) {
    while (true) {
      if (cursor.bytes[cursor.at] !== 0x22) throw fault("expected a key")
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

/** Goes from a key to its value. */
export const readColon = (): void => {
  skipBlanks()
  if (cursor.bytes[cursor.at] !== 0x3a) throw fault("expected :")
  cursor.at++
  skipBlanks()
}

/** Whether another member follows; false at the closing brace. */
export const readComma = (): boolean => {
  skipBlanks()
  if (cursor.bytes[cursor.at] === 0x7d) return false
  if (cursor.bytes[cursor.at] !== 0x2c) throw fault("expected , or }")
  cursor.at++
  skipBlanks()
  return true
}
