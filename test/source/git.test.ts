/**
 * Asking git: what it says of a folder, and that a stranger's repository gets it to do nothing else.
 */
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { appendFileSync, chmodSync, chownSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { askGit, journalLineOf } from "../../src/source/git.ts"
import { temporaryFolder } from "../support/folder.ts"

setDefaultTimeout(30_000)

const git = (cwd: string, ...words: ReadonlyArray<string>): string => {
  const env = { PATH: process.env.PATH ?? "", HOME: cwd, GIT_CONFIG_NOSYSTEM: "1" }
  const author = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main"]
  const { exitCode, stdout, stderr } = Bun.spawnSync({ cmd: ["git", ...author, ...words], cwd, env })
  if (exitCode !== 0) throw new Error(stderr.toString())
  return stdout.toString().trim()
}

/** A repository with one commit, and an address. */
const repository = (url = "https://ann:secret@example.com/team/project.git") => {
  const folder = temporaryFolder()
  git(folder, "init", "-q")
  git(folder, "commit", "-q", "--allow-empty", "-m", "first")
  git(folder, "remote", "add", "origin", url)
  return { folder, commit: git(folder, "rev-parse", "HEAD") }
}

const ask = async (cwd: string, startedAt = Date.now() / 1000) => {
  const answer = await Effect.runPromise(askGit({ sessionId: "s", cwd, startedAt }))
  return answer && JSON.parse(answer.payload).git
}

describe("git", () => {
  test("says what session_meta would say: commit, branch and address", async () => {
    const { folder, commit } = repository()
    mkdirSync(join(folder, "deep/er"), { recursive: true })
    const git = { commit_hash: commit, branch: "main", repository_url: expect.stringContaining("team/project.git") }
    expect(await ask(folder)).toEqual(git)
    expect(await ask(join(folder, "deep/er"))).toEqual(git)
  })

  test("says no branch of a detached head, no commit before the first, no address where there is none", async () => {
    const { folder, commit } = repository()
    git(folder, "checkout", "-q", "--detach")
    expect(await ask(folder)).toEqual({ commit_hash: commit, repository_url: expect.any(String) })
    const empty = temporaryFolder()
    git(empty, "init", "-q")
    expect(await ask(empty)).toBeUndefined()
  })

  test("is right in a worktree, and where refs are packed", async () => {
    const { folder, commit } = repository()
    git(folder, "worktree", "add", "-q", "-b", "side", join(folder, "side"))
    git(folder, "pack-refs", "--all")
    expect(await ask(join(folder, "side"))).toMatchObject({ commit_hash: commit, branch: "side" })
  })

  test("says nothing of a folder that is none, or is in no repository", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "file"), "")
    for (const cwd of [folder, join(folder, "gone"), join(folder, "file"), "relative", ""])
      expect(await ask(cwd)).toBeUndefined()
  })

  test("is not asked about a session that did not just begin: its answer would be of now", async () => {
    const { folder } = repository()
    const now = Date.now() / 1000
    for (const at of [now - 3600, now + 3600, 0, Number.NaN]) expect(await ask(folder, at)).toBeUndefined()
  })

  test("answers as a line of the session's hook journal", async () => {
    const { folder } = repository()
    const answer = await Effect.runPromise(askGit({ sessionId: "s", cwd: folder, startedAt: Date.now() / 1000 }))
    const line = answer && JSON.parse(journalLineOf(answer).text)
    expect(line).toMatchObject({ payload: { session_id: "s", cwd: folder } })
    expect(Math.abs(line.at_ns / 1e9 - Date.now() / 1000)).toBeLessThan(30)
  })
})

describe("a stranger's repository", () => {
  test("runs no program of its own", async () => {
    const { folder, commit } = repository()
    const ran = join(folder, "ran")
    const program = join(folder, "program")
    writeFileSync(program, `#!/bin/sh\ntouch ${ran}\n`)
    chmodSync(program, 0o755)
    for (const hook of ["post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"])
      symlinkSync(program, join(folder, ".git/hooks", hook))
    symlinkSync(program, join(folder, "git"))
    const keys = ["core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.askPass", "credential.helper"]
    for (const key of [...keys, "alias.rev-parse", "alias.config", "pager.config", "diff.external", "gpg.program"])
      git(folder, "config", key, program)
    git(folder, "config", "remote.origin.url", `ext::${program}`)
    expect(await ask(folder)).toEqual({ commit_hash: commit, branch: "main", repository_url: `ext::${program}` })
    expect(existsSync(ran)).toBe(false)
  })

  test("that includes a pipe nobody writes to holds nobody up for long", async () => {
    const { folder } = repository()
    Bun.spawnSync({ cmd: ["mkfifo", join(folder, "pipe")] })
    appendFileSync(join(folder, ".git/config"), `[include]\n\tpath = ${join(folder, "pipe")}\n`)
    const began = performance.now()
    await ask(folder)
    expect(performance.now() - began).toBeLessThan(3_000)
  })

  test("that says more than anybody wants to know says nothing", async () => {
    const { folder, commit } = repository()
    git(folder, "config", "remote.origin.url", "x".repeat(100_000))
    expect(await ask(folder)).toEqual({ commit_hash: commit, branch: "main" })
  })

  test("inside a checkout, bare as an attacker would commit it, is none", async () => {
    const { folder } = repository()
    const bare = join(folder, "bare.git")
    git(folder, "clone", "-q", "--bare", folder, bare)
    expect(await ask(bare)).toBeUndefined()
  })

  test.skipIf(process.getuid?.() !== 0)("of another owner answers nothing", async () => {
    const { folder } = repository()
    for (const path of [folder, join(folder, ".git"), join(folder, ".git/config")]) chownSync(path, 12345, 12345)
    expect(await ask(folder)).toBeUndefined()
  })
})
