/**
 * The Braintrust sink against a backend that does everything wrong in turn: what arrives, what the user hears, and how
 * often the backend was asked.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { initLogger, loginToState } from "braintrust"
import { Effect } from "effect"
import { makeBraintrust } from "../../../src/sink/braintrust/braintrust.ts"
import { deliver, type Trouble } from "../../../src/sink/deliver.ts"
import type { SinkFailed } from "../../../src/sink/failure.ts"
import { endless, type RetryPolicy } from "../../../src/sink/retry.ts"
import type { SinkContext } from "../../../src/sink/sink.ts"
import { captureDefault } from "../../../src/span/encode.ts"
import type { SpanWrite } from "../../../src/span/span.ts"
import type { Fault } from "../../lab/braintrust/faults.ts"
import { type FakeBraintrust, type Options, startFakeBraintrust } from "../../lab/braintrust/server.ts"
import { closed } from "../../support/spans.ts"

let fake: FakeBraintrust

const restart = async (options: Options) => {
  await fake.stop()
  fake = await startFakeBraintrust(options)
}

beforeEach(async () => {
  fake = await startFakeBraintrust()
})
afterEach(() => fake.stop())

const hurried: RetryPolicy = { triesMax: 5, firstWaitMs: 1, waitMsMax: 4, askedWaitMsMax: 5_000 }

/** What a request may take here, in milliseconds. */
const timeoutMs = 150

const nowhere: SinkContext["output"] = {
  name: "none",
  isTerminal: false,
  columns: () => undefined,
  write: () => Effect.void
}

const settings = (): Record<string, string> => ({
  BRAINTRUST_API_KEY: "test-key",
  BRAINTRUST_APP_URL: fake.url,
  BRAINTRUST_PROJECT: "here"
})

interface Outcome {
  readonly failure: SinkFailed | undefined
  readonly troubles: ReadonlyArray<Trouble>
}

const send = (
  writes: ReadonlyArray<SpanWrite>,
  more: {
    readonly env?: Record<string, string | undefined>
    readonly context?: Partial<SinkContext>
    readonly retry?: RetryPolicy
  } = {}
): Promise<Outcome> =>
  Effect.gen(function* () {
    const troubles: Array<Trouble> = []
    const context = {
      capture: captureDefault,
      env: { ...settings(), ...more.env },
      live: false,
      events: false,
      output: nowhere,
      ...more.context
    }
    const opened = yield* Effect.result(makeBraintrust(timeoutMs).open(context))
    if (opened._tag === "Failure") return { failure: opened.failure, troubles }
    const { offer, drain } = yield* deliver<void>(opened.success, {
      retry: more.retry ?? hurried,
      onTrouble: (trouble) => Effect.sync(() => troubles.push(trouble))
    })
    yield* offer(writes)
    const drained = yield* Effect.result(drain)
    return { failure: drained._tag === "Failure" ? drained.failure : undefined, troubles }
  }).pipe(Effect.scoped, Effect.runPromise)

const some = (count: number, output = "o"): ReadonlyArray<SpanWrite> =>
  Array.from({ length: count }, (_, n) => closed({ id: `s${n}`, output }))

const asked = (path: string) => fake.requests.filter((request) => request.path === path)

const status = (code: number, headers: Record<string, string> = {}): Fault => ({
  kind: "status",
  status: code,
  headers
})

describe("settings", () => {
  test("without a key the sink does not open, and says which variable is missing", async () => {
    const { failure } = await send(some(1), { env: { BRAINTRUST_API_KEY: " " } })
    expect(failure?.message).toBe("braintrust: BRAINTRUST_API_KEY is not set")
    expect(fake.requests).toEqual([])
  })

  test("an address that is none is refused by name", async () => {
    const { failure } = await send(some(1), { env: { BRAINTRUST_API_URL: "api.braintrust.dev" } })
    expect(failure?.reason).toContain("BRAINTRUST_API_URL is not an http address: api.braintrust.dev")
  })

  test("by name: one login, one project, one look at the limits, one request of rows", async () => {
    await send(some(3))
    expect(fake.requests.map((request) => request.path)).toEqual([
      ...["/api/apikey/login", "/v1/project", "/version", "/logs3"]
    ])
    expect(fake.row("s0")).toMatchObject({ project_id: fake.projectId("here"), log_id: "g" })
  })

  test("with address and project id, nothing needs to be asked before", async () => {
    await send(some(1), { env: { BRAINTRUST_API_URL: fake.url, BRAINTRUST_PROJECT_ID: "p-1" } })
    expect(fake.requests.map((request) => request.path)).toEqual(["/version", "/logs3"])
    expect(fake.row("s0")).toMatchObject({ project_id: "p-1" })
  })

  test("rows go where the login of the organisation says, not to the address of the login", async () => {
    const data = await startFakeBraintrust()
    await restart({
      organizations: [
        { id: "00000000-0000-4000-8000-000000000001", name: "first" },
        { id: "00000000-0000-4000-8000-000000000002", name: "second", apiUrl: data.url }
      ]
    })
    await send(some(1), { env: { BRAINTRUST_ORG_NAME: "second" } })
    expect(data.row("s0")).toBeDefined()
    expect(data.requests.at(-1)?.headers["x-bt-org-name"]).toBe("second")
    expect(asked("/logs3")).toEqual([])
    await data.stop()
  })

  test("an organisation that the key does not have is named, with those that it has", async () => {
    const { failure } = await send(some(1), { env: { BRAINTRUST_ORG_NAME: "other" } })
    expect(failure?.reason).toContain("other")
    expect(failure?.hint).toContain("lab")
  })

  test("are the session's alone: the process' own variables have no say", async () => {
    const before = { ...process.env }
    Object.assign(process.env, {
      BRAINTRUST_API_URL: "http://127.0.0.1:9",
      BRAINTRUST_ORG_NAME: "wrong",
      BRAINTRUST_API_KEY: "wrong"
    })
    try {
      const { failure } = await send(some(1))
      expect(failure).toBeUndefined()
    } finally {
      for (const name of ["BRAINTRUST_API_URL", "BRAINTRUST_ORG_NAME", "BRAINTRUST_API_KEY"]) {
        if (before[name] === undefined) delete process.env[name]
        else process.env[name] = before[name]
      }
    }
    expect(fake.rows().length).toBe(1)
  })
})

describe("a refusal", () => {
  for (const [code, path, hint] of [
    [401, "/logs3", "BRAINTRUST_API_KEY"],
    [401, "/api/apikey/login", "BRAINTRUST_API_KEY"],
    [403, "/v1/project", "BRAINTRUST_PROJECT"],
    [404, "/logs3", "BRAINTRUST_API_URL"],
    [307, "/logs3", "BRAINTRUST_API_URL"]
  ] as const) {
    test(`${code} of ${path} ends the sink with a remedy, and is not asked again and again`, async () => {
      fake.fault(path, { forever: status(code) })
      const { failure, troubles } = await send(some(3))
      expect(failure?.retry).toBe("permanent")
      expect(failure?.reason).toContain(`answered ${code}`)
      expect(failure?.hint).toContain(hint)
      expect(asked(path).length).toBe(1)
      expect(troubles).toMatchObject([{ _tag: "GivenUp", lost: 3 }])
    })
  }

  test("of the key is forgotten once the key is right, for a collector that never gives up", async () => {
    fake.takeKey("later")
    const probing = { ...endless, firstWaitMs: 1, probeMs: 30 }
    const sent = send(some(3), { retry: probing })
    await Bun.sleep(100)
    fake.takeKey("test-key")
    const { failure, troubles } = await sent
    expect(failure).toBeUndefined()
    expect(fake.rows().length).toBe(3)
    expect(troubles.at(-1)?._tag).toBe("Recovered")
  })

  test("of one poisoned row sets that row aside; the others arrive", async () => {
    fake.poison("s17")
    const { failure, troubles } = await send(some(50))
    expect(failure).toBeUndefined()
    expect(fake.rows().length).toBe(49)
    expect(troubles).toMatchObject([{ _tag: "SetAside", write: { span: { id: "s17" } } }])
  })
})

describe("a backend in trouble", () => {
  const recovering: ReadonlyArray<readonly [string, ReadonlyArray<Fault>]> = [
    ["500 at the first login", []],
    ["503 for three tries", [status(503), status(502), status(504)]],
    ["408", [status(408)]],
    ["a hang before the headers", [{ kind: "hang" }]],
    ["a hang in the body", [{ kind: "hang in body" }]],
    ["a reset before anything was taken", [{ kind: "reset" }]],
    ["a reset after everything was taken", [{ kind: "applied then reset" }]],
    ["a page instead of JSON", [{ kind: "answer", text: "<html>", applied: false }]],
    ["an empty answer", [{ kind: "answer", text: "", applied: false }]],
    ["a cut answer", [{ kind: "answer", text: '{"ids":["s', applied: false }]],
    ["an answer without content", [status(204)]]
  ]
  for (const [what, faults] of recovering) {
    test(`${what}: every span is there once afterwards`, async () => {
      if (faults.length === 0) fake.fault("/api/apikey/login", [status(500)])
      else fake.fault("/logs3", faults)
      const { failure } = await send(some(5))
      expect(failure).toBeUndefined()
      expect(fake.rows().length).toBe(5)
      expect(asked("/logs3").length).toBe(1 + faults.length)
    })
  }

  test("an answer `null` is JSON, and so an acknowledgement", async () => {
    fake.fault("/logs3", [{ kind: "answer", text: "null" }])
    await send(some(2))
    expect(asked("/logs3").length).toBe(1)
  })

  test("429 waits as long as it was told, in seconds or until a date", async () => {
    const date = new Date(Date.now() + 1500).toUTCString()
    fake.fault("/logs3", [status(429, { "retry-after": "0.3" }), status(429, { "retry-after": date })])
    await send(some(1))
    const [first, second, third] = asked("/logs3").map((request) => request.receivedMs)
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(299)
    expect(third ?? 0).toBeGreaterThanOrEqual(Date.parse(date) - 2)
    expect(fake.rows().length).toBe(1)
  })

  test("a pause of an hour is not waited for by a command", async () => {
    fake.fault("/logs3", { forever: status(429, { "retry-after": "3600" }) })
    const { failure } = await send(some(1))
    expect(failure?.reason).toContain("answered 429")
    expect(asked("/logs3").length).toBe(1)
  })

  test("that was down for a while gets everything when it is up", async () => {
    await fake.down()
    const sent = send(some(5), { retry: { ...endless, firstWaitMs: 5, waitMsMax: 10 } })
    await Bun.sleep(100)
    await fake.up()
    expect((await sent).failure).toBeUndefined()
    expect(fake.rows().length).toBe(5)
  })

  test("that does not tell its limits is used without them", async () => {
    fake.fault("/version", { forever: status(500) })
    await send(some(2))
    expect(fake.rows().length).toBe(2)
  })
})

describe("size", () => {
  test("a batch that is too large is halved until it fits", async () => {
    fake.fault("/logs3", [status(413), status(413)])
    await send(some(8))
    expect(fake.rows().length).toBe(8)
    const sizes = asked("/logs3").map((request) => JSON.parse(Buffer.from(request.body).toString()).rows.length)
    expect(sizes).toEqual([8, 4, 2, 2, 4])
  })

  test("a row that is larger than the limit goes by the signed upload, whole", async () => {
    fake.limit(20_000)
    const output = "x".repeat(50_000)
    await send([closed({ id: "big", output })])
    expect(fake.row("big")?.output).toBe(output)
    expect(asked("/logs3/overflow").length).toBe(1)
  })

  test("a signed upload that expired is begun again with a new address", async () => {
    fake.limit(20_000)
    fake.fault("/blob/", [status(403), status(500)])
    await send([closed({ id: "big", output: "x".repeat(50_000) })])
    expect(fake.row("big")).toBeDefined()
    expect(asked("/logs3/overflow").length).toBe(3)
  })

  test("a row that no one takes is shortened, not lost", async () => {
    fake.fault("/logs3", [status(413)])
    await send([closed({ id: "big", output: "x".repeat(50_000) })])
    expect(fake.row("big")?.output).toEndWith("[shortened from 50002 bytes]")
  })

  test("many bytes are several requests, none over the limit, also before it was known", async () => {
    fake.limit(40_000)
    await send(some(60, "日本".repeat(300)))
    expect(fake.rows().length).toBe(60)
    expect(Math.max(...asked("/logs3").map((request) => request.body.byteLength))).toBeLessThanOrEqual(40_000)
    expect(asked("/logs3/overflow")).toEqual([])
  })
})

test("under an exported span, rows go to its project, into its trace and under it", async () => {
  const state = await loginToState({ apiKey: fake.apiKey, appUrl: fake.url, noExitFlush: true })
  const outer = initLogger({ projectName: "outer", apiKey: fake.apiKey, appUrl: fake.url, state }).startSpan({
    name: "ci"
  })
  const writes = [closed({ id: "root", kind: "session" }), closed({ id: "turn", kind: "turn", parent_id: "root" })]
  await send(writes, { context: { exportedParent: await outer.export() } })
  const common = { project_id: fake.projectId("outer"), root_span_id: outer.rootSpanId }
  expect(fake.row("root")).toMatchObject({ ...common, span_parents: [outer.spanId] })
  expect(fake.row("turn")).toMatchObject({ ...common, span_parents: ["root"] })
})

test("what has not changed since it was acknowledged is not sent again; what has is", async () => {
  const offers = [some(3), some(3), [closed({ id: "s1", output: "new" }), closed({ id: "s2", output: "o" })]]
  await Effect.gen(function* () {
    const context = { capture: captureDefault, env: settings(), live: true, events: false, output: nowhere }
    const { offer, drain } = yield* deliver<void>(yield* makeBraintrust(timeoutMs).open(context), { retry: hurried })
    for (const writes of offers) yield* Effect.andThen(offer(writes), drain)
  }).pipe(Effect.scoped, Effect.runPromise)
  expect(["s0", "s1", "s2"].map((id) => fake.history(id).length)).toEqual([1, 2, 1])
  expect(asked("/logs3").length).toBe(2)
})

test("two senders with the same spans end with the same rows", async () => {
  const alone = await startFakeBraintrust()
  const env = { BRAINTRUST_PROJECT_ID: "p" }
  await Promise.all([send(some(150), { env }), send(some(150), { env })])
  await send(some(150), { env: { ...env, BRAINTRUST_APP_URL: alone.url } })
  const plain = (one: FakeBraintrust) =>
    one
      .rows()
      .map(({ _xact_id: _, ...row }) => row)
      .sort((a, b) => String(a.id).localeCompare(String(b.id)))
  expect(plain(fake)).toEqual(plain(alone))
  await alone.stop()
})
