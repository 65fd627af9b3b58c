import { expect, test } from "bun:test"
import { type RequestRecord, requestLine, unixNs } from "./request-log.ts"

const record: RequestRecord = {
  url: "/v1/responses",
  inference_call_id: null,
  thread_id: "t1",
  turn_metadata: null,
  model: "m",
  instructions: null,
  input: [],
  agent: "/root",
  response_id: "resp_1",
  upstream_request_id: "req_1",
  received_at_ns: 1795251654439739123n,
  outcome: "open"
}

test("nanoseconds are written digit by digit, beyond what a number can hold", () => {
  expect(requestLine({ ...record, ended_at_ns: 1795251654439739124n })).toEndWith(
    `"received_at_ns":1795251654439739123,"ended_at_ns":1795251654439739124}`
  )
})

test("a request that never ended says no end and no usage", () => {
  const line = JSON.parse(requestLine(record))
  expect(line.outcome).toBe("open")
  expect(line).not.toContainAnyKeys(["ended_at_ns", "usage"])
})

test("the server's clock is the one that Codex stamps its records with", () => {
  expect(Math.abs(Number(unixNs() / 1_000_000n) - Date.now())).toBeLessThan(50)
})
