import { expect, test } from "bun:test"
import { newest, versions } from "./codex/versions.ts"
import { caseName, type Options, planOf } from "./plan.ts"
import { scenarios } from "./scenarios/index.ts"

const names = (options: Options) => planOf(options).map(caseName)

test("without options a handful is played on the newest version and two scenarios on an older one", () => {
  const planned = names({})
  expect(planned.filter((name) => name.startsWith("0."))).toEqual(["0.118.0-simple", "0.118.0-tools"])
  expect(planned).toContain("agents")
})

test("the matrix is every scenario on every version", () => {
  expect(planOf({ matrix: true })).toHaveLength(scenarios.length * versions.length)
})

test("a version alone plays everything on it, a name alone plays it on the newest", () => {
  expect(planOf({ codex: ["0.142.0"] })).toHaveLength(scenarios.length)
  expect(planOf({ only: ["crash"] }).map(({ version }) => version)).toEqual([newest])
})

test("seeds are numbered through, plain first and code mode second", () => {
  expect(names({ seeds: 3, from: 7 })).toEqual(["random-plain-7", "random-plain-8", "random-code-9"])
  expect(names({ seeds: 2, user: "busy" })).toEqual(["busy-plain-1", "busy-code-2"])
  expect(() => planOf({ seeds: 1, user: "lazy" })).toThrow("no scenario is called lazy-plain-1")
})

test("a seed can be played again by its name", () => {
  expect(names({ only: ["random-code-9"] })).toEqual(["random-code-9"])
})

test("a scenario that does not exist is refused by its name", () => {
  expect(() => planOf({ only: ["simpel"] })).toThrow("no scenario is called simpel")
})

test("no two scenarios share a name, and each says what it shows", () => {
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length)
  for (const { summary } of scenarios) expect(summary.length).toBeGreaterThan(20)
})
