/**
 * Holds what the product told of a case against what really happened.
 */
import { judgeCalls } from "./compare-calls.ts"
import { judgeTimes } from "./compare-times.ts"
import { judgeTree } from "./compare-tree.ts"
import type { Judgement } from "./judgement.ts"
import { match } from "./match.ts"
import type { ToldSpan } from "./spans.ts"
import type { Truth } from "./truth.ts"

export const judge = (truth: Truth, spans: ReadonlyArray<ToldSpan>): Judgement => {
  const matches = match(truth, spans)
  const calls = judgeCalls(truth, matches, spans)
  const tree = judgeTree(truth, matches, spans)
  const times = judgeTimes(matches)
  return {
    ...calls,
    ...tree,
    times: times.times,
    findings: [...tree.findings, ...calls.findings, ...times.findings]
  }
}
