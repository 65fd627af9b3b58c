import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { processesOf } from "./processes.ts"

/** A killed process that nobody has fetched yet is still listed, as a zombie. */
const alive = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}

test.skipIf(process.platform !== "linux")("a process in a session of its own ends with its run", async () => {
  const processes = processesOf(crypto.randomUUID(), {})
  // `setsid` is what Codex does for its tools: killing the parent does not reach them.
  const parent = processes.start(["sh", "-c", "setsid sleep 60 & echo $!; wait"], tmpdir())
  const { value } = await parent.stdout.getReader().read()
  const orphan = Number(new TextDecoder().decode(value))
  expect(alive(orphan)).toBe(true)
  processes[Symbol.dispose]()
  await parent.exited
  for (let waited = 0; alive(orphan) && waited < 100; waited++) await Bun.sleep(10)
  expect(alive(orphan)).toBe(false)
})

test("a process of a run sees nothing of the user's environment and no way to the network", async () => {
  using processes = processesOf("r1", { CODEX_HOME: "/nowhere" })
  const child = processes.start(["env"], tmpdir())
  const names = (await child.stdout.text()).split("\n").map((line) => line.slice(0, line.indexOf("=")))
  expect(names.filter((name) => !["_", "PWD", "OLDPWD", "SHLVL", ""].includes(name)).sort()).toEqual(
    ["CODEX_HOME", "HTTPS_PROXY", "HTTP_PROXY", "LANG", "NO_PROXY", "PATH", "TRACER_LAB_RUN"].sort()
  )
})
