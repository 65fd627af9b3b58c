import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { zstdCompressSync } from "node:zlib"
import { temporaryFolder } from "../support/folder.ts"
import { session } from "../support/session.ts"
import { v169 } from "../support/session-dialect.ts"
import { objects, run, sampleFolder, start, textUntil } from "../support/tracer.ts"

// Each test starts the product, some several times, on a machine that may be busy.
setDefaultTimeout(60_000)

const transcripts = readdirSync(sampleFolder)
  .sort()
  .map((name) => join(sampleFolder, name))
const [root = "", agent = ""] = transcripts
const ids = (stdout: string) => objects(stdout).map((span) => span.id)
/** The last write of each span: one that a later record corrects is written again. */
const spans = (stdout: string) => new Map(objects(stdout).map((span) => [span.id, span]))

describe("tracer PATH", () => {
  test("a folder, its root's transcript, and the two as standard input give the same spans", async () => {
    const [folder, file, piped] = await Promise.all([
      run([sampleFolder]),
      run([root]),
      run([], { stdin: readFileSync(root, "utf8") + readFileSync(agent, "utf8") })
    ])
    expect(folder.code).toBe(0)
    expect(folder.stderr).toBe("")
    expect(objects(folder.stdout).filter((span) => span.kind === "session").length).toBe(1)
    expect(spans(file.stdout)).toEqual(spans(folder.stdout))
    expect(new Set(ids(piped.stdout))).toEqual(new Set(ids(folder.stdout)))
  })

  test("whichever of a session's files are named, in whatever order, its spans come once and whole", async () => {
    const whole = await run([root])
    const agentId = agent.slice(-42, -6)
    const home = temporaryFolder()
    cpSync(sampleFolder, join(home, "sessions"), { recursive: true })
    for (const named of [[agent], [agent, root], [root, agent], [sampleFolder, agent], [agent, agent, sampleFolder]]) {
      const { code, stdout, stderr } = await run(named)
      expect([named, code, stderr, stdout]).toEqual([named, 0, "", whole.stdout])
    }
    const byId = await run([agentId, "--latest"], { home })
    expect(byId.stdout).toBe((await run(["--latest"], { home })).stdout)
    expect(ids(byId.stdout)).toEqual(ids(whole.stdout))
  })

  test("a transcript of a folder whose first line is damaged is said, and the others are read", async () => {
    const folder = temporaryFolder()
    cpSync(sampleFolder, folder, { recursive: true })
    const damaged = join(folder, "rollout-2026-11-20T00-00-00-01a1f000-0000-7000-8000-000000000001.jsonl")
    writeFileSync(damaged, `{oops\n${readFileSync(root, "utf8").split("\n").slice(1).join("\n")}`)
    writeFileSync(damaged.replace("0001.jsonl", "0002.jsonl"), "")
    const { code, stdout, stderr } = await run([folder])
    expect([code, stdout]).toEqual([1, (await run([root])).stdout.replaceAll(sampleFolder, folder)])
    expect(stderr).toContain(`${damaged}:1`)
    expect(stderr).not.toContain("0002.jsonl")
  })

  test("a file by another name is read once, however often it is named", async () => {
    const lines = join(temporaryFolder(), "lines.jsonl")
    const unknown = '{"at_ns":1795253300000000000,"payload":{"hook_event_name":"Stop","session_id":"x"}}'
    writeFileSync(lines, `${unknown}\n${readFileSync(root, "utf8")}`)
    const [once, twice] = await Promise.all([run([lines]), run([lines, lines])])
    expect(objects(once.stdout).length).toBeGreaterThan(5)
    expect(twice.stdout).toBe(once.stdout)
  })

  test("a folder that was named for its bundles and has none is wrong use", async () => {
    const { code, stdout, stderr } = await run([root, "--bundle", "/nowhere"])
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toStartWith("tracer: --bundle /nowhere: there is no trace bundle in this folder\n")
  })

  test("several sinks work side by side: lines on stdout, the drawing on stderr", async () => {
    const { stdout, stderr, code } = await run(["--to", "jsonl", "--to", "tree", sampleFolder])
    expect(code).toBe(0)
    expect(stdout).toContain('"kind":"session"')
    expect(stdout).not.toContain("├─")
    expect(stderr).toContain("├─")
  })

  test("lines that mean nothing are counted on stderr, exit 1, and change no span", async () => {
    const lines = readFileSync(root, "utf8").trim().split("\n")
    const garbled = [...lines.slice(0, 5), "no json", ...lines.slice(5), '{"torn":'].join("\n")
    const [whole, found] = await Promise.all([run([], { stdin: lines.join("\n") }), run([], { stdin: garbled })])
    expect(whole.code).toBe(0)
    expect(found.code).toBe(1)
    expect(spans(found.stdout)).toEqual(spans(whole.stdout))
    expect(found.stderr).toContain("tracer: 2 lines skipped")
    expect(found.stderr).toContain("(at -:6)")
  })

  test("records that nobody knows are noted, and all is well", async () => {
    const unknown = '{"timestamp":"2026-11-21T09:28:50.000Z","type":"brand_new_record","payload":{}}\n'
    const { code, stderr } = await run([], { stdin: readFileSync(root, "utf8") + unknown })
    expect(code).toBe(0)
    expect(stderr).toContain("brand_new_record")
  })

  test("names that JavaScript knows and Codex does not are unknown like any other", async () => {
    const names = ["__proto__", "constructor", "hasOwnProperty", "toString"]
    const at = "2026-11-21T09:28:50.000Z"
    const unknown = names.flatMap((name) => [
      { timestamp: at, type: name, payload: { type: name } },
      { timestamp: at, type: "event_msg", payload: { type: name, turn_id: name } },
      { timestamp: at, type: "event_msg", payload: { type: "item_completed", item: { type: name, id: name } } },
      { timestamp: at, type: "response_item", payload: { type: name, call_id: name, name, arguments: name } },
      { at_ns: 1, payload: { hook_event_name: name, session_id: name } }
    ])
    const stdin = readFileSync(root, "utf8") + unknown.map((record) => `${JSON.stringify(record)}\n`).join("")
    const { stdout, stderr } = await run([], { stdin })
    expect(stderr).not.toContain("an error of ours")
    expect(stderr).toContain("1 × event_msg: __proto__")
    expect(stderr).toContain("16 oddities noted")
    const session = objects(stdout).findLast((span) => span.kind === "session")
    expect(session).toMatchObject({ name: "codex: slug", status: "ok" })
  })

  test("settings hold for a command too, and flags lie over them", async () => {
    const env = { TRACER_CONTENT: "none", TRACER_PARENT: "the-trace/the-span" }
    const [quiet, loud] = await Promise.all([
      run([sampleFolder], { env }),
      run(["--content", "full", sampleFolder], { env })
    ])
    const session = (stdout: string) => objects(stdout).findLast((span) => span.kind === "session")
    expect(session(quiet.stdout)).toMatchObject({ trace_id: "the-trace", parent_id: "the-span" })
    expect(session(quiet.stdout)).not.toHaveProperty("input")
    expect(session(loud.stdout)).toHaveProperty("input")
    const broken = await run([sampleFolder], { env: { TRACER_CONTENT: "some" } })
    expect([broken.code, broken.stdout]).toEqual([1, ""])
    expect(broken.stderr).toContain("TRACER_CONTENT")
  })

  test("what names nothing is wrong use: exit 2, a hint, and nothing on stdout", async () => {
    const { code, stdout, stderr } = await run(["nonsense.jsonl"])
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toStartWith("tracer: nonsense.jsonl: there is no such file")
    expect(stderr).toContain("hint:")
  })

  test("a hook journal that cannot be read is wrong use like a path: said before any output", async () => {
    const [absent, folder] = await Promise.all([
      run(["--hooks", "nofile.jsonl", sampleFolder]),
      run([sampleFolder, "--hooks", sampleFolder])
    ])
    expect([absent.code, absent.stdout]).toEqual([2, ""])
    expect(absent.stderr).toStartWith("tracer: --hooks nofile.jsonl: there is no such file\n")
    expect(absent.stderr).toContain("hint:")
    expect([folder.code, folder.stdout]).toEqual([2, ""])
    expect(folder.stderr).toContain("it is a folder")
  })

  test("compressed transcripts, named or found in the archive by id, give the same spans as plain ones", async () => {
    const home = temporaryFolder()
    const archive = join(home, "archived_sessions")
    mkdirSync(archive)
    const names = readdirSync(sampleFolder).sort()
    for (const name of names)
      writeFileSync(join(archive, `${name}.zst`), zstdCompressSync(readFileSync(join(sampleFolder, name))))
    const spansOf = (stdout: string) => {
      const spans = new Map(objects(stdout).map((span) => [span.id, span]))
      return [...spans.values()].map(({ metadata, ...span }) => ({
        ...span,
        metadata: { ...(metadata as object), transcript_path: undefined }
      }))
    }
    const plain = spansOf((await run(["--to", "jsonl", sampleFolder])).stdout)
    expect(plain.length).toBeGreaterThan(20)
    const id = names[0]?.slice(-42, -6) ?? ""
    for (const named of [join(archive, `${names[0]}.zst`), archive, id]) {
      const { code, stdout, stderr } = await run(["--to", "jsonl", named], { home })
      expect([named, code, stderr]).toEqual([named, 0, ""])
      expect(spansOf(stdout)).toEqual(plain)
    }
    // A copy that was cut off is no shorter session.
    const torn = join(home, "torn.jsonl.zst")
    writeFileSync(torn, zstdCompressSync(readFileSync(join(sampleFolder, names[0] ?? ""))).subarray(0, -2000))
    const { code, stdout, stderr } = await run(["--to", "jsonl", torn])
    expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining("it is not whole zstd")])
  })

  test("a line that is nested without end is skipped and counted, arguments nested so are a text, and nothing else is lost", async () => {
    const told = session().turn("deep").calls("dive", { a: 1 }, { id: "call_dive" }).answers("done").says("Up.").ends()
    const deep = "[".repeat(100_000) + "]".repeat(100_000)
    const [meta = "", ...rest] = told.lines(v169)
    const lines = rest.map((line) => line.replaceAll('"{\\"a\\":1}"', `"${deep}"`))
    const hostile = JSON.stringify({ timestamp: new Date(0), type: "event_msg", payload: {} }).replace(
      "{}",
      `{"x":${deep}}`
    )
    for (const to of ["jsonl", "tree"]) {
      const stdin = [meta, hostile, ...lines, ""].join("\n")
      const { code, stdout, stderr } = await run(["--to", to], { stdin })
      expect([code, stderr]).toEqual([1, "tracer: 1 line skipped\n  1 × nested too deep (at -:2)\n"])
      if (to === "jsonl") expect(objects(stdout).find(({ name }) => name === "dive")?.input).toBe(deep)
      else expect(stdout).toContain("dive")
    }
  })

  test("a misspelt flag is wrong use, with the usage on stderr only", async () => {
    const { code, stdout, stderr } = await run(["--contents", "none", sampleFolder])
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toContain("--contents")
    expect(stderr).toContain("usage: tracer")
    expect((await run(["--llm-input-max", "many", sampleFolder])).stderr).toContain("many is no size; 4MiB")
  })

  test.skipIf(process.platform === "win32")("nothing but regular files is opened", async () => {
    const { code, stderr } = await run(["/dev/zero"])
    expect(code).toBe(1)
    expect(stderr).toContain("it is not a regular file")
  })

  test("a reader that leaves ends it quietly", async () => {
    const home = temporaryFolder()
    const many = join(home, "many.jsonl")
    const lines = readFileSync(root, "utf8")
    writeFileSync(many, lines.repeat(40))
    const { PATH = "" } = process.env
    const shell = Bun.spawn({
      cmd: [
        "sh",
        "-c",
        `{ "$0" "$1" --to jsonl "$2"; echo "code $?" >&2; } | head -n 1 >/dev/null`,
        process.execPath,
        join(import.meta.dir, "../../src/main.ts"),
        many
      ],
      env: { HOME: home, PATH },
      stderr: "pipe"
    })
    expect(await new Response(shell.stderr).text()).toBe("code 0\n")
  })

  test("stopped by a signal, it writes what it has, quietly, and says by its code that it did not read all", async () => {
    const tracer = start(["--to", "jsonl"], { stdin: "open" })
    const { stdin } = tracer
    if (typeof stdin !== "object") throw new Error("stdin is a pipe")
    stdin.write(readFileSync(root, "utf8").split("\n").slice(0, 40).join("\n"))
    stdin.write("\n")
    await stdin.flush()
    const stdout = await textUntil(tracer.stdout, "\n", () => tracer.kill("SIGTERM"))
    const [stderr, code] = await Promise.all([new Response(tracer.stderr).text(), tracer.exited])
    expect([stderr, code]).toEqual(["", 1])
    expect(objects(stdout).map((span) => span.status)).toContain("unfinished")
  })

  test("standard input can be named, once", async () => {
    const stdin = readFileSync(root, "utf8")
    expect(spans((await run(["-"], { stdin })).stdout)).toEqual(spans((await run([], { stdin })).stdout))
    expect((await run(["-", "-"])).code).toBe(2)
  })
})

describe("tracer without arguments", () => {
  test("--help and --version write to stdout, and teach", async () => {
    const [help, version] = await Promise.all([run(["--help"]), run(["--version"])])
    expect([help.code, version.code]).toEqual([0, 0])
    expect(help.stdout).toContain("tracer --latest")
    expect(help.stdout).toContain("Exit codes: 0 all well")
    expect(version.stdout).toMatch(/^tracer \d+\.\d+\.\d+\n$/)
  })

  test("completions for a shell are printed", async () => {
    const { code, stdout } = await run(["--completions", "bash"])
    expect(code).toBe(0)
    expect(stdout).toContain("follow")
  })

  // Other systems' `script` takes other arguments.
  test.skipIf(process.platform !== "linux" || Bun.which("script") === null)(
    "on a terminal with nothing piped it shows help",
    async () => {
      const home = temporaryFolder()
      const terminal = Bun.spawn({
        cmd: ["script", "-qec", `${process.execPath} ${join(import.meta.dir, "../../src/main.ts")}`, "/dev/null"],
        env: { HOME: home, PATH: process.env.PATH ?? "", TERM: "dumb" },
        stdout: "pipe"
      })
      expect(await new Response(terminal.stdout).text()).toContain("USAGE")
      expect(await terminal.exited).toBe(0)
    }
  )
})
