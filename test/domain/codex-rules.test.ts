/**
 * The few things that Codex does to a model's input and no record tells.
 */
import { describe, expect, test } from "bun:test"
import {
  holdsDetail,
  imageDetailFor,
  requestRulesOf,
  resultAsText,
  versionAtLeast,
  withImageDetail
} from "../../src/domain/codex-rules.ts"
import { fromMs, seconds } from "../../src/domain/time.ts"
import type { Json } from "../../src/wire/json.ts"

describe("a result of a command or a patch", () => {
  test("that is recorded as JSON is sent as text", () => {
    const recorded = JSON.stringify({ output: "Success.\n", metadata: { exit_code: 1, duration_seconds: 0.3 } })
    expect(resultAsText(recorded)).toBe("Exit code: 1\nWall time: 0.3 seconds\nOutput:\nSuccess.\n")
  })

  test("that was shortened says so before the output", () => {
    const recorded = (output: string) => JSON.stringify({ output, metadata: { exit_code: 0, duration_seconds: 12 } })
    const head = "Exit code: 0\nWall time: 12 seconds\nTotal output lines: 900\nOutput:\n"
    for (const gap of ["\n", "\n\n"]) {
      expect(resultAsText(recorded(`Total output lines: 900${gap}first\n\nlast`))).toBe(`${head}first\n\nlast`)
    }
    expect(resultAsText(recorded("Total output lines: many\n\nx"))).toContain("Output:\nTotal output lines: many")
  })

  test("of any other form is sent as it is", () => {
    for (const output of ["plain", '{"output":', '{"output":1,"metadata":{}}', '{"output":"x"}', '{"output":null}']) {
      expect(resultAsText(output)).toBe(output)
    }
  })
})

describe("an image's detail", () => {
  const image = (detail?: string) => ({ type: "input_image", image_url: "data:,", ...(detail && { detail }) })
  const message = (...content: ReadonlyArray<Json>) => ({ value: { type: "message", content } })

  test("is lowered for a model that does not take the original, and nothing in a lite request", () => {
    for (const [model, isLite, detail] of [
      ["gpt-5.5", false, "recorded"],
      ["gpt-6-sol", false, "recorded"],
      ["gpt-6-sol", true, "none"],
      ["gpt-5.2-codex", false, "lowered"],
      ["my-own-model", false, "lowered"],
      [undefined, false, "recorded"]
    ] as const) {
      expect(imageDetailFor(model, isLite)).toBe(detail)
    }
  })

  test("changes in messages and in the outputs of tools", () => {
    const text = { type: "input_text", text: "detail", detail: "original" }
    const output = (detail?: string) => ({ value: { type: "function_call_output", output: [image(detail)] } })
    const items = [message(text, image("original"), image("low")), output("original")]
    expect(withImageDetail(items, "lowered")).toEqual([message(text, image("high"), image("low")), output("high")])
    expect(withImageDetail(items, "none")).toEqual([message(text, image(), image()), output()])
  })

  test("of other images and items is not touched: they stay the same objects", () => {
    const items = [message(image("low")), message(image()), { value: { type: "reasoning" } }]
    expect(withImageDetail(items, "lowered").every((one, index) => one === items[index])).toBe(true)
    expect(items.map(holdsDetail)).toEqual([true, false, false])
  })
})

test("versions compare by their numbers; an unknown one counts as the newest", () => {
  const atLeast = (version: string | undefined) => versionAtLeast(version, "0.128.0")
  expect([atLeast("0.128.0"), atLeast("0.128.1"), atLeast("0.130.0-alpha.2"), atLeast("1.0.0")]).toEqual([
    true,
    true,
    true,
    true
  ])
  expect([atLeast("0.127.9"), atLeast("0.77.0")]).toEqual([false, false])
  expect([atLeast(undefined), atLeast("unreleased")]).toEqual([true, true])
})

test("times are Unix seconds to the millisecond, or unknown", () => {
  expect(seconds("2026-11-20T08:00:00.250Z")).toBe(Date.UTC(2026, 10, 20, 8) / 1000 + 0.25)
  expect(seconds("noon")).toBeUndefined()
  expect([fromMs(1500), fromMs(null), fromMs(undefined)]).toEqual([1.5, undefined, undefined])
})

test("the model is asked as soon as each version does: three generations, and the first request of a turn takes longer", () => {
  const delays = (version: string) => {
    const { first, later } = requestRulesOf(version).sendDelay
    expect(first).toBeGreaterThan(later)
    return later
  }
  expect(new Set(["0.77.0", "0.118.0", "0.120.0"].map(delays)).size).toBe(1)
  expect(new Set(["0.121.0", "0.142.0", "0.155.1"].map(delays)).size).toBe(1)
  expect(new Set(["0.156.0", "0.169.0", "1.0.0"].map(delays)).size).toBe(1)
  expect(new Set(["0.118.0", "0.142.0", "0.169.0"].map(delays)).size).toBe(3)
})

test("base instructions, repeated requests and compactions go as each version sends them", () => {
  const rules = ["0.120.9", "0.121.0", "0.139.9", "0.140.0", "0.161.9", "0.162.0", "1.0.0", undefined].map(
    requestRulesOf
  )
  expect(rules.map(({ retriesRepeat }) => retriesRepeat)).toEqual([true, ...Array(7).fill(false)])
  expect(rules.map(({ compactsApart }) => compactsApart)).toEqual([true, true, true, ...Array(5).fill(false)])
  expect(["0.114.9", "0.115.0", undefined].map((version) => requestRulesOf(version).compactsWithTools)).toEqual([
    false,
    true,
    true
  ])
  expect(rules.map(({ instructionsIn }) => instructionsIn)).toEqual([
    ...Array(5).fill("request"),
    ...Array(3).fill("input")
  ])
})
