/**
 * Bundles as a source: lines with their payloads, one session's bundles together, and what a broken one costs.
 */
import { describe, expect, test } from "bun:test"
import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Fiber, Stream } from "effect"
import { followBundles, logOf, readBundles } from "../../src/source/bundle.ts"
import { watchFolders } from "../../src/source/live-session.ts"
import type { Arrival } from "../../src/source/origin.ts"
import { assistantMessage, bundle, userMessage } from "../support/bundle.ts"
import { temporaryFolder } from "../support/folder.ts"

const read = async (...directories: ReadonlyArray<string>): Promise<ReadonlyArray<Arrival>> =>
  Array.from(await Effect.runPromise(Stream.runCollect(readBundles(directories))))

const told = () =>
  bundle()
    .asks("I1", [userMessage("hi")])
    .answers("I1", [assistantMessage("ho")])

describe("a bundle's lines", () => {
  test("come with the payloads that they refer to, as they stand in their files", async () => {
    const directory = told().writeTo(join(temporaryFolder(), "b"))
    const [{ lines, skipped, origin } = { lines: [], skipped: [], origin: undefined }] = await read(directory)
    expect(origin).toEqual({ _tag: "Bundle", directory })
    expect(skipped).toEqual([])
    expect(lines.map(({ payloads }) => [...(payloads?.keys() ?? [])])).toEqual([
      [],
      [],
      [],
      ["raw_payload:1"],
      ["raw_payload:2"]
    ])
    expect(lines[3]?.payloads?.get("raw_payload:1")).toBe(readFileSync(join(directory, "payloads/1.json"), "utf8"))
  })

  test("come without a payload that is gone, and that is reported with its line", async () => {
    const directory = told().writeTo(join(temporaryFolder(), "b"))
    rmSync(join(directory, "payloads/1.json"))
    const [{ lines, skipped } = { lines: [], skipped: [] }] = await read(directory)
    expect(lines).toHaveLength(5)
    expect(lines[3]?.payloads?.size).toBe(0)
    expect(skipped.map(({ lineNumber, reason }) => [lineNumber, reason.split(":")[0]])).toEqual([
      [4, "payloads/1.json"]
    ])
  })

  test("never come with a file from outside of the bundle", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "secret.json"), "{}")
    const story = bundle()
    for (const path of ["../secret.json", join(folder, "secret.json"), "payloads/link.json"])
      story.event("protocol_event_observed", {
        event_type: "warning",
        event_payload: { raw_payload_id: path, kind: { type: "protocol_event" }, path }
      })
    const directory = story.writeTo(join(folder, "b"))
    mkdirSync(join(directory, "payloads"), { recursive: true })
    symlinkSync(join(folder, "secret.json"), join(directory, "payloads/link.json"))
    const [{ lines, skipped } = { lines: [], skipped: [] }] = await read(directory)
    expect(lines.map(({ payloads }) => payloads?.size ?? 0)).toEqual([0, 0, 0, 0, 0, 0])
    expect(skipped).toHaveLength(3)
  })

  test("come in small batches where their payloads are large", async () => {
    const large = "x".repeat(3 * 1024 * 1024)
    const story = bundle()
    for (let n = 0; n < 6; n++) story.asks(`I${n}`, [userMessage(large)])
    const batches = await read(story.writeTo(join(temporaryFolder(), "b")))
    expect(batches.length).toBeGreaterThanOrEqual(3)
    expect(batches.flatMap(({ lines }) => lines)).toHaveLength(9)
  })

  test("of a log that is not there are none, and that is reported", async () => {
    const directory = told().writeTo(join(temporaryFolder(), "b"))
    rmSync(join(directory, "trace.jsonl"))
    const [{ lines, skipped } = { lines: [], skipped: [] }] = await read(directory)
    expect(lines).toEqual([])
    expect(skipped).toHaveLength(1)
  })
})

describe("a bundle that is being written", () => {
  test("is followed: a torn last line waits for its rest, and comes with its payloads", async () => {
    const story = told()
    const directory = story.writeTo(join(temporaryFolder(), "b"))
    const log = story.log()
    const cut = log.length - 20
    writeFileSync(logOf(directory), log.slice(0, cut))
    const numbers: Array<number> = []
    let payloads = 0
    await Effect.runPromise(
      Effect.gen(function* () {
        const watch = yield* watchFolders([], [logOf(directory)])
        const done = yield* followBundles([directory], watch).pipe(
          Stream.flatMap(({ lines }) => Stream.fromIterable(lines)),
          Stream.tap(({ lineNumber, payloads: own }) =>
            Effect.sync(() => {
              numbers.push(lineNumber)
              payloads += own?.size ?? 0
              if (lineNumber === 4) appendFileSync(logOf(directory), log.slice(cut))
            })
          ),
          Stream.take(5),
          Stream.runDrain,
          Effect.forkChild
        )
        yield* Fiber.join(done)
      }).pipe(Effect.scoped)
    )
    expect(numbers).toEqual([1, 2, 3, 4, 5])
    expect(payloads).toBe(2)
  })
})
