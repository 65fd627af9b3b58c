/**
 * A fake Braintrust on loopback: the state of the real one as far as it is known, a record of all it was asked, and
 * faults on demand.
 *
 * App and API share one origin. Built on node:http, because a test must be able to break a connection at will.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { deliver, makeFaultPlan, type Script, takesEffect } from "./faults.ts"
import { type Asked, answer, type World } from "./routes.ts"
import { makeRowStore, type Row } from "./rows.ts"

export interface Options {
  readonly apiKey?: string
  readonly organizations?: World["organizations"]
  /** Limit that /version tells and /logs3 enforces: a number, `null` (told as null), or `undefined` with the key left out. */
  readonly maxBytes?: number | null
  /** /version says nothing of a limit. */
  readonly withoutLimit?: boolean
  readonly forbiddenProjects?: ReadonlyArray<string>
  readonly tags?: "union" | "replace"
  readonly overflowMethod?: "PUT" | "POST"
  /** 0, the default, takes a free port. */
  readonly port?: number
}

/** One request as it came, and how it was answered. */
export interface RecordedRequest extends Asked {
  readonly receivedMs: number
  endedMs?: number
  /** Absent while the request hangs, or where the connection was broken. */
  status?: number
  /** Whether it changed the state (a fault may say otherwise than the status). */
  applied: boolean
}

export interface FakeBraintrust {
  /** Of the app and of the API. */
  readonly url: string
  readonly apiKey: string
  /** The rows as they stand now. */
  readonly rows: () => ReadonlyArray<Row>
  readonly row: (id: string) => Row | undefined
  /** Every applied write to an id, raw. */
  readonly history: (id: string) => ReadonlyArray<Row>
  readonly requests: ReadonlyArray<RecordedRequest>
  /** Bodies that came through the OTLP door, in order. */
  readonly otlp: ReadonlyArray<unknown>
  /** Bytes behind signed URLs, by key. */
  readonly blobs: ReadonlyMap<string, Uint8Array>
  readonly projectId: (name: string) => string | undefined
  /** Scripts what goes wrong on a path: for the next requests in order, or for ever. */
  readonly fault: (path: string, script: Script) => void
  /** Ends the script of a path, or all of them. */
  readonly heal: (path?: string) => void
  /** Refuses every request that holds this row. */
  readonly poison: (rowId: string) => void
  /** From now on only this key is taken. */
  readonly takeKey: (apiKey: string) => void
  readonly limit: (maxBytes: number | null | undefined) => void
  /** Stops listening: connections are refused until `up`. */
  readonly down: () => Promise<void>
  readonly up: () => Promise<void>
  readonly stop: () => Promise<void>
}

const bodyOf = async (request: IncomingMessage): Promise<Uint8Array> => {
  const chunks: Array<Uint8Array> = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const headersOf = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))

export const startFakeBraintrust = async (options: Options = {}): Promise<FakeBraintrust> => {
  const plan = makeFaultPlan()
  const requests: Array<RecordedRequest> = []
  const timers = new Set<ReturnType<typeof setTimeout>>()
  const later = (run: () => void, ms: number) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      run()
    }, ms)
    timers.add(timer)
  }
  let world: World | undefined

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://fake")
    const record: RecordedRequest = {
      method: request.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      headers: headersOf(request),
      body: await bodyOf(request),
      receivedMs: performance.timeOrigin + performance.now(),
      applied: false
    }
    requests.push(record)
    if (world === undefined) return
    const fault = plan.next(url.pathname)
    const applied = takesEffect(fault)
    const reply = applied ? answer(record, world) : { status: 0, headers: {}, body: "" }
    record.applied = applied && reply.status < 300
    response.on("close", () => {
      record.endedMs = performance.timeOrigin + performance.now()
    })
    response.on("finish", () => {
      record.status = response.statusCode
    })
    deliver(response, reply, fault, later)
  }

  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()))
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  await listen(options.port ?? 0)
  const port = (server.address() as AddressInfo).port
  const url = `http://127.0.0.1:${port}`
  const store = makeRowStore(options.tags ?? "union")
  const state: World = {
    url,
    apiKey: options.apiKey ?? "test-key",
    organizations: options.organizations ?? [{ id: "00000000-0000-4000-8000-000000000001", name: "lab" }],
    maxBytes:
      options.withoutLimit === true ? undefined : options.maxBytes === undefined ? 20_000_000 : options.maxBytes,
    forbiddenProjects: new Set(options.forbiddenProjects),
    poisoned: new Set(),
    overflowMethod: options.overflowMethod ?? "PUT",
    store,
    projects: new Map(),
    blobs: new Map(),
    spans: [],
    attachments: []
  }
  world = state

  return {
    url,
    apiKey: state.apiKey,
    rows: store.rows,
    row: (id) => store.rows().find((row) => row.id === id),
    history: store.history,
    requests,
    otlp: state.spans,
    blobs: state.blobs,
    projectId: (name) => state.projects.get(name),
    fault: plan.script,
    heal: plan.heal,
    poison: (rowId) => void state.poisoned.add(rowId),
    takeKey: (apiKey) => {
      state.apiKey = apiKey
    },
    limit: (maxBytes) => {
      state.maxBytes = maxBytes
    },
    down: close,
    up: () => listen(port),
    stop: async () => {
      for (const timer of timers) clearTimeout(timer)
      await close()
    }
  }
}
