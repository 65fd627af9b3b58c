import { expect, test } from "bun:test"
import { resolve } from "node:path"
import { tryLock } from "../../src/collector/lock.ts"
import { testFolder } from "./folder.ts"

const state = testFolder()
const lockFile = resolve(import.meta.dir, "../../src/collector/lock.ts")

/** Another process that takes the lock, says so, and holds it. */
const holder = () =>
  Bun.spawn({
    cmd: [
      process.execPath,
      "-e",
      `const { tryLock } = await import(${JSON.stringify(lockFile)})
       console.log(tryLock(${JSON.stringify(state)}) === undefined ? "refused" : "held")
       setInterval(() => {}, 1000)`
    ],
    stdout: "pipe"
  })

const firstWord = async (child: ReturnType<typeof holder>): Promise<string> => {
  for await (const chunk of child.stdout) return new TextDecoder().decode(chunk).trim()
  return ""
}

test("one process holds it; another gets it when the holder dies, even by kill -9", async () => {
  const first = holder()
  expect(await firstWord(first)).toBe("held")
  const second = holder()
  expect(await firstWord(second)).toBe("refused")
  expect(tryLock(state)).toBeUndefined()
  first.kill("SIGKILL")
  await first.exited
  const ours = tryLock(state)
  expect(ours).toBeDefined()
  ours?.release()
  second.kill("SIGKILL")
  await second.exited
})

test("a released lock can be taken again", () => {
  const once = tryLock(state)
  expect(tryLock(state)).toBeUndefined()
  once?.release()
  const again = tryLock(state)
  expect(again).toBeDefined()
  again?.release()
})
