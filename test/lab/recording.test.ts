import { expect, test } from "bun:test"
import { chmod, mkdir, readdir, readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type CodexHome, makeHome } from "./codex/home.ts"
import { installJournal } from "./codex/journal.ts"
import { processesOf } from "./codex/processes.ts"
import { newest, versionNamed } from "./codex/versions.ts"
import { record } from "./recording.ts"

const codex = versionNamed(newest)
const freshHome = () =>
  makeHome({
    baseUrl: "http://127.0.0.1:1/v1",
    model: "m",
    provider: "mock",
    codex,
    config: [],
    features: [],
    tables: []
  })

/** A Codex that can only reduce: it does to the bundle what `script` says, with the bundle as `$3`. */
const fakeCodex = async (home: CodexHome, script: string): Promise<string> => {
  const binary = join(home.root, "codex")
  await Bun.write(binary, `#!/bin/sh\n${script}\n`)
  await chmod(binary, 0o755)
  return binary
}

const recorded = async (home: CodexHome, script: string): Promise<string> => {
  using processes = processesOf(crypto.randomUUID(), {})
  const folder = join(home.root, "case")
  await record({ home, requests: [], binary: await fakeCodex(home, script), processes }, folder)
  return folder
}

const withBundle = (home: CodexHome) => Bun.write(join(home.trace, "trace-1-2", "trace.jsonl"), "{}\n")

test("transcripts lie flat in the case, whatever day they are of, and archived ones apart", async () => {
  await using home = await freshHome()
  await Bun.write(join(home.home, "sessions/2026/11/20/rollout-a.jsonl"), "a\n")
  await Bun.write(join(home.home, "sessions/2026/11/21/rollout-b.jsonl.zst"), "b\n")
  await Bun.write(join(home.home, "sessions/2026/11/21/notes.txt"), "no transcript\n")
  await Bun.write(join(home.home, "archived_sessions/rollout-c.jsonl"), "c\n")
  const folder = await recorded(home, "exit 0")
  expect((await readdir(join(folder, "sessions"))).sort()).toEqual(["rollout-a.jsonl", "rollout-b.jsonl.zst"])
  expect(await readdir(join(folder, "archived_sessions"))).toEqual(["rollout-c.jsonl"])
})

test("a bundle is reduced by the Codex that wrote it", async () => {
  await using home = await freshHome()
  await withBundle(home)
  const folder = await recorded(home, `[ "$1 $2" = "debug trace-reduce" ] && echo '{"threads": {}}' > "$3/state.json"`)
  expect(JSON.parse(await readFile(join(folder, "trace/trace-1-2/state.json"), "utf8"))).toEqual({ threads: {} })
})

test("where Codex refuses its own bundle, the case keeps the reason and no warnings", async () => {
  await using home = await freshHome()
  await withBundle(home)
  const folder = await recorded(home, "echo 'WARNING: odd home' >&2; echo 'Error: unknown call' >&2; exit 1")
  expect(await readFile(join(folder, "trace/trace-1-2/reduce-error.txt"), "utf8")).toBe("Error: unknown call\n")
})

test("a new recording replaces the old one whole", async () => {
  await using home = await freshHome()
  await mkdir(join(home.root, "case/old"), { recursive: true })
  const folder = await recorded(home, "exit 0")
  expect(await readdir(folder)).toEqual(["requests.jsonl"])
  expect((await readdir(home.root)).filter((name) => name.startsWith(".case"))).toEqual([])
})

test("the journal has a line for every hook call in order of arrival, and none for one that was stopped", async () => {
  await using home = await freshHome()
  await installJournal(home, codex)
  for (const event of ["SessionStart", "Stop"]) {
    const hook = Bun.spawn([join(home.root, "journal.sh")], { stdin: new Blob([`{"hook_event_name":"${event}"}\n`]) })
    expect(await hook.exited).toBe(0)
  }
  await Bun.write(join(home.journal, "9999999999999999999-1"), `{"at_ns": 9999999999999999999, "payl`)
  const folder = await recorded(home, "exit 0")
  const lines = (await readFile(join(folder, "hooks.jsonl"), "utf8")).trimEnd().split("\n")
  expect(lines.map((line) => JSON.parse(line).payload.hook_event_name)).toEqual(["SessionStart", "Stop"])
  expect(lines[0]).toMatch(/^\{"at_ns": \d{19}, "payload": /)
})

test("a home is gone when its run is over", async () => {
  const home = await freshHome()
  expect(home.root.startsWith(tmpdir())).toBe(true)
  await home[Symbol.asyncDispose]()
  expect(await readdir(home.root).catch(() => "gone")).toBe("gone")
})
