import { expect, test } from "bun:test"
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { fileKey, isAdmitted, transcriptsOf } from "../../src/collector/transcripts.ts"
import { testFolder } from "./folder.ts"

const folder = testFolder()
const home = join(folder, "home")
const day = join(home, "sessions", "2026", "11", "21")
mkdirSync(day, { recursive: true })
const root = "01a1fb04-d4b6-7932-bfe6-acf87a2ddb77"
const agent = "01a1fb04-d4b6-7932-bfe6-acf87a2ddb78"
const name = (threadId: string) => `rollout-2026-11-21T10-00-00-${threadId}.jsonl`
const meta = (threadId: string) =>
  `{"timestamp":"2026-11-21T10:00:00.000Z","type":"session_meta","payload":{"id":"${threadId}","session_id":"${root}"}}\n`
const transcript = join(day, name(root))
writeFileSync(transcript, meta(root))
const outside = join(folder, name(agent))
writeFileSync(outside, meta(agent))

test("a regular file in the home's transcript folders is admitted, also through a link to the home", () => {
  expect(isAdmitted(home, transcript)).toBe(true)
  const link = join(folder, "link-to-home")
  symlinkSync(home, link)
  expect(isAdmitted(link, join(link, "sessions", "2026", "11", "21", name(root)))).toBe(true)
})

test("nothing else is: a link to elsewhere, a folder, a fifo, a path out of it, a file of the home itself", () => {
  const linked = join(day, name(agent))
  symlinkSync(outside, linked)
  const fifo = join(day, "fifo.jsonl")
  Bun.spawnSync({ cmd: ["mkfifo", fifo] })
  writeFileSync(join(home, "auth.json"), "{}")
  const refused = [
    linked,
    fifo,
    day,
    outside,
    join(home, "auth.json"),
    join(day, "../../../../auth.json"),
    "/etc/passwd",
    "/dev/zero",
    join(day, "nowhere.jsonl")
  ]
  expect(refused.filter((path) => isAdmitted(home, path))).toEqual([])
})

test("a session's list holds what is admitted, and leaves out an agent's file that is a link to elsewhere", async () => {
  const listed = await Effect.runPromise(transcriptsOf(home, root).list)
  expect(listed.map(({ path }) => path)).toEqual([transcript])
})

test("a file keeps its key when it is compressed or archived", () => {
  expect(fileKey(`/a/sessions/2026/11/21/${name(root)}`)).toBe(name(root))
  expect(fileKey(`/a/archived_sessions/${name(root)}.zst`)).toBe(name(root))
})
