/**
 * Rows of a thread that tell of model requests as a bundle recorded them: sent, answered, failed, cancelled.
 *
 * Nothing is inferred here: what a request carried, when it went out and when its answer was whole are recorded, and
 * the calls in an answer are the answer's. Keys are those that a transcript of the same session leads to: the n-th
 * completed response of its turn, the n-th that was cut after some output, the n-th that left nothing behind.
 * Times: Unix seconds.
 */
import type { EventOf } from "../domain/event.ts"
import { answered, called } from "./call-rows.ts"
import { noEffects, type SpanKey, type Step } from "./effect.ts"
import { type HistoryView, viewOf } from "./history.ts"
import { messaged } from "./history-rows.ts"
import type { Llm } from "./llm.ts"
import * as Table from "./table.ts"
import { type Asked, inOrder, inTurn, type Thread, turnIdOf } from "./thread.ts"
import { sumUsage, type Turn, withLlm } from "./turn.ts"

/** A request went out. Its input shares what it has in common with the one before it. */
export const requestSent = (thread: Thread, event: EventOf<"RequestSent">): Step<Thread> => {
  const turnId = turnIdOf(thread, event)
  if (turnId === undefined) return [thread, noEffects]
  const { added, ...sent } = event
  const before = thread.sent?.view.items ?? []
  const [items, length] =
    event.kept === thread.sent?.view.length
      ? extended(before, event.kept, added)
      : ([[...before.slice(0, event.kept), ...added], event.kept + added.length] as const)
  const { key } = thread.sent ?? {}
  const previous = key && thread.sent ? { key, view: thread.sent.view } : undefined
  const view = viewOf({ items, length }, previous)
  return [{ ...thread, sent: { view }, asked: [...thread.asked, { event: sent, turnId, view }] }, noEffects]
}

const extended = (items: HistoryView["items"], length: number, added: HistoryView["items"]) => {
  let list = items
  for (const [i, item] of added.entries()) list = Table.grown(list, length + i, item)
  return [list, length + added.length] as const
}

/** How a request ended for its turn, and under which key it stands. */
const settled = (
  turn: Turn,
  asked: Asked,
  answer: EventOf<"RequestAnswered">
): readonly [Turn, SpanKey, Partial<Llm>] => {
  const { recorded } = turn
  const named = (key: string): SpanKey =>
    asked.key ?? { kind: "llm", threadId: turn.threadId, key: `${turn.turnId}/${key}` }
  if (answer.outcome === "completed" || (answer.counted === true && answer.output.length > 0)) {
    const responses = recorded.responses + 1
    return [{ ...turn, recorded: { ...recorded, responses } }, named(`${responses}`), { ordinal: responses }]
  }
  if (answer.output.length > 0) {
    const cut = recorded.cut + 1
    return [{ ...turn, recorded: { ...recorded, cut } }, named(`cut/${cut}`), {}]
  }
  const failed = asked.key === undefined ? recorded.failed + 1 : recorded.failed
  return [{ ...turn, recorded: { ...recorded, failed } }, named(`failed/${failed}`), { failedAttempt: true }]
}

const outcomes = { completed: "ok", failed: "error", cancelled: "interrupted", abandoned: "interrupted" } as const

/** A request was answered, failed or was cancelled. */
export const requestAnswered = (thread: Thread, event: EventOf<"RequestAnswered">): Step<Thread> => {
  const asked = thread.asked.find((one) => one.event.requestId === event.requestId)
  const turn = asked && Table.get(thread.turns, asked.turnId)
  if (asked === undefined || turn === undefined) return [thread, noEffects]
  const [counted, key, facts] = settled(turn, asked, event)
  const failed = event.outcome === "failed" && { error: { message: event.error ?? "the request failed" } }
  const llm: Llm = {
    ...asLlm(thread, turn, asked, key),
    ...facts,
    output: event.output.map((item) => item.value),
    endedAt: event.at,
    outcome: outcomes[event.outcome],
    ...failed,
    ...(event.responseId !== undefined && { responseId: event.responseId }),
    ...(event.usage && { usage: event.usage })
  }
  const usage = sumUsage(turn.usage, event.usage)
  const total = sumUsage(thread.usage, event.usage)
  const sent = thread.sent?.view === asked.view ? { view: asked.view, key } : thread.sent
  return inOrder<Thread>(
    {
      ...thread,
      asked: thread.asked.filter((one) => one !== asked),
      ...(sent && { sent }),
      ...(total && { usage: total })
    },
    (t) => inTurn(t, { ...event, turnId: turn.turnId }, () => withLlm(usage ? { ...counted, usage } : counted, llm)),
    ...(event.outcome === "abandoned" ? [] : event.output).map(
      (item) => (t: Thread) =>
        called(t, { ...place(event), _tag: "ItemRecorded", item, side: "output", bytes: 0 }, turn.turnId, key)
    )
  )
}

const place = ({ threadId, at, recorded }: EventOf<"RequestAnswered">) => ({
  threadId,
  at,
  ...(recorded && { recorded })
})

/** A request as a model call, before anything is known of its answer. */
const asLlm = (thread: Thread, turn: Turn, { event, view }: Asked, key: SpanKey): Llm => ({
  key,
  threadId: thread.id,
  turnId: turn.turnId,
  parent: turn.key,
  recorded: true,
  input: view,
  output: [],
  startedAt: event.at,
  endedAt: event.at,
  outcome: "unfinished",
  model: event.model,
  provider: event.provider,
  ...(event.effort !== undefined && { effort: event.effort }),
  ...(event.instructions !== undefined && { instructions: event.instructions }),
  ...(event.unread === true && { assumed: "the request's payload could not be read" }),
  ...(thread.contextWindow !== undefined && { contextWindow: thread.contextWindow })
})

const lostOutcomes = {
  completed: "unfinished",
  unfinished: "unfinished",
  failed: "error",
  interrupted: "interrupted"
} as const

/**
 * Requests of a turn that is over (of every turn, where none is named) whose answer was not recorded: they left nothing
 * behind that anybody told of. One whose answer comes late is told again.
 */
export const tellUnanswered = (thread: Thread, turnId: string | undefined): Step<Thread> =>
  inOrder(
    thread,
    ...thread.asked
      .filter((asked) => asked.key === undefined && (turnId === undefined || asked.turnId === turnId))
      .map((asked) => (t: Thread): Step<Thread> => {
        const turn = Table.get(t.turns, asked.turnId)
        if (turn === undefined) return [t, noEffects]
        const failed = turn.recorded.failed + 1
        const key = { kind: "llm" as const, threadId: t.id, key: `${turn.turnId}/failed/${failed}` }
        const outcome = lostOutcomes[turn.outcome ?? "unfinished"]
        const llm: Llm = {
          ...asLlm(t, turn, asked, key),
          failedAttempt: true,
          endedAt: turn.endedAt ?? turn.lastAt,
          outcome,
          ...(outcome === "error" && { error: turn.error ?? { message: "the request failed" } })
        }
        const known = t.asked.map((one) => (one === asked ? { ...one, key } : one))
        return inTurn({ ...t, asked: known }, { turnId: turn.turnId, at: turn.lastAt }, (held) =>
          withLlm({ ...held, recorded: { ...held.recorded, failed } }, llm)
        )
      })
  )

/** An item that a request was the first to carry: the output of a call, or a message from another agent. */
export const itemSpoken = (thread: Thread, event: EventOf<"ItemRecorded">): Step<Thread> => {
  const turnId = turnIdOf(thread, event)
  if (turnId === undefined) return [thread, noEffects]
  return inOrder(
    thread,
    (t) => answered(t, event, turnId),
    (t) => messaged(t, event, turnId)
  )
}
