/** Whether a zstd file is whole. */
import { expect, test } from "bun:test"
import { closeSync, openSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { constants, zstdCompressSync } from "node:zlib"
import { isWholeZstd } from "../../src/source/zstd.ts"
import { temporaryFolder } from "../support/folder.ts"

const file = join(temporaryFolder(), "a.zst")
const isWhole = (bytes: Uint8Array): boolean => {
  writeFileSync(file, bytes)
  const descriptor = openSync(file, "r")
  try {
    return isWholeZstd(descriptor, bytes.length)
  } finally {
    closeSync(descriptor)
  }
}

const random = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * n * 2654435761) % 251))
const contents = [Buffer.alloc(0), Buffer.from("a line\n"), Buffer.alloc(500_000, "x"), random]
const forms = [
  {},
  { [constants.ZSTD_c_checksumFlag]: 1 },
  { [constants.ZSTD_c_contentSizeFlag]: 0, [constants.ZSTD_c_checksumFlag]: 1 },
  { [constants.ZSTD_c_compressionLevel]: 19 }
]
const packed = contents.flatMap((content) => forms.map((params) => zstdCompressSync(content, { params })))
const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])

test("whatever was compressed is whole, frame after frame", () => {
  for (const bytes of packed) expect(isWhole(bytes)).toBe(true)
  expect(isWhole(Buffer.concat([...packed, skippable, ...packed]))).toBe(true)
  expect(isWhole(Buffer.alloc(0))).toBe(true)
})

test("what was cut anywhere is not", () => {
  for (const bytes of [...packed, Buffer.concat([packed[4] ?? skippable, skippable])]) {
    const cuts = [1, 3, 4, 5, 6, 9, bytes.length >> 1, bytes.length - 5, bytes.length - 1]
    for (const length of cuts)
      if (length > 0 && length < bytes.length && length !== packed[4]?.length)
        expect([bytes.length, length, isWhole(bytes.subarray(0, length))]).toEqual([bytes.length, length, false])
  }
  expect(isWhole(Buffer.from("no zstd at all"))).toBe(false)
})
