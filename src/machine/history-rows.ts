/**
 * Rows of a thread that make its history and tell its responses: items, usage, rollbacks.
 *
 * The order of items in the file is the order of the model's history. What an item says of a tool is handed to
 * call-rows.ts, what a new history says of a compaction to compaction-rows.ts. Times: Unix seconds.
 */

import { neverSent, showsFreeForm } from "../domain/codex-rules.ts"
import type { EventOf, Usage } from "../domain/event.ts"
import type { HistoryItem } from "../domain/history-item.ts"
import type { Json } from "../wire/json.ts"
import { isObject } from "../wire/record.ts"
import { withAttempts } from "./attempt-rows.ts"
import { answered, called } from "./call-rows.ts"
import { noEffects, type SpanKey, type Step } from "./effect.ts"
import { append, rolledBack } from "./history.ts"
import * as Response from "./response.ts"
import * as Table from "./table.ts"
import { inOrder, inTurn, resultForm, type Thread, together, turnIdOf, withTurn, withTurnQuietly } from "./thread.ts"
import { sumUsage, type Turn, type TurnOutcome, withLlm, withTool } from "./turn.ts"

/** Feeds a thread's history without telling anything: replayed and inherited records. */
export const remember = (thread: Thread, item: HistoryItem): Thread => {
  if (neverSent.has(String(item.value.type))) return thread
  const known =
    item.forms !== undefined && showsFreeForm(item.value) ? { ...thread, patchesFreely: thread.model ?? "" } : thread
  return { ...known, history: append(thread.history, item, resultForm(known)) }
}

/** What a response that was cut had called is that response's, under the key that it has only now. */
const requestedAs = (turn: Turn, output: ReadonlyArray<Json>, key: SpanKey): Step<Turn> =>
  inOrder<Turn>(
    turn,
    ...output.map((item) => (t: Turn): Step<Turn> => {
      const callId = isObject(item) ? item.call_id : undefined
      const tool = Table.get(t.tools, `${t.turnId}/${String(callId)}`)
      return tool?.requestedBy === undefined ? [t, noEffects] : withTool(t, { ...tool, requestedBy: key })
    })
  )

/**
 * Tells the response that is held, if any: nothing that follows can change what it was.
 *
 * @param ending how its turn ends, where that is why it is told
 */
export const settle = (thread: Thread, ending?: TurnOutcome): Step<Thread> => {
  if (thread.response === undefined) return [thread, noEffects]
  const { response, failedAt, cutOff: _, ...rest } = thread
  const turn = Table.get(thread.turns, response.turnId)
  // A review's turn ends with a message that Codex writes in the model's name.
  if (turn === undefined || (response.completed === undefined && turn.tags.includes("review"))) return [rest, noEffects]
  const [counted, plain] = Response.asLlm(thread, turn, response, ending)
  const llm = withAttempts(turn, plain)
  const [told, effects] = inOrder<Turn>(
    counted,
    (t) => (llm.ordinal === undefined ? requestedAs(t, response.output, llm.key) : [t, noEffects]),
    (t) => withLlm(t, llm)
  )
  const total = sumUsage(thread.usage, response.completed?.usage)
  const failed = llm.outcome === "error"
  const next: Thread = {
    ...withTurnQuietly(rest, told),
    lastRequest: { key: llm.key, view: response.input },
    failures: failed ? thread.failures + 1 : 0,
    ...(response.cut === true && { cutOff: true as const }),
    ...(failed && failedAt !== undefined && { failedAt }),
    ...(total && { usage: total })
  }
  return [next, effects]
}

/** A response is over for sure: told at once when it called tools or Stop named it, else held one record longer. */
const complete = (thread: Thread, completed: { responseId?: string; usage?: Usage }): Step<Thread> => {
  const response = thread.response
  if (response === undefined) return [thread, noEffects]
  const next = { ...thread, response: { ...response, completed } }
  return response.calls ? settle(next) : settleLast(next, response.turnId)
}

/**
 * Tells the held response when Stop has named what it says as the turn's last message. Stop may be read long before the
 * records: by itself it says nothing of a response that is held because it may be a summary.
 */
export const settleLast = (thread: Thread, turnId: string): Step<Thread> => {
  const { response } = thread
  const turn = Table.get(thread.turns, turnId)
  if (response?.completed === undefined || response.turnId !== turnId || turn?.stoppedAt === undefined)
    return [thread, noEffects]
  // What nobody asked anything in is a compaction by hand.
  if (turn.prompts.length === 0) return [thread, noEffects]
  const said = response.output.findLast((item) => isObject(item) && item.type === "message")
  const content = isObject(said) && Array.isArray(said.content) ? said.content : []
  const text = content.map((part) => (isObject(part) && typeof part.text === "string" ? part.text : "")).join("")
  return said !== undefined && text === turn.lastMessage ? settle(thread) : [thread, noEffects]
}

const outputItem = (thread: Thread, event: EventOf<"ItemRecorded">, turnId: string): Step<Thread> => {
  const pending = thread.response
  const another =
    pending !== undefined &&
    (pending.completed !== undefined ||
      pending.turnId !== turnId ||
      (pending.sampledThrough !== undefined && event.sampledThrough !== undefined
        ? pending.sampledThrough !== event.sampledThrough
        : pending.sealed))
  const [settled, told] = another ? settle(thread) : [thread, noEffects]
  const [open, resumed] = settled.response === undefined ? goesOn(settled, turnId, event.at) : [settled, noEffects]
  const begun = open.response === undefined ? Response.begin(open, turnId, event.at, event.sampledThrough) : open
  const [after, calls] = called(begun, event, turnId)
  return [produced(after, event), together(told, together(resumed, calls))]
}

/** A response that comes after Stop: a hook sent the turn on, and the end that Stop told is none. */
const goesOn = (thread: Thread, turnId: string, at: number): Step<Thread> => {
  const turn = Table.get(thread.turns, turnId)
  if (turn?.stoppedAt === undefined || turn.stoppedAt >= at) return [thread, noEffects]
  const { stoppedAt: _, ...running } = turn
  return withTurn(thread, { ...running, lastAt: at })
}

/** The item is one more of the response that is being produced. */
const produced = (thread: Thread, { item, at }: EventOf<"ItemRecorded">): Thread => {
  const { response } = thread
  if (response === undefined) return thread
  const calls = response.calls || item.value.call_id !== undefined
  const output = [...response.output, item.value]
  return { ...remember(thread, item), response: { ...response, output, calls, lastOutputAt: at } }
}

const inputItem = (thread: Thread, event: EventOf<"ItemRecorded">, turnId: string | undefined): Step<Thread> => {
  const [settled, told] = thread.response?.completed === undefined ? [thread, noEffects] : settle(thread)
  const { response } = settled
  const sealed =
    response === undefined || response.sealed ? settled : { ...settled, response: { ...response, sealed: true } }
  if (turnId === undefined) return [given(sealed, event), told]
  const [after, answers] = answered(sealed, event, turnId)
  const [next, messages] = messaged(after, event, turnId)
  return [given(next, event), together(together(told, answers), messages)]
}

/** The model will see the item with its next request. */
const given = (thread: Thread, { item, at }: EventOf<"ItemRecorded">): Thread => ({
  ...remember(withoutCut(thread), item),
  readyAt: at
})

/** The model was given something since its last response was cut. */
const withoutCut = (thread: Thread): Thread => {
  if (thread.cutOff === undefined) return thread
  const { cutOff: _, ...rest } = thread
  return rest
}

/** A message from another agent sets an agent's turn going: it is what the turn was asked. */
export const messaged = (thread: Thread, event: EventOf<"ItemRecorded">, turnId: string): Step<Thread> => {
  const { type, content } = event.item.value
  if (type !== "agent_message" || !Array.isArray(content)) return [thread, noEffects]
  const words = content.flatMap((part) => (isObject(part) && typeof part.text === "string" ? [part.text] : []))
  if (words.length === 0) return [thread, noEffects]
  return inTurn(thread, { ...event, turnId }, (turn) => [
    turn.counts.responses + turn.recorded.responses > 0
      ? turn
      : { ...turn, prompts: [...turn.prompts, { images: 0, text: words.join("\n") }] },
    noEffects
  ])
}

/** An item of the model's history. */
export const itemRecorded = (thread: Thread, event: EventOf<"ItemRecorded">): Step<Thread> => {
  const turnId = turnIdOf(thread, event)
  if (event.side === "output" && turnId !== undefined) return outputItem(thread, event, turnId)
  return inputItem(thread, event, turnId)
}

/** A response's usage record (0.155 +): the response is whole. */
export const responseCompleted = (thread: Thread, event: EventOf<"ResponseCompleted">): Step<Thread> => {
  const completed = { responseId: event.responseId, ...(event.usage && { usage: event.usage }) }
  const turnId = turnIdOf(thread, event)
  const ready: Thread = thread.usageRecords ? thread : { ...thread, usageRecords: true }
  if (turnId === undefined) return [ready, noEffects]
  return inOrder(
    ready,
    (t) => (t.response?.completed !== undefined ? settle(t) : [t, noEffects]),
    (t) => [t.response === undefined ? Response.begin(t, turnId, event.at, undefined) : t, noEffects],
    (t) => complete(t, completed)
  )
}

/** The legacy way to tell usage: cumulative counts, repeated unchanged, sometimes late. */
export const usageCounted = (thread: Thread, event: EventOf<"UsageCounted">): Step<Thread> => {
  const known: Thread = {
    ...thread,
    ...(event.contextWindow !== undefined && { contextWindow: event.contextWindow }),
    ...(event.rateLimits !== undefined && { rateLimits: event.rateLimits }),
    ...(event.totalKey !== undefined && { usageKey: event.totalKey })
  }
  const repeated = event.totalKey === undefined || event.totalKey === thread.usageKey
  if (repeated && known.response !== undefined && known.response.completed === undefined && !known.response.sealed) {
    const [told, effects] = settle({ ...known, response: { ...known.response, cut: true } })
    // Older versions repeat them when the next response begins, newer ones when the cut is noticed.
    return [{ ...told, failedAt: known.usageRecords ? event.at : known.response.lastOutputAt }, effects]
  }
  if (repeated) {
    // Codex repeats its counts when a request failed: nothing else is written about it.
    const waiting = thread.usageRecords && thread.response === undefined && event.at > thread.readyAt + 0.005
    return [waiting ? { ...known, failedAt: event.at, failures: known.failures + 1 } : known, noEffects]
  }
  if (thread.usageRecords || event.last === undefined) return [known, noEffects]
  if (known.response !== undefined && known.response.completed === undefined)
    return complete(known, { usage: event.last })
  // A response that was counted is over: what is counted now left no item (a compaction of 0.77).
  const [free, effects] = settle(known)
  return [{ ...free, unclaimed: event.last }, effects]
}

/** A streamed item tells when the response's output began. */
export const outputStarted = (thread: Thread, event: EventOf<"OutputStarted">): Step<Thread> => [
  event.startedAt === undefined || thread.response !== undefined ? thread : { ...thread, outputSince: event.startedAt },
  noEffects
]

/** The last turns were taken back (before 0.155). */
export const historyRolledBack = (thread: Thread, event: EventOf<"HistoryRolledBack">): Step<Thread> => {
  const history = rolledBack(thread.history, event.turns)
  return [{ ...thread, history, marks: thread.marks.filter((mark) => mark <= history.length) }, noEffects]
}
