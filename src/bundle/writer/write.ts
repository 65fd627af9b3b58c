/**
 * A planned bundle on disk: `trace-<trace id>-<thread id>/{manifest.json, trace.jsonl, payloads/N.json}`.
 *
 * A payload file is complete before the event that names it is written, so a bundle that was cut is one that can be
 * read. A folder that is there already is never written into.
 */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import type { Json } from "../../wire/json.ts"
import type { PlannedEvent, PlannedPayload } from "./event.ts"
import type { Schema as BundleSchema } from "./items.ts"

export class BundleNotWritten extends Schema.TaggedError<BundleNotWritten>()("BundleNotWritten", {
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `the bundle was not written to ${this.path}: ${this.reason}`
  }
  get hint() {
    return "choose another folder with -o, one that can be written to and does not hold this bundle yet"
  }
}

export interface BundleIdentity {
  readonly schema: BundleSchema
  readonly traceId: string
  readonly rootThreadId: string
  readonly startedAtMs: number
}

/** Event lines are written in portions of about this many characters. */
const portionLength = 1 << 20

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** A bundle that grows. */
export interface BundleWriter {
  /** The bundle's own folder. */
  readonly folder: string
  /** Appends events: each one's payloads first, and lines only whole. */
  readonly append: (events: ReadonlyArray<PlannedEvent>) => Effect.Effect<void, BundleNotWritten>
}

/** Makes a new bundle without events below a folder. */
export const createBundle = (
  below: string,
  { schema, traceId, rootThreadId, startedAtMs }: BundleIdentity
): Effect.Effect<BundleWriter, BundleNotWritten> => {
  const folder = join(below, `trace-${traceId}-${rootThreadId}`)
  const log = join(folder, "trace.jsonl")
  const attempt = <A>(act: () => A): Effect.Effect<A, BundleNotWritten> =>
    Effect.try({ try: act, catch: (cause) => new BundleNotWritten({ path: folder, reason: reasonOf(cause) }) })
  let [events, payloads] = [0, 0]

  const referenceTo = ({ kind, json }: PlannedPayload): Json => {
    payloads += 1
    const path = `payloads/${payloads}.json`
    writeFileSync(join(folder, path), JSON.stringify(json, null, 2))
    return { raw_payload_id: `raw_payload:${payloads}`, kind: { type: kind }, path }
  }
  const lineOf = (event: PlannedEvent): string => {
    const references = Object.entries(event.payloads ?? {}).map(([field, payload]) => [field, referenceTo(payload)])
    events += 1
    const line = {
      schema_version: schema,
      seq: events,
      wall_time_unix_ms: event.atMs,
      rollout_id: rootThreadId,
      thread_id: event.threadId ?? null,
      codex_turn_id: event.turnId ?? null,
      // Codex ignores keys that it does not know, here and nowhere a rule reads.
      ...(event.derived !== undefined && { derived: event.derived }),
      payload: { type: event.type, ...event.fields, ...Object.fromEntries(references) }
    }
    return `${JSON.stringify(line)}\n`
  }
  const append = (more: ReadonlyArray<PlannedEvent>): void => {
    let portion = ""
    for (const event of more) {
      portion += lineOf(event)
      if (portion.length < portionLength) continue
      appendFileSync(log, portion)
      portion = ""
    }
    appendFileSync(log, portion)
  }
  return attempt(() => {
    mkdirSync(below, { recursive: true })
    mkdirSync(folder)
    mkdirSync(join(folder, "payloads"))
    const manifest = {
      schema_version: schema,
      trace_id: traceId,
      rollout_id: rootThreadId,
      root_thread_id: rootThreadId,
      started_at_unix_ms: startedAtMs,
      raw_event_log: "trace.jsonl",
      payloads_dir: "payloads"
    }
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest, null, 2))
    writeFileSync(log, "")
    return { folder, append: (more) => attempt(() => append(more)) }
  })
}

/**
 * Writes a whole bundle below a folder.
 *
 * @returns the bundle's own folder
 */
export const writeBundle = (
  below: string,
  identity: Omit<BundleIdentity, "startedAtMs">,
  events: ReadonlyArray<PlannedEvent>
): Effect.Effect<string, BundleNotWritten> =>
  Effect.gen(function* () {
    const writer = yield* createBundle(below, { ...identity, startedAtMs: events[0]?.atMs ?? 0 })
    yield* writer.append(events)
    return writer.folder
  })
