/**
 * Spans that tell the truth: made from the truth itself, so that a test can then bend one of them into a lie.
 */
import type { ToldSpan } from "../../bench/fidelity/spans.ts"
import {
  rootOf,
  type TrueCall,
  type TrueThread,
  type TrueTool,
  type TrueTurn,
  type Truth
} from "../../bench/fidelity/truth.ts"

const base = { name: "made from the truth", metadata: {}, metrics: {} }

const idOfThread = (thread: string) => `thread ${thread}`
/** Where nobody knows the turn, any turn of the thread will do. */
const idOfTurn = (truth: Truth, thread: string, turn: string | undefined) => {
  const index = truth.turns.findIndex((one) => one.thread === thread && (turn === undefined || one.id === turn))
  return `turn ${index}`
}

const spanOfThread = (truth: Truth, thread: TrueThread): ToldSpan => ({
  ...base,
  id: idOfThread(thread.id),
  traceId: rootOf(truth.threads, thread.id),
  thread: thread.id,
  startMs: 0,
  kind: thread.parent === undefined ? "session" : "agent",
  ...(thread.parent !== undefined && { parentId: idOfTurn(truth, thread.parent, thread.spawnTurn) })
})

const spanOfTurn = (truth: Truth, turn: TrueTurn, index: number): ToldSpan => ({
  ...base,
  id: `turn ${index}`,
  traceId: rootOf(truth.threads, turn.thread),
  parentId: idOfThread(turn.thread),
  thread: turn.thread,
  kind: "turn",
  startMs: turn.start?.from ?? 0,
  endMs: turn.end?.to ?? 0,
  metadata: turn.id === undefined ? {} : { turn_id: turn.id }
})

const spanOfCall = (truth: Truth, call: TrueCall, compactions: ReadonlyArray<ToldSpan>): ToldSpan => ({
  ...base,
  id: `llm ${call.key}`,
  traceId: rootOf(truth.threads, call.thread),
  parentId: call.compaction
    ? (compactions.find((span) => span.parentId === idOfTurn(truth, call.thread, call.turn))?.id ?? "none")
    : idOfTurn(truth, call.thread, call.turn),
  thread: call.thread,
  kind: "llm",
  startMs: call.start?.from ?? 0,
  endMs: call.end?.to ?? 0,
  input: call.input,
  metadata: {
    ...(call.responseId !== undefined && { response_id: call.responseId }),
    ...(call.instructions !== undefined && { instructions: call.instructions })
  },
  metrics: { ...call.usage }
})

const spanOfTool = (truth: Truth, tool: TrueTool): ToldSpan => ({
  ...base,
  id: `tool ${tool.thread} ${tool.id}`,
  traceId: rootOf(truth.threads, tool.thread),
  parentId: tool.cell === undefined ? idOfTurn(truth, tool.thread, tool.turn) : `tool ${tool.thread} ${tool.cell}`,
  thread: tool.thread,
  kind: "tool",
  startMs: tool.start?.from ?? 0,
  endMs: tool.end?.to ?? 0,
  metadata: { call_id: tool.id }
})

/** One true span for every fact that is owed. */
export const perfectSpans = (truth: Truth): ReadonlyArray<ToldSpan> => {
  const compactions = truth.compactions
    .filter((one) => one.owed)
    .map(
      (compaction, index): ToldSpan => ({
        ...base,
        id: `compaction ${index}`,
        traceId: rootOf(truth.threads, compaction.thread),
        parentId: idOfTurn(truth, compaction.thread, compaction.turn),
        thread: compaction.thread,
        kind: "compaction",
        startMs: 0
      })
    )
  return [
    ...[...truth.threads.values()].map((thread) => spanOfThread(truth, thread)),
    ...truth.turns.map((turn, index) => spanOfTurn(truth, turn, index)),
    ...compactions,
    ...truth.calls.filter((call) => call.owed).map((call) => spanOfCall(truth, call, compactions)),
    ...truth.tools.filter((tool) => tool.owed).map((tool) => spanOfTool(truth, tool))
  ]
}
