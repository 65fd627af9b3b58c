/**
 * The executable starts over with an engine set for its work, and nobody notices: not its input, not its name, not the
 * signals it gets.
 */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { copyFileSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { stateText } from "../src/bundle/print.ts"
import { longRun } from "../src/engine.ts"
import { bundle, userMessage } from "./support/bundle.ts"
import { buildExecutable, executable } from "./support/executable.ts"
import { temporaryFolder } from "./support/folder.ts"
import { stateOf } from "./support/reduced.ts"
import { objects, run, sampleFolder, start, textUntil } from "./support/tracer.ts"

setDefaultTimeout(120_000)

beforeAll(buildExecutable, 120_000)

const isLinux = process.platform === "linux"

const transcripts = () => readdirSync(sampleFolder).map((name) => join(sampleFolder, name))

describe("the executable", () => {
  test("reduces as the sources do, and starts over at most once", async () => {
    const story = bundle()
      .asks("I1", [userMessage("hi")])
      .recordingCompletes()
    const directory = story.writeTo(join(temporaryFolder(), "a bundle"))
    const expected = [...stateText(stateOf(story))].join("")
    for (const env of [{}, { BUN_JSC_useDFGJIT: "1" }]) {
      const ran = await run(["reduce", directory, "-o", "-"], { executable, env })
      expect(ran).toEqual({ code: 0, stdout: expected, stderr: "" })
    }
    expect((await run(["reduce", join(directory, "none")], { executable })).code).toBe(2)
    expect((await run(["reduce", directory, "--as", "0.1"], { executable })).code).toBe(2)
    expect((await run(["reduce", "--help"], { executable })).stdout).toContain("--lenient")
  })

  test("reads its standard input to the last byte, whatever the engine is set to", async () => {
    const stdin = transcripts()
      .map((path) => readFileSync(path, "utf8"))
      .join("")
    const spans = objects((await run([], { stdin })).stdout)
    expect(spans.length).toBeGreaterThan(5)
    for (const env of [{}, { BUN_JSC_useFTLJIT: "1" }]) {
      const ran = await run([], { executable, env, stdin })
      expect(objects(ran.stdout)).toEqual(spans)
    }
  })

  test.skipIf(!isLinux)("follows under its own name, with its settings, until it is told to stop", async () => {
    const following = start(["follow", ...transcripts().slice(0, 1), "--to", "jsonl"], { executable })
    const settled = async () => {
      for (;;) {
        const environment = readFileSync(`/proc/${following.pid}/environ`, "utf8")
        if (environment.includes("BUN_JSC_forceRAMSize=")) return environment
        await Bun.sleep(5)
      }
    }
    const environment = await settled()
    for (const [name, value] of Object.entries(longRun)) expect(environment).toContain(`${name}=${value}`)
    expect(readFileSync(`/proc/${following.pid}/comm`, "utf8").trim()).toBe("tracer")
    await textUntil(following.stdout, "llm", () => following.kill("SIGINT"))
    expect(await following.exited).toBe(0)
  })

  test.skipIf(!isLinux)("keeps every descriptor that it was given", async () => {
    const [path = ""] = transcripts()
    const expected = await run(["--to", "jsonl"], { executable, stdin: readFileSync(path, "utf8") })
    const script = 'exec "$0" --to jsonl /dev/fd/3 3<"$1"'
    const { code, stdout, stderr } = await run(["-c", script, executable, path], { executable: "/bin/sh" })
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(objects(stdout).map(({ id }) => id)).toEqual(objects(expected.stdout).map(({ id }) => id))
  })

  test.skipIf(!isLinux)("goes on as it is when another file has taken its name", async () => {
    const [mine, other] = [join(temporaryFolder(), "tracer"), join(temporaryFolder(), "tracer")]
    copyFileSync(executable, mine)
    copyFileSync("/bin/false", other)
    const expected = await run(["--to", "jsonl", sampleFolder], { executable: mine })
    // The file that is run has no name any more by the time it runs.
    const script = 'exec 3<"$0"; mv "$1" "$0"; exec /proc/self/fd/3 --to jsonl "$2"'
    const replaced = await run(["-c", script, mine, other, sampleFolder], { executable: "/bin/sh" })
    expect(replaced).toEqual(expected)
    expect(expected.code).toBe(0)
  })
})
