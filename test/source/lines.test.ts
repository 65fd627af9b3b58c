import { describe, expect, test } from "bun:test"
import { Arbitrary, Schema } from "effect"
import type { LineBatch } from "../../src/source/line.ts"
import { lineSplitter, type SplitOptions } from "../../src/source/lines.ts"
import { holds } from "../support/property.ts"

/** All lines of the bytes, given to a splitter in portions of one reused buffer. */
const split = (bytes: Buffer, cuts: ReadonlyArray<number>, options?: SplitOptions): LineBatch => {
  const splitter = lineSplitter("f", options)
  const portion = Buffer.alloc(bytes.length)
  const batches: Array<LineBatch> = []
  let at = 0
  for (const size of [...cuts, bytes.length]) {
    const taken = bytes.copy(portion, 0, at, Math.min(at + size, bytes.length))
    batches.push(splitter.push(portion.subarray(0, taken)))
    at += taken
  }
  batches.push(splitter.end())
  return { lines: batches.flatMap((batch) => batch.lines), skipped: batches.flatMap((batch) => batch.skipped) }
}

const texts = (text: string, cuts: ReadonlyArray<number> = []) =>
  split(Buffer.from(text), cuts).lines.map((line) => line.text)

/** The obvious splitter: the whole text at once, positions counted line by line. */
const obvious = (bytes: Buffer, lineBytesMax: number): LineBatch => {
  const lines: Array<LineBatch["lines"][number]> = []
  const skipped: Array<LineBatch["skipped"][number]> = []
  const whole = bytes.toString("latin1").split("\n")
  let byteOffset = 0
  whole.forEach((piece, index) => {
    const place = { file: "f", lineNumber: index + 1, byteOffset }
    const text = Buffer.from(piece.replace(/\r$/, ""), "latin1").toString("utf8")
    if (piece.length > lineBytesMax) skipped.push({ ...place, reason: "long" })
    else if (text.trim() !== "") lines.push({ ...place, text })
    byteOffset += piece.length + 1
  })
  return { lines, skipped }
}

const pieces = Arbitrary.array(
  Arbitrary.schema(
    Schema.Literals(["\n", "\n", "\r\n", "\r", " ", "\t", "a", '{"a":1}', "é", "€", "😀", "a\u2028", "\u0000", "bad"])
  ),
  { maxLength: 40 }
)
const cuts = Arbitrary.array(Arbitrary.schema(Schema.Literals([0, 1, 1, 2, 3, 5, 17])), { maxLength: 40 })
const lineBytesMax = 12

describe("lines", () => {
  holds(
    "any chunking of the bytes gives the same lines",
    Arbitrary.all({ pieces, cuts }),
    ({ pieces, cuts }) => {
      // A byte that is no UTF-8 stands where the text says "bad"; the last line always ends.
      const bytes = Buffer.concat(
        [...pieces, "\n"].map((piece) => (piece === "bad" ? Buffer.from([0xc3, 0x28]) : Buffer.from(piece)))
      )
      const found = split(bytes, cuts, { lineBytesMax })
      const wanted = obvious(bytes, lineBytesMax)
      return (
        Bun.deepEquals(found.lines, wanted.lines) &&
        Bun.deepEquals(
          found.skipped.map(({ reason, ...place }) => place),
          wanted.skipped.map(({ reason, ...place }) => place)
        )
      )
    },
    { runs: 1000 }
  )

  test("both line endings end a line, and blank lines are none", () => {
    expect(texts("a\r\n\r\n \t\nb\n\nc\n")).toEqual(["a", "b", "c"])
  })

  test("a byte order mark at the start of the file is no part of its first line", () => {
    expect(texts("\ufeff{}\n\ufeff{}\n", [1, 1])).toEqual(["{}", "\ufeff{}"])
  })

  test("a line knows its number and its first byte", () => {
    const { lines } = split(Buffer.from("é\n\n  x\n"), [])
    expect(lines).toEqual([
      { file: "f", lineNumber: 1, byteOffset: 0, text: "é" },
      { file: "f", lineNumber: 3, byteOffset: 4, text: "  x" }
    ])
  })

  test("reading can start in the middle of a file", () => {
    const { lines } = split(Buffer.from("x\n"), [], { from: { lineNumber: 7, byteOffset: 100 } })
    expect(lines).toEqual([{ file: "f", lineNumber: 7, byteOffset: 100, text: "x" }])
  })

  test("bytes that are no UTF-8 are replaced, and the lines around them are whole", () => {
    const bytes = Buffer.concat([Buffer.from("a\n"), Buffer.from([0xff, 0xfe, 10]), Buffer.from("b\n")])
    expect(split(bytes, [3]).lines.map((line) => line.text)).toEqual(["a", "\ufffd\ufffd", "b"])
  })

  test("a last line without its ending is handed on if it is whole JSON", () => {
    expect(texts('{"a":1}\n{"b":2}', [3])).toEqual(['{"a":1}', '{"b":2}'])
  })

  test("a torn last line is reported with its place", () => {
    const { lines, skipped } = split(Buffer.from('{"a":1}\n{"b":'), [])
    expect(lines.length).toBe(1)
    expect(skipped).toEqual([{ file: "f", lineNumber: 2, byteOffset: 8, reason: "the file ends inside this line" }])
  })

  test("a line that waits for its rest has no position behind it", () => {
    const splitter = lineSplitter("f")
    expect(splitter.push(Buffer.from("one\ntw")).lines.map((line) => line.text)).toEqual(["one"])
    expect(splitter.position()).toEqual({ lineNumber: 2, byteOffset: 4 })
    expect(splitter.push(Buffer.from("o\n")).lines.map((line) => line.text)).toEqual(["two"])
    expect(splitter.position()).toEqual({ lineNumber: 3, byteOffset: 8 })
  })

  test("a line that is too long is skipped without being held, and the next one is whole", () => {
    const splitter = lineSplitter("f", { lineBytesMax: 1024 })
    const portion = Buffer.alloc(1024 * 1024, "x")
    const before = process.memoryUsage().rss
    for (let round = 0; round < 512; round++) expect(splitter.push(portion).lines).toEqual([])
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024)
    const { lines, skipped } = splitter.push(Buffer.from("\nnext\n"))
    expect(lines.map((line) => [line.text, line.lineNumber])).toEqual([["next", 2]])
    expect(skipped.map((line) => line.reason)).toEqual(["the line is longer than 1024 bytes"])
  })
})
