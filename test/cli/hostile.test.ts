import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { buildExecutable, executable } from "../support/executable.ts"
import { temporaryFolder } from "../support/folder.ts"
import { run, sampleFolder } from "../support/tracer.ts"

setDefaultTimeout(120_000)

beforeAll(buildExecutable, 120_000)

/** A repository whose every file tries to have a say in what is run in it. */
const hostileFolder = () => {
  const folder = temporaryFolder()
  const touched = join(folder, "touched")
  const touch = `require("node:fs").writeFileSync(${JSON.stringify(touched)}, "x")\n`
  const files = {
    ".env":
      "CODEX_HOME=/nowhere\nNO_COLOR=\nFORCE_COLOR=1\nBRAINTRUST_API_KEY=stolen\nBUN_OPTIONS=--preload ./preload.ts\n",
    ".env.local": "TRACER_CONFIG=/nowhere\n",
    ".env.production": "TRACER_HOME=/nowhere\n",
    ".env.braintrust": "BRAINTRUST_API_URL=http://127.0.0.1:1\n",
    "bunfig.toml": 'preload = ["./preload.ts"]\nlogLevel = "debug"\n[define]\n"process.env.HOME" = "\'/nowhere\'"\n',
    "tsconfig.json": '{"compilerOptions":{"paths":{"effect":["./preload.ts"],"*":["./preload.ts"]}}}',
    "package.json": '{"name":"tracer","type":"commonjs","main":"./preload.ts","imports":{"#x":"./preload.ts"}}',
    "preload.ts": touch,
    "index.ts": touch,
    "node_modules/effect/index.js": touch,
    "node_modules/effect/package.json": '{"name":"effect","main":"index.js"}',
    "node_modules/braintrust/index.js": touch
  }
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(join(path, ".."), { recursive: true })
    writeFileSync(path, text)
  }
  return { folder, touched }
}

describe("the executable in a hostile folder", () => {
  const home = temporaryFolder()
  /** What a `.env` could set, because nothing else does. */
  const env = { CODEX_HOME: undefined, NO_COLOR: undefined }
  const commands = [
    ["--version"],
    ["--help"],
    ["--to", "jsonl", sampleFolder],
    ["--to", "tree", sampleFolder],
    ["follow", "--latest"],
    ["nonsense"]
  ]

  for (const args of commands)
    test(`tracer ${args.join(" ").replace(sampleFolder, "FOLDER")} does what it does anywhere else`, async () => {
      const { folder, touched } = hostileFolder()
      const [there, elsewhere] = [
        await run(args, { executable, home, cwd: folder, env }),
        await run(args, { executable, home, cwd: temporaryFolder(), env })
      ]
      expect(there).toEqual(elsewhere)
      expect(existsSync(touched)).toBe(false)
    })

  test("no backend is chosen, and no key found, by what lies there", async () => {
    const { folder, touched } = hostileFolder()
    const { code, stderr } = await run(["--to", "braintrust", sampleFolder], { executable, home, cwd: folder })
    expect(code).toBe(1)
    expect(stderr).toContain("BRAINTRUST_API_KEY")
    expect(stderr).not.toContain("stolen")
    expect(existsSync(touched)).toBe(false)
  })
})
