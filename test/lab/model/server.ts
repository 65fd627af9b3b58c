/**
 * A model server on loopback that says what its script tells it, and remembers everything it was asked.
 *
 * Owns routes, ids, time between frames and the counting of tokens. Leaves out what to say (script.ts) and the frames'
 * form (sse.ts). It lives until it is disposed of; streams that are still open then are dropped.
 */
import type { Answer, ItemTemplate, Usage } from "./answer.ts"
import { type Outcome, type RequestRecord, unixNs } from "./request-log.ts"
import { type Incoming, type InputItem, type Prompter, prompterOf, type Script } from "./script.ts"
import { framesOf, frameText, itemOf } from "./sse.ts"

export interface ModelServer extends AsyncDisposable {
  /** The base URL to configure as a provider, `http://127.0.0.1:<port>/v1`. */
  readonly baseUrl: string
  readonly requests: ReadonlyArray<RequestRecord>
  /** Method and path of everything that was asked for beside the model, e.g. an endpoint that a new version expects. */
  readonly strangers: ReadonlyArray<string>
  readonly leftOver: Prompter["leftOver"]
  /** Resolves with the record once `matches` is true of a request that has arrived. */
  readonly asked: (matches: (record: RequestRecord) => boolean) => Promise<RequestRecord>
}

interface Body {
  readonly model?: string
  readonly instructions?: string
  readonly input?: ReadonlyArray<InputItem>
}

export const startModelServer = (script: Script): ModelServer => {
  const prompter = prompterOf(script)
  const requests: Array<RequestRecord> = []
  const strangers: Array<string> = []
  const listeners = new Set<(record: RequestRecord) => void>()
  const threads = new Set<string>()
  const lastInput = new Map<string, number>()
  let items = 0

  const itemId = (prefix: string): string => `${prefix}_${++items}`

  /** Token counts that follow from sizes: the same run gives the same counts, and no two requests give equal ones. */
  const usageFor = (incoming: Incoming, told: Answer): Usage => {
    const thread = incoming.threadId ?? ""
    const input = tokensIn(incoming.input)
    const cached = Math.min(lastInput.get(thread) ?? 0, input)
    lastInput.set(thread, input)
    const reasoning = tokensIn(told.items.filter((item) => item.type === "reasoning"))
    const output = reasoning + tokensIn(told.items.filter((item) => item.type !== "reasoning"))
    return { input, cached, cacheWrite: 0, output, reasoning, ...told.usage }
  }

  const respond = async (request: Request, url: URL): Promise<Response> => {
    const body = await bodyOf(request)
    const named = incomingOf(request.headers, body, url)
    if (named.threadId !== undefined) threads.add(named.threadId)
    // 0.101 names no thread where it asks for a compaction: the one that there is.
    const [only, ...others] = threads
    const incoming = { ...named, threadId: named.threadId ?? (others.length === 0 ? only : undefined) }
    const { agent, answer: told } = prompter.next(incoming)
    const number = requests.length + 1
    const record: RequestRecord = {
      url: url.pathname,
      inference_call_id: request.headers.get("x-codex-inference-call-id"),
      thread_id: incoming.threadId ?? null,
      turn_metadata: incoming.turnMetadata,
      model: body.model ?? null,
      instructions: body.instructions ?? null,
      input: incoming.input,
      agent,
      response_id: `resp_${number}`,
      upstream_request_id: `req_mock_${number}`,
      received_at_ns: unixNs(),
      outcome: "open"
    }
    requests.push(record)
    for (const listener of listeners) listener(record)
    const headers = { "x-request-id": record.upstream_request_id, ...rateLimits(number) }
    const end = (outcome: Outcome) => {
      if (record.outcome !== "open") return
      record.outcome = outcome
      record.ended_at_ns = unixNs()
    }
    if (told.ending.kind === "refused") {
      await Bun.sleep(told.delayMs)
      record.status = told.ending.status
      end("refused")
      return Response.json({ error: told.ending.error }, { status: told.ending.status, headers })
    }
    const usage = usageFor(incoming, told)
    if (url.pathname.endsWith("/compact")) {
      record.usage = usage
      end("completed")
      return Response.json({ output: told.items.map((item: ItemTemplate) => itemOf(item, itemId)) }, { headers })
    }
    const frames = framesOf(told, { responseId: record.response_id, model: record.model ?? "", itemId }, usage)
    const outcome = told.ending.kind
    let next = 0
    const stream = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const frame = frames[next++]
        if (frame === undefined) {
          end(outcome)
          controller.close()
          return
        }
        if (frame.afterMs > 0) await Bun.sleep(frame.afterMs)
        if (frame.event === "response.completed" || frame.event === "response.incomplete") record.usage = usage
        // Told before the bytes leave: whoever saw them must find the request ended.
        if (next === frames.length && outcome !== "cut") end(outcome)
        controller.enqueue(new TextEncoder().encode(frameText(frame)))
      },
      cancel: () => end("cancelled")
    })
    return new Response(stream, { headers: { ...headers, "content-type": "text/event-stream" } })
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: async (request) => {
      const url = new URL(request.url)
      if (request.method === "POST" && /^\/v1\/responses(\/compact)?$/.test(url.pathname)) return respond(request, url)
      if (request.method === "GET" && url.pathname === "/v1/models") return Response.json(modelList)
      strangers.push(`${request.method} ${url.pathname}`)
      return new Response("not a route of this model server", { status: 404 })
    }
  })

  return {
    baseUrl: `http://127.0.0.1:${server.port}/v1`,
    requests,
    strangers,
    leftOver: prompter.leftOver,
    asked: (matches) => {
      const already = requests.find(matches)
      if (already !== undefined) return Promise.resolve(already)
      const { promise, resolve } = Promise.withResolvers<RequestRecord>()
      const listener = (record: RequestRecord) => {
        if (!matches(record)) return
        listeners.delete(listener)
        resolve(record)
      }
      listeners.add(listener)
      return promise
    },
    [Symbol.asyncDispose]: () => server.stop(true)
  }
}

/** No entry: Codex then knows the models that it was built with. */
const modelList = { object: "list", data: [] }

/** A weekly limit of which every request takes a percent. */
const rateLimits = (requests: number) => ({
  "x-codex-primary-used-percent": String(Math.min(requests, 100)),
  "x-codex-primary-window-minutes": "10080",
  "x-codex-primary-reset-at": String(Math.ceil(Date.now() / 1000) + 3600)
})

const tokensIn = (content: ReadonlyArray<unknown>): number =>
  content.length === 0 ? 0 : Math.ceil(JSON.stringify(content).length / 4)

const bodyOf = async (request: Request): Promise<Body> => {
  const bytes = await request.bytes()
  const plain = request.headers.get("content-encoding") === "zstd" ? Bun.zstdDecompressSync(bytes) : bytes
  return JSON.parse(new TextDecoder().decode(plain))
}

/** The headers have had several names: `thread-id` today, `session_id` and `conversation_id` in older versions. */
const threadHeaders = ["thread-id", "thread_id", "x-codex-thread-id", "session_id", "conversation_id"]

/** The prompt that asks for a summary in versions whose metadata does not say what a request is for. */
const compactionPrompt = "CONTEXT CHECKPOINT COMPACTION"

const incomingOf = (headers: Headers, body: Body, url: URL): Incoming => {
  const metadata = headers.get("x-codex-turn-metadata")
  const turnMetadata = metadata === null ? null : (JSON.parse(metadata) as Record<string, unknown>)
  const named = turnMetadata?.thread_id ?? threadHeaders.map((name) => headers.get(name)).find((id) => id !== null)
  const subagent = turnMetadata?.subagent_kind ?? headers.get("x-openai-subagent")
  const input = body.input ?? []
  const compacts =
    turnMetadata?.request_kind === "compaction" ||
    url.pathname.endsWith("/compact") ||
    (turnMetadata?.request_kind === undefined && JSON.stringify(input.at(-1) ?? "").includes(compactionPrompt))
  return {
    threadId: typeof named === "string" ? named : undefined,
    turnMetadata,
    subagent: typeof subagent === "string" ? subagent : undefined,
    kind: compacts ? "compaction" : "turn",
    input
  }
}
