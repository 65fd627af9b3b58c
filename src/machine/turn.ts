/**
 * A turn: one task of a thread. running → completed | interrupted | failed | unfinished.
 *
 * It holds what happened inside it: model calls, tools, compactions. A turn whose end was never written (a crash) is
 * unfinished once its thread goes on or the reading ends. Times: Unix seconds.
 */
import type { Usage } from "../domain/event.ts"
import type { Json, JsonObject } from "../wire/json.ts"
import type { Compaction } from "./compaction.ts"
import { noEffects, type SpanEffect, type SpanKey, type Step, spanEffects } from "./effect.ts"
import type { History } from "./history.ts"
import type { Answer, Attempt, Llm } from "./llm.ts"
import * as Table from "./table.ts"
import { type Approval, showsSame, type Tool, toolEnded, toolVisible } from "./tool.ts"

export type TurnOutcome = "completed" | "interrupted" | "failed" | "unfinished"

export interface Turn {
  readonly key: SpanKey
  readonly threadId: string
  readonly turnId: string
  /** The session's or agent's span. */
  readonly parent: SpanKey
  /** Its place in the thread, from 1; unknown while only hooks have told of it. */
  readonly number?: number
  readonly startedAt?: number
  readonly endedAt?: number
  /** When Stop said that the turn is over: its end until the record tells the true one, or the turn goes on. */
  readonly stoppedAt?: number
  readonly outcome?: TurnOutcome
  readonly reason?: string
  readonly error?: { readonly message: string; readonly code?: string }
  readonly prompts: ReadonlyArray<{ readonly text?: string; readonly images: number; readonly content?: Json }>
  /** The skills that the user named, in the order in which he did. */
  readonly skills: ReadonlyArray<string>
  readonly lastMessage?: string
  readonly durationMs?: number
  readonly timeToFirstTokenMs?: number
  readonly contextWindow?: number
  readonly facts: JsonObject
  readonly tags: ReadonlyArray<string>
  readonly usage?: Usage
  readonly llms: Table.Table<Llm>
  readonly tools: Table.Table<Tool>
  readonly compactions: Table.Table<Compaction>
  /** Model requests, paired from what hooks told: when they went out, and how they ended. */
  readonly attempts: ReadonlyArray<Attempt>
  readonly requestedAt: ReadonlyArray<number>
  readonly answers: ReadonlyArray<Answer>
  /** What the thread's history was until each compaction, and until the turn's end: for attempts that are told late. */
  readonly histories: ReadonlyArray<{ readonly until: number; readonly history: History }>
  /** Who is asked whether a call may run; `several` where that changed within the turn: then nobody knows of any one. */
  readonly reviewer?: "user" | "reviewer" | "several"
  /** Questions whether a call may run that have not found their call yet. */
  readonly asks: ReadonlyArray<Approval>
  /** Responses that completed, that were cut after some output, that failed without any. */
  readonly counts: { readonly responses: number; readonly cut: number; readonly failed: number }
  /** The same, as a bundle recorded them: the two are counted apart, and meet in the keys. */
  readonly recorded: { readonly responses: number; readonly cut: number; readonly failed: number }
  /** Length of the lines that its facts hold, for the bound on what is retained. */
  readonly bytes: number
  /** The last time anything of it was seen. */
  readonly lastAt: number
  /** Known only from hooks so far: nothing of it is told until its record comes, or the reading ends. */
  readonly hookedOnly?: true
}

export const newTurn = (threadId: string, turnId: string, parent: SpanKey, at: number): Turn => ({
  key: { kind: "turn", threadId, key: turnId },
  threadId,
  turnId,
  parent,
  prompts: [],
  skills: [],
  facts: {},
  tags: [],
  llms: Table.empty(),
  tools: Table.empty(),
  compactions: Table.empty(),
  attempts: [],
  requestedAt: [],
  answers: [],
  histories: [],
  asks: [],
  counts: { responses: 0, cut: 0, failed: 0 },
  recorded: { responses: 0, cut: 0, failed: 0 },
  bytes: 0,
  lastAt: at
})

const visible = (turn: Turn): boolean => turn.startedAt !== undefined && turn.number !== undefined

const view = (turn: Turn | undefined) => turn && { visible: visible(turn), ended: turn.outcome !== undefined }

/** What a change to a turn's own facts asks for. */
export const turnEffects = (before: Turn | undefined, after: Turn): ReadonlyArray<SpanEffect> =>
  before === after
    ? noEffects
    : spanEffects({ kind: "turn", turn: after }, view(before), {
        visible: visible(after),
        ended: after.outcome !== undefined
      })

/** Sums token counts; a part that nobody told stays unknown. */
export const sumUsage = (a: Usage | undefined, b: Usage | undefined): Usage | undefined => {
  if (a === undefined || b === undefined) return a ?? b
  const sum = (x: number | undefined, y: number | undefined) =>
    x === undefined && y === undefined ? undefined : (x ?? 0) + (y ?? 0)
  const [cached, cacheWrite] = [sum(a.cached, b.cached), sum(a.cacheWrite, b.cacheWrite)]
  const [reasoning, total] = [sum(a.reasoning, b.reasoning), sum(a.total, b.total)]
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    ...(cached !== undefined && { cached }),
    ...(cacheWrite !== undefined && { cacheWrite }),
    ...(reasoning !== undefined && { reasoning }),
    ...(total !== undefined && { total })
  }
}

const toolView = (tool: Tool | undefined) => tool && { visible: toolVisible(tool), ended: toolEnded(tool) }

// An id may be used again within a turn. The latest call stands under the id, those before beside it, numbered from 1.

const slotOf = ({ turnId, callId }: Tool): string => `${turnId}/${callId}`

/** The calls of an id that another one has followed, with where they stand. */
const earlierCalls = (turn: Turn, slot: string): ReadonlyArray<readonly [slot: string, tool: Tool]> => {
  const found: Array<readonly [string, Tool]> = []
  for (let beside = `${slot}#1`; ; beside = `${slot}#${found.length + 1}`) {
    const tool = Table.get(turn.tools, beside)
    if (tool === undefined) return found
    found.push([beside, tool])
  }
}

/** Makes room for a call under an id that was used before: the turn, and which use of the id it is. */
export const withEarlier = (turn: Turn, tool: Tool): readonly [turn: Turn, use: number] => {
  const slot = slotOf(tool)
  const n = earlierCalls(turn, slot).length + 1
  return [{ ...turn, tools: Table.set(turn.tools, `${slot}#${n}`, tool) }, n + 1]
}

/** Where a call stands, or will. */
const placeOf = (turn: Turn, tool: Tool): string => {
  const slot = slotOf(tool)
  const isIt = (other: Tool | undefined) => other?.key.key === tool.key.key
  if (isIt(Table.get(turn.tools, slot))) return slot
  return earlierCalls(turn, slot).find(([, other]) => isIt(other))?.[0] ?? slot
}

/** Puts a tool's new facts into its turn, and tells what changed. */
export const withTool = (turn: Turn, tool: Tool): Step<Turn> => {
  const slot = placeOf(turn, tool)
  const held = Table.get(turn.tools, slot)
  if (held === tool) return [turn, noEffects]
  const before = held?.key.key === tool.key.key ? held : undefined
  const after = { visible: toolVisible(tool) && visible(turn), ended: toolEnded(tool) }
  const next = { ...turn, tools: Table.set(turn.tools, slot, tool) }
  const told = before !== undefined && toolVisible(before) && toolEnded(before)
  if (told && after.ended && showsSame(before, tool)) return [next, noEffects]
  return [next, spanEffects({ kind: "tool", tool }, toolView(before), after)]
}

/** Puts a model call into its turn, and tells it. */
export const withLlm = (turn: Turn, llm: Llm): Step<Turn> => [
  { ...turn, llms: Table.set(turn.llms, llm.key.key, llm) },
  visible(turn) ? [{ _tag: "CloseSpan", subject: { kind: "llm", llm } }] : noEffects
]

/** Puts a compaction into its turn, and tells what changed. */
export const withCompaction = (turn: Turn, compaction: Compaction): Step<Turn> => {
  const before = Table.get(turn.compactions, compaction.key.key)
  const ended = compaction.installedAt !== undefined || compaction.outcome !== "unfinished"
  return [
    { ...turn, compactions: Table.set(turn.compactions, compaction.key.key, compaction) },
    spanEffects({ kind: "compaction", compaction }, before && { visible: true, ended: false }, {
      visible: visible(turn),
      ended
    })
  ]
}

/** Everything of a turn that may be told now that the turn itself may (its record came after its hooks). */
export const heldEffects = (turn: Turn): ReadonlyArray<SpanEffect> => [
  ...Table.values(turn.tools).flatMap((tool) =>
    spanEffects({ kind: "tool", tool }, undefined, { visible: toolVisible(tool), ended: toolEnded(tool) })
  )
]

/** Tells every tool of the turn that it is over: one that was not answered has no end of its own any more. */
export const endTools = (
  turn: Turn,
  at: number,
  outcome: TurnOutcome,
  wasOpen: (tool: Tool) => boolean
): Step<Turn> => {
  let next = turn
  const effects: Array<SpanEffect> = []
  for (const tool of Table.values(turn.tools)) {
    if (!wasOpen(tool)) continue
    const [after, told] = withTool(next, { ...tool, turnEnd: { at, outcome } })
    next = after
    effects.push(...told)
  }
  return [next, effects]
}

/** A turn without an end was over when it was last seen to do anything: a hook that is read after that moves its end. */
export const seenLater = (turn: Turn, at: number): Step<Turn> => {
  if (turn.outcome !== "unfinished" || turn.endedAt === undefined || turn.endedAt >= at) return [turn, noEffects]
  const [next, effects] = endTools({ ...turn, endedAt: at }, at, "unfinished", (tool) => tool.turnEnd !== undefined)
  return [next, [...effects, ...turnEffects(turn, next)]]
}
