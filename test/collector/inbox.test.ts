import { expect, test } from "bun:test"
import { parseMessage } from "../../src/collector/inbox.ts"

const wake = {
  type: "wake",
  version: "1.0.0",
  command: ["tracer"],
  session: "01a1fb04-d4b6-7932-bfe6-acf87a2ddb77",
  event: "Stop",
  environment: { A: "1" }
}

test("messages of any version of ours are taken, fields that are not known are left out", () => {
  expect(parseMessage(JSON.stringify({ ...wake, later: true }))).toEqual(wake as never)
  expect(parseMessage(JSON.stringify({ ...wake, type: "flush", withinMs: 5 }))).toMatchObject({ withinMs: 5 })
  expect(parseMessage(`{"type":"status"}`)).toEqual({ type: "status" })
  expect(parseMessage(`{"type":"stop"}`)).toEqual({ type: "stop" })
})

test("anything else is no message", () => {
  for (const line of ["", "{", "7", "null", `{"type":"other"}`, `{"type":"wake"}`]) {
    expect(parseMessage(line)).toBeUndefined()
  }
})

test("a session that would name a path is refused", () => {
  for (const session of ["../x", "a/b", "", ".", "x".repeat(200)]) {
    expect(parseMessage(JSON.stringify({ ...wake, session }))).toBeUndefined()
  }
})
