/**
 * What is promised, as limits on a judgement: the one list of thresholds, each with the words for missing it.
 *
 * From transcripts alone a model request may start 50 ms off, everything else, and with hooks all, 25 ms. Calls that
 * leave neither item nor hook have only the moment their record was written: start 200 ms, end 350 ms with hooks, and
 * no limit without.
 */
import { type Judgement, percentile, type Tally } from "./judgement.ts"

/** Share of the nested calls of overlapping cells whose inferred cell must be the right one. */
const doubtfulShare = 0.98

const whole = (name: string, { right, of }: Tally): ReadonlyArray<string> =>
  right === of ? [] : [`${name}: ${right} of ${of}`]

const within = (name: string, errors: ReadonlyArray<number>, limitMs: number): ReadonlyArray<string> => {
  const p95 = percentile(errors, 0.95)
  return p95 === undefined || p95 <= limitMs ? [] : [`${name}: p95 is ${p95.toFixed(1)} ms, promised ${limitMs} ms`]
}

/** The promises that a judgement breaks; none is what we want. */
export const broken = (judgement: Judgement, withHooks: boolean): ReadonlyArray<string> => [
  ...untrue(judgement),
  ...late(judgement, withHooks)
]

/** What is not as it was, whenever it was: a busy machine is no excuse. */
export const untrue = (judgement: Judgement): ReadonlyArray<string> => {
  const { found, doubtfulParents } = judgement
  return [
    ...whole("model calls found", found.calls),
    ...whole("inputs equal", judgement.inputs),
    ...whole("instructions equal", judgement.instructions),
    ...whole("tools found", found.tools),
    ...whole("turns found", found.turns),
    ...whole("threads found", found.threads),
    ...whole("compactions found", found.compactions),
    ...whole("parents right", judgement.parents),
    ...(doubtfulParents.right >= doubtfulParents.of * doubtfulShare ? [] : whole("doubtful parents", doubtfulParents)),
    ...whole("usage right", judgement.usage),
    ...whole("usage sums right", judgement.sums),
    ...(judgement.ghosts === 0 ? [] : [`ghost spans: ${judgement.ghosts}`])
  ]
}

/** Times that are too far off. They are Codex's own delays as much as ours: only a quiet machine can be held to them. */
const late = ({ times }: Judgement, withHooks: boolean): ReadonlyArray<string> => {
  return [
    ...within("model start", times.llmStart, withHooks ? 25 : 50),
    ...within("model start with a hook", times.llmStartHooked, 25),
    ...within("model end", times.llmEnd, 25),
    ...within("tool start", times.toolStart, 25),
    ...within("tool end", times.toolEnd, 25),
    ...within("turn start", times.turnStart, 25),
    ...within("turn end", times.turnEnd, 25),
    ...(withHooks ? within("start of a call without item or hook", times.recordStart, 200) : []),
    ...(withHooks ? within("end of a call without item or hook", times.recordEnd, 350) : [])
  ]
}
