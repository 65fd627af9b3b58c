/**
 * A thread: one history with its own file. The root thread is the session's, every other one is an agent's.
 *
 * Owns the state and how its parts are found; the rows that change it stand in history-rows.ts (items, responses,
 * compactions), turn-rows.ts (turns, settings, endings) and tool-rows.ts (runs, hooks, approvals).
 * Times: Unix seconds.
 */
import { type RequestRules, requestRulesOf } from "../domain/codex-rules.ts"
import type { EventOf, Lineage, Usage } from "../domain/event.ts"
import type { ResultForm } from "../domain/history-item.ts"
import type { Json, JsonObject } from "../wire/json.ts"
import type { SpanEffect, SpanKey, Step } from "./effect.ts"
import { noEffects } from "./effect.ts"
import { emptyHistory, type History, type HistoryView } from "./history.ts"
import type { Response } from "./response.ts"
import * as Table from "./table.ts"
import { newTurn, seenLater, type Turn, turnEffects } from "./turn.ts"

/** A message, task or result between two agents. */
export interface Edge {
  /** When it was recorded: edges come from several files, and are told in this order. */
  readonly at: number
  /** An agent's path, or its thread where no path was told. */
  readonly from: string
  readonly to: string
  readonly kind: string
  readonly callId?: string
  readonly content?: string
  /** An answer as it was told to somebody, which may be told again. */
  readonly reported?: true
}

/** A request that a bundle recorded as sent. */
export interface Asked {
  readonly event: Omit<EventOf<"RequestSent">, "added">
  readonly turnId: string
  readonly view: HistoryView
  /** The model call that it was told as, while its answer was still out (its turn was over first). */
  readonly key?: SpanKey
}

export interface Thread {
  /** The span that its turns hang under: the session's for the root, else the agent's own. */
  readonly key: SpanKey
  readonly id: string
  readonly root: boolean
  /** Its own `session_meta` was read. */
  readonly known: boolean
  readonly lineage: Lineage
  readonly facts: JsonObject
  readonly cwd?: string
  readonly startedAt?: number
  readonly firstAt: number
  readonly lastAt: number
  readonly endedAt?: number
  /** The reading is over: nothing more will come. */
  readonly over?: true
  /** The turn that spawned it, once any source has named it. */
  readonly parentTurn?: SpanKey
  readonly spawnCallId?: string
  /** What was last said of an agent's state, when and by whom. */
  readonly agentStatus?: { readonly word: string; readonly at: number; readonly by: string }
  readonly task?: string
  readonly edges: ReadonlyArray<Edge>
  readonly transcriptPath?: string

  /** Records before this ordinal are replayed from the parent. */
  readonly ownFromOrdinal?: number
  /** A second `session_meta` was read: what follows is the parent's, up to the first turn of its own. */
  readonly replaying: boolean
  readonly historyMissing?: true

  readonly history: History
  /** The model that was last seen to have the patch tool in its free form ("" for one without a name). */
  readonly patchesFreely?: string
  /** What the latest compactions replaced, and the ordinal of each (0.155 +): a revert may take them back. */
  readonly replaced: ReadonlyArray<{ readonly ordinal: number; readonly history: History }>
  /** Length of the history when each turn began, for rollbacks. */
  readonly marks: ReadonlyArray<number>
  readonly baseInstructions?: string
  readonly requestRules: RequestRules
  /** The last response was cut, and nothing was given to the model since. */
  readonly cutOff?: true
  readonly response?: Response
  readonly lastRequest?: { readonly key: SpanKey; readonly view: HistoryView }
  /** What a bundle recorded of the requests: the items of the last one, and those that are not answered yet. */
  readonly sent?: { readonly view: HistoryView; readonly key?: SpanKey }
  readonly asked: ReadonlyArray<Asked>
  /** The last record that the next request can see. */
  readonly readyAt: number
  /** When the output of the response to come began to stream. */
  readonly outputSince?: number
  /** When a request was last seen to fail, and how often since the last success. */
  readonly failedAt?: number
  readonly failures: number

  readonly turns: Table.Table<Turn>
  /** What hooks said of turns as a whole, as long as they are all that tells of the thread. */
  readonly hookedTurns: ReadonlyArray<EventOf<"PromptHooked"> | EventOf<"InterruptObserved">>
  readonly turnCount: number
  readonly currentTurnId?: string
  readonly reviewTurnId?: string
  /** A review whose turn's id is not told before it ends (before 0.155). */
  readonly review?: { readonly entered: EventOf<"ReviewEntered">; readonly exited?: EventOf<"ReviewExited"> }
  readonly model?: string
  readonly effort?: string
  readonly contextWindow?: number
  readonly usage?: Usage
  /** The cumulative counts last seen: a repeat says nothing new. */
  readonly usageKey?: string
  /** Usage that no response has claimed yet (a compaction that leaves no item). */
  readonly unclaimed?: Usage
  /** This version writes a usage record per response. */
  readonly usageRecords: boolean
  /** The `exec` and `wait` calls of the latest response that made any, while some are not answered. */
  readonly batch?: { readonly turnId: string; readonly requestKey: string; readonly callIds: ReadonlyArray<string> }
  /** When the last output was recorded. */
  readonly answeredAt?: number
  /** The latest code cells, oldest first. */
  readonly cells: ReadonlyArray<{
    readonly turnId: string
    readonly callId: string
    readonly taken: ReadonlyArray<number>
  }>
  readonly rateLimits?: Json
  readonly firstPrompt?: string
  readonly lastMessage?: string
  /** Length of the lines that its turns hold. */
  readonly bytes: number
}

export const newThread = (id: string, root: boolean, at: number): Thread => ({
  key: { kind: root ? "session" : "agent", threadId: id, key: id },
  id,
  root,
  known: false,
  lineage: {},
  facts: {},
  firstAt: at,
  lastAt: at,
  edges: [],
  replaying: false,
  history: emptyHistory,
  replaced: [],
  asked: [],
  marks: [],
  requestRules: requestRulesOf(undefined),
  readyAt: at,
  failures: 0,
  turns: Table.empty(),
  hookedTurns: [],
  turnCount: 0,
  usageRecords: false,
  cells: [],
  bytes: 0
})

/** The turn that an event belongs to: the one it names, else the one that runs. */
export const turnIdOf = (thread: Thread, event: { readonly turnId?: string }): string | undefined =>
  event.turnId ?? thread.currentTurnId

/** In which form a request of the thread carries results that have two: who has the patch tool in its free form reads text. */
export const resultForm = ({ model = "", patchesFreely }: Thread): ResultForm =>
  patchesFreely === model ? "text" : "recorded"

/** Puts a turn's new facts into the thread, and tells what changed of the turn itself. */
export const withTurn = (thread: Thread, turn: Turn): Step<Thread> => {
  const before = Table.get(thread.turns, turn.turnId)
  if (before === turn) return [thread, noEffects]
  return [{ ...thread, turns: Table.set(thread.turns, turn.turnId, turn) }, turnEffects(before, turn)]
}

/** The same for a change that is no news of the turn's own span. */
export const withTurnQuietly = (thread: Thread, turn: Turn): Thread => ({
  ...thread,
  turns: Table.set(thread.turns, turn.turnId, turn)
})

/**
 * Changes the turn that an event names. A turn that nobody has heard of is made for a hook (its record will come) and
 * is a note for a record (its turn was dropped long ago, or belongs to nobody).
 */
export const inTurn = (
  thread: Thread,
  event: { readonly turnId?: string; readonly at: number; readonly live?: true; readonly bytes?: number },
  change: (turn: Turn) => Step<Turn>
): Step<Thread> => {
  const id = turnIdOf(thread, event)
  if (id === undefined) return [thread, noEffects]
  const found = Table.get(thread.turns, id)
  if (found === undefined && event.live !== true) {
    return [thread, [{ _tag: "Note", topic: "late", detail: "a record of a turn that is no longer held" }]]
  }
  const before: Turn = found ?? { ...newTurn(thread.id, id, thread.key, event.at), hookedOnly: true }
  const [changed, effects] = change(before)
  if (changed === before) return [thread, effects]
  const bytes = event.bytes ?? 0
  const seen = { ...changed, bytes: changed.bytes + bytes, lastAt: Math.max(changed.lastAt, event.at) }
  const [turn, moved] = event.live === true ? seenLater(seen, event.at) : [seen, noEffects]
  const next = { ...thread, turns: Table.set(thread.turns, id, turn), bytes: thread.bytes + bytes }
  return [next, together(effects, moved)]
}

/** What is asked for first, and what is asked for then; nearly always one of the two is empty. */
export const together = (
  first: ReadonlyArray<SpanEffect>,
  then: ReadonlyArray<SpanEffect>
): ReadonlyArray<SpanEffect> => (then.length === 0 ? first : first.length === 0 ? then : [...first, ...then])

/** Runs several changes one after another, collecting what they ask for. */
export const inOrder = <S>(state: S, ...changes: ReadonlyArray<(state: S) => Step<S>>): Step<S> => {
  let effects = noEffects
  let next = state
  for (const change of changes) {
    const [after, told] = change(next)
    next = after
    effects = together(effects, told)
  }
  return [next, effects]
}
