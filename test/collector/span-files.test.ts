import { expect, test } from "bun:test"
import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { SpanFiles } from "../../src/collector/span-files.ts"
import { testFolder } from "./folder.ts"

const folder = testFolder()
const withFiles = <A>(use: (files: SpanFiles["Service"]) => Effect.Effect<A, unknown>) =>
  Effect.runPromise(SpanFiles.use(use).pipe(Effect.provide(SpanFiles.layer)))

test("sessions that name one file append to it, private to the user, across collectors", async () => {
  const path = join(folder, "spans.jsonl")
  for (const collector of [1, 2]) {
    await withFiles((files) =>
      Effect.forEach(["a", "b"], (session) => files.output(path).write([`${collector}`, `${session}\n`]), {
        concurrency: "unbounded"
      })
    )
  }
  expect(readFileSync(path, "utf8").split("\n").sort()).toEqual(["", "1a", "1b", "2a", "2b"])
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test("a file that nothing was written to is not made", async () => {
  const path = join(folder, "nothing.jsonl")
  await withFiles((files) => Effect.sync(() => files.output(path)))
  expect(existsSync(path)).toBe(false)
})

test("a path that cannot be opened is a failure of the sink that names it", async () => {
  const failure = await withFiles((files) => Effect.flip(files.output(join(folder, "no", "such")).write(["x"])))
  expect(failure).toMatchObject({ _tag: "SinkFailed", sink: "jsonl", reason: expect.stringContaining("no/such") })
})

test("a full disk costs nothing: what was cut off is closed, and the batch comes again", async () => {
  // /dev/full takes nothing; what it teaches is that the next writing begins with a line break.
  if (!existsSync("/dev/full")) return
  await withFiles((files) =>
    Effect.gen(function* () {
      const output = files.output("/dev/full")
      const first = yield* Effect.flip(output.write(["row\n"]))
      expect(first).toMatchObject({ _tag: "SinkFailed", hint: expect.stringContaining("space") })
    })
  )
})
