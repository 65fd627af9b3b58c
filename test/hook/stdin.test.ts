/** Whatever way the input comes, it is read whole: at once, late, in pieces, from a file, or without an end. */
import { afterEach, beforeEach, expect, test } from "bun:test"
import { openSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readComplaints } from "../../src/hook/complaints.ts"
import { door, type HookPlace, hookPlace, journal, listen, runHook, sessionId, silent } from "./support.ts"

let place: HookPlace
let collector: ReturnType<typeof listen>

beforeEach(() => {
  place = hookPlace()
  collector = listen(join(place.folder, "collector.sock"))
  place.environment.TRACER_HOME = place.folder
})
afterEach(() => {
  collector.stop()
  place.remove()
})

const payload = (text: string) => JSON.stringify({ session_id: sessionId, hook_event_name: "Stop", text })
const journaled = () => JSON.parse(journal({ ...place, state: place.folder })).payload.text

/** Pieces of so many bytes, with a pause after each. */
const pieces = (text: string, bytes: number, pauseMs: number) => {
  const all = Buffer.from(text)
  return new ReadableStream({
    async start(controller) {
      for (let at = 0; at < all.length; at += bytes) {
        controller.enqueue(all.subarray(at, at + bytes))
        await Bun.sleep(pauseMs)
      }
      controller.close()
    }
  })
}

test("in pieces that cut characters, some of them late", async () => {
  const text = "€🙂ä".repeat(20)
  expect(await runHook(place, pieces(payload(text), 7, 5))).toEqual(silent)
  expect(journaled()).toBe(text)
})

test("larger than a pipe holds", async () => {
  for (const megabytes of [0.5, 12]) {
    const text = "ü".repeat(megabytes * 500_000)
    expect(await runHook(place, payload(text))).toEqual(silent)
    const lines = journal({ ...place, state: place.folder })
      .trimEnd()
      .split("\n")
    expect(JSON.parse(lines.at(-1) ?? "").payload.text === text).toBe(true)
  }
}, 20_000)

const runOn = (stdin: number) =>
  Bun.spawn({ cmd: [process.execPath, door, "hook"], cwd: place.folder, env: place.environment, stdin }).exited

test("from a file", async () => {
  const file = join(place.folder, "input.json")
  writeFileSync(file, payload("from a file"))
  expect(await runOn(openSync(file, "r"))).toBe(0)
  expect(journaled()).toBe("from a file")
})

test("from a pipe that is filled faster than anybody can read", async () => {
  const shell = ["sh", "-c", `yes | '${process.execPath}' '${door}' hook`]
  expect(await Bun.spawn({ cmd: shell, cwd: place.folder, env: place.environment, stderr: "ignore" }).exited).toBe(0)
  expect(readComplaints(place.folder, 9).length).toBe(1)
}, 30_000)

test("from nowhere, or without an end: it leaves all the same", async () => {
  expect(await runOn(openSync("/dev/null", "r"))).toBe(0)
  const begun = Date.now()
  expect(await runOn(openSync("/dev/zero", "r"))).toBe(0)
  expect(Date.now() - begun).toBeLessThan(15_000)
  expect(readComplaints(place.folder, 9).length).toBe(2)
}, 30_000)
