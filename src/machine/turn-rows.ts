/**
 * Rows of a thread that make its turns: start, prompt, settings, end, review, model requests seen by hooks.
 *
 * One thread runs one turn at a time: a turn that begins while another is open says that the other's end was never
 * written. Times: Unix seconds.
 */
import type { EventOf } from "../domain/event.ts"
import { tellFailed } from "./attempt-rows.ts"
import { tellCompactions } from "./compaction-rows.ts"
import { noEffects, type Step } from "./effect.ts"
import { settle, settleLast } from "./history-rows.ts"
import { tellUnanswered } from "./request-rows.ts"
import * as Table from "./table.ts"
import { inOrder, inTurn, type Thread, turnIdOf, withTurn, withTurnQuietly } from "./thread.ts"
import { toolEnded } from "./tool.ts"
import { decideNested, reviewedBy } from "./tool-rows.ts"
import { endTools, heldEffects, newTurn, type Turn, type TurnOutcome, turnEffects } from "./turn.ts"

/** A turn begins: the one before it, if still open, ended unseen. */
export const turnStarted = (thread: Thread, event: EventOf<"TurnStarted">): Step<Thread> => {
  if (thread.review !== undefined) return [thread, noEffects]
  const turnId = event.turnId ?? `turn-${thread.turnCount + 1}`
  // While a reviewer works, its turn is echoed in the file of the thread that asked for the review.
  if (thread.reviewTurnId !== undefined && thread.reviewTurnId !== turnId) return [thread, noEffects]
  const known = Table.get(thread.turns, turnId)
  if (known?.number !== undefined) return [thread, noEffects]
  return inOrder(
    thread,
    // Where a prompt is what begins a turn, it stands in the history already.
    (t) => endOpenTurn(t, event.implied === true ? 1 : 0),
    (t) => {
      const { hookedOnly: _, ...before } = known ?? newTurn(t.id, turnId, t.key, event.at)
      const turn: Turn = {
        ...before,
        number: t.turnCount + 1,
        startedAt: event.at,
        facts: { ...before.facts, ...event.facts },
        ...(event.contextWindow !== undefined && { contextWindow: event.contextWindow }),
        lastAt: Math.max(before.lastAt, event.at)
      }
      const started: Thread = {
        ...t,
        turnCount: t.turnCount + 1,
        currentTurnId: turnId,
        marks: [...t.marks, event.implied === true ? Math.max(0, t.history.length - 1) : t.history.length],
        readyAt: event.at,
        ...(event.contextWindow !== undefined && { contextWindow: event.contextWindow })
      }
      const [next, effects] = withTurn(started, turn)
      return [next, known === undefined ? effects : [...effects, ...heldEffects(turn)]]
    }
  )
}

/**
 * The turn that was open when another began, or when nothing more will come: over when it was last seen to do anything.
 *
 * @param newer how many items of the history belong to the turn that begins
 */
export const endOpenTurn = (thread: Thread, newer = 0): Step<Thread> => {
  const turn = thread.currentTurnId === undefined ? undefined : Table.get(thread.turns, thread.currentTurnId)
  if (turn === undefined || turn.outcome !== undefined) return [thread, noEffects]
  const implied = turn.facts.implied === true
  const outcome = implied && answeredLast(thread, newer) ? "completed" : "unfinished"
  const spokenAt = thread.response?.turnId === turn.turnId ? thread.response.lastOutputAt : turn.lastAt
  return endTurn(thread, turn, outcome, Math.max(turn.lastAt, spokenAt), {})
}

/** A version without turn ends is done with a turn when the model spoke last. */
const answeredLast = ({ history }: Thread, newer: number): boolean => {
  const last = history.items[history.length - 1 - newer]?.value
  return last?.type === "message" && last.role === "assistant"
}

const endTurn = (thread: Thread, turn: Turn, outcome: TurnOutcome, at: number, told: Partial<Turn>): Step<Thread> =>
  inOrder(
    thread,
    (t) => settle(t, outcome),
    (t) => decideNested(t, turn.turnId, "turn"),
    (t) => {
      const current = Table.get(t.turns, turn.turnId) ?? turn
      const manual = current.prompts.length === 0 && current.counts.responses + current.recorded.responses === 0
      const [withCompactions, compactions] = tellCompactions(current, manual ? "manual" : "auto")
      const [ended, tools] = endTools(withCompactions, at, outcome, (tool) => !toolEnded(tool))
      const tags = [
        ...ended.tags,
        ...(outcome === "interrupted" ? ["interrupted"] : outcome === "failed" ? ["failed"] : []),
        ...(manual && ended.compactions.length > 0 ? ["compaction"] : [])
      ]
      const [next, own] = withTurn(t, {
        ...ended,
        ...told,
        outcome,
        endedAt: at,
        tags,
        histories: [...ended.histories, { until: Number.POSITIVE_INFINITY, history: t.history }],
        lastAt: Math.max(ended.lastAt, at)
      })
      const { currentTurnId, ...rest } = next
      return [currentTurnId === turn.turnId ? rest : next, [...compactions, ...tools, ...own]]
    },
    (t) => tellUnanswered(t, turn.turnId),
    (t) => tellFailed(t, turn.turnId)
  )

/** The end of a turn was written. Of a review in older versions that is the first that tells its turn's id. */
export const turnEnded = (thread: Thread, event: EventOf<"TurnEnded">): Step<Thread> => {
  const { review, ...rest } = thread
  if (review === undefined || event.turnId === undefined) return endNamed(thread, event)
  return inOrder<Thread>(
    rest,
    (t) => reviewEntered(t, { ...review.entered, turnId: event.turnId as string }),
    (t) =>
      review.exited === undefined
        ? [t, noEffects]
        : reviewExited(t, { ...review.exited, turnId: event.turnId as string }),
    (t) => endNamed(t, event)
  )
}

const endNamed = (thread: Thread, event: EventOf<"TurnEnded">): Step<Thread> => {
  const id = turnIdOf(thread, event)
  const turn = id === undefined ? undefined : Table.get(thread.turns, id)
  if (turn === undefined || turn.outcome !== undefined) return [thread, noEffects]
  const lastMessage = event.lastMessage ?? turn.lastMessage
  const [next, effects] = endTurn(thread, turn, event.outcome, event.at, {
    ...(event.error && { error: event.error }),
    ...(event.reason !== undefined && { reason: event.reason }),
    ...(lastMessage !== undefined && { lastMessage }),
    ...(event.durationMs !== undefined && { durationMs: event.durationMs }),
    ...(event.timeToFirstTokenMs !== undefined && { timeToFirstTokenMs: event.timeToFirstTokenMs })
  })
  const reviewed = thread.reviewTurnId === id ? withoutReview(next) : next
  return [{ ...reviewed, ...(lastMessage !== undefined && { lastMessage }), endedAt: event.at }, effects]
}

const withoutReview = ({ reviewTurnId: _, ...thread }: Thread): Thread => thread

/** A prompt, or a steering message inside a running turn. In 0.77 it is what begins a turn. */
export const prompted = (thread: Thread, event: EventOf<"Prompted">): Step<Thread> => {
  // While a reviewer works, what it is told is echoed in the file of the thread that asked for the review.
  if (thread.review !== undefined) return [thread, noEffects]
  const current = thread.currentTurnId === undefined ? undefined : Table.get(thread.turns, thread.currentTurnId)
  const implied = event.turnId === undefined && (current === undefined || current.facts.implied === true)
  const prompt = {
    images: event.images,
    ...(event.text !== undefined && { text: event.text }),
    ...(event.content !== undefined && { content: event.content })
  }
  return inOrder(
    thread,
    (t) =>
      implied
        ? turnStarted(t, { _tag: "TurnStarted", threadId: t.id, at: event.at, implied: true, facts: { implied: true } })
        : [t, noEffects],
    (t) => [
      { ...t, ...(t.firstPrompt === undefined && event.text !== undefined && { firstPrompt: event.text }) },
      noEffects
    ],
    (t) =>
      inTurn(t, event, (turn) => {
        const [told, effects] = tellCompactions(turn, "auto")
        return [{ ...told, prompts: [...turn.prompts, prompt] }, effects]
      }),
    (t) => {
      const id = turnIdOf(t, event)
      const turn = id === undefined ? undefined : Table.get(t.turns, id)
      return turn?.startedAt === undefined
        ? [t, noEffects]
        : [t, [{ _tag: "PatchSpan", subject: { kind: "turn", turn } }]]
    }
  )
}

/** Skills that the user named: each is told once, whoever tells it. */
export const skillsNamed = (thread: Thread, event: EventOf<"SkillsNamed">): Step<Thread> =>
  inTurn(thread, event, (turn) => {
    const skills = [...new Set([...turn.skills, ...event.skills])]
    if (skills.length === turn.skills.length) return [turn, noEffects]
    const named: Turn = { ...turn, skills }
    return [named, turnEffects(turn, named)]
  })

/**
 * The settings that hold from here on. They name their turn: where the line that begins it is lost, they are the first
 * that is heard of it.
 */
export const turnConfigured = (thread: Thread, event: EventOf<"TurnConfigured">): Step<Thread> => {
  const { turnId, at } = event
  const isUnheard = turnId !== undefined && thread.known && Table.get(thread.turns, turnId)?.number === undefined
  return inOrder(
    thread,
    (t) => (isUnheard ? turnStarted(t, { _tag: "TurnStarted", threadId: t.id, turnId, at }) : [t, noEffects]),
    (t) => configured(t, event)
  )
}

const configured = (thread: Thread, event: EventOf<"TurnConfigured">): Step<Thread> => {
  const next: Thread = {
    ...thread,
    readyAt: event.at,
    facts: { ...thread.facts, ...event.sessionFacts },
    ...(event.model !== undefined && { model: event.model })
  }
  const { effort: _, ...withoutEffort } = next
  const whole = event.effort === undefined ? withoutEffort : { ...next, effort: event.effort }
  if (turnIdOf(whole, event) === undefined) return [whole, noEffects]
  return inTurn(whole, event, (turn) => {
    const told = { ...turn, facts: { ...turn.facts, ...event.facts } }
    return event.reviewer === undefined ? [told, noEffects] : reviewedBy(told, event.reviewer)
  })
}

/**
 * Stop fires before the end of the turn is written, and Codex waits for it: what it says closes the turn until the
 * record corrects it. A response that is over waits for nothing more.
 */
export const stopObserved = (thread: Thread, event: EventOf<"StopObserved">): Step<Thread> =>
  inOrder(
    thread,
    (t) =>
      inTurn(t, event, (turn) => {
        if (turn.outcome !== undefined) return [turn, noEffects]
        const [later, earlier] =
          (turn.stoppedAt ?? event.at) <= event.at
            ? [event.lastMessage, turn.lastMessage]
            : [turn.lastMessage, event.lastMessage]
        const lastMessage = later ?? earlier
        const stoppedAt = Math.max(turn.stoppedAt ?? event.at, event.at)
        const stopped: Turn = { ...turn, stoppedAt, ...(lastMessage !== undefined && { lastMessage }) }
        return [stopped, turnEffects(turn, stopped)]
      }),
    (t) => {
      const turnId = turnIdOf(t, event)
      return turnId === undefined ? [t, noEffects] : settleLast(t, turnId)
    }
  )

// ------------------------------------------------------------------------------------------------------------- Review

/** A review's turn has no start of its own: it begins here. */
export const reviewEntered = (thread: Thread, event: EventOf<"ReviewEntered">): Step<Thread> => {
  const turnId = event.turnId
  if (turnId === undefined) {
    return inOrder<Thread>(
      thread,
      (t) => endOpenTurn(t),
      (t) => [{ ...t, review: { entered: event } }, noEffects]
    )
  }
  return inOrder(
    thread,
    (t) =>
      Table.get(t.turns, turnId)?.number === undefined
        ? turnStarted(t, { _tag: "TurnStarted", threadId: t.id, at: event.at, turnId, facts: { trigger: "review" } })
        : [t, noEffects],
    (t) =>
      inTurn({ ...t, reviewTurnId: turnId, currentTurnId: turnId }, { ...event, turnId }, (turn) => [
        {
          ...turn,
          tags: [...turn.tags, "review"],
          prompts: [...turn.prompts, { images: 0, ...(event.hint !== undefined && { text: event.hint }) }],
          facts: { ...turn.facts, ...(event.target !== undefined && { review_target: event.target }) }
        },
        noEffects
      ])
  )
}

export const reviewExited = (thread: Thread, event: EventOf<"ReviewExited">): Step<Thread> => {
  const turnId = event.turnId ?? thread.reviewTurnId
  const { review } = thread
  if (turnId === undefined) {
    if (review === undefined) return [thread, noEffects]
    const exited: Thread = { ...thread, review: { ...review, exited: event } }
    // A version without turn ids (0.77) writes no end either: the review is over here.
    const unnamed = Table.values(thread.turns).every((turn) => turn.facts.implied === true)
    const name = `turn-${thread.turnCount + 1}`
    return unnamed
      ? turnEnded(exited, { _tag: "TurnEnded", threadId: thread.id, at: event.at, turnId: name, outcome: "completed" })
      : [exited, noEffects]
  }
  return inTurn(withoutReview(thread), { ...event, turnId }, (turn) => {
    const explanation = (event.output as { overall_explanation?: unknown } | undefined)?.overall_explanation
    return [
      {
        ...turn,
        facts: { ...turn.facts, ...(event.output !== undefined && { review_output: event.output }) },
        ...(typeof explanation === "string" && { lastMessage: explanation })
      },
      noEffects
    ]
  })
}

// ---------------------------------------------------------------------------------------------------- Nothing more comes

/** Tools that were still expected to say something: they have no end. */
export const endLeftOpen = (thread: Thread, turnId: string): Step<Thread> =>
  inOrder(
    thread,
    (t) => decideNested(t, turnId, "reading"),
    (t) => {
      const turn = Table.get(t.turns, turnId)
      if (turn === undefined) return [t, noEffects]
      const [next, effects] = endTools(turn, turn.lastAt, turn.outcome ?? "unfinished", (tool) => !toolEnded(tool))
      const closing = Table.values(next.tools).filter((tool) => !toolEnded(tool) && tool.parent !== undefined)
      const closed = closing.map((tool) => ({ _tag: "CloseSpan" as const, subject: { kind: "tool" as const, tool } }))
      return [withTurnQuietly(t, next), [...effects.filter((e) => e._tag !== "PatchSpan"), ...closed]]
    },
    (t) => tellFailed(t, turnId)
  )
