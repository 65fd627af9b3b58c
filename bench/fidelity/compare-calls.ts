/**
 * Calls of the model: is each one there, with the input, the instructions and the tokens that it really had?
 */
import { inputDifference } from "./canonical.ts"
import { number, text } from "./json.ts"
import type { Tally } from "./judgement.ts"
import type { Matches } from "./match.ts"
import type { ToldSpan } from "./spans.ts"
import { addUsage, noUsage, rootOf, type TrueCall, type Truth, type Usage, usageNames } from "./truth.ts"

interface CallsJudged {
  readonly inputs: Tally
  readonly instructions: Tally
  readonly usage: Tally
  readonly sums: Tally
  readonly findings: ReadonlyArray<string>
}

export const nameOfCall = (call: TrueCall) =>
  `call ${call.responseId ?? call.key.slice(0, 13)}${call.compaction ? " (compaction)" : ""}`

/** Tokens that a span tells; an absent metric is 0, for nobody need tell what did not happen. */
const toldUsage = (span: ToldSpan): Usage => {
  const usage = { ...noUsage }
  for (const name of usageNames) usage[name] = number(span.metrics, name) ?? 0
  return usage
}

/** Names the tokens that differ, or nothing. */
const usageDifference = (reported: Usage, told: Usage): string | undefined => {
  const wrong = usageNames.filter((name) => reported[name] !== told[name])
  return wrong.length === 0
    ? undefined
    : wrong.map((name) => `${name} ${told[name]} instead of ${reported[name]}`).join(", ")
}

const tellsUsage = (span: ToldSpan) => usageNames.some((name) => span.metrics[name] !== undefined)

/** Usage that nobody wrote down may be left out, but then wholly. */
const asked = (call: TrueCall, span: ToldSpan | undefined) =>
  call.usage !== undefined && (call.usageTold || (span !== undefined && tellsUsage(span)))

const judgeSums = (truth: Truth, matches: Matches, spans: ReadonlyArray<ToldSpan>) => {
  const findings: Array<string> = []
  const roots = [...truth.threads.values()].filter((thread) => thread.parent === undefined)
  const known = truth.calls.filter(
    (call) => asked(call, matches.calls.get(call)) && (call.owed || matches.calls.has(call))
  )
  const judged = roots.filter((root) => known.some((call) => rootOf(truth.threads, call.thread) === root.id))
  let right = 0
  for (const root of judged) {
    const reported = known
      .filter((call) => rootOf(truth.threads, call.thread) === root.id)
      .reduce((sum, call) => addUsage(sum, call.usage ?? noUsage), noUsage)
    const trace = matches.threads.get(root)?.traceId
    const tree = spans.filter((span) => trace !== undefined && span.traceId === trace)
    const told = tree.filter(tellsUsage).reduce((sum, span) => addUsage(sum, toldUsage(span)), noUsage)
    const difference = usageDifference(reported, told)
    if (difference === undefined) right++
    else findings.push(`session ${root.id}: the sum of its spans is ${difference}`)
  }
  return { sums: { right, of: judged.length }, findings }
}

export const judgeCalls = (truth: Truth, matches: Matches, spans: ReadonlyArray<ToldSpan>): CallsJudged => {
  const findings: Array<string> = []
  const right = { inputs: 0, instructions: 0, usage: 0 }
  const of = { inputs: 0, usage: 0 }
  for (const call of truth.calls) {
    const span = matches.calls.get(call)
    if (span === undefined && !call.owed) continue
    if (call.input !== undefined) of.inputs++
    if (asked(call, span)) of.usage++
    if (span === undefined) continue
    const name = nameOfCall(call)
    if (call.input !== undefined) {
      const input = inputDifference(call.input, span.input)
      if (input === undefined) right.inputs++
      else findings.push(`${name}: input ${input}`)
      const instructions = text(span.metadata, "instructions")
      const unknowable = instructions === undefined && !call.instructionsTold
      if (instructions === call.instructions || unknowable) right.instructions++
      else if (instructions === undefined) findings.push(`${name}: instructions are missing`)
      else findings.push(`${name}: instructions ${call.instructions === undefined ? "were not sent apart" : "differ"}`)
    }
    if (call.usage === undefined || !asked(call, span)) continue
    const usage = usageDifference(call.usage, toldUsage(span))
    if (usage === undefined) right.usage++
    else findings.push(`${name}: ${usage}`)
  }
  const sums = judgeSums(truth, matches, spans)
  return {
    inputs: { right: right.inputs, of: of.inputs },
    instructions: { right: right.instructions, of: of.inputs },
    usage: { right: right.usage, of: of.usage },
    sums: sums.sums,
    findings: [...findings, ...sums.findings]
  }
}
