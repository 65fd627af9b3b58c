import { expect, test } from "bun:test"
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { recordingsIn } from "../../src/collector/recordings.ts"
import { testFolder } from "./folder.ts"

const folder = testFolder()
const root = join(folder, "traces")
const thread = "01a1fb04-d4b6-7932-bfe6-acf87a2ddb77"
const other = "01a1fb04-d4b6-7932-bfe6-acf87a2ddb78"

const bundle = (name: string, rootThreadId: string, startedAtMs: number) => {
  const directory = join(root, name)
  mkdirSync(directory, { recursive: true })
  const manifest = { schema_version: 2, root_thread_id: rootThreadId, started_at_unix_ms: startedAtMs }
  writeFileSync(join(directory, "manifest.json"), JSON.stringify(manifest))
  writeFileSync(join(directory, "trace.jsonl"), "")
  return directory
}

test("a thread's bundles come in the order in which their processes began, and nobody else's come", () => {
  const [second, first] = [bundle("a", thread, 2), bundle("b", thread, 1)]
  bundle("c", other, 3)
  const recordings = recordingsIn(root)
  expect(recordings.list(new Set([thread]))).toEqual([first, second])
  const third = bundle("d", thread, 4)
  expect(recordings.list(new Set([thread]))).toEqual([first, second, third])
})

test("a bundle without its manifest is looked at again: Codex may just be making it", () => {
  const directory = join(root, "young")
  mkdirSync(directory)
  const recordings = recordingsIn(root)
  const threads = new Set(["01a1fb04-d4b6-7932-bfe6-acf87a2ddb79"])
  expect(recordings.list(threads)).toEqual([])
  bundle("young", "01a1fb04-d4b6-7932-bfe6-acf87a2ddb79", 5)
  expect(recordings.list(threads)).toEqual([directory])
})

test("only logs inside the folder may be read, every link resolved", () => {
  const recordings = recordingsIn(root)
  const own = bundle("mine", thread, 6)
  expect(recordings.isAdmitted(join(own, "trace.jsonl"))).toBe(true)
  const outside = join(folder, "outside.jsonl")
  writeFileSync(outside, "")
  const linked = join(bundle("linked", thread, 7), "trace.jsonl")
  Bun.spawnSync({ cmd: ["rm", linked] })
  symlinkSync(outside, linked)
  expect([linked, outside, "/etc/passwd", own, join(root, "nowhere")].filter(recordings.isAdmitted)).toEqual([])
})

test("where Codex was not asked to record, there is nothing", () => {
  for (const nowhere of [undefined, "", join(folder, "missing")]) {
    const recordings = recordingsIn(nowhere)
    expect(recordings.list(new Set([thread]))).toEqual([])
    expect(recordings.isAdmitted("/etc/passwd")).toBe(false)
  }
})

test("a relative folder is none: nobody knows what it was relative to", () => {
  expect(recordingsIn("traces").list(new Set([thread]))).toEqual([])
})
