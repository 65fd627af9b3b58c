import { expect, test } from "bun:test"
import { BundleRefused, orRefusal, placeText, Refusal, refuse } from "../../src/bundle/refusal.ts"

test("a place is the event, its line and its type, as far as they are known", () => {
  expect(placeText({ line: 7 })).toBe("line 7")
  expect(placeText({ line: 7, type: "odd" })).toBe("line 7, odd")
  expect(placeText({ line: 7, seq: "5", type: "odd" })).toBe("event 5 (line 7, odd)")
})

test("a refusal is a value where it is asked for, and another error passes through", () => {
  const refusal = orRefusal(() => refuse("tool", "no", "payloads/1.json"))
  expect(refusal).toBeInstanceOf(Refusal)
  expect(orRefusal(() => 3)).toBe(3)
  expect(() =>
    orRefusal(() => {
      throw new Error("a fault of ours")
    })
  ).toThrow("a fault of ours")
})

test("what can be done depends on what is wrong", () => {
  const hint = (rule: "path" | "version" | "manifest" | "turn") =>
    new BundleRefused({ bundle: "b", rule, what: "no" }).hint
  expect(hint("version")).toContain("--as")
  expect(hint("manifest")).toContain("manifest.json")
  expect(hint("path")).toContain("inside its directory")
  expect(hint("turn")).toContain("--lenient")
})
