/**
 * Reading an object with one long array in it, again and again: a request and the history that it repeats.
 *
 * The array's elements are checked and told by where they stand. What stands where it stood in the last text, byte by
 * byte, was checked then: it is passed over. Owns the spans and that comparison; the judgement is the strict reader's
 * (json.ts). Offsets are bytes.
 */
import { isUtf8 } from "node:buffer"
import { JsonFault, type JsonValue, type NumberForm, readColon, readComma, readJson, readValue } from "./json.ts"
import { readPlainElement } from "./json-plain.ts"
import { cursor, enter, fault, readString, skipBlanks, startAt } from "./json-token.ts"

/** Parts of a text, by where they begin and end. */
export interface Parts {
  readonly from: ReadonlyArray<number>
  readonly to: ReadonlyArray<number>
}

class Spans implements Parts {
  readonly from: Array<number> = []
  readonly to: Array<number> = []
  add(from: number, to: number): void {
    this.from.push(from)
    this.to.push(to)
  }
}

/** An array whose elements were checked. Valid as long as the bytes that it was read from. */
export class JsonSpans extends Spans {
  readonly bytes: Buffer
  /** Of each element: its place in the last text's array, or -1. */
  readonly places: Array<number> = []
  private readonly built: Array<JsonValue | undefined> = []
  private readonly numbers: NumberForm
  constructor(source: Buffer, numbers: NumberForm) {
    super()
    this.bytes = source
    this.numbers = numbers
  }
  take(from: number, to: number, place: number, value?: JsonValue): void {
    this.add(from, to)
    this.places.push(place)
    this.built.push(value)
  }
  /** Builds one element. */
  read(index: number): JsonValue {
    return (
      this.built[index] ??
      readJson(this.bytes.subarray(this.from[index], this.to[index]), undefined, undefined, this.numbers)
    )
  }
}

/** What is kept of a text for the next one. */
export interface LastText {
  readonly bytes: Buffer
  /** The top-level members, in order; empty spans for those that have to be read each time. */
  readonly members: Parts
  readonly elements: Parts
}

export interface ReadWithSpans {
  readonly value: JsonValue
  /** Undefined where the value has no such array. */
  readonly spans: JsonSpans | undefined
  readonly members: Parts
}

const nothingYet: LastText = { bytes: Buffer.alloc(0), members: new Spans(), elements: new Spans() }

/** Reads an object like `readJson` with `wanted`, and the array of one more member as spans. */
export const readJsonWithSpans = (
  source: Uint8Array,
  wanted: ReadonlySet<string>,
  spansKey: string,
  numbers: NumberForm = "written",
  last: LastText = nothingYet
): ReadWithSpans => {
  if (!isUtf8(source)) throw new JsonFault("invalid UTF-8", 0)
  startAt(source, numbers)
  skipBlanks()
  if (cursor.bytes[cursor.at] !== 0x7b) {
    return { value: readJson(source, undefined, undefined, numbers), spans: undefined, members: new Spans() }
  }
  const value = new Map<string, JsonValue>()
  const members = new Spans()
  let spans: JsonSpans | undefined
  enter()
  if (cursor.bytes[cursor.at] !== 0x7d) {
    do {
      const from = cursor.at
      const known = endOfSame(last.bytes, last.members, members.from.length, from)
      if (known >= 0) cursor.at = known
      else {
        if (cursor.bytes[from] !== 0x22) throw fault("expected a key")
        const key = readString()
        readColon()
        if (key === spansKey) {
          // Of a repeated key the last value counts.
          spans = cursor.bytes[cursor.at] === 0x5b ? readSpans(last) : undefined
          if (spans === undefined) readValue(false)
        } else if (wanted.has(key)) value.set(key, readValue(true))
        else {
          readValue(false)
          members.add(from, cursor.at)
          continue
        }
      }
      members.add(from, Math.max(from, known))
    } while (readComma())
  }
  cursor.at++
  cursor.depth--
  skipBlanks()
  if (cursor.at < cursor.end) throw new JsonFault("text after the value", cursor.at)
  return { value, spans, members }
}

/**
 * The walk is `readArray`'s, written again: with a callback for the element, skipping took 40 % longer, with the comma
 * read by a function of its own 8 % (least of 60 runs over 20,000 items, Bun 1.4.5).
 */
const readSpans = (last: LastText): JsonSpans => {
  const found = new JsonSpans(cursor.bytes, cursor.numbers)
  enter()
  let next = 0
  if (cursor.bytes[cursor.at] !== 0x5d) {
    while (true) {
      const from = cursor.at
      const place = placeOfSame(last, next, from)
      if (place < 0) {
        const value = readElement()
        found.take(from, cursor.at, -1, value)
      } else {
        // Where one element has moved, most often all that follow have moved with it.
        const end = next > 0 && place === next ? place + 1 : endOfRun(last, place, from)
        passOver(found, last.elements, place, end)
        next = end
      }
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

/** The place after the last one of those that stand here as they stood in the last text, to its end if all do. */
const endOfRun = ({ bytes, elements }: LastText, place: number, at: number): number => {
  const count = elements.from.length
  const [from, to] = [elements.from[place] as number, elements.to[count - 1] as number]
  return isSame(bytes, from, to, at) ? count : place + 1
}

const passOver = (found: JsonSpans, elements: Parts, first: number, end: number): void => {
  const moved = cursor.at - (elements.from[first] as number)
  for (let place = first; place < end; place++) {
    found.take((elements.from[place] as number) + moved, (elements.to[place] as number) + moved, place)
  }
  cursor.at = (elements.to[end - 1] as number) + moved
}

const indent = "\n    "
const indentBytes = Buffer.from(indent)
const closing = Buffer.from(`${indent}}`)

/** Checks an element; one that is indented as Codex does is built on the way, which is the shorter way. */
const readElement = (): JsonValue | undefined => {
  const { at, bytes } = cursor
  if (cursor.numbers === "written" && bytes[at] === 0x7b && isAt(bytes, at - indent.length, indentBytes)) {
    const close = bytes.indexOf(closing, at)
    const value = close < 0 ? undefined : readPlainElement(bytes, at, close + closing.length, indent)
    if (value !== undefined) {
      cursor.at = close + closing.length
      return value
    }
  }
  readValue(false)
  return undefined
}

const isAt = (bytes: Buffer, at: number, what: Buffer): boolean =>
  at >= 0 && at + what.length <= bytes.length && bytes.compare(what, 0, what.length, at, at + what.length) === 0

/** Elements of the last text that are compared before one is simply read: the next ones, and the first ones. */
const aheadMax = 16
const backMax = 8

const placeOfSame = (last: LastText, next: number, at: number): number => {
  const { bytes, elements } = last
  const count = elements.from.length
  for (let place = next; place < Math.min(count, next + aheadMax); place++) {
    if (endOfSame(bytes, elements, place, at) >= 0) return place
  }
  for (let place = 0; place < Math.min(next, backMax); place++) {
    if (endOfSame(bytes, elements, place, at) >= 0) return place
  }
  return -1
}

/** Where a part ends that stands at `at` as it stood in the last text; -1 if it does not. */
const endOfSame = (known: Buffer, parts: Parts, index: number, at: number): number => {
  const from = parts.from[index] ?? 0
  const to = parts.to[index] ?? 0
  return from < to && isSame(known, from, to, at) ? at + to - from : -1
}

const isSame = (known: Buffer, from: number, to: number, at: number): boolean => {
  const end = at + to - from
  if (end >= cursor.end || cursor.bytes.compare(known, from, to, at, end) !== 0) return false
  // A number could go on.
  const after = cursor.bytes[end]
  return after === 0x2c || after === 0x0a || after === 0x5d || after === 0x7d || after === 0x20
}
