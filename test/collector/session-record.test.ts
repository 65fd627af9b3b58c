import { describe, expect, test } from "bun:test"
import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import {
  keepOuterSpan,
  knownSessions,
  readSessionRecord,
  sessionRecord,
  writeSessionRecord
} from "../../src/collector/session-record.ts"
import { sessionFolder } from "../../src/hook/places.ts"
import { testFolder } from "./folder.ts"

const state = testFolder()

describe("a session's record", () => {
  const environment = {
    BRAINTRUST_API_KEY: "sk-secret-1",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=secret-2",
    BRAINTRUST_API_URL: "https://user:secret-3@proxy.example",
    SOME_TOKEN: "secret-4",
    BRAINTRUST_PROJECT: "p",
    TRACER_TO: "braintrust"
  }

  test("holds the settings of the environment, and of secrets only the names", async () => {
    mkdirSync(sessionFolder(state, "one"), { recursive: true })
    await Effect.runPromise(writeSessionRecord(state, sessionRecord("one", "/work", environment)))
    expect(readSessionRecord(state, "one")).toEqual({
      version: 1,
      session: "one",
      cwd: "/work",
      environment: { BRAINTRUST_PROJECT: "p", TRACER_TO: "braintrust" },
      secrets: ["BRAINTRUST_API_KEY", "OTEL_EXPORTER_OTLP_HEADERS", "BRAINTRUST_API_URL", "SOME_TOKEN"]
    })
    expect(readFileSync(join(sessionFolder(state, "one"), "session.json"), "utf8")).not.toContain("secret-")
  })

  test("that is not there or broken is none", () => {
    expect(readSessionRecord(state, "nobody")).toBeUndefined()
  })
})

describe("the outer span", () => {
  test("of a session's first hook holds for all later ones, also when there was none", () => {
    const first = { TRACEPARENT: "first", A: "1" }
    expect(keepOuterSpan({ TRACEPARENT: "second", A: "2" }, first)).toEqual({ TRACEPARENT: "first", A: "2" })
    expect(keepOuterSpan({ TRACER_PARENT: "late", A: "2" }, { A: "1" })).toEqual({ A: "2" })
    expect(keepOuterSpan(first, undefined)).toEqual(first)
  })
})

test("the known sessions are folders with a session's name", () => {
  mkdirSync(sessionFolder(state, "two"), { recursive: true })
  mkdirSync(join(state, "sessions", ".hidden"))
  expect([...knownSessions(state)].sort()).toEqual(["one", "two"])
  expect(knownSessions(join(state, "nowhere"))).toEqual([])
})
