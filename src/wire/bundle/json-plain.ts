/**
 * The short way to read JSON: a text that `JSON.stringify` gives back unchanged has lost nothing by `JSON.parse`.
 *
 * Numbers, the order of keys, repeated keys and escapes then are what the strict reader (json.ts) would have read,
 * which is an order of magnitude slower while nothing is compiled yet. Codex writes events and payloads in just this
 * form; anything else is undefined here and goes the long way. Owns the proof and leaves all judgement to json.ts.
 */
import { isUtf8 } from "node:buffer"
import { nestingMax } from "./json-token.ts"

/** What `JSON.parse` makes, where it loses nothing. */
export type PlainJson = null | boolean | string | number | ReadonlyArray<PlainJson> | PlainObject
export type PlainObject = { readonly [key: string]: PlainJson }

/** Levels around an element of an array that is a member of the whole. */
const aroundElement = 2
/** The line break and the blanks before a value that lies too deep in indented JSON, in an element if not in a whole. */
const tooDeepIndented = `\n${" ".repeat(2 * (nestingMax - aroundElement))}`

/** Whether that many closing brackets are in the text at all: only then levels need to be counted. */
const mayBeTooDeep = (text: string): boolean => {
  if (text.length <= 2 * nestingMax) return false
  let brackets = 0
  for (let at = text.indexOf("}"); at >= 0; at = text.indexOf("}", at + 1)) if (++brackets > nestingMax) return true
  for (let at = text.indexOf("]"); at >= 0; at = text.indexOf("]", at + 1)) if (++brackets > nestingMax) return true
  return false
}

const levels = (value: PlainJson): number =>
  value === null || typeof value !== "object" ? 0 : 1 + Math.max(0, ...Object.values(value).map(levels))

/** The value of a text in the form that `JSON.stringify` writes, compact or indented by two; else undefined. */
export const readPlainText = (text: string): PlainJson | undefined => {
  const indented = text.charCodeAt(1) === 10
  // A lone surrogate is the one escape that JSON.stringify gives back and Codex refuses.
  if (text.includes("\\ud") || (indented && text.includes(tooDeepIndented))) return undefined
  try {
    const value: PlainJson = JSON.parse(text)
    if ((indented ? JSON.stringify(value, null, 2) : JSON.stringify(value)) !== text) return undefined
    return !indented && mayBeTooDeep(text) && levels(value) > nestingMax ? undefined : value
  } catch {
    return undefined
  }
}

const textOf = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("utf8")

/** The same of bytes. */
export const readPlain = (bytes: Uint8Array): PlainJson | undefined =>
  isUtf8(bytes) ? readPlainText(textOf(bytes, 0, bytes.byteLength)) : undefined

/** An element of an array that was indented with its payload; `indent` is the line break and blanks before it. */
export const readPlainElement = (bytes: Uint8Array, from: number, to: number, indent: string): PlainJson | undefined =>
  readPlainText(textOf(bytes, from, to).replaceAll(indent, "\n"))
