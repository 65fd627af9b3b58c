/**
 * What the model's items say of tools: a call was made, a call was answered, a wait saw its cell.
 *
 * Times: Unix seconds.
 */
import { saysAborted, textOf } from "../domain/codex-words.ts"
import type { EventOf } from "../domain/event.ts"
import { type Json, parsedOrAsIs, sameJson } from "../wire/json.ts"
import { cellCall, joinBatch, leaveBatch } from "./batch-rows.ts"
import { answeredCell, isCellAnswer, waitedCell } from "./cell.ts"
import { noEffects, type SpanKey, type Step } from "./effect.ts"
import { responseKey } from "./response.ts"
import * as Table from "./table.ts"
import { inOrder, inTurn, type Thread } from "./thread.ts"
import { cellEnd, newAnswer, newTool, type Tool } from "./tool.ts"
import { claimApproval } from "./tool-rows.ts"
import { type Turn, withEarlier, withTool } from "./turn.ts"

const callTypes: ReadonlySet<unknown> = new Set([
  "function_call",
  "custom_tool_call",
  "local_shell_call",
  "tool_search_call",
  "mcp_call"
])
const servedTypes: { readonly [type: string]: string | undefined } = {
  web_search_call: "web_search",
  image_generation_call: "image_generation"
}

/** How many cells are remembered for nested calls that are told late. */
const cellsMax = 127

/** The model called a tool. */
export const called = (
  thread: Thread,
  event: EventOf<"ItemRecorded">,
  turnId: string,
  requestedBy?: SpanKey
): Step<Thread> => {
  const item = event.item.value
  const type = String(item.type)
  const served = Object.hasOwn(servedTypes, type) ? servedTypes[type] : undefined
  const callId = item.call_id ?? (served === undefined ? undefined : item.id)
  if (typeof callId !== "string" || (served === undefined && !callTypes.has(type))) return [thread, noEffects]
  const name = served ?? (typeof item.name === "string" ? item.name : type.replace(/_call$/, ""))
  const custom = type === "custom_tool_call"
  const input = custom ? (item.input ?? null) : (parsedOrAsIs(item.arguments ?? item.action) ?? null)
  const cellId = typeof input === "object" && input !== null ? (input as { cell_id?: Json }).cell_id : undefined
  const cellCallId = name === "wait" && cellId !== undefined ? cellOf(thread, String(cellId))?.callId : undefined
  const stepped = inTurn(thread, { ...event, turnId }, (turn) => {
    const [kept, slot] = callSlot(turn, callId)
    const [asked, tool] = claimApproval(kept, {
      ...slot,
      parent: turn.key,
      requestedBy: requestedBy ?? responseKey(turn),
      call: {
        at: event.at,
        name,
        ...(typeof item.namespace === "string" && { namespace: item.namespace }),
        input,
        ...(served !== undefined && { served: true as const })
      },
      ...(custom && name === "exec" && { cell: { source: String(input), calledAt: event.at, yielded: false } }),
      ...(cellCallId !== undefined && { cellCallId })
    })
    return withTool(asked, tool)
  })
  const isCell = custom && name === "exec"
  if (!isCell && cellId === undefined) return stepped
  return inOrder<Thread>(
    stepped[0],
    (t) => [isCell ? { ...t, cells: [...t.cells.slice(-cellsMax), { turnId, callId, taken: [] }] } : t, stepped[1]],
    // A bundle knows when each of them ran.
    (t) => (event.recorded === true ? [t, noEffects] : joinBatch(t, turnId, callId))
  )
}

/** Where a call's facts go: what hooks already told of it, or a further use of an id that was answered before. */
const callSlot = (turn: Turn, callId: string): readonly [Turn, Tool] => {
  const slot = `${turn.turnId}/${callId}`
  const known = Table.get(turn.tools, slot)
  const fresh = newTool(turn.threadId, turn.turnId, callId, false)
  if (known === undefined) return [turn, fresh]
  if (known.call === undefined) return [turn, known]
  const [roomy, use] = withEarlier(turn, known)
  return [roomy, { ...fresh, key: { ...fresh.key, key: `${slot}#${use}` } }]
}

/** The cell that goes by a runtime id. */
const cellOf = (thread: Thread, runtimeId: string) =>
  thread.cells.findLast(({ turnId, callId }) => {
    const turn = Table.get(thread.turns, turnId)
    return turn !== undefined && Table.get(turn.tools, `${turnId}/${callId}`)?.cell?.runtimeId === runtimeId
  })

/** A call's output was recorded. */
export const answered = (thread: Thread, event: EventOf<"ItemRecorded">, turnId: string): Step<Thread> => {
  const item = event.item.value
  const callId = item.call_id
  if (typeof callId !== "string" || !String(item.type).endsWith("_output")) return [thread, noEffects]
  const output = item.output ?? item.tools ?? null
  const tool = toolIn(thread, turnId, callId)
  if (tool === undefined) return [thread, noEffects]
  const isOther = tool.cell !== undefined && !isCellAnswer(output)
  if (isOther && tool.answer === undefined && !saysAborted(textOf(output) ?? "")) return [thread, noEffects]
  if (tool.answer !== undefined) {
    // What a request carries is what the model saw: a bundle's result may hold it in another form.
    const sameOrOther = sameJson(tool.answer.output, output) || isOther
    if (event.recorded !== true || sameOrOther) return [thread, noEffects]
    const seen = { ...tool, answer: { ...tool.answer, output } }
    return inTurn(thread, { ...event, turnId: tool.turnId }, (turn) => withTool(turn, seen))
  }
  const after = thread.answeredAt === undefined ? undefined : event.at - thread.answeredAt
  const told = { ...tool, answer: newAnswer(event.at, output, after) }
  const cell = told.cell && answeredCell(told.cell, output, cellEnd(told) ?? event.at)
  return inOrder<Thread>(
    { ...thread, answeredAt: event.at },
    (t) => inTurn(t, { ...event, turnId: tool.turnId }, (turn) => withTool(turn, cell ? { ...told, cell } : told)),
    (t) => (tool.cellCallId === undefined ? [t, noEffects] : waited(t, event, tool.cellCallId, output)),
    (t) => leaveBatch(t, callId)
  )
}

const toolIn = (thread: Thread, turnId: string, callId: string): Tool | undefined => {
  const turn = Table.get(thread.turns, turnId)
  return turn && Table.get(turn.tools, `${turnId}/${callId}`)
}

/** A wait has seen how its cell went on. */
const waited = (thread: Thread, event: EventOf<"ItemRecorded">, cellCallId: string, output: Json): Step<Thread> => {
  const tool = cellCall(thread, cellCallId)
  if (tool?.cell === undefined || tool.cell.endedAt !== undefined) return [thread, noEffects]
  const seen = { ...tool, cell: waitedCell(tool.cell, output, event.at) }
  return inTurn(thread, { at: event.at, turnId: tool.turnId }, (turn) => withTool(turn, seen))
}
