/**
 * Text on its way to a file or a pipe: whole, in order, at the reader's pace, and quiet when the reader leaves.
 */
import { describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { Arbitrary, Effect, Schema } from "effect"
import { descriptorOutput } from "../../src/sink/output.ts"
import { holds } from "../support/property.ts"

const inFolder = async (body: (folder: string) => Promise<void> | void) => {
  const folder = mkdtempSync(join(tmpdir(), "tracer-output-"))
  try {
    await body(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const write = (path: string, batches: ReadonlyArray<ReadonlyArray<string>>) =>
  Effect.gen(function* () {
    const fd = yield* Effect.acquireRelease(
      Effect.sync(() => openSync(path, "w")),
      (opened) => Effect.sync(() => closeSync(opened))
    )
    const output = descriptorOutput(fd, path)
    yield* Effect.forEach(batches, output.write, { concurrency: "unbounded", discard: true })
  }).pipe(Effect.scoped, Effect.runPromise)

const piece = Arbitrary.schema(
  Schema.Union([Schema.String, Schema.Literals(["€".repeat(90_000), `${"a".repeat(262_143)}é`, "", "👩‍👩‍👧"])])
)

describe("a file", () => {
  holds(
    "holds exactly what was written, whatever the sizes and characters",
    Arbitrary.array(Arbitrary.array(piece, { maxLength: 5 }), { maxLength: 3 }),
    async (batches) => {
      let same = false
      await inFolder(async (folder) => {
        const path = join(folder, "out")
        await write(path, batches)
        // Lone surrogates cannot be written in UTF-8.
        same = readFileSync(path, "utf8") === batches.flat().join("").toWellFormed()
      })
      return same
    },
    { runs: 60 }
  )

  test("on a full disk fails for good and says so", async () => {
    if (process.platform !== "linux") return
    const fd = openSync("/dev/full", "w")
    const failure = await Effect.runPromise(Effect.flip(descriptorOutput(fd, "out").write(["x"])))
    closeSync(fd)
    expect(failure.message).toBe("out: could not write (ENOSPC)")
    expect(failure).toMatchObject({ retry: "permanent", hint: "free some space, then run the command again" })
  })
})

describe.skipIf(process.platform === "win32")("a pipe", () => {
  test("that does not block its writer loses nothing when its reader is slow", () =>
    inFolder(async (folder) => {
      const path = join(folder, "pipe")
      spawnSync("mkfifo", [path])
      const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
      const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
      const text = `${"0123456789".repeat(40_000)}end`
      const written = Effect.runPromise(descriptorOutput(writer, "pipe").write([text]))
      let read = ""
      const buffer = Buffer.alloc(100_000)
      while (!read.endsWith("end")) {
        await Bun.sleep(5)
        try {
          read += buffer.toString("utf8", 0, readSync(reader, buffer))
        } catch (cause) {
          expect((cause as { code?: string }).code).toBe("EAGAIN")
        }
      }
      await written
      expect(read === text).toBe(true)
      closeSync(reader)
      closeSync(writer)
    }))

  test("whose reader leaves ends the writer quietly", () => {
    const module = resolve(import.meta.dir, "../../src/sink/output.ts")
    const script = `
      const { Effect } = await import("effect")
      const { standardOutput } = await import(${JSON.stringify(module)})
      const text = "0123456789".repeat(1000)
      const left = await Effect.runPromise(Effect.flip(Effect.forever(standardOutput.write([text]))))
      console.error(left._tag, left.message)`
    const { stdout, stderr } = spawnSync("sh", ["-c", `"$0" -e "$1" | head -c 20`, process.execPath, script], {
      encoding: "utf8",
      timeout: 10_000
    })
    expect(stdout).toBe("01234567890123456789")
    expect(stderr).toBe("ReaderLeft standard output: the reader closed the pipe\n")
  })
})
