import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { foldersOfHome, makeCatalogue } from "../../src/source/catalogue.ts"
import { inheritanceOf, inheritedLines } from "../../src/source/inheritance.ts"
import { readRollout } from "../../src/source/rollout.ts"
import { temporaryFolder } from "../support/folder.ts"
import { record, said, threadId, writeRollout } from "../support/rollout.ts"

const base = (rollout: number, end: number) => ({
  history_base: { thread_id: threadId(rollout), end_ordinal_exclusive: end, end_byte_offset: 0 }
})

const inherits = (home: string, path: string) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const { parts, missing } = yield* inheritanceOf(makeCatalogue(foldersOfHome(home)), yield* readRollout(path))
      return [parts.map((part) => [Number(part.threadId.slice(-12)), part.endOrdinalExclusive]), missing]
    })
  )

const texts = (path: string, endOrdinalExclusive: number) =>
  Effect.runPromise(Stream.runCollect(inheritedLines({ path, threadId: "", endOrdinalExclusive }))).then((batches) =>
    batches.flatMap((batch) => batch.lines.map((line) => said(line.text)))
  )

describe("inheritance", () => {
  test("a chain of forks is followed to its beginning, oldest first, each part no longer than the next one allows", async () => {
    const home = temporaryFolder()
    writeRollout({ home, thread: 1, ordinal: 0 })
    writeRollout({ home, thread: 2, ordinal: 9, meta: base(1, 9) })
    const path = writeRollout({ home, thread: 3, ordinal: 5, meta: base(2, 5) })
    expect(await inherits(home, path)).toEqual([
      [
        [1, 5],
        [2, 5]
      ],
      false
    ])
  })

  test("a base that is gone is missing, and what lies behind it unknown", async () => {
    const home = temporaryFolder()
    writeRollout({ home, thread: 2, ordinal: 9, meta: base(1, 9) })
    const path = writeRollout({ home, thread: 3, ordinal: 15, meta: base(2, 15) })
    expect(await inherits(home, path)).toEqual([[[2, 15]], true])
  })

  test("a session that continues nothing inherits nothing", async () => {
    const home = temporaryFolder()
    expect(await inherits(home, writeRollout({ home, thread: 1 }))).toEqual([[], false])
  })

  test("records before the ordinal count, also from a compressed file", async () => {
    const home = temporaryFolder()
    const told = { home, thread: 1, ordinal: 7, says: ["a", "b", "c"] }
    for (const compressed of [false, true]) {
      expect(await texts(writeRollout({ ...told, compressed }), 9)).toEqual(["session_meta", "a"])
      expect(await texts(writeRollout({ ...told, compressed }), 99)).toEqual(["session_meta", "a", "b", "c"])
    }
  })

  test("without ordinals a record's place in the file counts", async () => {
    const path = join(temporaryFolder(), "legacy.jsonl")
    writeFileSync(path, ["a", "b", "c"].map((text, second) => record(text, second)).join(""))
    expect(await texts(path, 2)).toEqual(["a", "b"])
  })
})
