import { describe, expect, test } from "bun:test"
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { zstdCompressSync, zstdDecompressSync } from "node:zlib"
import { Arbitrary, Effect, Fiber, Queue, Schema, Stream } from "effect"
import { foldersOfHome } from "../../src/source/catalogue.ts"
import type { LineBatch } from "../../src/source/line.ts"
import { followTail, makeTail, type Tail } from "../../src/source/tail.ts"
import { makeWatch } from "../../src/source/watch.ts"
import { temporaryFolder } from "../support/folder.ts"
import { holds } from "../support/property.ts"
import { rolloutPath } from "../support/rollout.ts"

/** What may happen to a file between two looks. */
const Action = Schema.Literals([
  "write a line",
  "write a line",
  "write half a line",
  "write many lines",
  "truncate to nothing",
  "truncate to half",
  "replace by other lines",
  "replace by a copy",
  "archive",
  "unarchive",
  "compress",
  "delete",
  "look"
])
type Action = typeof Action.Type

/** A file in a Codex home, as something that actions happen to. */
const makeFile = (home: string) => {
  const active = rolloutPath({ home, thread: 1 })
  const archived = rolloutPath({ home, thread: 1, archived: true })
  mkdirSync(dirname(active), { recursive: true })
  mkdirSync(dirname(archived), { recursive: true })
  let written = 0
  const present = () => [active, archived, `${active}.zst`, `${archived}.zst`].find((path) => existsSync(path))
  const content = (): Buffer => {
    const path = present()
    if (path === undefined) return Buffer.alloc(0)
    const bytes = readFileSync(path)
    return path.endsWith(".zst") ? zstdDecompressSync(bytes) : bytes
  }
  /** Codex unpacks a file before it writes to it again. */
  const plain = (): string => {
    const path = present() ?? active
    if (!path.endsWith(".zst")) return path
    const unpacked = path.slice(0, -".zst".length)
    writeFileSync(unpacked, content())
    rmSync(path)
    return unpacked
  }
  const newLine = () => `{"line":${written++},"text":"${"x".repeat((written * 37) % 90)}"}\n`
  const actions: { readonly [A in Action]: () => void } = {
    "write a line": () => appendFileSync(plain(), newLine()),
    "write half a line": () => appendFileSync(plain(), newLine().slice(0, 9)),
    "write many lines": () => appendFileSync(plain(), Array.from({ length: 50 }, newLine).join("")),
    "truncate to nothing": () => present() && truncateSync(plain(), 0),
    "truncate to half": () => present() && truncateSync(plain(), Math.floor(content().length / 2)),
    "replace by other lines": () => {
      const path = plain()
      writeFileSync(`${path}.new`, newLine() + newLine())
      renameSync(`${path}.new`, path)
    },
    "replace by a copy": () => {
      if (present() === undefined) return
      const path = plain()
      copyFileSync(path, `${path}.copy`)
      renameSync(`${path}.copy`, path)
    },
    archive: () => present() && renameSync(plain(), archived),
    unarchive: () => present() && renameSync(plain(), active),
    compress: () => {
      if (present() === undefined) return
      const path = plain()
      writeFileSync(`${path}.zst`, zstdCompressSync(content()))
      rmSync(path)
    },
    delete: () => present() && rmSync(present() as string),
    look: () => {}
  }
  return { path: active, act: (action: Action) => actions[action](), content, exists: () => present() !== undefined }
}

const texts = (batches: ReadonlyArray<LineBatch>) => batches.flatMap((batch) => batch.lines.map((line) => line.text))
const look = (tail: Tail) => Effect.runPromise(Stream.runCollect(tail.look)).then(texts)

const wholeLines = (content: string) => content.slice(0, content.lastIndexOf("\n") + 1)
const linesIn = (content: string) => content.split("\n").filter((line) => line !== "")

/** What each look has to find: what was added to what was read, or all of it where that is no longer there. */
const makeModel = () => {
  let read = ""
  return (content: string, exists: boolean): ReadonlyArray<string> => {
    if (!exists) return []
    const whole = wholeLines(content)
    const from = content.startsWith(read) ? read.length : 0
    read = whole
    return linesIn(whole.slice(from))
  }
}

describe("tail", () => {
  holds(
    "whatever happens to the file, each look gives the lines that were not given, or all when it became another file",
    Arbitrary.array(Arbitrary.schema(Action), { maxLength: 30 }),
    async (actions) => {
      const home = temporaryFolder()
      const file = makeFile(home)
      const tail = makeTail(file.path)
      const expected = makeModel()
      for (const action of [...actions, "look" as const]) {
        file.act(action)
        // Some looks come late: several actions lie between two of them.
        if (action === "write half a line" || action === "archive") continue
        const found = await look(tail)
        const wanted = expected(file.content().toString(), file.exists())
        if (!Bun.deepEquals(found, wanted)) return false
      }
      rmSync(home, { recursive: true })
      return true
    },
    { runs: 150 }
  )

  test("a look at an unchanged file opens nothing, and a failure is told once", async () => {
    const folder = temporaryFolder()
    const tail = makeTail(join(folder, "a"))
    mkdirSync(join(folder, "a"))
    const batches = () => Effect.runPromise(Stream.runCollect(tail.look))
    expect((await batches()).flatMap((batch) => batch.skipped.map((line) => line.reason))).toEqual([
      `cannot read ${join(folder, "a")}: it is a folder`
    ])
    expect(await batches()).toEqual([])
  })

  /** Follows the file while the story runs; `next` waits for the next line. */
  const following = <A>(path: string, story: (next: () => Promise<string>) => Promise<A>): Promise<A> =>
    Effect.runPromise(
      Effect.gen(function* () {
        const lines = yield* Queue.unbounded<string>()
        const home = join(dirname(path), "../../../..")
        const watch = yield* makeWatch(foldersOfHome(home).map((folder) => ({ folder, deep: true })))
        const fiber = yield* Effect.forkScoped(
          Stream.runForEach(followTail(makeTail(path), watch), (batch) => Queue.offerAll(lines, texts([batch])))
        )
        const told = yield* Effect.promise(() => story(() => Effect.runPromise(Queue.take(lines))))
        yield* Fiber.interrupt(fiber)
        return told
      }).pipe(Effect.scoped, Effect.timeout("10 seconds"))
    )

  test("a written line arrives within milliseconds", async () => {
    const file = makeFile(temporaryFolder())
    file.act("write a line")
    const delays = await following(file.path, async (next) => {
      await next()
      const found: Array<number> = []
      for (let round = 0; round < 40; round++) {
        await Bun.sleep(5)
        const before = performance.now()
        file.act("write a line")
        await next()
        found.push(performance.now() - before)
      }
      return found.sort((left, right) => left - right)
    })
    expect(delays[Math.floor(delays.length * 0.9)]).toBeLessThan(50)
  })

  test("a file that appears later is followed from its first line, and on after it was archived", async () => {
    const file = makeFile(temporaryFolder())
    await following(file.path, async (next) => {
      await Bun.sleep(20)
      file.act("write a line")
      expect(await next()).toStartWith('{"line":0')
      file.act("archive")
      file.act("write a line")
      expect(await next()).toStartWith('{"line":1')
    })
  })

  test("a folder that appears later is followed too", async () => {
    const home = temporaryFolder()
    const path = rolloutPath({ home, thread: 1 })
    await following(path, async (next) => {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, "{}\n")
      expect(await next()).toBe("{}")
    })
  })
})
