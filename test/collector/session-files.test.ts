/**
 * The files of a session at work, in the order in which they are read.
 */
import { expect, test } from "bun:test"
import { basename } from "node:path"
import { Effect } from "effect"
import { recordingsIn } from "../../src/collector/recordings.ts"
import { sessionFiles } from "../../src/collector/session-files.ts"
import { transcriptsOf } from "../../src/collector/transcripts.ts"
import { threadId, writeRollout } from "../support/rollout.ts"
import { testFolder } from "./folder.ts"

/** Each pass reads the files in this order, each to its end: what a revert goes on from is folded before the revert. */
test("a revert's file comes after the one that it goes on from, whichever is found first by name or later", async () => {
  for (const segments of [
    [3, 2],
    [2, 3]
  ]) {
    const home = testFolder()
    const files = sessionFiles(
      {
        session: threadId(1),
        journal: "journal.jsonl",
        transcripts: transcriptsOf(home, threadId(1)),
        recordings: recordingsIn(undefined)
      },
      () => {}
    )
    const names = () => files.all().map(({ path }) => basename(path))
    const written = [writeRollout({ home, thread: 1, ordinal: 0, says: ["a", "b"] })]
    for (const [nth, segment] of segments.entries()) {
      const start = 10 * (nth + 1)
      const base = { history_base: { thread_id: threadId(1), end_ordinal_exclusive: 2 } }
      written.push(writeRollout({ home, thread: 1, segment, start, ordinal: 2, meta: base, says: ["c"] }))
      if (segment === 2) await Effect.runPromise(files.list)
    }
    await Effect.runPromise(files.list)
    expect(names()).toEqual(["journal.jsonl", ...written.map((path) => basename(path))])
  }
})
