import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { graphDifferences, graphSize } from "../bundle/oracle/graph.ts"
import { stateIn } from "../bundle/writer/reduced.ts"
import { temporaryFolder } from "../support/folder.ts"
import { read } from "../support/reading.ts"
import { session } from "../support/session.ts"
import { v169 } from "../support/session-dialect.ts"
import { run, sampleFolder, start, textUntil } from "../support/tracer.ts"

// Each test starts the product, on a machine that may be busy.
setDefaultTimeout(60_000)

const sample = join(sampleFolder, readdirSync(sampleFolder).sort()[0] ?? "")
const manifestIn = (folder: string) => JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"))

describe("tracer record", () => {
  test("writes a bundle of a session with its agents, prints its folder, and can be reduced", async () => {
    const below = temporaryFolder()
    const { stdout, stderr, code } = await run(["record", sample, "-o", below])
    expect([stderr, code]).toEqual(["", 0])
    const folder = stdout.trimEnd()
    expect(readdirSync(below)).toEqual([basename(folder)])
    const { threads, turns, edges } = graphSize(await stateIn(folder, 2))
    expect([threads, turns, edges]).toEqual([2, 5, 1])
    expect((await run(["reduce", folder])).code).toBe(0)
  })

  test("writes for older releases with --schema 1", async () => {
    const { stdout } = await run(["record", sample, "-o", temporaryFolder(), "--schema", "1"])
    const folder = stdout.trimEnd()
    expect(manifestIn(folder).schema_version).toBe(1)
    expect(Object.keys((await stateIn(folder, 1)).threads)).toHaveLength(2)
  })

  test("records a session from its first record to Ctrl-C with --live", async () => {
    const home = temporaryFolder()
    const days = join(home, "sessions/2026/11/21")
    mkdirSync(days, { recursive: true })
    const story = session().turn("look").execs("ls").says("Seen.").ends().turn("again").execs("pwd").says("Yes.").ends()
    const lines = story.lines(v169).map((line) => `${line}\n`)
    const file = join(days, `rollout-2026-11-21T10-00-00-${story.rootId}.jsonl`)
    const half = Math.floor(lines.length / 2)
    appendFileSync(file, lines.slice(0, half).join(""))
    const tracer = start(["record", file, "--live", "-o", join(home, "bundles")], { home })
    const stdout = await textUntil(tracer.stdout, "\n", async () => {
      // The bundle is there while the session still goes on.
      appendFileSync(file, lines.slice(half).join(""))
      await Bun.sleep(1500)
      tracer.kill("SIGINT")
    })
    expect([await new Response(tracer.stderr).text(), await tracer.exited]).toEqual(["", 0])
    const { spans } = read(story, v169, { hooks: false })
    expect(graphDifferences(spans, await stateIn(stdout.trimEnd(), 2))).toEqual([])
  })

  test("says what is missing when it is used wrongly, and leaves with 2", async () => {
    const below = temporaryFolder()
    const nothing = await run(["record", "-o", below])
    expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining("nothing to record")])
    const standard = await run(["record", "-", "-o", below])
    expect([standard.code, standard.stderr]).toEqual([2, expect.stringContaining("only transcripts can be recorded")])
    const journal = await run(["record", sample, "-o", below, "--hooks", "nofile.jsonl"])
    expect([journal.code, journal.stdout]).toEqual([2, ""])
    expect(journal.stderr).toStartWith("tracer: --hooks nofile.jsonl: there is no such file\n")
    const other = join(temporaryFolder(), "other.jsonl")
    const id = basename(sample, ".jsonl").slice(-36)
    writeFileSync(other, readFileSync(sample, "utf8").replaceAll(id, "01a1fd6f-0000-7000-8000-000000000001"))
    const both = await run(["record", sample, other, "--live", "-o", below])
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining("one session at a time")])
    expect(readdirSync(below)).toEqual([])
  })
})
