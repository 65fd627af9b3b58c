import { expect, test } from "bun:test"
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { Effect } from "effect"
import {
  commitWatermark,
  readWatermark,
  type Watermark,
  watermarkFile,
  watermarksOf
} from "../../src/collector/watermark.ts"
import { sessionFolder } from "../../src/hook/places.ts"
import { testFolder } from "./folder.ts"

const state = testFolder()
mkdirSync(sessionFolder(state, "s"), { recursive: true })
const destination = { sink: "braintrust", label: "project p", address: "1" }
const mark: Watermark = {
  version: 1,
  sink: "braintrust",
  destination: "project p",
  files: { journal: { path: "/j", byteOffset: 10, lineNumber: 2 } },
  ended: false,
  spans: 3,
  acknowledgedAt: 1.5
}
const commit = (watermark: Watermark) => Effect.runPromise(commitWatermark(state, "s", destination, watermark))

test("what was committed is read back, and replaced as a whole", async () => {
  await commit(mark)
  expect(readWatermark(state, "s", destination)).toEqual(mark)
  await commit({ ...mark, spans: 4 })
  expect(readWatermark(state, "s", destination)?.spans).toBe(4)
  expect(readdirSync(sessionFolder(state, "s")).length).toBe(1)
  expect(statSync(watermarkFile(state, "s", destination)).mode & 0o777).toBe(0o600)
})

test("many commits at the same time leave one whole watermark and no other file", async () => {
  await Promise.all(Array.from({ length: 50 }, (_, spans) => commit({ ...mark, spans })))
  expect(readWatermark(state, "s", destination)?.files).toEqual(mark.files)
  expect(readdirSync(sessionFolder(state, "s")).length).toBe(1)
})

test("another address of the same sink has a watermark of its own", async () => {
  expect(readWatermark(state, "s", { ...destination, address: "2" })).toBeUndefined()
})

test("garbage, a foreign version and a missing file count as none", () => {
  for (const text of [
    "",
    "{",
    "null",
    JSON.stringify({ ...mark, version: 2 }),
    JSON.stringify({ ...mark, files: [] })
  ]) {
    writeFileSync(watermarkFile(state, "s", destination), text)
    expect(readWatermark(state, "s", destination)).toBeUndefined()
    expect(watermarksOf(state, "s")).toEqual([])
  }
  expect(watermarksOf(state, "nobody")).toEqual([])
})

test("one that cannot be written is a typed error that names the file, and leaves the old one", async () => {
  await commit(mark)
  const failure = await Effect.runPromise(Effect.flip(commitWatermark(state, "nobody", destination, mark)))
  expect(failure).toMatchObject({ _tag: "NotWritten", file: watermarkFile(state, "nobody", destination) })
  expect(readWatermark(state, "s", destination)).toEqual(mark)
})
