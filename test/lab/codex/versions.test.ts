import { expect, test } from "bun:test"
import { hookEvents } from "./journal.ts"
import { modelOf, newest, versionNamed, versions } from "./versions.ts"

test("a version after the last known one can do everything", () => {
  const next = versionNamed("0.200.0")
  expect(next.can("agentsV2")).toBe(true)
  expect(modelOf(next, "code").features).toEqual([])
})

test("the oldest version is given what it has as a feature only", () => {
  expect(modelOf(versionNamed("0.77.0"), "plain").features).toEqual(["unified_exec"])
})

test("hooks grow with the versions and never shrink", () => {
  const counts = versions.map((version) => hookEvents(versionNamed(version)).length)
  expect(counts).toEqual(counts.toSorted((a, b) => a - b))
  expect(hookEvents(versionNamed(newest))).toHaveLength(14)
})
