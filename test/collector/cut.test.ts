/**
 * The invariant under every watermark (src/collector/watermark.ts), held against the product's fold: a session that is
 * cut anywhere, folded again below the cut in another order without sending, and then followed on, leaves the backend
 * with what one undisturbed reading gives.
 */
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { sessionFold } from "../../src/pipeline/session-fold.ts"
import type { Line } from "../../src/source/line.ts"
import type { Origin } from "../../src/source/origin.ts"
import { rolloutName, rolloutOf } from "../../src/source/rollout.ts"
import type { Span, SpanWrite } from "../../src/span/span.ts"
import { type Case, describeCorpus, transcriptsOf } from "../support/corpus.ts"
import { dice, plainSpan } from "../support/replay.ts"

interface Strand {
  readonly origin: Origin
  readonly lines: ReadonlyArray<Line>
}

const linesOf = (file: string): ReadonlyArray<Line> =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((text) => text !== "")
    .map((text, index) => ({ file, lineNumber: index + 1, byteOffset: index, text }))

/** The files of a case that is one session without inherited history; undefined for others. */
const strandsOf = (one: Case): { readonly rootId: string; readonly strands: ReadonlyArray<Strand> } | undefined => {
  const files = transcriptsOf(one)
  const rollouts = files.map((file) => rolloutOf(file, linesOf(file)[0]?.text ?? ""))
  const roots = new Set(rollouts.map((rollout) => rollout?.sessionId ?? rollout?.threadId))
  const [rootId] = roots
  if (roots.size !== 1 || rootId === undefined || rollouts.some((rollout) => rollout?.historyBase)) return undefined
  const strands = files.map((file): Strand => {
    return { origin: { _tag: "Transcript", threadId: rolloutName(file)?.threadId ?? "" }, lines: linesOf(file) }
  })
  if (one.hooks !== undefined) strands.push({ origin: { _tag: "Journal" }, lines: linesOf(one.hooks) })
  return { rootId, strands }
}

/** One order in which the lines from `from` to `to` may arrive: each strand's own order is kept. */
function* arrivals(
  strands: ReadonlyArray<Strand>,
  from: ReadonlyArray<number>,
  to: ReadonlyArray<number>,
  next: () => number
) {
  const at = [...from]
  for (;;) {
    const open = at.flatMap((position, strand) => (position < (to[strand] ?? 0) ? [strand] : []))
    const strand = open[Math.floor(next() * open.length)]
    if (strand === undefined) return
    const line = strands[strand]?.lines[at[strand] ?? 0]
    const origin = strands[strand]?.origin
    at[strand] = (at[strand] ?? 0) + 1
    if (line !== undefined && origin !== undefined) yield { origin, line }
  }
}

const backend = () => {
  const rows = new Map<string, Span>()
  return {
    take: (writes: ReadonlyArray<SpanWrite>) => {
      for (const { span } of writes) rows.set(span.id, span)
    },
    rows: () =>
      Object.fromEntries(
        [...rows].map(([id, span]) => [id, plainSpan(span)] as const).sort(([a], [b]) => (a < b ? -1 : 1))
      )
  }
}

const seedsPerCase = 8

describeCorpus("a session that is cut and begun again", (cases) => {
  for (const one of cases) {
    const session = strandsOf(one)
    if (session === undefined) continue
    const { rootId, strands } = session
    const [start, end] = [strands.map(() => 0), strands.map(({ lines }) => lines.length)]

    test(`ends as if nothing had happened: ${one.name}`, () => {
      const undisturbed = backend()
      const whole = sessionFold({ rootId })
      for (const { origin, line } of arrivals(strands, start, end, () => 0))
        undisturbed.take(whole.push(origin, [line]).writes)
      undisturbed.take(whole.end().writes)
      for (let seed = 1; seed <= seedsPerCase; seed++) {
        const next = dice(seed)
        const cut = end.map((length) => Math.floor(next() * (length + 1)))
        const disturbed = backend()
        const before = sessionFold({ rootId })
        for (const { origin, line } of arrivals(strands, start, cut, next))
          disturbed.take(before.push(origin, [line]).writes)
        const after = sessionFold({ rootId })
        const open = new Map<string, SpanWrite>()
        for (const { origin, line } of arrivals(strands, start, cut, next)) {
          for (const write of after.push(origin, [line]).writes) {
            if (write.op === "close") open.delete(write.span.id)
            else open.set(write.span.id, write)
          }
        }
        disturbed.take([...open.values()])
        for (const { origin, line } of arrivals(strands, cut, end, next))
          disturbed.take(after.push(origin, [line]).writes)
        disturbed.take(after.end().writes)
        expect([seed, disturbed.rows()]).toEqual([seed, undisturbed.rows()])
      }
    })
  }
})
