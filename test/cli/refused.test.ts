/** A read whose backend is up and takes nothing: said at the end, by a process with its own exit code. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test"
import { type FakeBraintrust, startFakeBraintrust } from "../lab/braintrust/server.ts"
import { objects, run, sampleFolder } from "../support/tracer.ts"

// Each test starts the product, on a machine that may be busy.
setDefaultTimeout(60_000)

let fake: FakeBraintrust
beforeEach(async () => {
  fake = await startFakeBraintrust()
  fake.fault("/logs3", { forever: { kind: "status", status: 403, body: "not yours" } })
})
afterEach(() => fake.stop())

const environment = () => ({
  BRAINTRUST_API_KEY: fake.apiKey,
  BRAINTRUST_API_URL: fake.url,
  BRAINTRUST_APP_URL: fake.url,
  BRAINTRUST_PROJECT: "p"
})

test("spans that Braintrust refuses are no success: exit 1, and stderr says why and what to do", async () => {
  const { code, stdout, stderr } = await run([sampleFolder, "--to", "braintrust"], { env: environment() })
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
  expect(stderr).toContain(`could not send spans at ${fake.url}: answered 403 (not yours)`)
  expect(stderr).toContain("hint: this key may not write there: check BRAINTRUST_PROJECT")
  expect(stderr).toMatch(/\d+ spans were not delivered/)
  expect(stderr).not.toContain(fake.apiKey)
  expect(fake.rows()).toEqual([])
})

test("the other sinks get every span all the same", async () => {
  const [both, alone] = await Promise.all([
    run([sampleFolder, "--to", "braintrust", "--to", "jsonl"], { env: environment() }),
    run([sampleFolder, "--to", "jsonl"])
  ])
  expect([both.code, alone.code]).toEqual([1, 0])
  expect(objects(both.stdout)).toEqual(objects(alone.stdout))
})
