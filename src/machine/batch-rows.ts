/**
 * The code-mode calls of one response: told together, once all are answered and it is clear when each ran.
 *
 * Times: Unix seconds. The rule is in schedule.ts.
 */
import { attribute, type Candidate, evidence, type WaitSaw, waitSaw } from "./cell.ts"
import { noEffects, type Step } from "./effect.ts"
import { type Slot, schedule, type Window } from "./schedule.ts"
import * as Table from "./table.ts"
import { inOrder, inTurn, type Thread } from "./thread.ts"
import { type Tool, toolName, wallTime } from "./tool.ts"
import { decideNested } from "./tool-rows.ts"
import { type Turn, withTool } from "./turn.ts"

type Nested = NonNullable<Slot["nested"]>

const toolOf = (turn: Turn, callId: string): Tool | undefined => Table.get(turn.tools, `${turn.turnId}/${callId}`)

/** The `exec` that started the cell a `wait` waits for, in this turn or an earlier one. */
export const cellCall = (thread: Thread, cellCallId: string | undefined): Tool | undefined => {
  const cell = thread.cells.findLast(({ callId }) => callId === cellCallId)
  const turn = cell && Table.get(thread.turns, cell.turnId)
  return turn && cell && toolOf(turn, cell.callId)
}

/** A code-mode call was made: it may have to wait for others of its response. */
export const joinBatch = (thread: Thread, turnId: string, callId: string): Step<Thread> => {
  const turn = Table.get(thread.turns, turnId)
  const requestKey = turn && toolOf(turn, callId)?.requestedBy?.key
  if (turn === undefined || requestKey === undefined) return [thread, noEffects]
  const open = thread.batch?.requestKey === requestKey && thread.batch.turnId === turnId ? thread.batch.callIds : []
  const callIds = [...open, callId]
  const next: Thread = { ...thread, batch: { turnId, requestKey, callIds } }
  if (callIds.length < 2) return [next, noEffects]
  return inTurn(next, { turnId, at: turn.lastAt }, (held) =>
    inOrder(
      held,
      ...callIds.map((id) => (t: Turn): Step<Turn> => {
        const tool = toolOf(t, id)
        return tool === undefined || tool.queued === true ? [t, noEffects] : withTool(t, { ...tool, queued: true })
      })
    )
  )
}

/** A code-mode call was answered; when it was the last of its response, all of them are told. */
export const leaveBatch = (thread: Thread, callId: string): Step<Thread> => {
  if (thread.batch === undefined) return [thread, noEffects]
  const { batch, ...rest } = thread
  const turn = Table.get(thread.turns, batch.turnId)
  if (turn === undefined || !batch.callIds.includes(callId)) return [thread, noEffects]
  const tools = batch.callIds.flatMap((id) => toolOf(turn, id) ?? [])
  if (tools.some((tool) => tool.answer === undefined)) return [thread, noEffects]
  if (tools.length < 2) return [rest, noEffects]
  const windows = schedule(slotsOf(thread, turn, tools))
  return inOrder<Thread>(
    rest,
    (t) =>
      inTurn(t, { turnId: turn.turnId, at: turn.lastAt }, (held) =>
        inOrder(
          held,
          ...batch.callIds.map((id) => (h: Turn): Step<Turn> => {
            const tool = toolOf(h, id)
            const window = windows.get(id)
            return tool === undefined || window === undefined ? [h, noEffects] : withTool(h, ran(tool, window))
          })
        )
      ),
    ...tools.map((tool) => (t: Thread) => cellOver(t, tool, windows.get(tool.callId))),
    (t) => decideNested(t, turn.turnId, "response")
  )
}

/** The tool with the turn that it took; a cell that did not yield was over with it. */
const ran = (tool: Tool, window: Window): Tool => {
  const { queued: _, ...known } = tool
  const over = known.cell?.endedAt !== undefined && !known.cell.yielded
  const cell = known.cell && { ...known.cell, ...(over && { overAt: window.endedAt }) }
  return { ...known, turnTaken: window, ...(cell && { cell }) }
}

/** The cell that a `wait` saw end was over when the wait was. */
const cellOver = (thread: Thread, wait: Tool, window: Window | undefined): Step<Thread> => {
  const tool = cellCall(thread, wait.cellCallId)
  const recorded = tool?.cell?.endedAt
  if (tool?.cell === undefined || recorded === undefined || window === undefined) return [thread, noEffects]
  if (sawOf(wait) !== "over" || recorded === window.endedAt) return [thread, noEffects]
  const over = { ...tool, cell: { ...tool.cell, overAt: window.endedAt } }
  return inTurn(thread, { turnId: tool.turnId, at: recorded }, (turn) => withTool(turn, over))
}

const sawOf = ({ answer }: Tool): WaitSaw => waitSaw(answer?.output ?? null)

const slotsOf = (thread: Thread, turn: Turn, tools: ReadonlyArray<Tool>): ReadonlyArray<Slot> => {
  const certain = certainNested(thread, turn, tools)
  return tools.map((tool) => {
    const wall = wallTime(tool)
    const nested = certain.get(tool.callId)
    const waits = tool.cellCallId === undefined ? undefined : { cell: tool.cellCallId, saw: sawOf(tool) }
    return {
      callId: tool.callId,
      calledAt: tool.call?.at ?? 0,
      answeredAt: tool.answer?.at ?? 0,
      yielded: tool.cell === undefined ? waits?.saw === "running" : tool.cell.yielded,
      ...(wall && { wallSeconds: wall.seconds }),
      ...(tool.cell?.runtimeId !== undefined && { runtimeId: tool.cell.runtimeId }),
      ...(waits && { waits }),
      ...(nested && { nested: tool.cell === undefined ? { to: nested.to } : nested })
    }
  })
}

/**
 * When the nested calls ran that only one of these cells can have made, by their words; a `wait` stands for its cell,
 * of which what had begun before counts as well.
 */
const certainNested = (
  thread: Thread,
  turn: Turn,
  tools: ReadonlyArray<Tool>
): ReadonlyMap<string, Required<Nested>> => {
  const candidates: ReadonlyArray<Candidate> = tools.flatMap((tool) => {
    const cell = tool.cell ?? cellCall(thread, tool.cellCallId)?.cell
    return cell === undefined ? [] : [{ callId: tool.callId, cell, taken: [], off: 0 }]
  })
  const waits = new Set(tools.flatMap((tool) => (tool.cell === undefined ? [tool.callId] : [])))
  const firstCall = Math.min(...tools.map((tool) => tool.call?.at ?? 0))
  const found = new Map<string, Required<Nested>>()
  for (const nested of Table.values(turn.tools)) {
    // What a hook alone tells may come at any time, so it has no say in when a cell ran.
    const from = nested.run?.startedAt
    const to = nested.run?.endedAt ?? from
    if (!nested.nested || from === undefined || to === undefined || to < firstCall) continue
    const owner = attribute(candidates, evidence(toolName(nested), nested.run?.input ?? nested.hook?.input))
    if (owner === undefined || owner.inferred || (from < firstCall && !waits.has(owner.callId))) continue
    const known = found.get(owner.callId)
    found.set(owner.callId, { from: Math.min(from, known?.from ?? from), to: Math.max(to, known?.to ?? to) })
  }
  return found
}
