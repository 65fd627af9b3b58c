import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { repository, run, sampleFolder } from "../support/tracer.ts"

test("the README's picture is what the sample session shows, but for what it leaves out", async () => {
  const readme = readFileSync(join(repository, "README.md"), "utf8")
  const picture = readme.split("\n```\n").find((part) => part.startsWith("codex: ")) ?? ""
  const drawn = picture.split("\n").filter((line) => line !== "" && !line.endsWith("─ …"))
  const shown = (await run(["--to", "tree", sampleFolder])).stdout.split("\n")
  expect(drawn.length).toBeGreaterThan(15)
  expect(drawn.filter((line) => !shown.includes(line))).toEqual([])
})
