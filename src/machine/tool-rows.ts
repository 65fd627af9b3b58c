/**
 * Rows of a thread that tell of tools: runs, hooks, approvals, and which cell made a nested call.
 *
 * A nested call is told once its cell is certain: when only one cell can have made it, or when its turn is over and
 * the likeliest of several is taken and marked. Times: Unix seconds.
 */
import { saysAborted, textOf } from "../domain/codex-words.ts"
import type { ApprovalAsk, EventOf } from "../domain/event.ts"
import { attribute, type Candidate, evidence } from "./cell.ts"
import { noEffects, type Step } from "./effect.ts"
import { hookLateness } from "./lateness.ts"
import * as Table from "./table.ts"
import { inOrder, inTurn, type Thread } from "./thread.ts"
import {
  type Approval,
  newTool,
  type Tool,
  toolEnded,
  toolName,
  toolStart,
  withHook,
  withRecord,
  withRun
} from "./tool.ts"
import { calledInput, commandOf, editedInput } from "./tool-input.ts"
import { type Turn, withTool } from "./turn.ts"

/** Calls that a code cell makes go by Codex's own ids. */
const isNested = (callId: string): boolean => callId.startsWith("exec-")

const toolOf = (turn: Turn, callId: string): Tool =>
  Table.get(turn.tools, `${turn.turnId}/${callId}`) ?? newTool(turn.threadId, turn.turnId, callId, isNested(callId))

/** What really ran, when and how it ended. */
export const toolRan = (thread: Thread, event: EventOf<"ToolRan">): Step<Thread> =>
  inOrder(
    thread,
    (t) =>
      inTurn(t, event, (turn) => {
        const tool = withRun(toolOf(turn, event.callId), event.run)
        // Nobody called it: the user ran it, or Codex itself did.
        const placed = tool.nested || tool.parent !== undefined ? tool : { ...tool, parent: turn.key }
        return withTool(...claimEdited(turn, placed))
      }),
    (t) => placeNested(t, event, turnOver(t, event))
  )

/** What a bundle recorded of a call: when it was dispatched and done, and which cell made it. */
export const toolRecorded = (thread: Thread, event: EventOf<"ToolRecorded">): Step<Thread> =>
  inTurn(thread, event, (turn) => {
    const { parentInferred: _, ...tool } = withRecord(toolOf(turn, event.callId), event)
    const cell = event.cell && {
      kind: "tool" as const,
      threadId: thread.id,
      key: `${event.cell.turnId}/${event.cell.callId}`
    }
    const parent = cell ?? tool.parent ?? (tool.nested ? undefined : turn.key)
    return withTool(turn, { ...tool, ...(parent && { parent }) })
  })

/** A turn that is over waits for nothing more. */
const turnOver = (thread: Thread, { turnId }: { readonly turnId?: string }): boolean =>
  turnId !== undefined && Table.get(thread.turns, turnId)?.outcome !== undefined

/** Pre- and PostToolUse. */
export const toolHooked = (thread: Thread, event: EventOf<"ToolHooked">): Step<Thread> =>
  inOrder(
    thread,
    (t) =>
      inTurn(t, event, (turn) => {
        const tool = withHook(toolOf(turn, event.callId), event.phase, {
          at: event.at,
          ...(event.toolName !== undefined && { name: event.toolName }),
          ...(event.input !== undefined && { input: event.input }),
          ...(event.output !== undefined && { output: event.output })
        })
        return withTool(...claimEdited(turn, overWithTurn(turn, tool)))
      }),
    (t) => (event.phase === "started" && turnOver(t, event) ? placeNested(t, event, true) : [t, noEffects])
  )

/** A call that is first heard of when its turn is over was over with it. */
const overWithTurn = (turn: Turn, tool: Tool): Tool =>
  turn.outcome === undefined || turn.endedAt === undefined || tool.turnEnd !== undefined || toolEnded(tool)
    ? tool
    : { ...tool, turnEnd: { at: turn.endedAt, outcome: turn.outcome } }

// ------------------------------------------------------------------------------------------------------- Nested calls

/** A call that was on its way when its cell was stopped begins up to so much later, seconds. (Seen: 0.03.) */
const afterStop = 0.25

/** How long after its answer a cell's calls may begin. */
const linger = ({ answer }: Tool): number => (saysAborted(textOf(answer?.output) ?? "") ? afterStop : 0)

/**
 * The cells that can have been running when a nested call began, as their records tell; narrower where it is known.
 *
 * @param late how long after it was made the call may have been told
 */
const candidates = (thread: Thread, at: number, late: number): ReadonlyArray<Candidate & { readonly turnId: string }> =>
  thread.cells.flatMap(({ turnId, callId, taken }) => {
    const turn = Table.get(thread.turns, turnId)
    const tool = turn && Table.get(turn.tools, `${turnId}/${callId}`)
    const cell = tool?.cell
    if (tool === undefined || cell === undefined || cell.calledAt > at + 0.005) return []
    const over = cell.yielded ? cell.endedAt : tool.answer?.at
    if (over !== undefined && over < at - 0.005 - Math.max(late, linger(tool))) return []
    const from = tool.turnTaken?.startedAt ?? cell.calledAt
    const until = cell.overAt ?? cell.endedAt
    const off = Math.max(0, from - at, until === undefined ? 0 : at - until)
    return [{ turnId, callId, cell, taken, off }]
  })

const placeNested = (
  thread: Thread,
  event: { readonly callId: string; readonly turnId?: string },
  decide: boolean
): Step<Thread> => {
  const turnId = event.turnId ?? thread.currentTurnId
  const turn = turnId === undefined ? undefined : Table.get(thread.turns, turnId)
  const tool = turn && Table.get(turn.tools, `${turn.turnId}/${event.callId}`)
  if (turn === undefined || tool === undefined || !tool.nested || tool.parent !== undefined) return [thread, noEffects]
  if (!decide && thread.batch !== undefined && thread.batch.callIds.length > 1) return [thread, noEffects]
  const possible = candidates(thread, toolStart(tool), tool.run === undefined ? hookLateness : 0)
  const words = evidence(toolName(tool), calledInput(tool))
  const found = attribute(possible, words)
  if (found === undefined) {
    return decide
      ? inTurn(thread, at(turn), (held) => withTool(held, { ...tool, parent: turn.key }))
      : [thread, noEffects]
  }
  if (found.inferred && !decide) return [thread, noEffects]
  const cell = possible.find(({ callId }) => callId === found.callId)
  if (cell === undefined) return [thread, noEffects]
  const parent = { kind: "tool" as const, threadId: thread.id, key: `${cell.turnId}/${cell.callId}` }
  // A place is taken by what ran there; a hook alone may be told at any time, and must not change where others go.
  const takes = (c: Thread["cells"][number]) =>
    tool.run !== undefined && c.callId === cell.callId && c.turnId === cell.turnId
  const cells = thread.cells.map((c) => (takes(c) ? { ...c, taken: [...c.taken, found.place ?? -1] } : c))
  return inTurn({ ...thread, cells }, at(turn), (held) =>
    withTool(held, { ...tool, parent, ...(found.inferred && { parentInferred: true as const }) })
  )
}

const at = (turn: Turn) => ({ turnId: turn.turnId, at: turn.lastAt })

/**
 * Places what is left of a turn's nested calls, in the order they began. Those that only a hook tells of come last, and
 * only when the turn is over: until then their item, or even the cell that made them, may not have been read. One of
 * which only the end was seen waits for its beginning, until the reading is over.
 *
 * @param when what is over: a response with several cells, the turn, or the reading
 */
export const decideNested = (thread: Thread, turnId: string, when: "response" | "turn" | "reading"): Step<Thread> => {
  const turn = Table.get(thread.turns, turnId)
  if (turn === undefined) return [thread, noEffects]
  const left = Table.values(turn.tools).filter((tool) => tool.nested && tool.parent === undefined)
  const begun = (tool: Tool) => when === "turn" && tool.hook?.startedAt !== undefined
  const known = left.filter((tool) => tool.run !== undefined || when === "reading" || begun(tool))
  const hookedOnly = (tool: Tool) => (tool.run === undefined ? 1 : 0)
  const inTime = known.sort((a, b) => hookedOnly(a) - hookedOnly(b) || toolStart(a) - toolStart(b))
  return inOrder(thread, ...inTime.map((tool) => (t: Thread) => placeNested(t, { callId: tool.callId, turnId }, true)))
}

// ---------------------------------------------------------------------------------------------------------- Approvals

/** PermissionRequest names no call: turn, command and input must match it to one. It asks for what is to run. */
const asksFor = (ask: ApprovalAsk, tool: Tool): boolean => {
  if (tool.approval !== undefined) return false
  const asked = commandOf(ask.input)
  const called = commandOf(editedInput(tool) ?? calledInput(tool))
  if (asked !== undefined) return asked === called
  return ask.toolName !== undefined && (ask.toolName === tool.call?.name || ask.toolName === tool.hook?.name)
}

const answeredBy = ({ by: _, ...approval }: Approval, { reviewer }: Turn): Approval =>
  reviewer === undefined || reviewer === "several" ? approval : { ...approval, by: reviewer }

/** Who is asked in a turn: told by its settings, which may come after the questions. */
export const reviewedBy = (turn: Turn, reviewer: "user" | "reviewer"): Step<Turn> => {
  if (turn.reviewer === reviewer || turn.reviewer === "several") return [turn, noEffects]
  const known: Turn = { ...turn, reviewer: turn.reviewer === undefined ? reviewer : "several" }
  const asked = Table.values(known.tools).flatMap(({ approval, ...tool }) => (approval ? [{ ...tool, approval }] : []))
  return inOrder(
    known,
    ...asked.map((tool) => (t: Turn) => withTool(t, { ...tool, approval: answeredBy(tool.approval, known) }))
  )
}

/** Somebody was asked whether a call may run. */
export const approvalRequested = (thread: Thread, event: EventOf<"ApprovalRequested">): Step<Thread> =>
  inTurn(thread, event, (turn) => {
    const tool = Table.values(turn.tools).find((candidate) => asksFor(event.ask, candidate))
    const approval = answeredBy({ ...event.ask, askedAt: event.at }, turn)
    return tool === undefined
      ? [{ ...turn, asks: [...turn.asks, approval] }, noEffects]
      : withTool(turn, { ...tool, approval })
  })

/** A question that came before its call was known finds it now. */
export const claimApproval = (turn: Turn, tool: Tool): readonly [Turn, Tool] => {
  const index = turn.asks.findIndex((ask) => asksFor(ask, tool))
  const approval = turn.asks[index]
  return approval === undefined
    ? [turn, tool]
    : [
        { ...turn, asks: turn.asks.toSpliced(index, 1) },
        { ...tool, approval: answeredBy(approval, turn) }
      ]
}

/** What was asked about a call that a hook had edited finds it when it is known what ran. */
const claimEdited = (turn: Turn, tool: Tool): readonly [Turn, Tool] =>
  turn.asks.length === 0 || editedInput(tool) === undefined ? [turn, tool] : claimApproval(turn, tool)
