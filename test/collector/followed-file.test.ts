import { expect, test } from "bun:test"
import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { followedFile, isGone, isLineStart, readOn, unreadBytes } from "../../src/collector/followed-file.ts"
import { testFolder } from "./folder.ts"

const folder = testFolder()
let files = 0
const newFile = (text: string) => {
  const path = join(folder, `${++files}.jsonl`)
  writeFileSync(path, text)
  return followedFile("key", path, { _tag: "Journal" })
}
const read = async (file: ReturnType<typeof newFile>, until?: number) => {
  const texts: Array<string> = []
  const take = ({ lines }: { readonly lines: ReadonlyArray<{ readonly text: string }> }) =>
    Effect.sync(() => void texts.push(...lines.map(({ text }) => text)))
  const news = await Effect.runPromise(readOn(file, take, until))
  return { news, texts }
}

test("each reading goes on where the last one ended", async () => {
  const file = newFile("one\ntwo\n")
  expect(await read(file)).toEqual({ news: true, texts: ["one", "two"] })
  expect(await read(file)).toEqual({ news: false, texts: [] })
  appendFileSync(file.path, "three\n")
  expect(unreadBytes(file)).toBe(6)
  expect(await read(file)).toEqual({ news: true, texts: ["three"] })
  expect(file.position).toEqual({ lineNumber: 4, byteOffset: 14 })
})

test("a line without its end waits for it", async () => {
  const file = newFile("one\ntw")
  expect((await read(file)).texts).toEqual(["one"])
  appendFileSync(file.path, "o\n")
  expect((await read(file)).texts).toEqual(["two"])
})

test("with a limit, only the lines that begin before it", async () => {
  const file = newFile("one\ntwo\nthree\n")
  expect((await read(file, 8)).texts).toEqual(["one", "two"])
  expect(file.position.byteOffset).toBe(8)
  expect((await read(file)).texts).toEqual(["three"])
})

test("a file that became shorter begins again", async () => {
  const file = newFile("one\ntwo\n")
  await read(file)
  truncateSync(file.path, 0)
  appendFileSync(file.path, "new\n")
  expect((await read(file)).texts).toEqual(["new"])
})

test("a file that was moved goes on under its new path, and one that is gone gives nothing", async () => {
  const file = newFile("one\n")
  await read(file)
  const moved = `${file.path}.moved`
  renameSync(file.path, moved)
  expect(isGone(file)).toBe(true)
  expect(await read(file)).toEqual({ news: false, texts: [] })
  appendFileSync(moved, "two\n")
  file.path = moved
  expect((await read(file)).texts).toEqual(["two"])
  rmSync(moved)
  expect(await read(file)).toEqual({ news: false, texts: [] })
  expect(unreadBytes(file)).toBe(0)
})

test("a line's beginning is told from the middle of one", () => {
  const file = newFile("one\ntwo\n")
  expect([0, 4, 8].map((offset) => isLineStart(file, offset))).toEqual([true, true, true])
  expect([1, 3, 7, 99].map((offset) => isLineStart(file, offset))).toEqual([false, false, false, false])
})
