import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readPlainly } from "../../src/cli/reduce-door.ts"
import { bundle, functionCall, userMessage } from "../support/bundle.ts"
import { temporaryFolder } from "../support/folder.ts"
import { run } from "../support/tracer.ts"

// Each test starts the product several times, on a machine that may be busy.
setDefaultTimeout(60_000)

describe("a plain command line", () => {
  const plain = { bundle: "B", output: undefined, as: undefined, check: false, lenient: false }

  test("is read in any order", () => {
    expect(readPlainly(["B"])).toEqual(plain)
    expect(readPlainly(["--json", "-o", "F", "B", "--check"])).toEqual({ ...plain, output: "F", check: true })
    expect(readPlainly(["--lenient", "B", "--as", "0.142.0"])).toEqual({ ...plain, lenient: true, as: "0.142.0" })
    expect(readPlainly(["B", "--output", "-"])).toEqual({ ...plain, output: "-" })
  })

  test.each([
    [[]],
    [["B", "C"]],
    [["-"]],
    [[""]],
    [["B", "-o"]],
    [["B", "-o", ""]],
    [["B", "-o", "--check"]],
    [["B", "--as", "-"]],
    [["B", "-oF"]],
    [["B", "--output=F"]],
    [["B", "--check", "--check"]],
    [["B", "-o", "F", "--output", "G"]],
    [["--check", "false", "B"]],
    [["B", "--explain", "c1"]],
    [["B", "--help"]],
    [["--", "B"]],
    [["B", "--no-check"]],
    [["B", "--odd"]]
  ])("%j is not one", (args) => {
    expect(readPlainly(args)).toBeUndefined()
  })
})

describe("the short way and the long way", () => {
  const story = () =>
    bundle()
      .asks("I1", [userMessage("hi")])
      .answers("I1", [functionCall("c1", {})])
      .calls("c1", "web")
  const whole = story().writeTo(join(temporaryFolder(), "whole"))
  const broken = story().turnEnds("completed", "another").writeTo(join(temporaryFolder(), "broken"))
  const checked = story().writeTo(join(temporaryFolder(), "checked"))
  const other = story().writeTo(join(temporaryFolder(), "other"))

  /** Runs a command line in a folder of its own: what it printed and wrote. */
  const outcome = async (directory: string, args: ReadonlyArray<string>) => {
    const folder = join(temporaryFolder(), "run")
    cpSync(directory, join(folder, "b"), { recursive: true })
    const ran = await run(["reduce", ...args], { cwd: folder })
    const written = ["b/state.json", "out.json"].map((file) =>
      existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8") : undefined
    )
    rmSync(folder, { recursive: true })
    return { ...ran, written }
  }

  test.each([
    ["whole", whole, ["b"]],
    ["elsewhere", whole, ["b", "-o", "out.json"]],
    ["standard output", whole, ["b", "-o", "-"]],
    ["as a release", whole, ["b", "--as", "0.155.0"]],
    ["as no release", whole, ["b", "--as", "0.1"]],
    ["a place that is none", whole, ["b", "-o", "no/such/folder"]],
    ["no bundle", whole, ["c"]],
    ["no folder", whole, ["b/manifest.json"]],
    ["refused", broken, ["b"]],
    ["lenient", broken, ["b", "--lenient"]],
    ["nothing to compare with", broken, ["b", "--lenient", "--check"]],
    ["the same state", checked, ["b", "--check"]],
    ["another state", other, ["b", "--check"]]
  ])("do and say the same: %s", async (_what, directory, args) => {
    if (directory === checked || directory === other) {
      await run(["reduce", directory])
      if (directory === other) {
        const file = join(directory, "state.json")
        writeFileSync(file, readFileSync(file, "utf8").replace('"running"', '"failed"'))
      }
    }
    expect(readPlainly(args)).toBeDefined()
    // The same flag after `=` is not plain, and means the same.
    const long = [...args, "--json=false"]
    expect(readPlainly(long)).toBeUndefined()
    const [short, full] = await Promise.all([outcome(directory, args), outcome(directory, long)])
    expect(short).toEqual(full)
    expect(short.code + short.stdout.length + short.stderr.length).toBeGreaterThan(0)
  })

  test.each([
    ["no such folder", ["c"], 2, "there is no such folder\n  c\n"],
    ["a file", ["b/manifest.json"], 2, "a bundle is a folder, and this is none\n  b/manifest.json\n"],
    ["a path through a file", ["b/manifest.json/c"], 2, "there is no such folder"],
    ["an id that names nothing", ["b", "--explain", "nosuch"], 2, 'nothing in this trace has the id "nosuch"'],
    ["no release", ["b", "--as", "0.1"], 2, "no reducer is known"],
    ["a folder that is no bundle", ["."], 1, "this bundle cannot be reduced"],
    ["nothing to compare with", ["b", "--check"], 1, "the state cannot be read"]
  ])(
    "exit with 2 where the command line is wrong, and with 1 where the bundle is: %s",
    async (_, args, code, words) => {
      const [short, full] = [await outcome(whole, args), await outcome(whole, [...args, "--json=false"])]
      expect([short.code, full.code]).toEqual([code, code])
      for (const { stderr } of [short, full]) expect(stderr).toContain(words)
    }
  )
})
