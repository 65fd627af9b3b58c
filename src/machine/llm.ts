/**
 * A model call: requested → producing → done | failed | interrupted. Child span of its turn, or of a compaction.
 *
 * From a transcript it is seen by what it produced: the request is the history at that moment, it starts soon after
 * the last record that it could see (within 27 ms at p95), and ends with the last output record (within 7 ms). The model
 * hooks know the request's own start, and the attempts that left nothing behind. Times: Unix seconds.
 */
import type { Usage } from "../domain/event.ts"
import type { Json } from "../wire/json.ts"
import type { SpanKey } from "./effect.ts"
import type { HistoryView } from "./history.ts"
import { hookLateness } from "./lateness.ts"

export type LlmOutcome = "ok" | "error" | "interrupted" | "unfinished"

export interface Llm {
  readonly key: SpanKey
  readonly threadId: string
  readonly turnId: string
  readonly parent: SpanKey
  /** Which response of its turn it is, from 1; a failed attempt has none. */
  readonly ordinal?: number
  /** It left no item behind: only the hooks know of it. */
  readonly failedAttempt?: true
  /** Only hooks tell of it, in a thread without a transcript: what it carried and what it answered is not known. */
  readonly unread?: true
  /** A bundle recorded it: nothing that is inferred corrects it. */
  readonly recorded?: true
  readonly input: HistoryView
  readonly output: ReadonlyArray<Json>
  readonly startedAt: number
  /** The start that the records tell, where a hook knows a better one. */
  readonly readyAt?: number
  readonly firstOutputAt?: number
  /** When the first item began to stream, where the version tells. */
  readonly firstTokenAt?: number
  readonly endedAt: number
  readonly outcome: LlmOutcome
  readonly error?: { readonly message: string; readonly code?: string }
  readonly responseId?: string
  readonly usage?: Usage
  readonly model?: string
  readonly provider?: string
  readonly effort?: string
  readonly contextWindow?: number
  /** Base instructions that were sent apart from the input (older versions). */
  readonly instructions?: string
  /** What of the input is Codex's own text and stands in no record. */
  readonly assumed?: string
}

/** One request as the model hooks saw it. */
export interface Attempt {
  readonly startedAt: number
  /** Its hook came after that of its answer: when it went out is not known, only that it was before. */
  readonly startMissed?: true
  readonly endedAt?: number
  readonly outcome?: "completed" | "failed" | "cancelled"
  readonly error?: string
  readonly usage?: Usage
}

/** How a request ended, as its hook told. */
export interface Answer {
  readonly at: number
  readonly outcome: "completed" | "failed" | "cancelled"
  readonly error?: string
  readonly usage?: Usage
}

/** Codex waits longer than this before it asks again: two requests closer together are one, told by two hooks. */
const sameRequest = 0.1

/**
 * Requests and how each ended. Hooks may be read in any order, but requests of one thread never overlap: an answer
 * belongs to the latest request before it, and a request has one. Two answers at once are those of the last two requests. An
 * answer without a request is that of the next one, if that comes soon: its hook was overtaken.
 */
export const paired = (requests: ReadonlyArray<number>, answers: ReadonlyArray<Answer>): ReadonlyArray<Attempt> => {
  const told = answers.toSorted((a, b) => a.at - b.at)
  const attempts: Array<Attempt> = []
  let overtaken: Answer | undefined
  let at = 0
  const tellUntil = (time: number) => {
    for (let answer = told[at]; answer !== undefined && answer.at <= time; answer = told[++at]) {
      const [before, last] = attempts.length > 1 ? attempts.slice(-2) : [undefined, attempts[0]]
      if (last !== undefined && last.endedAt === undefined) attempts[attempts.length - 1] = answered(last, answer)
      // Its hook came only with that of the request after it.
      else if (before?.endedAt === undefined && answer.at - (last?.endedAt ?? 0) < sameRequest && before !== undefined)
        attempts[attempts.length - 2] = answered(before, answer)
      else overtaken = answer
    }
  }
  for (const startedAt of requests.toSorted((a, b) => a - b)) {
    tellUntil(startedAt)
    const last = attempts.at(-1)
    if (last !== undefined && last.endedAt === undefined && startedAt - last.startedAt < sameRequest) continue
    if (overtaken !== undefined && startedAt - overtaken.at < hookLateness) {
      attempts.push(answered({ startedAt: overtaken.at, startMissed: true }, overtaken))
    } else attempts.push({ startedAt })
    overtaken = undefined
  }
  tellUntil(Number.POSITIVE_INFINITY)
  return attempts
}

const answered = (attempt: Attempt, { at: endedAt, ...how }: Answer): Attempt => ({ ...attempt, endedAt, ...how })
