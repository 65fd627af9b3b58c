import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { appendFileSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { zstdCompressSync } from "node:zlib"
import { temporaryFolder } from "../support/folder.ts"
import { objects, run, sampleFolder, start, textUntil } from "../support/tracer.ts"

// Each test starts the product, some several times, on a machine that may be busy.
setDefaultTimeout(60_000)

const transcripts = readdirSync(sampleFolder).sort()
const [root = "", agent = ""] = transcripts
const linesOf = (name: string) => readFileSync(join(sampleFolder, name), "utf8").trimEnd().split("\n")
const idOf = (name: string) => basename(name, ".jsonl").slice(-36)

const finalSpans = (stdout: string) => new Map(objects(stdout).map((span) => [span.id, span]))

/** A Codex home that a story writes to, line by line. */
const makeHome = () => {
  const home = temporaryFolder()
  const folder = join(home, "sessions/2026/11/21")
  mkdirSync(folder, { recursive: true })
  return {
    home,
    path: (name: string) => join(folder, name),
    write: (name: string, lines: ReadonlyArray<string>) =>
      appendFileSync(join(folder, name), lines.map((line) => `${line}\n`).join(""))
  }
}

const quit = async (tracer: ReturnType<typeof start>) => {
  const [stderr, code] = await Promise.all([new Response(tracer.stderr).text(), tracer.exited])
  return { stderr, code }
}

/** The spans of a home's only session, read once. */
const readIn = async (home: string) => finalSpans((await run(["--latest"], { home })).stdout)

describe("tracer follow", () => {
  test("a session that was followed from its first record gives the spans of one that is read", async () => {
    const { home, write } = makeHome()
    const [first = "", ...rest] = linesOf(root)
    write(root, [first])
    const tracer = start(["follow", idOf(root).slice(0, 18)], { home })
    const story = async () => {
      for (const line of rest.slice(0, -1)) {
        write(root, [line])
        if (Math.random() < 0.2) await Bun.sleep(5)
      }
      write(agent, linesOf(agent))
      await Bun.sleep(1500)
      write(root, rest.slice(-1))
    }
    const told = story()
    // The last record ends the last turn.
    const stdout = await textUntil(tracer.stdout, '"name":"turn 4"', async () => {
      await told
      await Bun.sleep(1000)
      tracer.kill("SIGINT")
    })
    expect(await quit(tracer)).toEqual({ stderr: "", code: 0 })
    expect(finalSpans(stdout)).toEqual(await readIn(home))
  })

  test("--latest takes up a session in its middle and tells it from its beginning", async () => {
    const { home, write } = makeHome()
    const lines = linesOf(root)
    write(root, lines.slice(0, 60))
    write(agent, linesOf(agent))
    const tracer = start(["follow", "--latest"], { home })
    const rest = () => write(root, lines.slice(60))
    const stdout = await textUntil(tracer.stdout, "\n", () => {
      rest()
      setTimeout(() => tracer.kill("SIGTERM"), 1500)
    })
    expect(await quit(tracer)).toEqual({ stderr: "", code: 0 })
    expect(finalSpans(stdout)).toEqual(await readIn(home))
  })

  test("a session whose files were archived and compressed is told whole, and goes on when it is taken up again", async () => {
    const { home, path } = makeHome()
    const archive = join(home, "archived_sessions")
    mkdirSync(archive)
    const lines = linesOf(root)
    const packed = (name: string, text: ReadonlyArray<string>) =>
      writeFileSync(
        join(archive, `${name}.zst`),
        zstdCompressSync(Buffer.from(text.map((line) => `${line}\n`).join("")))
      )
    packed(root, lines.slice(0, 60))
    packed(agent, linesOf(agent))
    const tracer = start(["follow", idOf(root)], { home })
    const stdout = await textUntil(tracer.stdout, "\n", async () => {
      // Codex unpacks a session that is resumed, and goes on writing.
      writeFileSync(
        path(root),
        lines
          .slice(0, 60)
          .map((line) => `${line}\n`)
          .join("")
      )
      unlinkSync(join(archive, `${root}.zst`))
      appendFileSync(
        path(root),
        lines
          .slice(60)
          .map((line) => `${line}\n`)
          .join("")
      )
      await Bun.sleep(2000)
      tracer.kill("SIGINT")
    })
    expect(await quit(tracer)).toEqual({ stderr: "", code: 0 })
    const read = await readIn(home)
    expect(new Set(finalSpans(stdout).keys())).toEqual(new Set(read.keys()))
  })

  test("--all joins sessions when they are written to, new ones and old ones, and leaves the others alone", async () => {
    const { home, write } = makeHome()
    const other = linesOf(root).map((line) => line.replaceAll(idOf(root), "01a1fd6f-0000-7000-8000-000000000001"))
    const otherName = root.replace(idOf(root), "01a1fd6f-0000-7000-8000-000000000001")
    const silent = root.replace(idOf(root), "01a1fd6f-0000-7000-8000-000000000002")
    write(
      silent,
      linesOf(root).map((line) => line.replaceAll(idOf(root), "01a1fd6f-0000-7000-8000-000000000002"))
    )
    write(otherName, other.slice(0, 50))
    const tracer = start(["follow", "--all", "--to", "jsonl", "--events"], { home })
    const timer = setInterval(() => write(otherName, other.splice(50, 1)), 200)
    const stdout = await textUntil(tracer.stdout, "\n", () => {
      clearInterval(timer)
      write(root, linesOf(root))
      write(agent, linesOf(agent))
      setTimeout(() => tracer.kill("SIGINT"), 2000)
    })
    expect((await quit(tracer)).code).toBe(0)
    const traces = new Set(objects(stdout).map((span) => span.trace_id))
    expect(traces).toEqual(new Set([idOf(root), "01a1fd6f-0000-7000-8000-000000000001"]))
  })

  test("a transcript that does not exist yet is waited for", async () => {
    const { home, path, write } = makeHome()
    const tracer = start(["follow", path(root)], { home })
    const timer = setTimeout(() => write(root, linesOf(root)), 1000)
    const stdout = await textUntil(tracer.stdout, '"name":"turn 4"', () => tracer.kill("SIGINT"))
    clearTimeout(timer)
    expect((await quit(tracer)).code).toBe(0)
    expect(finalSpans(stdout).size).toBeGreaterThan(10)
  })

  test("a file by another name is followed with its hook journal, also before it is there", async () => {
    const { home } = makeHome()
    const [named, journal] = [join(home, "lines.jsonl"), join(home, "journal.jsonl")]
    const payload = { hook_event_name: "SessionEnd", session_id: idOf(root), reason: "logout" }
    const at = JSON.parse(linesOf(root).at(-1) ?? "").timestamp
    writeFileSync(journal, `${JSON.stringify({ at_ns: Date.parse(at) * 1e6, payload })}\n`)
    const tracer = start(["follow", named, "--hooks", journal], { home })
    const timer = setTimeout(() => writeFileSync(named, readFileSync(join(sampleFolder, root))), 1000)
    const stdout = await textUntil(tracer.stdout, '"name":"turn 4"', () => tracer.kill("SIGINT"))
    clearTimeout(timer)
    expect(await quit(tracer)).toEqual({ stderr: "", code: 0 })
    const session = objects(stdout).findLast((span) => span.kind === "session")
    expect(session?.metadata).toMatchObject({ end_reason: "logout" })
  })

  test("an agent's id follows the session of its root", async () => {
    const { home, write } = makeHome()
    for (const name of transcripts) write(name, linesOf(name))
    const tracer = start(["follow", idOf(agent)], { home })
    const stdout = await textUntil(tracer.stdout, '"name":"turn 4"', () => tracer.kill("SIGINT"))
    expect(await quit(tracer)).toEqual({ stderr: "", code: 0 })
    expect(finalSpans(stdout)).toEqual(await readIn(home))
  })

  test("a session that begins now in a repository, and does not say so itself, is told with what git says", async () => {
    const { home, path, write } = makeHome()
    const author = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main"]
    for (const words of [
      ["init", "-q"],
      ["commit", "-q", "--allow-empty", "-m", "first"]
    ])
      Bun.spawnSync({ cmd: ["git", ...author, ...words], cwd: home })
    const lines = linesOf(root)
    const [meta, now] = [JSON.parse(lines[0] ?? ""), new Date().toISOString()]
    const begun = { ...meta, timestamp: now, payload: { ...meta.payload, timestamp: now, cwd: home, git: undefined } }
    write(root, [JSON.stringify(begun), ...lines.slice(1)])
    const tracer = start(["follow", path(root)], { home })
    const stdout = await textUntil(tracer.stdout, '"name":"turn 4"', () => tracer.kill("SIGINT"))
    expect((await quit(tracer)).code).toBe(0)
    const sessions = objects(stdout).filter((span) => span.kind === "session")
    expect(sessions.at(-1)?.metadata).toMatchObject({ git_branch: "main", git_source: "asked" })
    // Read later, nobody knows what git would have said then.
    const read = [...(await readIn(home)).values()].find((span) => span.kind === "session")
    expect(read?.metadata).not.toContainKey("git_branch")
  })

  test("what is to be followed must be said, once", async () => {
    for (const args of [[], ["--all", "--latest"], ["--latest", "x"]]) {
      const { code, stdout, stderr } = await run(["follow", ...args])
      expect([code, stdout]).toEqual([2, ""])
      expect(stderr).toContain("exactly one of")
    }
    const journal = await run(["follow", join(sampleFolder, root), "--hooks", "nofile.jsonl"])
    expect([journal.code, journal.stdout]).toEqual([2, ""])
    expect(journal.stderr).toStartWith("tracer: --hooks nofile.jsonl: there is no such file\n")
    expect((await run(["follow", sampleFolder.replace("first-steps", "nowhere")])).code).toBe(2)
    expect((await run(["follow", "--latest"])).stderr).toContain("there is no session in")
  })

  test.skipIf(process.platform !== "linux")("a silent follower does not spin", async () => {
    const { home, write } = makeHome()
    write(root, linesOf(root))
    const tracer = start(["follow", "--latest"], { home })
    const ticks = () => {
      const fields = readFileSync(`/proc/${tracer.pid}/stat`, "utf8").split(" ")
      return Number(fields[13]) + Number(fields[14])
    }
    await textUntil(tracer.stdout, "\n", async () => {
      // The start itself costs some.
      await Bun.sleep(3_000)
      const before = ticks()
      await Bun.sleep(6_000)
      // A tick is 10 ms: whoever spins takes 600 of them. What idling costs is measured by bench/follow.ts; on a
      // machine that does other work as well, the same idling is counted higher.
      expect(ticks() - before).toBeLessThanOrEqual(20)
      tracer.kill("SIGINT")
    })
    expect((await quit(tracer)).code).toBe(0)
  })
})
