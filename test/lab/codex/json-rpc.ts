/**
 * `codex app-server` as a peer of JSON-RPC lines over its stdin and stdout.
 *
 * Owns pairing of requests and answers, the log of notifications, and answers to what the server asks. Knows no method;
 * the verbs on top are app-server.ts'. Every wait ends: after its own limit, or when the process ends.
 */
import { Schema } from "effect"
import type { Child } from "./processes.ts"

export type Params = Readonly<Record<string, unknown>>

export interface Notification {
  /** Its place among all that came, counted from 0. */
  readonly at: number
  readonly method: string
  readonly params: Params
}

export class AppServerFailed extends Schema.TaggedError<AppServerFailed>()("AppServerFailed", {
  method: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `app-server did not do ${this.method}: ${this.reason}`
  }
}

export interface Peer {
  readonly request: (method: string, params: Params) => Promise<Params>
  readonly notify: (method: string, params: Params) => void
  /** The first notification, from `since` on, for which `matches` is true; those already here count. */
  readonly until: (
    matches: (notification: Notification) => boolean,
    since?: number,
    limitMs?: number
  ) => Promise<Notification>
  /** How many notifications have come so far. */
  readonly position: () => number
}

/** Answers a request of the server's; what it returns is the result. */
export type Answering = (method: string, params: Params) => Promise<Params> | Params

interface Message {
  readonly id?: number | string
  readonly method?: string
  readonly params?: Params
  readonly result?: Params
  readonly error?: { readonly message?: string }
}

const limitMsDefault = 60_000

export const peerOf = (child: Child, answering: Answering): Peer => {
  let nextId = 1
  const waiting = new Map<
    number | string,
    { resolve: (result: Params) => void; reject: (error: Error) => void; method: string }
  >()
  const seen: Array<Notification> = []
  const watchers = new Set<() => void>()
  let ended = false

  const send = (message: Message) => {
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
    child.stdin.flush()
  }

  const receive = async (message: Message) => {
    if (message.method !== undefined && message.id !== undefined) {
      const result = await answering(message.method, message.params ?? {})
      if (!ended) send({ id: message.id, result })
      return
    }
    if (message.method !== undefined) {
      seen.push({ at: seen.length, method: message.method, params: message.params ?? {} })
      for (const watcher of watchers) watcher()
      return
    }
    const pending = message.id === undefined ? undefined : waiting.get(message.id)
    if (pending === undefined || message.id === undefined) return
    waiting.delete(message.id)
    if (message.error === undefined) pending.resolve(message.result ?? {})
    else
      pending.reject(
        new AppServerFailed({ method: pending.method, reason: message.error.message ?? "no reason given" })
      )
  }

  const read = async () => {
    for await (const line of linesOf(child.stdout)) {
      // Whatever is not JSON is a log line of a version that logs to stdout.
      if (line.startsWith("{")) receive(JSON.parse(line)).catch(() => child.kill("SIGKILL"))
    }
    ended = true
    for (const [, pending] of waiting)
      pending.reject(new AppServerFailed({ method: pending.method, reason: "it has ended" }))
    for (const watcher of watchers) watcher()
  }
  read().catch(() => child.kill("SIGKILL"))

  return {
    request: (method, params) => {
      const id = nextId++
      const { promise, resolve, reject } = Promise.withResolvers<Params>()
      const limit = setTimeout(
        () => reject(new AppServerFailed({ method, reason: `no answer in ${limitMsDefault / 1000} s` })),
        limitMsDefault
      )
      waiting.set(id, { resolve, reject, method })
      send({ id, method, params })
      return promise.finally(() => clearTimeout(limit))
    },
    notify: (method, params) => send({ method, params }),
    position: () => seen.length,
    until: (matches, since = 0, limitMs = limitMsDefault) => {
      const { promise, resolve, reject } = Promise.withResolvers<Notification>()
      const look = () => {
        const found = seen.slice(since).find(matches)
        if (found !== undefined) resolve(found)
        else if (ended) reject(new AppServerFailed({ method: "the awaited notification", reason: "it has ended" }))
      }
      const limit = setTimeout(
        () =>
          reject(new AppServerFailed({ method: "the awaited notification", reason: `none in ${limitMs / 1000} s` })),
        limitMs
      )
      watchers.add(look)
      look()
      return promise.finally(() => {
        clearTimeout(limit)
        watchers.delete(look)
      })
    }
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const bytes of stream) {
    const pieces = (rest + decoder.decode(bytes, { stream: true })).split("\n")
    rest = pieces.pop() ?? ""
    yield* pieces
  }
}
