/**
 * Bytes to lines: however the bytes are cut into portions, the lines are the same.
 *
 * A line ends at \n (a \r before it belongs to the ending). Blank lines are no lines, a byte order mark at the start of
 * the file is no text. Bytes that are no UTF-8 become U+FFFD: whether the line still means something is for its reader
 * to say. A line that is too long is skipped, counted and never held in memory. A last line without its ending waits:
 * for its rest, or for `end`. Counts bytes. Each line is decoded on its own: that runs faster than decoding all and
 * cutting the text (bench/lines.ts), and keeps no portion alive behind a line that someone holds.
 */
import { fileStart, type Line, type LineBatch, type Position, type SkippedLine } from "./line.ts"

/** Lines longer than this are skipped: 256 MiB. */
export const defaultLineBytesMax = 256 * 1024 * 1024

export interface LineSplitter {
  /** The lines that these bytes complete. The bytes may be overwritten afterwards. */
  readonly push: (bytes: Uint8Array) => LineBatch
  /** Nothing more will come: a last line without its ending is handed on if it is whole JSON, else reported. */
  readonly end: () => LineBatch
  /** Where the first line begins that was neither handed on nor skipped. */
  readonly position: () => Position
}

export interface SplitOptions {
  readonly lineBytesMax?: number
  /** Where in the file the first byte stands. */
  readonly from?: Position
}

const newline = 10
const carriageReturn = 13
const space = 32

const isWholeJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    // It is not: a line that is still being written.
    return false
  }
}

/** The bytes of a line that has not ended yet, kept as the portions they came in. */
const unfinishedLine = (bytesMax: number) => {
  let portions: Array<Buffer> = []
  let byteLength = 0
  const clear = () => {
    portions = []
    byteLength = 0
  }
  return {
    add: (bytes: Buffer) => {
      byteLength += bytes.length
      // The portion's memory belongs to the reader: it is copied, unless it would be thrown away anyway.
      if (byteLength <= bytesMax) portions.push(Buffer.from(bytes))
      else portions = []
    },
    clear,
    byteLength: () => byteLength,
    bytes: () => (portions.length === 1 ? (portions[0] as Buffer) : Buffer.concat(portions))
  }
}

/** Splits one file's bytes, given in order, into its lines. */
export const lineSplitter = (file: string, options: SplitOptions = {}): LineSplitter => {
  const bytesMax = options.lineBytesMax ?? defaultLineBytesMax
  const tooLong = `the line is longer than ${bytesMax} bytes`
  const rest = unfinishedLine(bytesMax)
  let { lineNumber, byteOffset } = options.from ?? fileStart

  /** Takes the line `buffer[from, to)`, which stands at `byteOffset` in the file and has `endingBytes` after it. */
  const take = (buffer: Buffer, from: number, to: number, lines: Array<Line>) => {
    const textEnd = to > from && buffer[to - 1] === carriageReturn ? to - 1 : to
    if (textEnd === from) return
    const hasMark = byteOffset === 0 && buffer[from] === 0xef && buffer[from + 1] === 0xbb && buffer[from + 2] === 0xbf
    const text = buffer.toString("utf8", hasMark ? from + 3 : from, textEnd)
    if ((buffer[from] as number) <= space && text.trim() === "") return
    lines.push({ file, lineNumber, byteOffset, text })
  }

  const push = (bytes: Uint8Array): LineBatch => {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const lines: Array<Line> = []
    const skipped: Array<SkippedLine> = []
    let from = 0
    for (let to = buffer.indexOf(newline); to >= 0; to = buffer.indexOf(newline, from)) {
      let byteLength = to - from
      if (rest.byteLength() === 0 && byteLength <= bytesMax) take(buffer, from, to, lines)
      else {
        rest.add(buffer.subarray(from, to))
        byteLength = rest.byteLength()
        if (byteLength > bytesMax) skipped.push({ file, lineNumber, byteOffset, reason: tooLong })
        else take(rest.bytes(), 0, byteLength, lines)
        rest.clear()
      }
      lineNumber += 1
      byteOffset += byteLength + 1
      from = to + 1
    }
    if (from < buffer.length) rest.add(buffer.subarray(from))
    return { lines, skipped }
  }

  const end = (): LineBatch => {
    const byteLength = rest.byteLength()
    const lines: Array<Line> = []
    const skipped: Array<SkippedLine> = []
    if (byteLength > bytesMax) skipped.push({ file, lineNumber, byteOffset, reason: tooLong })
    else if (byteLength > 0) {
      take(rest.bytes(), 0, byteLength, lines)
      const last = lines[0]
      if (last !== undefined && !isWholeJson(last.text)) {
        lines.pop()
        skipped.push({ file, lineNumber, byteOffset, reason: "the file ends inside this line" })
      }
    }
    rest.clear()
    byteOffset += byteLength
    return { lines, skipped }
  }

  return { push, end, position: () => ({ lineNumber, byteOffset }) }
}
