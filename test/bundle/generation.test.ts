import { expect, test } from "bun:test"
import { generationOf, generationsOf, newestOf, UnknownGeneration, unknownTypes } from "../../src/bundle/generation.ts"

test("a release reduces like the last generation that is not newer than it", () => {
  expect(generationOf("0.130.2")).toBe(generationOf("0.128.0"))
  expect(generationOf("0.158.0")).toBe(generationOf("0.155"))
  expect(generationOf("0.163.0-alpha.1")).toBe(generationOf("v0.162.0"))
  expect(generationOf("0.200.0")).toBe(generationOf("0.169.0"))
  expect(generationOf("0.127.9")).toBeUndefined()
  expect(generationOf("latest")).toBeUndefined()
})

test("a bundle that names nobody is reduced by the newest generation of its schema", () => {
  expect(newestOf(1)).toBe(generationOf("0.164.0") as never)
  expect(newestOf(2)).toBe(generationOf("0.169.0") as never)
})

test("a state of schema 1 was written by one of five generations, one of schema 2 by one of three", () => {
  expect(generationsOf(1).map(({ version }) => version)).toEqual([
    "0.164.0",
    "0.162.0",
    "0.155.0",
    "0.142.0",
    "0.128.0"
  ])
  expect(generationsOf(2).map(({ version }) => version)).toEqual(["0.169.0", "0.166.0", "0.165.0"])
})

test("each generation knows more events than the one before", () => {
  const counts = ["0.128", "0.142", "0.155", "0.162", "0.164", "0.165", "0.166", "0.169"].map((version) => {
    const features = generationOf(version)
    return features === undefined ? undefined : unknownTypes(features).length
  })
  expect(counts).toEqual([5, 4, 4, 4, 3, 2, 1, 0])
})

test("a release whose reducer is not known is wrong use, and says what is known", () => {
  const error = new UnknownGeneration("0.1")
  expect([error.message, error.hint]).toEqual([
    'no reducer is known for Codex "0.1"',
    "name a release from 0.128 on, such as 0.142.0, 0.155.0, 0.164.0 or 0.169.0"
  ])
})
