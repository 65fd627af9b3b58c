import { expect, test } from "bun:test"
import { isNewer } from "../../src/collector/versions.ts"

test("the first part that differs decides, by its number", () => {
  expect(isNewer("0.2.0", "0.1.9")).toBe(true)
  expect(isNewer("0.10.0", "0.9.0")).toBe(true)
  expect(isNewer("1.0.0", "0.99.99")).toBe(true)
  expect(isNewer("0.1.0", "0.1.0")).toBe(false)
  expect(isNewer("0.1.0", "0.2.0")).toBe(false)
})

test("what is no version is never newer, and never older", () => {
  expect(isNewer("", "0.1.0")).toBe(false)
  expect(isNewer("next", "0.1.0")).toBe(false)
  expect(isNewer("1.0.0", "dev")).toBe(false)
})
