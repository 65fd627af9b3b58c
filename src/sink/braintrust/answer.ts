/**
 * What an answer of Braintrust, or the lack of one, means for delivery: try later, send less, or give up and why.
 *
 * The SDK's errors carry neither headers nor a time limit, so its connections get a `fetch` of ours, which reads the
 * whole answer within a bound, keeps `Retry-After`, and follows no redirect with the key in hand.
 */
import { SinkFailed } from "../failure.ts"

/** Braintrust answered with something else than success. */
export class Refusal extends Error {
  readonly status: number
  readonly retryAfterMs: number | undefined
  constructor(status: number, text: string, retryAfterMs: number | undefined) {
    super(text)
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/** Seconds or a date, as HTTP allows; in milliseconds from now. */
const retryAfterMs = (header: string | null): number | undefined => {
  if (header === null) return undefined
  const seconds = Number(header)
  const ms = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1000
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

/** A `fetch` whose answer is complete within `timeoutMs`, and is an exception unless it is a success. */
export const boundedFetch = (timeoutMs: number): typeof fetch =>
  Object.assign(
    async (input: Parameters<typeof fetch>[0], init?: RequestInit) => {
      const limit = AbortSignal.timeout(timeoutMs)
      const signal = init?.signal ? AbortSignal.any([limit, init.signal]) : limit
      const response = await fetch(input, { ...init, signal, redirect: "manual" })
      const text = await response.text()
      if (!response.ok) throw new Refusal(response.status, text, retryAfterMs(response.headers.get("retry-after")))
      return new Response(text)
    },
    { preconnect: fetch.preconnect }
  )

const remedies: { readonly [status: number]: string } = {
  401: "check BRAINTRUST_API_KEY; keys are made under Settings, API keys",
  402: "the organisation's plan or usage limit does not allow more",
  403: "this key may not write there: check BRAINTRUST_PROJECT, BRAINTRUST_PROJECT_ID and BRAINTRUST_ORG_NAME",
  404: "check BRAINTRUST_API_URL and BRAINTRUST_APP_URL"
}

const retryOf = (status: number, rows: boolean): SinkFailed["retry"] => {
  if (status === 408 || status === 425 || status === 429 || status >= 500) return "transient"
  if (rows && status === 413) return "too-large"
  if (status === 401 || status === 402 || status === 403 || status === 404 || status < 400) return "permanent"
  return rows ? "refused" : "permanent"
}

/** First line of a text, bounded: backends answer with whole pages. */
const short = (text: string): string => {
  const line = text.trim().split("\n", 1)[0] ?? ""
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

/** `asked`: what was tried, as the end of "could not …". `rows`: the request carried rows, so fewer may be taken. */
export const failureOf = (cause: unknown, asked: string, url: string, rows: boolean): SinkFailed => {
  const sink = "braintrust"
  if (cause instanceof SinkFailed) return cause
  if (!(cause instanceof Refusal)) {
    const timedOut = cause instanceof Error && cause.name === "TimeoutError"
    const why = timedOut ? "no answer in time" : cause instanceof Error ? short(cause.message) : String(cause)
    const reason = `could not ${asked} at ${url}: ${why}`
    return new SinkFailed({ sink, retry: "transient", reason, cause })
  }
  const { status } = cause
  const hint = remedies[status] ?? (status < 400 ? remedies[404] : undefined)
  return new SinkFailed({
    sink,
    retry: retryOf(status, rows),
    reason: `could not ${asked} at ${url}: answered ${status}${cause.message === "" ? "" : ` (${short(cause.message)})`}`,
    ...(hint !== undefined && { hint }),
    ...(cause.retryAfterMs !== undefined && { retryAfterMs: cause.retryAfterMs }),
    cause
  })
}
