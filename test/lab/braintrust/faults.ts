/**
 * What can go wrong between a sender and Braintrust, as values: a test scripts them per path, for the next requests or
 * for ever.
 *
 * A fault says two things: whether the request takes effect, and what the sender gets to see of it.
 */
import type { ServerResponse } from "node:http"

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Fault =
  /** Nothing goes wrong: a gap in a script. */
  | { readonly kind: "none" }
  /** Answered with this status, without effect (401, 403, 413, 429, 5xx, 307 …). */
  | {
      readonly kind: "status"
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body?: string
    }
  /** Taken, but answered with this text: HTML, nothing, cut JSON, `null`. */
  | { readonly kind: "answer"; readonly text: string; readonly status?: number; readonly applied?: boolean }
  /** Never answered; the connection stays open. */
  | { readonly kind: "hang" }
  /** Headers, the first byte, and then nothing. */
  | { readonly kind: "hang in body"; readonly applied?: boolean }
  /** The answer comes byte by byte, one each interval. */
  | { readonly kind: "slow"; readonly everyMs: number }
  /** Answered as usual, but so much later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** The connection breaks before anything took effect. */
  | { readonly kind: "reset" }
  /** Everything took effect, and then the connection breaks. */
  | { readonly kind: "applied then reset" }

/** Whether a request under this fault takes effect. */
export const takesEffect = (fault: Fault): boolean => {
  switch (fault.kind) {
    case "status":
    case "hang":
    case "reset":
      return false
    case "answer":
    case "hang in body":
      return fault.applied ?? true
    default:
      return true
  }
}

const write = (response: ServerResponse, { status, headers, body }: Reply) => {
  response.writeHead(status, headers)
  response.end(body)
}

/** Gives the sender what the fault leaves of the reply. */
export const deliver = (
  response: ServerResponse,
  reply: Reply,
  fault: Fault,
  later: (run: () => void, ms: number) => void
) => {
  switch (fault.kind) {
    case "none":
      return write(response, reply)
    case "status":
      return write(response, {
        status: fault.status,
        headers: fault.headers ?? {},
        body: fault.body ?? "scripted fault"
      })
    case "answer":
      return write(response, { status: fault.status ?? 200, headers: {}, body: fault.text })
    case "hang":
      return undefined
    case "reset":
    case "applied then reset":
      return void response.socket?.destroy()
    case "delay":
      return later(() => write(response, reply), fault.ms)
    case "hang in body":
      response.writeHead(reply.status, { ...reply.headers, "content-length": String(Buffer.byteLength(reply.body)) })
      return void response.write(reply.body.slice(0, 1))
    case "slow": {
      response.writeHead(reply.status, reply.headers)
      const drip = (rest: string): void => {
        if (response.destroyed) return
        if (rest === "") return void response.end()
        response.write(rest.slice(0, 1))
        later(() => drip(rest.slice(1)), fault.everyMs)
      }
      return drip(reply.body)
    }
  }
}

/** What a test may script for a path: the next requests in order, or every one from now on. */
export type Script = ReadonlyArray<Fault> | { readonly forever: Fault }

export interface FaultPlan {
  readonly script: (path: string, script: Script) => void
  readonly heal: (path?: string) => void
  /** The fault of the next request to a path; uses it up. */
  readonly next: (path: string) => Fault
}

export const makeFaultPlan = (): FaultPlan => {
  const plans = new Map<string, Script>()
  return {
    script: (path, script) => void plans.set(path, script),
    heal: (path) => (path === undefined ? plans.clear() : void plans.delete(path)),
    next: (path) => {
      // The most exact script wins; a script for `/blob/` holds for every path below it.
      const key = [...plans.keys()].filter((one) => path === one || (one.endsWith("/") && path.startsWith(one)))[0]
      const plan = key === undefined ? undefined : plans.get(key)
      if (plan === undefined || key === undefined) return { kind: "none" }
      if ("forever" in plan) return plan.forever
      const [first, ...rest] = plan
      if (rest.length === 0) plans.delete(key)
      else plans.set(key, rest)
      return first ?? { kind: "none" }
    }
  }
}
