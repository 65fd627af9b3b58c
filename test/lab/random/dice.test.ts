import { expect, test } from "bun:test"
import { diceAt } from "./dice.ts"

const throws = (...place: ReadonlyArray<string | number>) => {
  const dice = diceAt(7, ...place)
  return Array.from({ length: 20 }, () => dice.between(1, 1000))
}

test("the same seed and place give the same choices", () => {
  expect(throws("/root", 3)).toEqual(throws("/root", 3))
})

test("another agent or another turn chooses otherwise", () => {
  expect(throws("/root", 3)).not.toEqual(throws("/root", 4))
  expect(throws("/root", 3)).not.toEqual(throws("/root/alpha", 3))
})

test("every number of a range comes up, and none beside it", () => {
  const dice = diceAt(1, "range")
  const seen = new Set(Array.from({ length: 500 }, () => dice.between(1, 6)))
  expect([...seen].sort()).toEqual([1, 2, 3, 4, 5, 6])
})

test("a chance of none never comes and a certainty always does", () => {
  const dice = diceAt(1, "chance")
  for (let n = 0; n < 100; n++) {
    expect(dice.chance(0)).toBe(false)
    expect(dice.chance(100)).toBe(true)
  }
})
