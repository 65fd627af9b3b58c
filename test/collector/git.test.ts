/**
 * The collector's question to git: asked once for all lanes of a session, answered in its journal.
 */
import { expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { Effect } from "effect"
import { askGitOnce } from "../../src/collector/git.ts"
import { CollectorLog } from "../../src/collector/log.ts"
import { journalFile } from "../../src/hook/places.ts"
import { testFolder } from "./folder.ts"

const repository = () => {
  const folder = testFolder()
  const author = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
  for (const words of [
    ["init", "-q"],
    ["commit", "-q", "--allow-empty", "-m", "first"]
  ])
    Bun.spawnSync({ cmd: ["git", ...author, ...words], cwd: folder })
  return folder
}

/** Lets every lane ask, and waits for the answer or for the time that it may take. */
const asked = async (state: string, cwd: string, sessionId = "s") => {
  let answers = 0
  await Effect.runPromise(
    Effect.gen(function* () {
      const ask = yield* askGitOnce(state, "s", () => answers++)
      for (let lane = 0; lane < 3; lane++) yield* ask({ sessionId, cwd, startedAt: Date.now() / 1000 })
      for (let tries = 0; tries < 100 && answers === 0; tries++) yield* Effect.sleep(20)
    }).pipe(Effect.scoped, Effect.provide(CollectorLog.layer(state)))
  )
  return answers
}

test("one answer stands in the journal, however many lanes want to know", async () => {
  const state = testFolder()
  expect(await asked(state, repository())).toBe(1)
  const lines = readFileSync(journalFile(state, "s"), "utf8").trimEnd().split("\n")
  expect(lines.map((line) => JSON.parse(line).payload)).toMatchObject([
    {
      session_id: "s",
      hook_event_name: "TracerAskedGit",
      git: { commit_hash: expect.stringMatching(/^[0-9a-f]{40}$/) }
    }
  ])
})

test("nothing is written where git has nothing to say, or another session is meant", async () => {
  const state = testFolder()
  expect(await asked(state, testFolder())).toBe(0)
  expect(await asked(state, repository(), "another")).toBe(0)
  expect(existsSync(journalFile(state, "s"))).toBe(false)
}, 15_000)
