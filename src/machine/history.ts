/**
 * A thread's history: what the next model request will contain, in order.
 *
 * Requests share it: an input is a prefix (items, length) of a list that only grows, so a session costs one copy of
 * its items however many requests it makes. Rules of Codex held here (codex.md, Transcripts):
 * a call without an output gets a made-up one, `aborted`, right after it when a request is built; an output whose
 * call is gone is dropped; base instructions that are sent inside the input come first, unless they were recorded.
 */
import {
  compactionPrompt,
  compactionTrigger,
  hasResultForms,
  holdsDetail,
  imageDetailFor,
  isLiteItem,
  type RequestRules,
  withImageDetail
} from "../domain/codex-rules.ts"
import { isContext, isDeveloperContext, madeUpOutput, summaryPreamble } from "../domain/codex-words.ts"
import { type HistoryItem, isOutput, type ResultForm } from "../domain/history-item.ts"
import type { SpanKey } from "./effect.ts"
import { grown } from "./table.ts"

/** What a request carried: the first `length` of the items. */
export interface HistoryView {
  readonly items: ReadonlyArray<HistoryItem>
  readonly length: number
  /** The same thread's previous request, where it is a prefix of this one. */
  readonly base?: { readonly key: SpanKey; readonly length: number }
}

export interface History {
  readonly items: ReadonlyArray<HistoryItem>
  readonly length: number
  /** Calls whose output was not recorded yet. */
  readonly unanswered: ReadonlySet<string>
  /** Calls for which a made-up output stands in the list. */
  readonly madeUp: ReadonlySet<string>
  /** Whether the base instructions are known to stand in it. */
  readonly based: boolean
  /** Whether an image may stand in it of which not every model gets the same. */
  readonly details: boolean
  /** Whether its requests are lite ones: what says so stands in it. */
  readonly lite: boolean
  /** In which form results stand in it that have two. */
  readonly results: ResultForm | "both" | "none"
}

const none: ReadonlySet<string> = new Set()

export const emptyHistory: History = {
  items: [],
  length: 0,
  unanswered: none,
  madeUp: none,
  based: false,
  details: false,
  lite: false,
  results: "none"
}

const callTypes: ReadonlySet<unknown> = new Set(["function_call", "custom_tool_call", "local_shell_call"])

/**
 * Adds an item at the end of the shared list. No other view can see beyond its own length, and a copy per item would
 * make the fold quadratic.
 */
const push = (history: History, item: HistoryItem) => grown(history.items, history.length, item)

const withId = (set: ReadonlySet<string>, id: string): ReadonlySet<string> => new Set(set).add(id)

const removed = (set: ReadonlySet<string>, id: string): ReadonlySet<string> => {
  if (!set.has(id)) return set
  const rest = new Set(set)
  rest.delete(id)
  return rest
}

const inForm = (item: HistoryItem, form: ResultForm): HistoryItem =>
  item.forms === undefined || item.value === item.forms[form] ? item : { ...item, value: item.forms[form] }

/** A result in the form that requests carry now. Other tools may answer what looks like one: that has one form. */
const formed = (history: History, item: HistoryItem, form: ResultForm): HistoryItem => {
  const { forms, ...only } = item
  if (forms === undefined) return item
  const isItsCall = ({ value }: HistoryItem) => callTypes.has(value.type) && value.call_id === item.value.call_id
  const call = history.items.findLast((one, index) => index < history.length && isItsCall(one))
  return call !== undefined && !hasResultForms(call.value) ? { ...only, value: forms.recorded } : inForm(item, form)
}

/** In which form results stand in a history that takes one more item. */
const resultsWith = ({ results }: History, { forms, value }: HistoryItem): History["results"] => {
  if (forms === undefined) return results
  const form = value === forms.text ? "text" : "recorded"
  return results === "none" || results === form ? form : "both"
}

/**
 * The history with one more item.
 *
 * @param form in which form requests carry a result that has two; as it comes, where that is not said
 */
export const append = (history: History, added: HistoryItem, form?: ResultForm): History => {
  const { type, call_id: callId } = added.value
  if (typeof callId === "string" && isOutput(added.value)) {
    if (history.madeUp.has(callId)) return append(withoutMadeUp(history, callId), added, form)
    const item = form === undefined ? added : formed(history, added, form)
    return {
      ...history,
      items: push(history, item),
      length: history.length + 1,
      unanswered: removed(history.unanswered, callId),
      details: history.details || holdsDetail(item),
      results: resultsWith(history, item)
    }
  }
  const item = added
  const unanswered =
    typeof callId === "string" && callTypes.has(type) ? withId(history.unanswered, callId) : history.unanswered
  return {
    ...history,
    items: push(history, item),
    length: history.length + 1,
    unanswered,
    details: history.details || holdsDetail(item),
    lite: history.lite || isLiteItem(item)
  }
}

/** A real output has come for a call that was answered by a made-up one. */
const withoutMadeUp = (history: History, callId: string): History => {
  const items = history.items.slice(0, history.length).filter((i) => i.madeUp !== true || i.value.call_id !== callId)
  return { ...history, items, length: items.length, madeUp: removed(history.madeUp, callId) }
}

/** A history that begins anew with these items (after a compaction). */
export const replaced = (items: ReadonlyArray<HistoryItem>): History =>
  items.reduce((history, item) => append(history, item), emptyHistory)

/** Puts made-up outputs behind the calls that have none, as Codex does when it builds a request. */
const answered = (history: History): History => {
  if (history.unanswered.size === 0) return history
  const items: Array<HistoryItem> = []
  for (const item of history.items.slice(0, history.length)) {
    items.push(item)
    const { type, call_id: callId } = item.value
    if (typeof callId !== "string" || !callTypes.has(type) || !history.unanswered.has(callId)) continue
    const kind = type === "custom_tool_call" ? "custom_tool_call_output" : "function_call_output"
    items.push({ value: { type: kind, call_id: callId, output: madeUpOutput }, madeUp: true })
  }
  const madeUp = new Set([...history.madeUp, ...history.unanswered])
  return { ...history, items, length: items.length, unanswered: none, madeUp }
}

const says = (item: HistoryItem, text: string): boolean => {
  const { type, role, content } = item.value
  if (type !== "message" || role !== "developer" || !Array.isArray(content)) return false
  return content.length === 1 && (content[0] as { text?: unknown } | null)?.text === text
}

/** Puts the base instructions first, unless a record already holds them. */
const withBase = (history: History, text: string | undefined): History => {
  if (history.based) return history
  if (text === undefined || text === "") return { ...history, based: true }
  const own = history.items.slice(0, history.length)
  if (own.some((item) => says(item, text))) return { ...history, based: true }
  const base: HistoryItem = {
    value: { type: "message", role: "developer", content: [{ type: "input_text", text }] }
  }
  return { ...history, items: [base, ...own], length: own.length + 1, based: true }
}

/** The history with its results in one form: another model may have been chosen. */
const resultsIn = (history: History, form: ResultForm): History =>
  history.results === "none" || history.results === form
    ? history
    : { ...history, items: history.items.slice(0, history.length).map((item) => inForm(item, form)), results: form }

/**
 * The history as a request made now would send it. It is kept as the thread's history from then on, so that the next
 * request shares its list.
 *
 * @param base base instructions that this version sends inside the input, if any
 * @param model the model that is asked: not every one gets an image's detail as it was recorded
 * @param form in which form this request carries results that have two
 */
export const asRequested = (
  history: History,
  base: string | undefined,
  model: string | undefined,
  form: ResultForm
): History => {
  const whole = resultsIn(answered(withBase(history, base)), form)
  const detail = imageDetailFor(model, whole.lite)
  if (!whole.details || detail === "recorded") return whole
  const items = withImageDetail(whole.items.slice(0, whole.length), detail)
  return items.some((item, i) => item !== whole.items[i]) ? { ...whole, items, details: false } : whole
}

/** The history with the items from `length` on taken back. */
export const takenBack = (history: History, length: number): History => {
  const items = history.items.slice(0, length)
  return { ...replaced(items), based: history.based }
}

const firstText = ({ value }: HistoryItem): string => {
  const [first] = Array.isArray(value.content) ? value.content : []
  const { text } = (first ?? {}) as { readonly text?: unknown }
  return typeof text === "string" ? text : ""
}

/** A message that asks something: one of the user's, or a summary, which stands for them. */
const isPrompt = (item: HistoryItem): boolean => isUserMessage(item) && !isContext(firstText(item))

/** What a turn was told of the world before it was asked. */
const isTold = (item: HistoryItem): boolean =>
  item.value.type === "message" &&
  (item.value.role === "developer"
    ? isDeveloperContext(firstText(item))
    : isUserMessage(item) && isContext(firstText(item)))

/**
 * The history without its last turns: from the prompt of the first of them on, and what was told just before it. What
 * stands before the first prompt stays. (codex-rs/core: context_manager/history.rs, drop_last_n_user_turns.)
 *
 * @param turns how many
 */
export const rolledBack = (history: History, turns: number): History => {
  const own = history.items.slice(0, history.length)
  const prompts = own.flatMap((item, index) => (isPrompt(item) ? [index] : []))
  const [first] = prompts
  if (first === undefined || turns < 1) return history
  let cut = prompts.at(-turns) ?? first
  while (cut > first && isTold(own[cut - 1] as HistoryItem)) cut--
  return takenBack(history, cut)
}

/** What a request made now carries: the whole history, told apart from the previous request's where that is a prefix. */
export const viewOf = (
  history: Pick<History, "items" | "length">,
  previous: { readonly key: SpanKey; readonly view: HistoryView } | undefined
): HistoryView => ({
  items: history.items,
  length: history.length,
  ...(previous !== undefined &&
    previous.view.items === history.items &&
    previous.view.length <= history.length && { base: { key: previous.key, length: previous.view.length } })
})

/** The history as a request without tools carries it. */
const toolless = (view: HistoryView): HistoryView => {
  const isOther = (item: HistoryItem) => item !== inForm(item, "recorded")
  const own = view.items.slice(0, view.length)
  if (!own.some(isOther)) return view
  const { base } = view
  return {
    items: own.map((item) => inForm(item, "recorded")),
    length: own.length,
    // What the request before it carried still comes first, unless it carried some of it in the other form.
    ...(base && !own.slice(0, base.length).some(isOther) && { base })
  }
}

/** A request that carries one more item than another, and is not remembered. */
const followedBy = (view: HistoryView, item: HistoryItem): HistoryView => ({
  ...view,
  items: [...view.items.slice(0, view.length), item],
  length: view.length + 1
})

/** What a local compaction asks: the history, and the prompt that stands in no record. */
export const compactionInput = (view: HistoryView): HistoryView =>
  followedBy(toolless(view), {
    value: { type: "message", role: "user", content: [{ type: "input_text", text: compactionPrompt }] },
    madeUp: true
  })

/** What a provider is asked that compacts: the history, and (0.140 +) the word for it. */
export const providerCompactionInput = (
  view: HistoryView,
  { compactsApart, compactsWithTools }: RequestRules
): HistoryView => {
  const carried = compactsWithTools ? view : toolless(view)
  return compactsApart ? carried : followedBy(carried, { value: compactionTrigger })
}

const isUserMessage = ({ value }: HistoryItem): boolean => value.type === "message" && value.role === "user"

const isSummary = ({ value }: HistoryItem): boolean =>
  Array.isArray(value.content) &&
  String((value.content[0] as { text?: unknown } | undefined)?.text).startsWith(summaryPreamble)

/**
 * The history after a compaction that records its summary alone (0.77 to 0.101): what stood before the first prompt,
 * what the user said since, and the summary.
 *
 * @param prefix how many items stood before the first prompt
 */
export const summed = (history: History, prefix: number, summary: string): History => {
  const items = history.items.slice(0, history.length)
  const said = items.slice(prefix).filter((item) => isPrompt(item) && !isSummary(item))
  const last: HistoryItem = {
    value: { type: "message", role: "user", content: [{ type: "input_text", text: summary }] }
  }
  return { ...replaced([...items.slice(0, prefix), ...said, last]), based: history.based }
}
