/**
 * Rows of a thread that has no transcript: `codex exec --ephemeral` writes none, and one may be lost.
 *
 * Its hooks tell when each turn, request and tool began and ended, what was asked, and what tools were given and gave
 * back. They don't tell what a request carried or what the model answered, so neither do its spans. All of it is told when
 * nothing more will come: until then a transcript may turn up, and knows better. Times: Unix seconds.
 */
import type { EventOf } from "../domain/event.ts"
import { noEffects, type Step } from "./effect.ts"
import type { Attempt } from "./llm.ts"
import { modelFacts, responseKey } from "./response.ts"
import * as Table from "./table.ts"
import { inOrder, inTurn, type Thread } from "./thread.ts"
import type { Tool } from "./tool.ts"
import { newTurn, sumUsage, type Turn, withLlm, withTool } from "./turn.ts"
import { turnEnded, turnStarted } from "./turn-rows.ts"

/** What a hook said of a turn as a whole, while no transcript is known. */
export type HookedTurn = EventOf<"PromptHooked"> | EventOf<"InterruptObserved">

/** UserPromptSubmit and Interrupt: kept as long as the hooks are all that tells of the thread. */
export const turnHooked = (thread: Thread, event: HookedTurn): Step<Thread> =>
  thread.known || event.turnId === undefined
    ? [thread, noEffects]
    : [{ ...thread, hookedTurns: [...thread.hookedTurns, event] }, noEffects]

/** Tells what only the hooks know: of a thread without a transcript everything, of another one that a turn is none. */
export const tellHooked = (thread: Thread): Step<Thread> => {
  if (thread.known) return withoutUnrecorded(thread)
  const whole = withTurns(thread)
  return inOrder(whole, ...hookedTurns(whole).map(tellTurn))
}

/** A transcript has every turn: one that it does not have never ran. */
const withoutUnrecorded = (thread: Thread): Step<Thread> => {
  const unrecorded = Table.values(thread.turns).filter((turn) => turn.hookedOnly === true)
  if (unrecorded.length === 0) return [thread, noEffects]
  const note = { _tag: "Note" as const, topic: "hook", detail: "a turn that the transcript does not have" }
  const turns = Table.without(thread.turns, new Set(unrecorded.map(({ turnId }) => turnId)))
  return [{ ...thread, turns }, unrecorded.map(() => note)]
}

/** The thread with a turn for each that was begun and of which nothing more was heard. */
const withTurns = (thread: Thread): Thread => {
  let { turns } = thread
  for (const { turnId, at } of thread.hookedTurns) {
    if (turnId === undefined || Table.get(turns, turnId) !== undefined) continue
    turns = Table.set(turns, turnId, { ...newTurn(thread.id, turnId, thread.key, at), hookedOnly: true })
  }
  return { ...thread, turns }
}

const saidOf = (thread: Thread, turn: Turn): ReadonlyArray<HookedTurn> =>
  thread.hookedTurns.filter(({ turnId }) => turnId === turn.turnId)

/** The first that any hook told of a turn. */
const beganAt = (thread: Thread, turn: Turn): number =>
  Math.min(
    turn.lastAt,
    turn.stoppedAt ?? turn.lastAt,
    ...saidOf(thread, turn).map(({ at }) => at),
    ...turn.attempts.map(({ startedAt }) => startedAt),
    ...Table.values(turn.tools).flatMap(({ hook }) => [hook?.startedAt ?? hook?.endedAt ?? turn.lastAt])
  )

const hookedTurns = (thread: Thread): ReadonlyArray<Turn> =>
  Table.values(thread.turns)
    .filter((turn) => turn.hookedOnly === true)
    .toSorted((a, b) => beganAt(thread, a) - beganAt(thread, b))

const tellTurn =
  (turn: Turn) =>
  (thread: Thread): Step<Thread> => {
    const { turnId } = turn
    const said = saidOf(thread, turn)
    const asked = said.filter((event) => event._tag === "PromptHooked")
    const { model, cwd } = asked[0] ?? {}
    const configured: Thread = {
      ...thread,
      ...(model !== undefined && { model }),
      ...(cwd !== undefined && thread.cwd === undefined && { cwd, facts: { ...thread.facts, cwd } }),
      ...(thread.firstPrompt === undefined && asked[0]?.text !== undefined && { firstPrompt: asked[0].text })
    }
    const prompts = asked.map(({ text }) => ({ images: 0, ...(text !== undefined && { text }) }))
    const facts = model === undefined ? {} : { model }
    return inOrder(
      configured,
      (t) => turnStarted(t, { _tag: "TurnStarted", threadId: t.id, turnId, at: beganAt(t, turn), facts }),
      (t) =>
        inTurn(t, { turnId, at: turn.lastAt }, (held) =>
          inOrder<Turn>(
            { ...held, prompts },
            ...held.attempts.map((attempt) => (one: Turn) => withRequest(t, one, attempt)),
            ...Table.values(held.tools).map((tool) => (one: Turn) => withTool(one, asRun(one, tool)))
          )
        ),
      (t) => [withUsage(t, turnId), noEffects],
      (t) => ended(t, turn, said)
    )
  }

/** A request that was answered is a model call, of which the hooks tell times and tokens. */
const withRequest = (thread: Thread, turn: Turn, attempt: Attempt): Step<Turn> => {
  const { endedAt } = attempt
  if (attempt.outcome !== "completed" || endedAt === undefined) return [turn, noEffects]
  const ordinal = turn.counts.responses + 1
  const usage = sumUsage(turn.usage, attempt.usage)
  const counted: Turn = { ...turn, counts: { ...turn.counts, responses: ordinal }, ...(usage && { usage }) }
  return withLlm(counted, {
    key: responseKey(turn),
    threadId: thread.id,
    turnId: turn.turnId,
    parent: turn.key,
    ordinal,
    unread: true,
    input: { items: [], length: 0 },
    output: [],
    startedAt: attempt.startedAt,
    endedAt,
    outcome: "ok",
    ...(attempt.usage && { usage: attempt.usage }),
    ...modelFacts(thread)
  })
}

/** A call of which only hooks tell ran when they say. Which cell made a nested one stands in the transcript alone. */
const asRun = (turn: Turn, tool: Tool): Tool => {
  const { startedAt, endedAt } = tool.hook ?? {}
  return {
    ...tool,
    run: { ...(startedAt !== undefined && { startedAt }), ...(endedAt !== undefined && { endedAt }), ...tool.run },
    parent: tool.parent ?? turn.key
  }
}

const withUsage = (thread: Thread, turnId: string): Thread => {
  const usage = sumUsage(thread.usage, Table.get(thread.turns, turnId)?.usage)
  return usage === undefined ? thread : { ...thread, usage }
}

/** Stop and Interrupt say how a turn ended; of one that nobody stopped it is not known. Other hooks may overtake them. */
const ended = (thread: Thread, turn: Turn, said: ReadonlyArray<HookedTurn>): Step<Thread> => {
  const interrupted = said.find((event) => event._tag === "InterruptObserved")
  const stoppedAt = interrupted?.at ?? turn.stoppedAt
  if (stoppedAt === undefined) return [thread, noEffects]
  return turnEnded(thread, {
    _tag: "TurnEnded",
    threadId: thread.id,
    turnId: turn.turnId,
    at: Math.max(stoppedAt, turn.lastAt),
    outcome: interrupted === undefined ? "completed" : "interrupted"
  })
}
