/**
 * The real SDK against the fake: what the product's sink uses of it must find the answers it expects.
 */
import { afterEach, beforeEach, expect, test } from "bun:test"
import {
  constructLogs3OverflowRequest,
  initLogger,
  loginToState,
  logs3OverflowUploadSchema,
  uploadLogs3OverflowPayload
} from "braintrust"
import { type FakeBraintrust, startFakeBraintrust } from "./server.ts"

let fake: FakeBraintrust

beforeEach(async () => {
  fake = await startFakeBraintrust()
})
afterEach(() => fake.stop())

const state = () => loginToState({ apiKey: fake.apiKey, appUrl: fake.url, noExitFlush: true })

test("login, project and whole rows go through the SDK's connection", async () => {
  const connection = (await state()).apiConn()
  const { id } = await connection.post_json("v1/project", { name: "one" })
  const row = { id: "a", span_id: "a", root_span_id: "r", project_id: id, log_id: "g", input: 1, _is_merge: true }
  const answer = await connection.post("logs3", { rows: [row], api_version: 2 })
  expect(await answer.json()).toEqual({ ids: ["a"] })
  expect(fake.row("a")).toMatchObject({ span_id: "a", input: 1 })
})

test("the SDK's overflow upload is taken, by PUT and by form", async () => {
  for (const overflowMethod of ["PUT", "POST"] as const) {
    await fake.stop()
    fake = await startFakeBraintrust({ overflowMethod })
    const connection = (await state()).apiConn()
    const body = JSON.stringify({ rows: [{ id: "big", project_id: "p", log_id: "g" }], api_version: 2 })
    const asked = { content_type: "application/json", size_bytes: body.length, rows: [] }
    const upload = logs3OverflowUploadSchema.parse(await connection.post_json("logs3/overflow", asked))
    await uploadLogs3OverflowPayload(upload, body)
    await connection.post("logs3", constructLogs3OverflowRequest(upload.key))
    expect(fake.row("big")).toBeDefined()
  }
})

test("the SDK's own logger ends with one row for one span", async () => {
  const logger = initLogger({ projectName: "one", apiKey: fake.apiKey, appUrl: fake.url, state: await state() })
  const span = logger.startSpan({ name: "n", startTime: 1, event: { id: "a", input: "in" } })
  span.log({ output: "out" })
  span.end({ endTime: 2 })
  await logger.flush()
  expect(fake.rows().length).toBe(1)
  expect(fake.row("a")).toMatchObject({ input: "in", output: "out", metrics: { start: 1, end: 2 } })
})
