/**
 * Whether a zstd file is whole: a decompressor that runs out of input ends as if that were the end (Bun 1.4), and a copy
 * that was cut off would be read as a shorter session.
 *
 * Walks frames and blocks by their headers (RFC 8878), one small read for each 128 KiB at most; what is in the blocks is
 * the decompressor's business.
 */
import { readSync } from "node:fs"

const magic = 0xfd2fb528
/** Frames that a reader passes over: the last four bits are the writer's. */
const isSkippable = (word: number) => word >>> 4 === 0x184d2a5

/** Whether these are the first bytes of a zstd file. */
export const beginsZstd = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && Buffer.from(bytes.buffer, bytes.byteOffset, 4).readUInt32LE() === magic

const contentSizeBytes = [0, 2, 4, 8]
const dictionaryBytes = [0, 1, 2, 4]

/** Where the frame at an offset ends; undefined where it does not, or is none. */
const frameEnd = (read: (at: number, length: number) => number | undefined, start: number): number | undefined => {
  const word = read(start, 4)
  if (word === undefined) return undefined
  if (isSkippable(word)) {
    const length = read(start + 4, 4)
    return length === undefined ? undefined : start + 8 + length
  }
  const descriptor = word === magic ? read(start + 4, 1) : undefined
  if (descriptor === undefined) return undefined
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeBytes = contentSizeBytes[descriptor >>> 6] || Number(isSingleSegment)
  let at = start + 5 + Number(!isSingleSegment) + (dictionaryBytes[descriptor & 3] ?? 0) + sizeBytes
  for (let isLast = false; !isLast; ) {
    const header = read(at, 3)
    if (header === undefined) return undefined
    isLast = (header & 1) === 1
    const isRepeated = ((header >>> 1) & 3) === 1
    at += 3 + (isRepeated ? 1 : header >>> 3)
  }
  return at + ((descriptor & 4) === 0 ? 0 : 4)
}

/** Whether an open file of this length holds nothing but frames that end. */
export const isWholeZstd = (descriptor: number, size: number): boolean => {
  const bytes = Buffer.alloc(4)
  const read = (at: number, length: number): number | undefined =>
    readSync(descriptor, bytes, 0, length, at) === length ? bytes.readUIntLE(0, length) : undefined
  for (let at = 0; at < size; ) {
    const end = frameEnd(read, at)
    if (end === undefined || end > size) return false
    at = end
  }
  return true
}
