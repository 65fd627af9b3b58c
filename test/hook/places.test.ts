import { expect, test } from "bun:test"
import { homedir } from "node:os"
import { codexFolder, configFile, isSessionId, stateFolder } from "../../src/hook/places.ts"

test("the state folder is TRACER_HOME, else below XDG_STATE_HOME, else below the home", () => {
  expect(stateFolder({ TRACER_HOME: "/t", XDG_STATE_HOME: "/x", HOME: "/h" })).toBe("/t")
  expect(stateFolder({ XDG_STATE_HOME: "/x", HOME: "/h" })).toBe("/x/tracer")
  expect(stateFolder({ HOME: "/h" })).toBe("/h/.local/state/tracer")
  expect(stateFolder({})).toBe(`${homedir()}/.local/state/tracer`)
})

test("the settings file and Codex's folder have their variables, too", () => {
  expect(configFile({ TRACER_CONFIG: "/c.toml", HOME: "/h" })).toBe("/c.toml")
  expect(configFile({ XDG_CONFIG_HOME: "/x", HOME: "/h" })).toBe("/x/tracer/config.toml")
  expect(configFile({ HOME: "/h" })).toBe("/h/.config/tracer/config.toml")
  expect(codexFolder({ CODEX_HOME: "/codex", HOME: "/h" })).toBe("/codex")
  expect(codexFolder({ HOME: "/h" })).toBe("/h/.codex")
})

test("a relative path counts as not set: it would depend on the current directory, which is a repository", () => {
  expect(stateFolder({ TRACER_HOME: "state", HOME: "/h" })).toBe("/h/.local/state/tracer")
  expect(configFile({ TRACER_CONFIG: "./config.toml", HOME: "/h" })).toBe("/h/.config/tracer/config.toml")
  expect(codexFolder({ CODEX_HOME: ".codex", HOME: "/h" })).toBe("/h/.codex")
})

test("only plain ids may name a journal", () => {
  expect(isSessionId("01a1fb04-d4b6-7932-bfe6-acf87a2ddb77")).toBe(true)
  for (const id of ["", "..", "a/b", "a\\b", "-x", ".x", "x y", "x".repeat(101), 7, null, undefined]) {
    expect(isSessionId(id)).toBe(false)
  }
})
