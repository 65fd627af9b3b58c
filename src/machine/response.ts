/**
 * Which output items are one response: producing → completed → told.
 *
 * A response is told by its usage record (0.155 +), by a fresh count of tokens (legacy), by the history that its items
 * had seen (0.169), or by the next input item. One without calls is held until the next record, because a summary
 * that a compaction asked for looks the same until `compacted` follows it.
 */
import type { CompactionRequest, Usage } from "../domain/event.ts"
import type { HistoryItem } from "../domain/history-item.ts"
import type { Json, JsonObject } from "../wire/json.ts"
import type { SpanKey } from "./effect.ts"
import { asRequested, compactionInput, type HistoryView, providerCompactionInput, viewOf } from "./history.ts"
import type { Llm, LlmOutcome } from "./llm.ts"
import * as Table from "./table.ts"
import { resultForm, type Thread } from "./thread.ts"
import { sumUsage, type Turn, type TurnOutcome } from "./turn.ts"

export interface Response {
  readonly turnId: string
  readonly input: HistoryView
  /** The history that its items had seen; undefined where the version does not say. */
  readonly sampledThrough?: number
  readonly startedAt: number
  readonly firstOutputAt: number
  readonly firstTokenAt?: number
  readonly lastOutputAt: number
  readonly output: ReadonlyArray<Json>
  /** It called tools, so it is no compaction's summary. */
  readonly calls: boolean
  /** An input item came after its output. */
  readonly sealed: boolean
  readonly completed?: { readonly responseId?: string; readonly usage?: Usage }
  /** Codex repeated its token counts while it was producing: it was cut, and asked again. */
  readonly cut?: true
}

/** Codex waits this long before it asks again, doubling each time (0.169: 200 ms, give or take a tenth). */
const retryDelay = (failures: number): number => 0.2 * 2 ** (Math.max(1, failures) - 1)

/** When the request went out: soon after the last record it could see, or after the pause that follows a failed one. */
const requestTime = (thread: Thread, turnId: string, firstOutputAt: number): number => {
  const { failedAt, readyAt, failures, requestRules } = thread
  if (failedAt !== undefined && failedAt > readyAt) return Math.min(failedAt + retryDelay(failures), firstOutputAt)
  const counts = Table.get(thread.turns, turnId)?.counts
  const delay = counts?.responses ? requestRules.sendDelay.later : requestRules.sendDelay.first
  return Math.min(readyAt + delay, firstOutputAt)
}

/** The input of the request that was cut just before, in a version that repeats it as it was. */
const repeats = ({ requestRules, cutOff, lastRequest }: Thread): HistoryView | undefined =>
  requestRules.retriesRepeat && cutOff === true ? lastRequest?.view : undefined

/** A response begins: its input is the thread's history as a request made now sends it. */
export const begin = (thread: Thread, turnId: string, at: number, sampledThrough: number | undefined): Thread => {
  const base = thread.requestRules.instructionsIn === "input" ? thread.baseInstructions : undefined
  const history = asRequested(thread.history, base, thread.model, resultForm(thread))
  const { outputSince } = thread
  const since = outputSince !== undefined && outputSince > thread.readyAt ? Math.min(outputSince, at) : at
  return {
    ...withoutOutputSince(thread),
    history,
    response: {
      turnId,
      input: repeats(thread) ?? viewOf(history, thread.lastRequest),
      startedAt: requestTime(thread, turnId, since),
      firstOutputAt: since,
      ...(since !== at && { firstTokenAt: since }),
      lastOutputAt: at,
      output: [],
      calls: false,
      sealed: false,
      ...(sampledThrough !== undefined && { sampledThrough })
    }
  }
}

const withoutOutputSince = (thread: Thread): Thread => {
  if (thread.outputSince === undefined) return thread
  const { outputSince: _, ...rest } = thread
  return rest
}

/** The key of the response that a turn is producing or will produce next. */
export const responseKey = (turn: Turn): SpanKey => ({
  kind: "llm",
  threadId: turn.threadId,
  key: `${turn.turnId}/${turn.counts.responses + 1}`
})

/** How a response ended that nobody reported as completed. */
const incomplete = (
  cut: boolean,
  ending: TurnOutcome | undefined
): { outcome: LlmOutcome; error?: NonNullable<Llm["error"]> } => {
  if (ending === "interrupted" || ending === "unfinished") return { outcome: ending }
  if (!cut) return { outcome: "ok" }
  return { outcome: "error", error: { message: "the response was cut before it completed", code: "response_cut" } }
}

/** What the model's own settings were. */
export const modelFacts = (thread: Thread) => {
  const provider = thread.facts.model_provider
  const instructions = thread.requestRules.instructionsIn === "request" ? thread.baseInstructions : undefined
  return {
    ...(thread.model !== undefined && { model: thread.model }),
    ...(typeof provider === "string" && { provider }),
    ...(thread.effort !== undefined && { effort: thread.effort }),
    ...(thread.contextWindow !== undefined && { contextWindow: thread.contextWindow }),
    ...(instructions !== undefined && instructions !== "" && { instructions })
  }
}

/** The response as a model call of its turn, and the turn that has counted it. */
export const asLlm = (
  thread: Thread,
  turn: Turn,
  response: Response,
  ending: TurnOutcome | undefined
): readonly [Turn, Llm] => {
  const { completed } = response
  const cut = completed === undefined && (response.cut === true || thread.usageRecords)
  const counts = cut
    ? { ...turn.counts, cut: turn.counts.cut + 1 }
    : { ...turn.counts, responses: turn.counts.responses + 1 }
  const usage = sumUsage(turn.usage, completed?.usage)
  const llm: Llm = {
    key: cut ? { ...responseKey(turn), key: `${turn.turnId}/cut/${counts.cut}` } : responseKey(turn),
    threadId: thread.id,
    turnId: turn.turnId,
    parent: turn.key,
    ...(!cut && { ordinal: counts.responses }),
    input: response.input,
    output: response.output,
    startedAt: response.startedAt,
    firstOutputAt: response.firstOutputAt,
    ...(response.firstTokenAt !== undefined && { firstTokenAt: response.firstTokenAt }),
    endedAt: response.lastOutputAt,
    ...(completed === undefined ? incomplete(cut, ending) : { outcome: "ok" as const }),
    ...(completed?.responseId !== undefined && { responseId: completed.responseId }),
    ...(completed?.usage && { usage: completed.usage }),
    ...modelFacts(thread)
  }
  const lastAt = Math.max(turn.lastAt, response.lastOutputAt)
  return [{ ...turn, counts, lastAt, ...(usage && { usage }) }, llm]
}

/** The model call of a compaction by the provider, as a bundle recorded it. */
export const asRecordedSummary = (
  thread: Thread,
  turn: Turn,
  { input, instructions, ...request }: CompactionRequest,
  compaction: SpanKey
): Llm => {
  // Where the thread's other requests begin with the instructions, this one did too.
  const [first] = thread.sent?.view.items ?? []
  const isInside = first !== undefined && instructions !== undefined && saysOnly(first, instructions)
  const items = isInside ? [first, ...input] : input
  return {
    key: { kind: "llm", threadId: thread.id, key: `${compaction.key}/1` },
    threadId: thread.id,
    turnId: turn.turnId,
    parent: compaction,
    recorded: true,
    input: viewOf({ items, length: items.length }, undefined),
    outcome: "ok",
    ...request,
    ...(instructions !== undefined && !isInside && { instructions })
  }
}

const saysOnly = ({ value }: HistoryItem, text: string): boolean =>
  Array.isArray(value.content) && value.content.length === 1 && (value.content[0] as JsonObject | null)?.text === text

/** What a compaction asked: a model for a summary in words, or its provider for an item that only that can read. */
const compactionRequest = (
  thread: Thread,
  { input }: Response,
  by: "model" | "provider"
): Partial<Llm> & Pick<Llm, "input"> =>
  by === "model"
    ? { input: compactionInput(input), assumed: "compaction prompt" }
    : { input: providerCompactionInput(input, thread.requestRules) }

/** The response as the model call of a compaction: it saw the history and a request to sum it up. */
export const asSummary = (
  thread: Thread,
  turn: Turn,
  response: Response,
  compaction: SpanKey,
  by: "model" | "provider"
): Llm => ({
  key: { kind: "llm", threadId: thread.id, key: `${compaction.key}/1` },
  threadId: thread.id,
  turnId: turn.turnId,
  parent: compaction,
  ...compactionRequest(thread, response, by),
  output: response.output,
  startedAt: response.startedAt,
  firstOutputAt: response.firstOutputAt,
  ...(response.firstTokenAt !== undefined && { firstTokenAt: response.firstTokenAt }),
  endedAt: response.lastOutputAt,
  outcome: "ok",
  ...(response.completed?.responseId !== undefined && { responseId: response.completed.responseId }),
  ...(response.completed?.usage && { usage: response.completed.usage }),
  ...modelFacts(thread)
})
