/**
 * The model server's record of what it was asked, in the order of arrival: the truth that spans are measured against.
 *
 * Owns the form of a `requests.jsonl` line. The first keys are those of every recorded case; the ones behind them are
 * what only the server knows: which response it gave, what usage it reported, how the request ended and when.
 * Times are Unix nanoseconds, written as numbers.
 */
import type { Usage } from "./answer.ts"

/** How a request ended, seen from the server. `open`: the server stopped before it had answered. */
export type Outcome = "open" | "completed" | "cut" | "failed" | "incomplete" | "refused" | "cancelled"

export interface RequestRecord {
  readonly url: string
  readonly inference_call_id: string | null
  readonly thread_id: string | null
  readonly turn_metadata: Readonly<Record<string, unknown>> | null
  readonly model: string | null
  readonly instructions: string | null
  readonly input: ReadonlyArray<unknown>
  /** The script's name for whoever asked. */
  readonly agent: string
  readonly response_id: string
  readonly upstream_request_id: string
  /** When the request was there, and when the last byte of the answer was given to the socket. */
  readonly received_at_ns: bigint
  ended_at_ns?: bigint
  outcome: Outcome
  /** HTTP status, where the request was refused. */
  status?: number
  /** Only what was really reported, i.e. sent inside `response.completed` or `response.incomplete`. */
  usage?: Usage
}

/** Now, on the clock that Codex stamps its records with, as fine as the platform tells it. */
export const unixNs = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6))

/** One line of `requests.jsonl`. Nanoseconds pass 2^53, so they are put into the text as digits. */
export const requestLine = (record: RequestRecord): string => {
  const { received_at_ns, ended_at_ns, usage, ...rest } = record
  const reported = usage === undefined ? {} : { usage: reportedUsage(usage) }
  const text = JSON.stringify({ ...rest, ...reported })
  const ended = ended_at_ns === undefined ? "" : `,"ended_at_ns":${ended_at_ns}`
  return `${text.slice(0, -1)},"received_at_ns":${received_at_ns}${ended}}`
}

/** The counts under the names that Codex's own `token_usage_record` uses. */
const reportedUsage = (usage: Usage) => ({
  input_tokens: usage.input,
  cached_input_tokens: usage.cached,
  cache_write_input_tokens: usage.cacheWrite,
  output_tokens: usage.output,
  reasoning_output_tokens: usage.reasoning,
  total_tokens: usage.input + usage.output
})
