/**
 * Rows of a thread that tell of compactions: `compacted`, its item, and the Pre- and PostCompact hooks.
 *
 * A compaction is told once the next thing in its turn has happened: only then is it certain whether somebody asked
 * for it, and when it began. Times: Unix seconds.
 */
import { summaryPreamble } from "../domain/codex-words.ts"
import type { EventOf } from "../domain/event.ts"
import type { Json } from "../wire/json.ts"
import { withAttempts } from "./attempt-rows.ts"
import type { Compaction } from "./compaction.ts"
import { noEffects, type SpanEffect, type Step } from "./effect.ts"
import { replaced as renewed, summed, viewOf } from "./history.ts"
import { settle } from "./history-rows.ts"
import * as Response from "./response.ts"
import * as Table from "./table.ts"
import { inOrder, inTurn, type Thread, turnIdOf } from "./thread.ts"
import { sumUsage, type Turn, withCompaction, withLlm } from "./turn.ts"

/**
 * `compacted`: the history is another one from here on. A provider's summary is no message, so what the model said last
 * is a response of its own.
 */
export const historyReplaced = (thread: Thread, event: EventOf<"HistoryReplaced">): Step<Thread> =>
  inOrder(
    thread,
    (t) => (byProvider(event) ? settleBefore(t) : [t, noEffects]),
    (t) => replaced(t, event)
  )

/** The last response as one of its own: what comes next is asked after it. */
const settleBefore = (thread: Thread): Step<Thread> => {
  const { response, readyAt } = thread
  if (response === undefined || response.output.length === 0) return [thread, noEffects]
  return settle({ ...thread, readyAt: Math.max(readyAt, response.lastOutputAt) })
}

/** (codex-rs/core: compact_remote.rs, compact_remote_v2.rs; 0.101 to 0.169 do it where the provider is called OpenAI.) */
const byProvider = (event: EventOf<"HistoryReplaced">): boolean =>
  event.recorded !== true && event.summary === undefined && encryptedSummary(event).length > 0

const replaced = (thread: Thread, event: EventOf<"HistoryReplaced">): Step<Thread> => {
  const turnId = turnIdOf(thread, event)
  const renewedBy = replacement(thread, event)
  const { history } = renewedBy
  const { response, unclaimed, ...rest } = thread
  const next: Thread = { ...rest, ...renewedBy, readyAt: event.at }
  if (turnId === undefined) return [next, noEffects]
  const asked = summaryResponse(thread, event, turnId)
  const by = byProvider(event) ? "provider" : "model"
  return inOrder(
    next,
    (t) => {
      const usage = asked?.completed?.usage
      const total = sumUsage(t.usage, usage)
      return [total === undefined ? t : { ...t, usage: total }, noEffects]
    },
    (t) =>
      inTurn(t, { ...event, turnId }, (turn) => {
        const n = turn.compactions.length + 1
        const key = { kind: "compaction" as const, threadId: thread.id, key: `${turnId}/compaction/${n}` }
        const before = recordedBefore(event) ?? asked?.input ?? viewOf(thread.history, undefined)
        const open = Table.values(turn.compactions).find(
          (c) => c.installedAt === undefined && c.outcome === "unfinished"
        )
        const compaction: Compaction = {
          ...open,
          key: open?.key ?? key,
          threadId: thread.id,
          turnId,
          parent: turn.key,
          startedAt: event.startedAt ?? open?.startedAt ?? asked?.startedAt ?? thread.readyAt,
          installedAt: event.at,
          before,
          after: viewOf(history, undefined),
          ...(event.summary !== undefined && { summary: event.summary }),
          ...(asked?.completed?.usage && { tokensBefore: asked.completed.usage.input }),
          outcome: "ok"
        }
        const usage = sumUsage(turn.usage, asked?.completed?.usage)
        const histories = [...turn.histories, { until: event.at, history: thread.history }]
        const counted: Turn = { ...turn, histories, ...(usage && { usage }) }
        return inOrder(
          counted,
          (held) => [{ ...held, compactions: Table.set(held.compactions, compaction.key.key, compaction) }, noEffects],
          (held) => {
            const { request } = event
            if (request !== undefined)
              return withLlm(held, Response.asRecordedSummary(thread, held, request, compaction.key))
            if (asked === undefined) return [held, noEffects]
            return withLlm(held, withAttempts(held, Response.asSummary(thread, held, asked, compaction.key, by)))
          }
        )
      })
  )
}

/**
 * The response that a compaction asked for: the one just held, or one that left nothing but its usage, or (a provider's,
 * before 0.155) not even that.
 */
const summaryResponse = (
  thread: Thread,
  event: EventOf<"HistoryReplaced">,
  turnId: string
): Response.Response | undefined => {
  const { response, unclaimed } = thread
  if (response !== undefined && !response.calls) {
    const output = response.output.length === 0 ? encryptedSummary(event) : response.output
    return { ...response, output, completed: response.completed ?? {} }
  }
  if (unclaimed === undefined && !byProvider(event)) return undefined
  const begun = Response.begin(thread, turnId, event.at, undefined).response
  const text = event.summary
  const output: ReadonlyArray<Json> =
    text === undefined
      ? encryptedSummary(event)
      : [{ type: "message", role: "assistant", content: [{ type: "output_text", text: withoutPreamble(text) }] }]
  return begun && { ...begun, output, completed: unclaimed ? { usage: unclaimed } : {} }
}

/** What a remote compaction got from the model: an item that only the model can read. */
const encryptedSummary = ({ items = [] }: EventOf<"HistoryReplaced">): ReadonlyArray<Json> =>
  items.map(({ value }) => value).filter(({ type }) => type === "compaction" || type === "compaction_summary")

/** What Codex writes before a summary, for the model that reads it, ends with a line break. */
const withoutPreamble = (summary: string): string => {
  const end = summary.indexOf("\n")
  return summary.startsWith(summaryPreamble) && end > 0 ? summary.slice(end + 1) : summary
}

/** What was replaced, as a bundle recorded it. */
const recordedBefore = ({ before }: EventOf<"HistoryReplaced">) =>
  before === undefined ? undefined : { items: before, length: before.length }

/** So many compactions can be taken back by a revert: what they replaced is kept in memory. */
const replacedMax = 2

const replacedBy = ({ replaced, history }: Thread, { ordinal }: EventOf<"HistoryReplaced">): Thread["replaced"] =>
  ordinal === undefined ? replaced : [...replaced, { ordinal, history }].slice(-replacedMax)

/** The history that holds from here on, what it replaced, and how much of it stood before the first prompt. */
const replacement = (
  thread: Thread,
  event: EventOf<"HistoryReplaced">
): Pick<Thread, "history" | "marks" | "replaced"> => {
  const replaced = replacedBy(thread, event)
  if (event.items !== undefined) return { history: renewed(event.items), marks: [], replaced }
  const prefix = thread.marks[0] ?? 0
  return { history: summed(thread.history, prefix, event.summary ?? ""), marks: [prefix], replaced }
}

/** The item ContextCompaction or its legacy event: when a compaction began and was done. */
export const compactionObserved = (thread: Thread, event: EventOf<"CompactionObserved">): Step<Thread> =>
  inTurn({ ...thread, readyAt: event.at }, event, (turn) => {
    const last = Table.values(turn.compactions).at(-1)
    if (last === undefined) return [turn, noEffects]
    const startedAt = Math.min(last.startedAt, event.startedAt ?? last.startedAt)
    return [{ ...turn, compactions: Table.set(turn.compactions, last.key.key, { ...last, startedAt }) }, noEffects]
  })

/** After a compaction Codex counts the new history with nothing asked or answered: only the total is not zero. */
export const compactionCounted = (thread: Thread, { last, ...event }: EventOf<"UsageCounted">): Step<Thread> => {
  const turnId = thread.currentTurnId
  if (turnId === undefined || last === undefined || last.input + last.output > 0 || !last.total)
    return [thread, noEffects]
  const tokensAfter = last.total
  return inTurn(thread, { ...event, turnId }, (turn) => {
    const newest = Table.values(turn.compactions).at(-1)
    if (newest?.installedAt === undefined || newest.tokensAfter !== undefined) return [turn, noEffects]
    const counted: Compaction = { ...newest, tokensAfter }
    return counted.trigger === undefined
      ? [{ ...turn, compactions: Table.set(turn.compactions, counted.key.key, counted) }, noEffects]
      : withCompaction(turn, counted)
  })
}

/** Pre- and PostCompact hooks. */
export const compactionHooked = (thread: Thread, event: EventOf<"CompactionHooked">): Step<Thread> =>
  inTurn(thread, event, (turn) => {
    const trigger = event.trigger === "manual" || event.trigger === "auto" ? event.trigger : undefined
    return trigger === undefined
      ? [turn, noEffects]
      : [{ ...turn, facts: { ...turn.facts, compaction_trigger: trigger } }, noEffects]
  })

/** Tells the compactions of a turn that are whole: something else has happened in it, or it is over. */
export const tellCompactions = (turn: Turn, trigger: "manual" | "auto"): Step<Turn> => {
  let next = turn
  const effects: Array<SpanEffect> = []
  for (const compaction of Table.values(turn.compactions)) {
    if (compaction.trigger !== undefined || compaction.installedAt === undefined) continue
    const hooked = turn.facts.compaction_trigger
    const [after, told] = withCompaction(next, {
      ...compaction,
      trigger: hooked === "manual" ? "manual" : hooked === "auto" ? "auto" : trigger
    })
    next = after
    effects.push(...told)
  }
  return [next, effects]
}

/** The same for a thread that continues another one: history, no span. */
export const rememberReplaced = (thread: Thread, event: EventOf<"HistoryReplaced">): Thread => ({
  ...thread,
  ...replacement(thread, event)
})
