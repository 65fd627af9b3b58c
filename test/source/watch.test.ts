import { describe, test } from "bun:test"
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Queue } from "effect"
import { beat, type Change, makeWatch, relist, type WatchedFolder } from "../../src/source/watch.ts"
import { temporaryFolder } from "../support/folder.ts"

/** Watches while the story runs; `next` waits for the next change that satisfies it. */
const watching = (
  folders: ReadonlyArray<WatchedFolder>,
  story: (next: (change: Change) => Promise<Change>) => Promise<void>
) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const changes = yield* Queue.unbounded<Change>()
      const watch = yield* makeWatch(folders)
      yield* watch.listen((change) => {
        if (change !== beat) Queue.offerUnsafe(changes, change)
      })
      const next = (wanted: Change) =>
        Effect.runPromise(
          Queue.take(changes).pipe(Effect.repeat({ until: (change) => change === wanted }), Effect.timeout("4 seconds"))
        )
      yield* Effect.promise(() => story(next))
    }).pipe(Effect.scoped)
  )

describe("watch", () => {
  test("what is written anywhere below a deep folder is told, in folders that come later too", async () => {
    const folder = temporaryFolder()
    await watching([{ folder, deep: true }], async (next) => {
      writeFileSync(join(folder, "a"), "x")
      await next(join(folder, "a"))
      mkdirSync(join(folder, "2026/11/20"), { recursive: true })
      await Bun.sleep(20)
      writeFileSync(join(folder, "2026/11/20/b"), "x")
      await next(join(folder, "2026/11/20/b"))
      appendFileSync(join(folder, "2026/11/20/b"), "x")
      await next(join(folder, "2026/11/20/b"))
    })
  })

  test("of a flat folder only what lies in it is told", async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, "below"))
    await watching([{ folder, deep: false }], async (next) => {
      writeFileSync(join(folder, "below/a"), "x")
      writeFileSync(join(folder, "b"), "x")
      await next(join(folder, "b"))
    })
  })

  test("a folder that appears later, or anew, is taken up within moments, and says that it was not watched before", async () => {
    const home = temporaryFolder()
    const folder = join(home, "codex/sessions")
    await watching([{ folder, deep: true }], async (next) => {
      mkdirSync(folder, { recursive: true })
      await next(relist)
      writeFileSync(join(folder, "a"), "x")
      await next(join(folder, "a"))
      rmSync(folder, { recursive: true })
      mkdirSync(`${folder}.new`)
      renameSync(`${folder}.new`, folder)
      await next(relist)
      writeFileSync(join(folder, "b"), "x")
      await next(join(folder, "b"))
    })
  })
})
