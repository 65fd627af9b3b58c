import { expect, test } from "bun:test"
import { printedJson } from "../../src/cli/printed-json.ts"

test("keys are printed in snake_case at every depth, and values as they are", () => {
  const value = {
    startedAt: 1.5,
    lanes: [{ unreadBytes: 0, sink: "lagBytes" }],
    last_errors: [],
    pid: null,
    no: undefined
  }
  expect(JSON.parse(printedJson(value))).toEqual({
    started_at: 1.5,
    lanes: [{ unread_bytes: 0, sink: "lagBytes" }],
    last_errors: [],
    pid: null
  })
})
