import { describe, expect, test } from "bun:test"
import { Option, Result } from "effect"
import { layFlagsOver, type OutputFlags } from "../../src/cli/flags.ts"
import { readSettings } from "../../src/settings/settings.ts"
import { temporaryFolder } from "../support/folder.ts"

const silent: OutputFlags = {
  to: [],
  content: Option.none(),
  llmInput: Option.none(),
  llmInputBytesMax: Option.none(),
  redact: Option.none(),
  events: false,
  inlineImages: Option.none()
}

const settings = Result.getOrThrow(
  readSettings({ HOME: temporaryFolder(), TRACER_CONTENT: "none", TRACER_LLM_INPUT: "delta", TRACER_REDACT: "yes" })
)

describe("flags", () => {
  test("what the command line does not say is as the user's settings have it", () => {
    expect(layFlagsOver(settings, silent)).toEqual(settings)
    expect(settings.capture.content).toBe("none")
  })

  test("what it says holds, each flag on its own", () => {
    const said = { content: Option.some("full" as const), redact: Option.some(false), llmInputBytesMax: Option.some(7) }
    expect(layFlagsOver(settings, { ...silent, ...said }).capture).toEqual({
      content: "full",
      llmInput: "delta",
      llmInputBytesMax: 7,
      redact: false
    })
    expect(layFlagsOver(settings, { ...silent, inlineImages: Option.some(true) }).inlineImages).toBe(true)
  })
})
