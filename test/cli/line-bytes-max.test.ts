/** The setting line_bytes_max reaches every command that reads lines, wherever they come from. */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { temporaryFolder } from "../support/folder.ts"
import { run, sampleFolder, start, textUntil } from "../support/tracer.ts"

// Each test starts the product, on a machine that may be busy.
setDefaultTimeout(60_000)

const sample = join(sampleFolder, readdirSync(sampleFolder).sort()[0] ?? "")
const max = 1_000_000
const env = { TRACER_LINE_BYTES_MAX: String(max) }
const said = `tracer: 1 line skipped\n  1 × the line is longer than ${max} bytes`

let file: string
beforeAll(() => {
  const days = join(temporaryFolder(), "sessions/2026/11/21")
  mkdirSync(days, { recursive: true })
  file = join(days, basename(sample))
  const long = JSON.stringify({ timestamp: "2026-11-21T09:28:50.000Z", type: "event_msg", payload: "x".repeat(max) })
  const [head = "", ...rest] = readFileSync(sample, "utf8").split("\n")
  writeFileSync(file, [head, long, ...rest].join("\n"))
})

describe("a line that is longer than line_bytes_max", () => {
  test("is skipped and said by a read: of a transcript, and of standard input", async () => {
    const [named, piped, without] = await Promise.all([
      run([file], { env }),
      run([], { stdin: readFileSync(file, "utf8"), env }),
      run([file])
    ])
    for (const { code, stderr } of [named, piped]) {
      expect(stderr).toContain(said)
      expect(code).toBe(1)
    }
    expect(without.stderr).not.toContain("longer than")
  })

  test("is skipped and said by follow", async () => {
    const following = start(["follow", file, "--to", "jsonl"], { env })
    const stdout = textUntil(following.stdout, '"kind":"turn"', () => void following.kill("SIGINT"))
    expect(await new Response(following.stderr).text()).toContain(said)
    await stdout
  })

  test("is skipped and said by record", async () => {
    const { code, stderr } = await run(["record", file, "-o", temporaryFolder()], { env })
    expect(stderr).toContain(said)
    expect(code).toBe(1)
  })

  test("is as the file of settings says, and a wrong value is named", async () => {
    const home = temporaryFolder()
    const config = join(home, "config.toml")
    mkdirSync(home, { recursive: true })
    writeFileSync(config, `line_bytes_max = ${max}\n`)
    expect((await run([file], { env: { TRACER_CONFIG: config } })).stderr).toContain(said)
    const wrong = await run([file], { env: { TRACER_LINE_BYTES_MAX: "many" } })
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toContain("TRACER_LINE_BYTES_MAX: line_bytes_max:")
  })
})
