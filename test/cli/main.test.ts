import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { temporaryFolder } from "../support/folder.ts"
import { repository, run } from "../support/tracer.ts"

// Each test starts the product several times, on a machine that may be busy.
setDefaultTimeout(60_000)

const help = (await run(["--help"])).stdout

/** The subcommands that `--help` lists. */
const listed = help
  .slice(help.indexOf("SUBCOMMANDS"), help.indexOf("EXAMPLES"))
  .split("\n")
  .flatMap((line) => /^ {2}(\w+) /.exec(line)?.[1] ?? [])

describe("the command line", () => {
  test("has a command for every file that is one", () => {
    const files = readdirSync(join(repository, "src/cli")).map((name) => name.replace(".ts", ""))
    expect(listed.length).toBeGreaterThan(0)
    for (const command of listed) expect(files).toContain(command)
  })

  test("every command says what it does, and shows how it is used", async () => {
    for (const command of listed) {
      const { stdout, code } = await run([command, "--help"])
      expect([command, code, stdout.includes("DESCRIPTION")]).toEqual([command, 0, true])
      expect([command, stdout.includes("EXAMPLES")]).toEqual([command, true])
    }
  })

  test("a flag that no command has is wrong use everywhere but for the hook, which never fails", async () => {
    for (const command of listed.filter((one) => one !== "hook")) {
      const { stdout, stderr, code } = await run([command, "--no-such-flag"])
      expect([command, code, stdout]).toEqual([command, 2, ""])
      expect(stderr).toStartWith("tracer: ")
    }
  })

  test("help about the hook is a person's question: it is answered, and nothing is complained of", async () => {
    expect(listed).toContain("hook")
    const home = temporaryFolder()
    for (const flag of ["--help", "-h"]) {
      const { stdout, stderr, code } = await run(["hook", flag], { home })
      expect([flag, code, stderr]).toEqual([flag, 0, ""])
      expect(stdout).toContain("one lifecycle event of Codex")
    }
    // The state folder is where a complaint would be; Bun leaves a folder of its own.
    expect(readdirSync(home).filter((name) => name !== ".bun")).toEqual([])
  })

  test("the hook itself ends with 0 and says nothing, whatever it is given", async () => {
    for (const args of [["hook"], ["hook", "--no-such-flag"], ["hook", "--help", "more"]]) {
      expect(await run(args)).toEqual({ code: 0, stdout: "", stderr: "" })
    }
  })

  test("a command that is misspelt is taken for a path, and the error says what a path may be", async () => {
    const { stderr, code } = await run(["folow"])
    expect(code).toBe(2)
    expect(stderr).toContain("folow: there is no such file or folder")
  })
})
