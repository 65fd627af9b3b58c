/** Settings: the environment over the file, and errors that say file, key and what would be right. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redacted, Result } from "effect"
import { settingKeys } from "../../src/settings/keys.ts"
import { readSettings, type Settings } from "../../src/settings/settings.ts"

let folder: string
let config: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tracer-settings-"))
  config = join(folder, "config.toml")
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const read = (toml: string | undefined, environment: Record<string, string> = {}) => {
  if (toml !== undefined) writeFileSync(config, toml, { mode: 0o600 })
  return readSettings({ HOME: folder, TRACER_CONFIG: config, ...environment })
}
const settings = (toml: string | undefined, environment?: Record<string, string>): Settings =>
  Result.getOrThrow(read(toml, environment))
const refusal = (toml: string | undefined, environment?: Record<string, string>): string => {
  const answer = read(toml, environment)
  return Result.isFailure(answer) ? answer.failure.message : "(accepted)"
}

test("without a file and variables there are defaults", () => {
  expect(settings(undefined)).toMatchObject({
    enabled: true,
    to: ["braintrust"],
    capture: { content: "full", llmInput: "full", redact: true },
    flushOnTurnEnd: false,
    idleExitSeconds: 300
  })
})

test("an empty file is as good as none", () => {
  expect(settings("")).toEqual(settings(undefined))
})

test("the environment wins over the file, key by key", () => {
  const both = settings(`content = "none"\n[braintrust]\nproject = "file"\norg_name = "org"`, {
    BRAINTRUST_PROJECT: "environment"
  })
  expect(both.capture.content).toBe("none")
  expect(both.braintrust).toMatchObject({ project: "environment", orgName: "org" })
})

test("every setting of the table can be given by its variable", () => {
  const values: Record<string, string> = {
    TRACER_ENABLED: "no",
    TRACER_ALLOW: "~/a, /b",
    TRACER_DENY: "/c",
    TRACER_TO: "jsonl,braintrust",
    TRACER_CONTENT: "none",
    TRACER_LLM_INPUT: "delta",
    TRACER_LLM_INPUT_MAX_BYTES: "1000",
    TRACER_LINE_BYTES_MAX: "1000",
    TRACER_REDACT: "0",
    TRACER_INLINE_IMAGES: "true",
    TRACER_RECORDINGS: "off",
    TRACER_FLUSH_ON_TURN_END: "yes",
    TRACER_FLUSH_TIMEOUT_SECONDS: "7.5",
    TRACER_IDLE_EXIT_SECONDS: "10",
    TRACER_PARENT: "root-1/span-2",
    TRACER_ADDITIONAL_METADATA: `{"team": "a", "n": 1, "ci": true}`,
    TRACER_JSONL_PATH: "/tmp/x.jsonl",
    BRAINTRUST_API_KEY: "k",
    BRAINTRUST_API_KEY_FILE: "/nowhere",
    BRAINTRUST_PROJECT: "p",
    BRAINTRUST_PROJECT_ID: "pi",
    BRAINTRUST_API_URL: "https://api",
    BRAINTRUST_APP_URL: "https://app",
    BRAINTRUST_ORG_NAME: "o"
  }
  expect(Object.keys(values)).toEqual(settingKeys.map(({ variable }) => variable))
  const { braintrust, ...rest } = settings(undefined, values)
  expect(rest).toEqual({
    enabled: false,
    allow: ["~/a", "/b"],
    deny: ["/c"],
    to: ["jsonl", "braintrust"],
    capture: {
      content: "none",
      llmInput: "delta",
      llmInputBytesMax: 1000,
      redact: false,
      ownKeys: ["team", "n", "ci"]
    },
    inlineImages: true,
    lineBytesMax: 1000,
    recordings: false,
    flushOnTurnEnd: true,
    flushTimeoutSeconds: 7.5,
    idleExitSeconds: 10,
    outer: { _tag: "Ids", traceId: "root-1", spanId: "span-2" },
    additionalMetadata: { team: "a", n: 1, ci: true },
    jsonlPath: "/tmp/x.jsonl"
  })
  const { apiKey, ...named } = braintrust
  expect(apiKey && Redacted.value(apiKey)).toBe("k")
  expect(named).toEqual({ project: "p", projectId: "pi", apiUrl: "https://api", appUrl: "https://app", orgName: "o" })
})

describe("what is wrong is said with its place, its key and what would be right", () => {
  test("all problems at once", () => {
    expect(refusal(`content = "some"\nidle_exit_seconds = 0`, { TRACER_ENABLED: "maybe" }).split("\n").sort()).toEqual([
      `${config}: content: expected "full" | "none"`,
      expect.stringContaining(`${config}: idle_exit_seconds: expected a value greater than 0`),
      `TRACER_ENABLED: enabled: expected boolean`
    ])
  })
  test("a misspelt key, with the keys that there are", () => {
    expect(refusal(`[braintrust]\nprojet = "x"`)).toMatch(
      /braintrust\.projet: there is no such setting; there are .*braintrust\.project,/
    )
    expect(refusal(`contents = "none"`)).toContain(`${config}: contents: there is no such setting`)
  })
  test("a sink that does not exist", () => {
    expect(refusal(undefined, { TRACER_TO: "braintrust,brainstorm" })).toBe(
      `TRACER_TO: to.1: expected "braintrust" | "jsonl"`
    )
  })
  test("a file that is not TOML", () => {
    expect(refusal("content = ")).toContain(`${config}: is not TOML`)
  })
  test("a file that is a folder, or a pipe that nobody writes to", () => {
    expect(refusal(undefined, { TRACER_CONFIG: folder })).toContain(`${folder}: is not a regular file`)
    if (process.platform === "win32") return
    const pipe = join(folder, "pipe")
    Bun.spawnSync({ cmd: ["mkfifo", pipe] })
    expect(refusal(undefined, { TRACER_CONFIG: pipe })).toContain(`${pipe}: is not a regular file`)
  })
  test("a parent that is nothing of the kind", () => {
    expect(refusal(undefined, { TRACER_PARENT: "?" })).toContain("TRACER_PARENT: parent: must be")
  })
})

describe("the API key", () => {
  const keyOf = ({ braintrust: { apiKey } }: Settings) => apiKey && Redacted.value(apiKey)

  test("is taken from a private config file, and refused from one that others may read", () => {
    expect(keyOf(settings(`[braintrust]\napi_key = "secret"`))).toBe("secret")
    chmodSync(config, 0o644)
    expect(refusal(undefined)).toContain("chmod 600")
    expect(refusal(undefined)).not.toContain("secret")
  })

  test("is taken from a private file of its own, and refused from one that others may read", () => {
    const keyFile = join(folder, "key")
    writeFileSync(keyFile, "secret\n", { mode: 0o600 })
    const toml = `[braintrust]\napi_key_file = ${JSON.stringify(keyFile)}`
    expect(keyOf(settings(toml))).toBe("secret")
    chmodSync(keyFile, 0o640)
    expect(refusal(toml)).toContain(`others may read ${keyFile}`)
    expect(refusal(`[braintrust]\napi_key_file = "key"`)).toContain("must be an absolute path")
    chmodSync(keyFile, 0o600)
    expect(keyOf(settings(`[braintrust]\napi_key_file = "~/key"`, { HOME: folder }))).toBe("secret")
  })

  test("never shows when settings are printed", () => {
    const printed = settings(undefined, { BRAINTRUST_API_KEY: "very-secret" })
    expect(JSON.stringify(printed) + Bun.inspect(printed)).not.toContain("very-secret")
  })
})

describe("the outer span", () => {
  const outer = (environment: Record<string, string>) => settings(undefined, environment).outer
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
  const w3c = { _tag: "Ids", traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" } as const

  test("is W3C's, the plugin's pair, or TRACER_PARENT, the later ones first", () => {
    expect(outer({ TRACEPARENT: traceparent })).toEqual(w3c)
    const pair = { TRACEPARENT: traceparent, CODEX_PARENT_SPAN_ID: "p", CODEX_ROOT_SPAN_ID: "r" }
    expect(outer(pair)).toEqual({ _tag: "Ids", traceId: "r", spanId: "p" })
    expect(outer({ ...pair, TRACER_PARENT: traceparent })).toEqual(w3c)
  })
  test("each of the plugin's pair stands for the other", () => {
    expect(outer({ CODEX_PARENT_SPAN_ID: "p" })).toEqual({ _tag: "Ids", traceId: "p", spanId: "p" })
  })
  test("an exported span is left to the sink that knows it", () => {
    expect(outer({ TRACER_PARENT: "AwEBAQEBAQEBAQ==AAAAAAAA" })).toMatchObject({ _tag: "ExportedSpan" })
  })
  test("a broken or empty traceparent counts as none", () => {
    expect(outer({ TRACEPARENT: "00-abc-def-01" })).toBeUndefined()
    expect(outer({ TRACEPARENT: `00-${"0".repeat(32)}-b7ad6b7169203331-01` })).toBeUndefined()
  })
})
