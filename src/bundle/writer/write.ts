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
import type { PlannedEvent } from "./event.ts"
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
}

/** Event lines are written in portions of about this many characters. */
const portionLength = 1 << 20

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/**
 * Writes a bundle below a folder.
 *
 * @returns the bundle's own folder
 */
export const writeBundle = (
  folder: string,
  { schema, traceId, rootThreadId }: BundleIdentity,
  events: ReadonlyArray<PlannedEvent>
): Effect.Effect<string, BundleNotWritten> => {
  const bundle = join(folder, `trace-${traceId}-${rootThreadId}`)
  return Effect.try({
    try: () => {
      mkdirSync(folder, { recursive: true })
      mkdirSync(bundle)
      mkdirSync(join(bundle, "payloads"))
      const manifest = {
        schema_version: schema,
        trace_id: traceId,
        rollout_id: rootThreadId,
        root_thread_id: rootThreadId,
        started_at_unix_ms: events[0]?.atMs ?? 0,
        raw_event_log: "trace.jsonl",
        payloads_dir: "payloads"
      }
      writeFileSync(join(bundle, "manifest.json"), JSON.stringify(manifest, null, 2))
      const log = join(bundle, "trace.jsonl")
      writeFileSync(log, "")
      let [payloads, portion] = [0, ""]
      events.forEach((event, index) => {
        const references: { [field: string]: Json } = {}
        for (const [field, { kind, json }] of Object.entries(event.payloads ?? {})) {
          const path = `payloads/${++payloads}.json`
          writeFileSync(join(bundle, path), JSON.stringify(json, null, 2))
          references[field] = { raw_payload_id: `raw_payload:${payloads}`, kind: { type: kind }, path }
        }
        const line = {
          schema_version: schema,
          seq: index + 1,
          wall_time_unix_ms: event.atMs,
          rollout_id: rootThreadId,
          thread_id: event.threadId ?? null,
          codex_turn_id: event.turnId ?? null,
          ...(event.derived !== undefined && { derived: event.derived }),
          payload: { type: event.type, ...event.fields, ...references }
        }
        portion += `${JSON.stringify(line)}\n`
        if (portion.length >= portionLength) {
          appendFileSync(log, portion)
          portion = ""
        }
      })
      appendFileSync(log, portion)
      return bundle
    },
    catch: (cause) => new BundleNotWritten({ path: bundle, reason: reasonOf(cause) })
  })
}
