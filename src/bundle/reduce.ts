/**
 * The driver: reads a bundle's events in order, checks their frame, and lets the rules build the graph
 * (rollout-trace.md §3.1).
 *
 * Owns the order of checks, the place that a refusal names, and leniency. Strict, the first refusal is the result, as
 * in Codex. Lenient, an event that is refused is left out and listed; if it had changed something before it was
 * refused, the reduction starts again without it, so that the graph is always that of the events that are in it.
 */
import { type BundleEvent, envelopeKeys, eventDecoder, eventTypeOf, payloadRefs } from "../wire/bundle/events.ts"
import type { Decoder, Integer } from "../wire/bundle/fields.ts"
import { type JsonValue, readJsonShortly } from "../wire/bundle/json.ts"
import { type Features, newestOf, unknownTypes } from "./generation.ts"
import { type Bundle, isUnreadable, type LogLine } from "./open.ts"
import { settle } from "./reducer/end.ts"
import { newReduction, type Reduction } from "./reducer/reduction.ts"
import { applyEvent } from "./reducer/rules.ts"
import { BundleRefused, type EventPlace, type LeftOut, Refusal } from "./refusal.ts"
import type { Trace } from "./state.ts"

export interface ReduceOptions {
  /** The generation of Codex's reducer; the newest one of the bundle's schema if not given. */
  readonly as?: Features
  readonly lenient?: boolean
  /** Called after each line: a long reduction lets its caller see to other things, such as its memory. */
  readonly afterLine?: () => void
}

export interface ReducedTrace {
  readonly trace: Trace
  /** What a lenient reduction could not use, in the order of the log. */
  readonly leftOut: ReadonlyArray<LeftOut>
}

/** Reduces a bundle to the graph that Codex's reducer of that generation makes of it. Throws `BundleRefused`. */
export const reduceBundle = (bundle: Bundle, options: ReduceOptions = {}): ReducedTrace => {
  try {
    return options.lenient === true ? reduceLeniently(bundle, options) : reduceStrictly(bundle, options)
  } catch (error) {
    if (!(error instanceof PlacedRefusal)) throw error
    const { file, message: what, rule } = error.refusal
    throw new BundleRefused({ bundle: bundle.name, rule, what, file, event: error.place })
  }
}

/** A refusal and the event that it happened at. */
class PlacedRefusal extends Error {
  readonly refusal: Refusal
  readonly place: EventPlace | undefined
  constructor(refusal: Refusal, place?: EventPlace) {
    super(refusal.message)
    this.refusal = refusal
    this.place = place
  }
}

const featuresOf = (bundle: Bundle, options: ReduceOptions): Features =>
  options.as ?? newestOf(bundle.manifest.schema_version)

const reduceStrictly = (bundle: Bundle, options: ReduceOptions): ReducedTrace => {
  const features = featuresOf(bundle, options)
  if (features.itemIds && bundle.manifest.schema_version !== 2) {
    throw new PlacedRefusal(
      new Refusal("version", `a manifest of schema ${bundle.manifest.schema_version} cannot establish accepted history`)
    )
  }
  const reduction = newReduction(bundle.manifest, features, bundle.payload, undefined)
  const log = logReader(bundle, reduction, features.strictRecording ? fail : undefined)
  for (const line of linesOf(bundle)) {
    const event = log.read(line)
    if (event !== undefined) log.apply(event)
    options.afterLine?.()
  }
  settle(reduction, fail)
  return { trace: reduction.trace, leftOut: [] }
}

const fail = (refusal: Refusal, place?: EventPlace): never => {
  throw new PlacedRefusal(refusal, place)
}

/** The lines of a log; that the log itself cannot be read is a refusal without a place. */
function* linesOf(bundle: Bundle): Generator<LogLine> {
  try {
    yield* bundle.lines()
  } catch (error) {
    throw error instanceof Refusal ? new PlacedRefusal(error) : error
  }
}

interface ReadEvent {
  readonly event: BundleEvent
  readonly place: EventPlace
}

/**
 * Reads and applies lines one by one, and knows what the frame of the next one has to be. `onWrongFrame` is told of
 * an event that is not the next one of this recording; undefined: frames are not checked (before 0.169).
 */
const logReader = (
  bundle: Bundle,
  reduction: Reduction,
  onWrongFrame: ((refusal: Refusal, place: EventPlace) => void) | undefined
) => {
  const { features, trace } = reduction
  const decode: Decoder<BundleEvent> = eventDecoder({
    unknownTypes: unknownTypes(features),
    runtimeKind: features.runtimeKind === "required" ? "required" : "ignored",
    receipts: features.strictRecording
  })
  const { rollout_id } = bundle.manifest
  let next: Integer = 1
  let completed = false

  const checkFrame = (event: BundleEvent, place: EventPlace): void => {
    if (onWrongFrame === undefined) return
    if (event.schema_version !== 2) {
      onWrongFrame(new Refusal("version", `the event has schema ${event.schema_version}, not 2`), place)
    }
    if (event.seq !== next) {
      onWrongFrame(new Refusal("sequence", `event ${next} is missing or out of order before this one`), place)
    }
    if (event.rollout_id !== rollout_id) {
      onWrongFrame(new Refusal("rollout", `the event is of rollout ${event.rollout_id}, not ${rollout_id}`), place)
    }
    next = event.seq
    next++
  }

  return {
    /** The event of a line; undefined for a blank one. */
    read: (line: LogLine): ReadEvent | undefined => {
      if (isBlank(line.bytes)) return undefined
      const at = { line: line.number }
      if (completed) fail(new Refusal("log", "the recording was completed before this line"), at)
      let json: JsonValue | undefined
      try {
        json = readJsonShortly(line.bytes, envelopeKeys, "loosely")
        const event = decode(json)
        const { seq, payload } = event
        const place = { ...at, seq: String(seq), type: payload.type }
        checkFrame(event, place)
        if (payload.type === "recording_completed") {
          completed = true
          if (line.ended) trace.recording_complete = true
        }
        return { event, place }
      } catch (error) {
        if (!isUnreadable(error)) throw error
        const type = json === undefined ? undefined : eventTypeOf(json)
        const place = type === undefined ? at : { ...at, type }
        return fail(new Refusal("line", `the line is no event: ${error.message}`), place)
      }
    },

    /** Applies an event; one that is refused leaves its payload references out again. */
    apply: ({ event, place }: ReadEvent): void => {
      const { payload, ...envelope } = event
      const refs = payloadRefs(payload)
      const before = refs.map((ref) => trace.raw_payloads.get(ref.raw_payload_id))
      for (const ref of refs) trace.raw_payloads.set(ref.raw_payload_id, ref)
      reduction.touched = false
      try {
        applyEvent(reduction, envelope, payload)
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        refs.forEach((ref, index) => {
          const known = before[index]
          if (known === undefined) trace.raw_payloads.delete(ref.raw_payload_id)
          else trace.raw_payloads.set(ref.raw_payload_id, known)
        })
        fail(error, place)
      }
    }
  }
}

/** Only blanks, as Rust's `trim` sees them in the ASCII range. */
const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0x20 || (byte >= 9 && byte <= 13))

const reduceLeniently = (bundle: Bundle, options: ReduceOptions): ReducedTrace => {
  const skipped = new Map<number, LeftOut>()
  while (true) {
    const result = lenientPass(bundle, options, skipped)
    if (result !== undefined) return result
  }
}

/**
 * One reading of the log without the skipped lines. Undefined where an event was refused after it had changed the
 * graph: it is in `skipped` now, and the reading has to be done again.
 */
const lenientPass = (
  bundle: Bundle,
  options: ReduceOptions,
  skipped: Map<number, LeftOut>
): ReducedTrace | undefined => {
  const features = featuresOf(bundle, options)
  const leftOut: Array<LeftOut> = []
  const leave = ({ file, message, rule }: Refusal, place: EventPlace | undefined): LeftOut => {
    const entry = { rule, what: message, ...(file !== undefined && { file }), ...(place !== undefined && { place }) }
    leftOut.push(entry)
    return entry
  }
  let place: EventPlace | undefined
  const reduction = newReduction(bundle.manifest, features, bundle.payload, (refusal) => leave(refusal, place))
  // A gap in the numbers is said, but it is no reason to lose what there is.
  const log = logReader(bundle, reduction, features.strictRecording ? leave : undefined)
  for (const line of linesOf(bundle)) {
    const known = skipped.get(line.number)
    if (known !== undefined) {
      leftOut.push(known)
      continue
    }
    options.afterLine?.()
    reduction.touched = false
    try {
      const event = log.read(line)
      place = event?.place
      if (event !== undefined) log.apply(event)
    } catch (error) {
      if (!(error instanceof PlacedRefusal)) throw error
      const entry = leave(error.refusal, error.place)
      if (reduction.touched) {
        skipped.set(line.number, entry)
        return undefined
      }
    }
  }
  settle(reduction, (refusal) => leave(refusal, undefined))
  return { trace: reduction.trace, leftOut }
}
