/**
 * Model requests as the model hooks saw them: PreModelRequest and PostModelRequest (0.155 +).
 *
 * A hook knows exactly when a request went out, and it alone knows of the attempts that left no item behind: refused,
 * cut before the first output, cancelled. Those become model calls of their own. Times: Unix seconds.
 */
import type { EventOf } from "../domain/event.ts"
import { noEffects, type SpanEffect, type Step } from "./effect.ts"
import { asRequested, type HistoryView } from "./history.ts"
import { hookLateness } from "./lateness.ts"
import { type Answer, type Attempt, type Llm, paired } from "./llm.ts"
import { modelFacts } from "./response.ts"
import * as Table from "./table.ts"
import { inOrder, inTurn, resultForm, type Thread } from "./thread.ts"
import { type Turn, withLlm } from "./turn.ts"

/** How far a record's time may lie before the hook's that belongs to it. */
const slack = 0.01

/** When an answer began, as far as its records tell. */
const firstOutput = (llm: Llm): number => llm.firstOutputAt ?? llm.endedAt

/** Hooks tell of a turn's own requests. A compaction's calls none (0.169). */
const isHooked = (llm: Llm): boolean => llm.failedAttempt !== true && llm.parent.kind === "turn"

/** The request that produced a response: the latest that went out before its first output. */
const attemptOf = (turn: Turn, llm: Llm): Attempt | undefined => {
  const first = firstOutput(llm)
  const attempt = turn.attempts.findLast((a) => a.startedAt <= first + slack)
  return attempt?.endedAt !== undefined && attempt.endedAt < first - slack ? undefined : attempt
}

/** Whether a request that ended so, or is not over for anybody, can be the one that left this response. */
const canBeOf = (llm: Llm, { outcome }: Attempt): boolean =>
  outcome === undefined || (llm.outcome === "ok") === (outcome === "completed")

/**
 * The starts of the attempts that left a response behind. A hook may be heard of after the response has begun: it then
 * belongs to the first response before it that has no request of its own.
 */
const answeredStarts = (turn: Turn): ReadonlySet<number> => {
  const starts = new Set<number>()
  const alone: Array<Llm> = []
  for (const llm of Table.values(turn.llms)) {
    if (!isHooked(llm)) continue
    const attempt = attemptOf(turn, llm)
    if (attempt === undefined) alone.push(llm)
    else starts.add(attempt.startedAt)
  }
  for (const llm of alone.toSorted((a, b) => firstOutput(a) - firstOutput(b))) {
    const first = firstOutput(llm)
    const late = turn.attempts.find(
      (attempt) =>
        canBeOf(llm, attempt) &&
        !starts.has(attempt.startedAt) &&
        attempt.startedAt > first &&
        attempt.startedAt < first + hookLateness
    )
    if (late !== undefined) starts.add(late.startedAt)
  }
  return starts
}

/** The model call with what the hooks know of its request. */
export const withAttempts = (turn: Turn, llm: Llm): Llm => {
  // A bundle knows when it went out, to the millisecond.
  if (llm.recorded === true || !isHooked(llm)) return llm
  const attempt = attemptOf(turn, llm)
  const readyAt = llm.readyAt ?? llm.startedAt
  const startedAt =
    attempt === undefined || attempt.startMissed === true
      ? readyAt
      : Math.min(attempt.startedAt, llm.firstOutputAt ?? llm.endedAt)
  return startedAt === llm.startedAt ? llm : { ...llm, startedAt, readyAt }
}

/** Model calls that were told before their hooks were read learn when they really began. */
const retold = (turn: Turn, from: number): Step<Turn> => {
  let next = turn
  const effects: Array<SpanEffect> = []
  for (const llm of Table.values(turn.llms)) {
    if (llm.endedAt < from - slack || llm.failedAttempt === true) continue
    const better = withAttempts(turn, llm)
    if (better === llm) continue
    const [after, told] = withLlm(next, better)
    next = after
    effects.push(...told)
  }
  return [next, effects]
}

/** A hook that was read when its turn was already over changes what is told of the turn's attempts. */
const tellIfOver = (thread: Thread, { turnId }: { readonly turnId?: string }): Step<Thread> =>
  turnId === undefined || Table.get(thread.turns, turnId)?.outcome === undefined
    ? [thread, noEffects]
    : tellFailed(thread, turnId)

/** PreModelRequest: a request went out. */
export const modelRequested = (thread: Thread, event: EventOf<"ModelRequested">): Step<Thread> =>
  inOrder(
    thread,
    (t) =>
      inTurn(t, event, (turn) => {
        const requestedAt = [...turn.requestedAt, event.at]
        return retold({ ...turn, requestedAt, attempts: paired(requestedAt, turn.answers) }, event.at)
      }),
    (t) => tellIfOver(t, event)
  )

/** PostModelRequest: it was answered, failed or was cancelled. */
export const modelAnswered = (thread: Thread, event: EventOf<"ModelAnswered">): Step<Thread> =>
  inOrder(
    thread,
    (t) =>
      inTurn(t, event, (turn) => {
        const answer: Answer = {
          at: event.at,
          outcome: event.outcome,
          ...(event.error !== undefined && { error: event.error }),
          ...(event.usage && { usage: event.usage })
        }
        const answers = [...turn.answers, answer]
        const attempts = paired(turn.requestedAt, answers)
        const before = attempts.findLast(({ startedAt }) => startedAt <= event.at)?.startedAt ?? event.at
        return retold({ ...turn, answers, attempts }, before)
      }),
    (t) => tellIfOver(t, event)
  )

/** The history that a request of this moment could see: of those that the turn has had, the one then in force. */
const seenAt = (thread: Thread, turn: Turn, at: number): HistoryView => {
  const history = turn.histories.find(({ until }) => at < until)?.history ?? thread.history
  const { items, length } = history
  let end = length
  while (end > 0 && (items[end - 1]?.at ?? 0) > at + slack) end--
  const base = thread.requestRules.instructionsIn === "input" ? thread.baseInstructions : undefined
  const view = asRequested({ ...history, length: end }, base, thread.model, resultForm(thread))
  return { items: view.items, length: view.length }
}

/** What became of an attempt that left nothing behind; undefined while it may still be answered. */
const lostOutcome = (turn: Turn, attempt: Attempt): Llm["outcome"] | undefined => {
  if (attempt.outcome === "failed") return "error"
  if (attempt.outcome === "cancelled") return "interrupted"
  if (attempt.outcome === "completed" || turn.outcome === undefined) return undefined
  return turn.outcome === "interrupted" ? "interrupted" : "unfinished"
}

/** Whether a bundle told of the turn's requests: then it told of all of them. */
const isRecorded = ({ llms }: Turn): boolean => Table.values(llms).some((llm) => llm.recorded === true)

/** Tells the attempts of a turn that left nothing behind; done when the turn is over, in the order they went out. */
export const tellFailed = (thread: Thread, turnId: string): Step<Thread> => {
  const turn = Table.get(thread.turns, turnId)
  if (turn === undefined || turn.attempts.length === 0 || isRecorded(turn)) return [thread, noEffects]
  const answered = answeredStarts(turn)
  const lost = turn.attempts.filter((attempt) => !answered.has(attempt.startedAt) && attempt.outcome !== "completed")
  return inTurn(thread, { at: turn.lastAt, turnId }, (held) =>
    inOrder(held, ...lost.map((attempt, index) => (t: Turn) => withLost(thread, t, attempt, index + 1)))
  )
}

/** The thread as it was set in a turn: when an attempt is told late, another model may have been chosen since. */
const withSettingsOf = (thread: Thread, turn: Turn): Thread => {
  const { model, effort } = turn.facts
  if (typeof model !== "string") return thread
  const { effort: _, ...rest } = thread
  const contextWindow = turn.contextWindow ?? thread.contextWindow
  return {
    ...rest,
    model,
    ...(typeof effort === "string" && { effort }),
    ...(contextWindow !== undefined && { contextWindow })
  }
}

/** An attempt that left nothing behind as a model call of its own. */
const withLost = (thread: Thread, turn: Turn, attempt: Attempt, n: number): Step<Turn> => {
  const outcome = lostOutcome(turn, attempt)
  const key = { kind: "llm" as const, threadId: thread.id, key: `${turn.turnId}/failed/${n}` }
  const known = Table.get(turn.llms, key.key)
  const endedAt = attempt.endedAt ?? turn.endedAt ?? attempt.startedAt
  const same = known?.startedAt === attempt.startedAt
  if (outcome === undefined || (same && known.outcome === outcome && known.endedAt === endedAt))
    return [turn, noEffects]
  return withLlm(turn, {
    key: known?.key ?? key,
    threadId: thread.id,
    turnId: turn.turnId,
    parent: turn.key,
    failedAttempt: true,
    ...(!thread.known && { unread: true as const }),
    input: same ? known.input : seenAt(withSettingsOf(thread, turn), turn, attempt.startedAt),
    output: [],
    startedAt: attempt.startedAt,
    endedAt,
    outcome,
    ...(outcome === "error" && { error: { message: attempt.error ?? "the request failed" } }),
    ...(attempt.usage && { usage: attempt.usage }),
    ...modelFacts(withSettingsOf(thread, turn))
  })
}
