/**
 * Which bundles are one session.
 */
import { expect, test } from "bun:test"
import { rmSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { bundleSessions, bundlesIn } from "../../src/source/bundle-session.ts"
import { BundleStory, bundle, startedAtMs } from "../support/bundle.ts"
import { temporaryFolder } from "../support/folder.ts"

/** A bundle of a thread, whose process began that many ms after the story's beginning. */
const written = (folder: string, name: string, thread: string, beganMs: number, story: BundleStory = bundle()) => {
  story.manifest.root_thread_id = thread
  story.manifest.started_at_unix_ms = startedAtMs + beganMs
  return story.writeTo(join(folder, name))
}

const found = (folder: string) =>
  bundleSessions(bundlesIn(folder)).map(({ rootThreadId, directories }) => [
    rootThreadId,
    ...directories.map((directory) => basename(directory))
  ])

const turn = (thread: string, id: string) =>
  new BundleStory().rolloutStarts().threadStarts(thread).turnStarts(id, thread)

test("the bundles of a thread are one session, in the order in which their processes began", () => {
  const folder = temporaryFolder()
  written(folder, "a", "T1", 20, turn("T1", "U2"))
  written(folder, "b", "T1", 10, turn("T1", "U1"))
  written(folder, "c", "T2", 15, turn("T2", "U3"))
  expect(found(folder)).toEqual([
    ["T1", "b", "a"],
    ["T2", "c"]
  ])
})

test("a bundle that is given itself is read alone", () => {
  const folder = temporaryFolder()
  const one = written(folder, "a", "T1", 0)
  written(folder, "b", "T1", 10)
  expect(bundlesIn(one)).toEqual([one])
})

test("a reviewer's bundle belongs to the thread whose log has its turn", () => {
  const folder = temporaryFolder()
  written(folder, "a", "T1", 0, turn("T1", "U1").turnEnds().turnStarts("V1", "T1"))
  written(folder, "b", "T2", 5, turn("T2", "V1"))
  expect(found(folder)).toEqual([["T1", "a", "b"]])
})

test("a bundle that Codex counts to another session belongs there (0.155 +), if that is there", () => {
  const folder = temporaryFolder()
  const guardian = turn("T2", "V1")
  guardian.event("protocol_event_observed", {
    event_type: "session_configured",
    event_payload: guardian.payload("protocol_event", { session_id: "T1", thread_id: "T2" })
  })
  written(folder, "b", "T2", 5, guardian)
  expect(found(folder)).toEqual([["T2", "b"]])
  written(folder, "a", "T1", 0)
  expect(found(folder)).toEqual([["T1", "a", "b"]])
})

test("a bundle whose manifest cannot be read goes by the thread in its folder's name", () => {
  const folder = temporaryFolder()
  const thread = "01a1fb04-eaab-7181-a129-ddfbab858e26"
  const broken = new BundleStory().rolloutStarts()
  broken.writeTo(join(folder, `trace-x-${thread}`))
  rmSync(join(folder, `trace-x-${thread}`, "manifest.json"))
  expect(bundlesIn(folder)).toEqual([])
  broken.writeTo(join(folder, `trace-x-${thread}`))
  writeFileSync(join(folder, `trace-x-${thread}`, "manifest.json"), "{")
  expect(found(folder)).toEqual([[thread, `trace-x-${thread}`]])
})
