/**
 * A sender that is killed at a request, before or after the backend took it, and started again: the rows are those of
 * a run that nothing disturbed.
 */
import { expect, test } from "bun:test"
import { resolve } from "node:path"
import { type FakeBraintrust, startFakeBraintrust } from "../../lab/braintrust/server.ts"

const repository = resolve(import.meta.dir, "../../..")

/** Starts the product on the sample; small requests, so that there are several to be killed at. */
const start = (fake: FakeBraintrust) =>
  Bun.spawn([process.execPath, "src/main.ts", "samples/first-steps", "--to", "braintrust"], {
    cwd: repository,
    env: {
      PATH: process.env.PATH ?? "",
      BRAINTRUST_API_KEY: fake.apiKey,
      BRAINTRUST_API_URL: fake.url,
      BRAINTRUST_PROJECT_ID: "sample"
    },
    stdout: "ignore",
    stderr: "inherit"
  })

const rowsOf = (fake: FakeBraintrust) =>
  new Map(
    fake
      .rows()
      .map(({ _xact_id: _, ...row }) => [String(row.id), row] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
  )

const rowRequests = (fake: FakeBraintrust) => fake.requests.filter((request) => request.path.startsWith("/logs3"))

const maxBytes = 6_000

test("kill -9 at any request, and a second run, leave the rows of one undisturbed run", async () => {
  const whole = await startFakeBraintrust({ maxBytes })
  expect(await start(whole).exited).toBe(0)
  const requests = rowRequests(whole).length
  expect(requests).toBeGreaterThan(2)
  for (const fault of [{ kind: "hang" }, { kind: "delay", ms: 60_000 }] as const) {
    for (const at of [1, Math.ceil(requests / 2), requests]) {
      const fake = await startFakeBraintrust({ maxBytes })
      fake.fault("/logs3", [...Array.from({ length: at - 1 }, () => ({ kind: "none" }) as const), fault])
      const killed = start(fake)
      while (rowRequests(fake).length < at) await Bun.sleep(5)
      killed.kill("SIGKILL")
      await killed.exited
      fake.heal()
      expect(await start(fake).exited).toBe(0)
      expect(rowsOf(fake)).toEqual(rowsOf(whole))
      await fake.stop()
    }
  }
  await whole.stop()
}, 120_000)
