/**
 * Several files' lines as one stream, in the order of their times.
 *
 * Owns the merge and nothing of what the lines mean. Order within a strand is always kept, a line without a time goes
 * right after its predecessor. A strand is opened when the merge reaches its time and closed at its end, so memory and
 * open files are bounded by the strands that were written to at the same time. One strand alone passes as it is.
 */
import { Cause, Effect, Exit, Pull, Scope, Stream } from "effect"
import type { Line } from "./line.ts"
import type { Arrival } from "./origin.ts"
import { timeOf } from "./record-head.ts"

export interface Strand {
  /** ISO 8601; nothing in it is older, save what it inherited. */
  readonly startsAt: string
  readonly arrivals: Stream.Stream<Arrival>
}

/** An open strand, standing before line `index` of the first of its arrivals. */
interface OpenStrand {
  readonly pull: Pull.Pull<ReadonlyArray<Arrival>>
  readonly close: Effect.Effect<void>
  arrivals: ReadonlyArray<Arrival>
  index: number
  /** Of the line it stands before. */
  time: string
}

const openStrand = Effect.fnUntraced(function* ({ startsAt, arrivals }: Strand) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const pull = yield* Scope.provide(Stream.toPull(arrivals), scope)
  const open: OpenStrand = { pull, close: Scope.close(scope, Exit.void), arrivals: [], index: 0, time: startsAt }
  return open
})

/** Puts a strand before its next line; false at its end. */
const advance = (open: OpenStrand): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    while (open.arrivals.length === 0) {
      const arrivals = yield* Pull.catchDone(open.pull, () => Effect.undefined)
      if (arrivals === undefined) {
        yield* open.close
        return false
      }
      open.arrivals = arrivals
    }
    const line = open.arrivals[0]?.lines[open.index]
    if (line !== undefined) open.time = timeOf(line.text) ?? open.time
    return true
  })

/** Takes the lines that may go before `limit`, and always the one that the strand stands before. */
const takeUntil = (open: OpenStrand, limit: string | undefined): Arrival | undefined => {
  const [arrival, ...later] = open.arrivals
  if (arrival === undefined) return undefined
  const { lines, skipped, origin } = arrival
  const from = open.index
  let end = lines.length
  if (limit !== undefined)
    for (end = from + 1; end < lines.length; end++) {
      const time = timeOf((lines[end] as Line).text)
      if (time !== undefined && time > limit) break
    }
  const whole = end >= lines.length
  open.arrivals = whole ? later : open.arrivals
  open.index = whole ? 0 : end
  return { origin, lines: from === 0 && whole ? lines : lines.slice(from, end), skipped: from === 0 ? skipped : [] }
}

const earliest = (all: ReadonlyArray<OpenStrand>, except?: OpenStrand): OpenStrand | undefined => {
  let first: OpenStrand | undefined
  for (const one of all) if (one !== except && (first === undefined || one.time < first.time)) first = one
  return first
}

const byStart = ({ startsAt: left }: Strand, { startsAt: right }: Strand) => (left < right ? -1 : left > right ? 1 : 0)

/** Merges the strands by time. */
export const mergeByTime = (strands: ReadonlyArray<Strand>): Stream.Stream<Arrival> => {
  const [only, ...others] = strands
  if (only !== undefined && others.length === 0) return only.arrivals
  return Stream.unwrap(
    Effect.map(Effect.scope, (scope) => {
      const waiting = strands.toSorted(byStart)
      let open: Array<OpenStrand> = []
      /** The strand that the next lines come from has to be put before its next line first. */
      let behind: OpenStrand | undefined

      const next = Effect.gen(function* () {
        for (;;) {
          if (behind !== undefined) {
            const ended = behind
            if (!(yield* advance(ended))) open = open.filter((one) => one !== ended)
            behind = undefined
          }
          const first = earliest(open)
          const upcoming = waiting[0]
          if (upcoming !== undefined && (first === undefined || upcoming.startsAt <= first.time)) {
            waiting.shift()
            behind = yield* Scope.provide(openStrand(upcoming), scope)
            open.push(behind)
            continue
          }
          if (first === undefined) return yield* Cause.done()
          const other = earliest(open, first)?.time
          const limit =
            other === undefined || (upcoming !== undefined && upcoming.startsAt < other) ? upcoming?.startsAt : other
          const arrival = takeUntil(first, limit)
          behind = first
          if (arrival !== undefined) return [arrival] as const
        }
      })
      return Stream.fromPull(Effect.succeed(next))
    })
  )
}
