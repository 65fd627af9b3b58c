import { expect, test } from "bun:test"
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs"
import { Effect } from "effect"
import { keptMs, pruneJournals } from "../../src/collector/prune.ts"
import { commitWatermark, readWatermark } from "../../src/collector/watermark.ts"
import { journalFile, sessionFolder } from "../../src/hook/places.ts"
import { testFolder } from "./folder.ts"

const state = testFolder()
const now = Date.UTC(2026, 10, 21)
const destination = { sink: "braintrust", label: "project p", address: "1" }
let sessions = 0

/** A session whose journal was last written to so long ago; `ended`: what its sink has acknowledged, if anything. */
const session = async (quietMs: number, ended: boolean | undefined) => {
  const id = `01a1fb04-d4b6-7932-bfe6-${String(++sessions).padStart(12, "0")}`
  mkdirSync(sessionFolder(state, id), { recursive: true })
  const journal = journalFile(state, id)
  writeFileSync(journal, "{}\n")
  utimesSync(journal, new Date(now - quietMs), new Date(now - quietMs))
  const place = { path: "/f", byteOffset: 3, lineNumber: 2 }
  const files = { journal: place, "rollout.jsonl": place }
  const mark = { version: 1, sink: "braintrust", destination: "", files, spans: 1, acknowledgedAt: 1 } as const
  if (ended !== undefined) await Effect.runPromise(commitWatermark(state, id, destination, { ...mark, ended }))
  return { journal, files: () => Object.keys(readWatermark(state, id, destination)?.files ?? {}) }
}

test("a journal goes when its session was delivered and is long over, and only then", async () => {
  const over = await session(keptMs + 1, true)
  const recent = await session(keptMs - 1, true)
  const undelivered = await session(keptMs + 1, false)
  const neverSent = await session(keptMs + 1, undefined)
  expect(await Effect.runPromise(pruneJournals(state, now))).toBe(1)
  expect([over, recent, undelivered, neverSent].map(({ journal }) => existsSync(journal))).toEqual([
    false,
    true,
    true,
    true
  ])
  expect(await Effect.runPromise(pruneJournals(state, now))).toBe(0)
})

test("its watermark stays, without the journal: one that is begun anew is read from its beginning", async () => {
  const over = await session(keptMs + 1, true)
  await Effect.runPromise(pruneJournals(state, now))
  expect(over.files()).toEqual(["rollout.jsonl"])
})
