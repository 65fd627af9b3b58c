import { describe, expect, test } from "bun:test"
import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { zstdCompressSync } from "node:zlib"
import { Effect } from "effect"
import { linesOf, openLines, type ReadOptions } from "../../src/source/file.ts"
import type { Line, SkippedLine } from "../../src/source/line.ts"
import { temporaryFolder } from "../support/folder.ts"

const readAll = (path: string, options?: ReadOptions) =>
  Effect.gen(function* () {
    const reader = yield* openLines(path, options)
    const lines: Array<Line> = []
    const skipped: Array<SkippedLine> = []
    for (let batch = yield* reader.next; batch !== undefined; batch = yield* reader.next) {
      lines.push(...batch.lines)
      skipped.push(...batch.skipped)
    }
    return { lines, skipped, position: reader.position() }
  }).pipe(Effect.scoped)

const lines = (path: string, options?: ReadOptions) => Effect.runPromise(readAll(path, options))
const failure = (path: string) => Effect.runPromise(Effect.flip(readAll(path)))

const manyLines = Array.from({ length: 20_000 }, (_, index) => `{"line":${index},"text":"${"é".repeat(index % 60)}"}\n`)

describe("file", () => {
  test("a file of several portions is read to its end", async () => {
    const file = join(temporaryFolder(), "a.jsonl")
    writeFileSync(file, manyLines.join(""))
    const read = await lines(file)
    expect(read.lines.map((line) => `${line.text}\n`)).toEqual(manyLines)
    expect(read.lines.at(-1)?.lineNumber).toBe(manyLines.length)
  })

  test("a descriptor is closed by nobody but its owner", async () => {
    for (const name of ["a.jsonl", "a.jsonl.zst"]) {
      const path = join(temporaryFolder(), name)
      writeFileSync(path, name.endsWith(".zst") ? zstdCompressSync(manyLines.join("")) : manyLines.join(""))
      const descriptor = openSync(path, "r")
      const file = { path, descriptor, stats: fstatSync(descriptor) }
      const firstPortion = Effect.flatMap(linesOf(file), (reader) => reader.next)
      expect((await Effect.runPromise(Effect.scoped(firstPortion)))?.lines.length).toBeGreaterThan(0)
      await Bun.sleep(50) // Whoever closes it does so in the background.
      expect(fstatSync(descriptor).ino).toBe(file.stats.ino)
      closeSync(descriptor)
    }
  })

  test("a compressed file gives the same lines at the same places", async () => {
    const folder = temporaryFolder()
    const [plain, packed] = [join(folder, "a.jsonl"), join(folder, "a.jsonl.zst")]
    writeFileSync(plain, manyLines.join(""))
    writeFileSync(packed, zstdCompressSync(manyLines.join("")))
    const places = (read: { readonly lines: ReadonlyArray<Line> }) => read.lines.map(({ file, ...place }) => place)
    expect(places(await lines(packed))).toEqual(places(await lines(plain)))
    const from = { lineNumber: 2, byteOffset: Buffer.byteLength(manyLines[0] as string) }
    expect(places(await lines(packed, { from }))).toEqual(places(await lines(plain, { from })))
  })

  test("a growing file leaves its last line for later, and says where it begins", async () => {
    const file = join(temporaryFolder(), "a.jsonl")
    writeFileSync(file, '{"a":1}\n{"b":2}')
    const first = await lines(file, { growing: true })
    expect(first.lines.map((line) => line.text)).toEqual(['{"a":1}'])
    appendFileSync(file, "\n")
    const second = await lines(file, { growing: true, from: first.position })
    expect(second.lines.map((line) => [line.text, line.lineNumber, line.byteOffset])).toEqual([['{"b":2}', 2, 8]])
  })

  test.skipIf(process.platform === "win32")(
    "what is no regular file is refused at once, with a way to read it",
    async () => {
      const fifo = join(temporaryFolder(), "fifo")
      Bun.spawnSync(["mkfifo", fifo])
      for (const path of [fifo, "/dev/zero"]) {
        const refused = await failure(path)
        expect(refused.message).toBe(`cannot read ${path}: it is not a regular file`)
        expect(refused.hint).toContain("standard input")
      }
    }
  )

  test("a folder, a missing file and a broken archive are told apart", async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, "d"))
    writeFileSync(join(folder, "a.zst"), "no zstd at all")
    expect((await failure(join(folder, "d"))).reason).toBe("it is a folder")
    expect((await failure(join(folder, "x"))).reason).toBe("there is no such file")
    expect((await failure(join(folder, "a.zst"))).reason).toStartWith("it is not whole zstd")
  })
})
