import { expect, test } from "bun:test"
import { appendFileSync, mkdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { CollectorLog, logFile, readLog } from "../../src/collector/log.ts"
import { testFolder } from "./folder.ts"

const write = (state: string, what: string) =>
  Effect.runPromise(
    CollectorLog.use((log) => log.write("warning", what, "s")).pipe(Effect.provide(CollectorLog.layer(state)))
  )

test("an entry says when, how bad, what and which session", async () => {
  const state = testFolder()
  await write(state, "the backend is away")
  expect(readLog(state, 9)).toEqual([
    { at: expect.stringMatching(/^\d{4}-/), level: "warning", what: "the backend is away", session: "s" }
  ])
})

test("the log stays bounded, and lines that are none are passed over", async () => {
  const state = testFolder()
  for (let count = 0; count < 5; count++) {
    appendFileSync(logFile(state), `${"x".repeat(200_000)}\n`)
    await write(state, `entry ${count}`)
  }
  expect(statSync(logFile(state)).size + statSync(`${logFile(state)}.1`).size).toBeLessThan(1_000_000)
  expect(readLog(state, 1)).toMatchObject([{ what: "entry 4" }])
})

test("a log that cannot be written stops nobody", async () => {
  const state = testFolder()
  mkdirSync(logFile(state))
  await write(state, "anything")
  await write(join(state, "nowhere"), "anything")
  expect(readLog(state, 9)).toEqual([])
})
