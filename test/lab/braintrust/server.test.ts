import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { type FakeBraintrust, startFakeBraintrust } from "./server.ts"

let fake: FakeBraintrust

beforeEach(async () => {
  fake = await startFakeBraintrust({ forbiddenProjects: ["secret"] })
})
afterEach(() => fake.stop())

const post = (path: string, body: unknown, options: RequestInit = {}) =>
  fetch(`${fake.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${fake.apiKey}` },
    body: JSON.stringify(body),
    ...options
  })

/** The keys of all answers that tests read. */
interface Answer {
  readonly project: { readonly id: string }
  readonly signedUrl: string
  readonly key: string
  readonly row_ids: ReadonlyArray<string>
}
const answerOf = async (response: Promise<Response>) => (await (await response).json()) as Answer

const row = (id: string, facts: object = {}) => ({ id, project_id: "p", log_id: "g", ...facts })
const send = (...rows: ReadonlyArray<object>) => post("/logs3", { rows, api_version: 2 })

describe("routes", () => {
  test("login tells the organisation and where its API is", async () => {
    const answer = await (await post("/api/apikey/login", undefined)).json()
    expect(answer).toMatchObject({ org_info: [{ name: "lab", api_url: fake.url, proxy_url: fake.url }] })
  })

  test("a wrong key is 401 everywhere, until it is the right one", async () => {
    fake.takeKey("another")
    expect((await send(row("a"))).status).toBe(401)
    expect(fake.rows()).toEqual([])
  })

  test("a project has one id whichever way it is asked for; a forbidden one is 403, an unknown one 404", async () => {
    const { project } = await answerOf(post("/api/project/register", { project_name: "one" }))
    expect(await (await post("/v1/project", { name: "one" })).json()).toEqual(project)
    const headers = { authorization: `Bearer ${fake.apiKey}` }
    expect(await (await fetch(`${fake.url}/api/project?id=${project.id}`, { headers })).json()).toEqual(project)
    expect((await fetch(`${fake.url}/api/project?id=none`, { headers })).status).toBe(404)
    expect((await post("/v1/project", { name: "secret" })).status).toBe(403)
    expect(fake.projectId("one")).toBe(project.id)
  })

  test("rows are acknowledged by their ids and kept", async () => {
    expect(await (await send(row("a", { input: 1 }), row("b"))).json()).toEqual({ ids: ["a", "b"] })
    expect(fake.row("a")).toMatchObject({ id: "a", input: 1 })
  })

  test("a batch with a row that lacks an id, a destination or the version is refused whole", async () => {
    for (const body of [
      { rows: [row("a"), { project_id: "p", log_id: "g" }], api_version: 2 },
      { rows: [row("a"), { id: "b" }], api_version: 2 },
      { rows: [row("a")], api_version: 1 },
      { rows: "none", api_version: 2 }
    ])
      expect((await post("/logs3", body)).status).toBe(400)
    expect(fake.rows()).toEqual([])
  })

  test("one poisoned row spoils its batch and no other", async () => {
    fake.poison("bad")
    expect((await send(row("a"), row("bad"))).status).toBe(400)
    expect((await send(row("a"))).status).toBe(200)
  })

  test("a body over the limit is 413, counted in bytes", async () => {
    fake.limit(120)
    expect((await send(row("a"))).status).toBe(200)
    expect((await send(row("a", { input: "語".repeat(30) }))).status).toBe(413)
  })

  test("/version tells the limit, null, or nothing", async () => {
    const version = async () =>
      (await fetch(`${fake.url}/version`, { headers: { authorization: `Bearer ${fake.apiKey}` } })).json()
    expect(await version()).toEqual({ logs3_payload_max_bytes: 20_000_000 })
    fake.limit(null)
    expect(await version()).toEqual({ logs3_payload_max_bytes: null })
    fake.limit(undefined)
    expect(await version()).toEqual({})
  })

  test("an overflow body is applied when its key comes, and an unknown key is refused", async () => {
    const body = JSON.stringify({ rows: [row("big")], api_version: 2 })
    const offer = await answerOf(
      post("/logs3/overflow", { content_type: "application/json", size_bytes: body.length, rows: [] })
    )
    expect(offer).toMatchObject({ method: "PUT" })
    const reference = { rows: { type: "logs3_overflow", key: offer.key }, api_version: 2 }
    expect((await post("/logs3", reference)).status).toBe(400)
    expect((await fetch(offer.signedUrl, { method: "PUT", body })).status).toBe(200)
    expect((await post("/logs3", reference)).status).toBe(200)
    expect(fake.row("big")).toBeDefined()
  })

  test("the documented insert endpoint acknowledges row by row", async () => {
    const answer = await answerOf(post("/v1/project_logs/p/insert", { events: [{ id: "a" }, { input: 1 }] }))
    expect(answer.row_ids[0]).toBe("a")
    expect(answer.row_ids.length).toBe(2)
    expect(fake.row("a")).toMatchObject({ project_id: "p" })
  })

  test("the OTLP door unpacks and keeps what came, in order and never merged", async () => {
    const body = Bun.gzipSync(JSON.stringify({ resourceSpans: [1] }))
    const headers = {
      authorization: `Bearer ${fake.apiKey}`,
      "content-type": "application/json",
      "content-encoding": "gzip"
    }
    for (let index = 0; index < 2; index++) await post("/otel/v1/traces", undefined, { headers, body })
    expect(fake.otlp).toEqual([{ resourceSpans: [1] }, { resourceSpans: [1] }])
  })

  test("an attachment is offered a URL, stored and reported", async () => {
    const { signedUrl } = await answerOf(post("/attachment", { key: "k" }))
    expect((await fetch(signedUrl, { method: "PUT", body: "bytes" })).status).toBe(200)
    expect(fake.blobs.get("attachment-k")?.byteLength).toBe(5)
    expect((await post("/attachment/status", { key: "k" })).status).toBe(200)
  })

  test("an unexpected request is 404 and on record", async () => {
    expect((await post("/v1/surprise", {})).status).toBe(404)
    expect(fake.requests.map(({ method, path, status }) => `${method} ${path} ${status}`)).toEqual([
      "POST /v1/surprise 404"
    ])
  })
})

describe("faults", () => {
  test("a list strikes the next requests in order, for ever strikes until healed", async () => {
    fake.fault("/logs3", [{ kind: "status", status: 500 }, { kind: "none" }, { kind: "status", status: 503 }])
    const seen = [await send(row("a")), await send(row("a")), await send(row("a")), await send(row("a"))]
    expect(seen.map((answer) => answer.status)).toEqual([500, 200, 503, 200])
    fake.fault("/logs3", { forever: { kind: "status", status: 403 } })
    expect([(await send(row("a"))).status, (await send(row("a"))).status]).toEqual([403, 403])
    fake.heal("/logs3")
    expect((await send(row("a"))).status).toBe(200)
  })

  test("a status carries its headers, and takes no effect", async () => {
    fake.fault("/logs3", [{ kind: "status", status: 429, headers: { "retry-after": "7" } }])
    const answer = await send(row("a"))
    expect(answer.headers.get("retry-after")).toBe("7")
    expect(fake.rows()).toEqual([])
    expect(fake.requests[0]?.applied).toBe(false)
  })

  test("a redirect is answered as it is", async () => {
    fake.fault("/logs3", [{ kind: "status", status: 307, headers: { location: "/elsewhere" } }])
    const answer = await post("/logs3", { rows: [], api_version: 2 }, { redirect: "manual" })
    expect(answer.status).toBe(307)
  })

  test("a reset before the effect loses the rows, a reset after it only the answer", async () => {
    fake.fault("/logs3", [{ kind: "reset" }, { kind: "applied then reset" }])
    await expect(send(row("a"))).rejects.toThrow()
    expect(fake.rows()).toEqual([])
    await expect(send(row("a"))).rejects.toThrow()
    expect(fake.row("a")).toBeDefined()
    expect(fake.history("a").length).toBe(1)
  })

  test("an answer that is no JSON is given as it is, though the rows were taken", async () => {
    for (const text of ["<html>", "", '{"ids":[', "null"]) {
      fake.fault("/logs3", [{ kind: "answer", text }])
      expect(await (await send(row("a"))).text()).toBe(text)
    }
    fake.fault("/logs3", [{ kind: "answer", text: "", status: 204, applied: false }])
    expect((await send(row("b"))).status).toBe(204)
    expect([fake.history("a").length, fake.history("b").length]).toEqual([4, 0])
  })

  test("a hang gives no headers, a hang in the body no end, and stop ends both", async () => {
    fake.fault("/logs3", [{ kind: "hang" }, { kind: "hang in body" }])
    const impatient = () => post("/logs3", { rows: [row("a")], api_version: 2 }, { signal: AbortSignal.timeout(100) })
    await expect(impatient()).rejects.toThrow()
    const answer = await impatient()
    expect(answer.status).toBe(200)
    await expect(answer.text()).rejects.toThrow()
  })

  test("a slow answer comes byte by byte, a delayed one whole", async () => {
    fake.fault("/logs3", [
      { kind: "slow", everyMs: 3 },
      { kind: "delay", ms: 60 }
    ])
    const begun = performance.now()
    expect(await (await send(row("a"))).json()).toEqual({ ids: ["a"] })
    expect(performance.now() - begun).toBeGreaterThan(30)
    const again = performance.now()
    expect((await send(row("a"))).status).toBe(200)
    expect(performance.now() - again).toBeGreaterThan(55)
  })

  test("a server that is down refuses connections, and is back with its rows on the same port", async () => {
    await send(row("a"))
    await fake.down()
    await expect(send(row("b"))).rejects.toThrow()
    await fake.up()
    expect((await send(row("b"))).status).toBe(200)
    expect(fake.rows().length).toBe(2)
  })

  test("a signed URL that has expired is 403, and the next one works", async () => {
    fake.fault("/blob/", [{ kind: "status", status: 403 }])
    expect((await fetch(`${fake.url}/blob/k`, { method: "PUT", body: "x" })).status).toBe(403)
    expect((await fetch(`${fake.url}/blob/k`, { method: "PUT", body: "x" })).status).toBe(200)
  })
})
