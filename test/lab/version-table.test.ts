import { expect, test } from "bun:test"
import { versionTable } from "./version-table.ts"

test("a version tells what its recordings showed, and nothing else", () => {
  const old = new Map([["transcript turn_context", new Set(["cwd"])]])
  const young = new Map([["transcript turn_context", new Set(["cwd", "turn_id"])]])
  const rows = versionTable(
    new Map([
      ["0.77.0", old],
      ["0.169.0", young]
    ])
  ).split("\n")
  expect(rows[0]).toBe("|  | 0.77.0 | 0.169.0 |")
  expect(rows).toContain("| turns have ids | – | yes |")
  expect(rows).toContain("| trace bundles | – | – |")
})
