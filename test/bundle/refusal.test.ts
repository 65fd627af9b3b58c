import { expect, test } from "bun:test"
import { join } from "node:path"
import {
  BundleRefused,
  type EventPlace,
  orRefusal,
  placeText,
  Refusal,
  type RefusalRule,
  refuse
} from "../../src/bundle/refusal.ts"

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
  const hint = (rule: RefusalRule, event?: EventPlace) =>
    new BundleRefused({ bundle: "b", rule, what: "no", event }).hint
  expect(hint("version")).toContain("--as")
  expect(hint("manifest")).toContain("manifest.json")
  expect(hint("path")).toContain("inside its directory")
  expect(hint("turn")).toContain("--lenient")
  expect(hint("line", { line: 2 })).toContain("--as")
  // Without a log there is nothing to be lenient with; with a line after its end there is.
  expect(hint("log")).toBe(hint("manifest"))
  expect(hint("log", { line: 2 })).toContain("--lenient")
})

test("a refusal names the files that it is about", () => {
  const place = (more: { readonly event?: EventPlace; readonly file?: string }) =>
    new BundleRefused({ bundle: "b", rule: "turn", what: "no", ...more }).place
  expect(place({ file: "manifest.json" })).toBe("b, manifest.json")
  const event = { line: 7, seq: "5", type: "odd" }
  expect(place({ event })).toBe(`${join("b", "trace.jsonl")}, event 5 (line 7, odd)`)
  expect(place({ event, file: "payloads/1.json" })).toEndWith("event 5 (line 7, odd), payloads/1.json")
})
