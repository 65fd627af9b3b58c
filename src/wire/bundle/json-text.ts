/**
 * Writing what the strict reader read: compact JSON in source order or with sorted keys, number literals as they
 * were. Strings are escaped as `JSON.stringify` does, which is what Codex's library does too (rollout-trace.md §1.2).
 *
 * Owns value → text and the order of keys by their UTF-8 bytes. Lengths are UTF-8 bytes.
 */
import { isArray, isObject, isOrdered, type JsonValue, keysOf, member, numberText } from "./json.ts"

/** Compact JSON, keys in source order. */
export const compactJson = (value: JsonValue): string => {
  if (typeof value === "string") return JSON.stringify(value)
  if (isArray(value)) return `[${value.map(compactJson).join(",")}]`
  if (!isOrdered(value)) return numberText(value) ?? JSON.stringify(value)
  const parts: Array<string> = []
  for (const [key, item] of value) {
    parts.push(`${JSON.stringify(key)}:${compactJson(item)}`)
  }
  return `{${parts.join(",")}}`
}

/** Compact JSON, keys sorted by bytes at every level: the form that content hashes are made of. */
export const sortedJson = (value: JsonValue): string => {
  if (isArray(value)) return `[${value.map(sortedJson).join(",")}]`
  if (!isObject(value)) return compactJson(value)
  const keys = sortedByBytes(keysOf(value))
  return `{${keys.map((key) => `${JSON.stringify(key)}:${sortedJson(member(value, key) ?? null)}`).join(",")}}`
}

/**
 * Orders strings by their UTF-8 bytes, that is by code points. UTF-16 order, which `<` gives, differs only where
 * one string has a surrogate and the other a character from U+E000 on.
 */
export const byBytes = (a: string, b: string): number => {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    // A surrogate stands for a code point above every other 16-bit unit.
    const xHigh = x >= 0xd800 && x <= 0xdfff
    const yHigh = y >= 0xd800 && y <= 0xdfff
    if (xHigh !== yHigh) return xHigh ? 1 : -1
    return x < y ? -1 : 1
  }
  return a.length - b.length
}

/** Strings in that order. Without surrogates it is the order that sorting has of itself, many times faster. */
export const sortedByBytes = (texts: Iterable<string>): ReadonlyArray<string> => {
  const all = [...texts]
  return /[\ud800-\udfff]/.test(all.join("")) ? all.sort(byBytes) : all.sort()
}

const utf8Length = (code: number): number => (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4)

/** A text cut to a number of bytes. */
export interface Cut {
  /** The longest whole characters that fit. */
  readonly text: string
  readonly cut: boolean
  /** The limit fell inside a character. */
  readonly inside: boolean
}

/** Cuts a text to at most `max` UTF-8 bytes. */
export const cutToBytes = (text: string, max: number): Cut => {
  if (text.length * 3 <= max || (text.length <= max && Buffer.byteLength(text) <= max))
    return { text, cut: false, inside: false }
  let used = 0
  for (let i = 0; i < text.length; ) {
    const code = text.codePointAt(i) ?? 0
    const length = utf8Length(code)
    if (used + length > max) return { text: text.slice(0, i), cut: true, inside: used < max }
    used += length
    i += code > 0xffff ? 2 : 1
  }
  return { text, cut: false, inside: false }
}
