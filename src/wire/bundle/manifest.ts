/**
 * `manifest.json` of a bundle: which recording this is. All seven keys are required, further ones are ignored.
 * `raw_event_log` and `payloads_dir` are required but not used: the names are fixed (rollout-trace.md §1.1).
 */
import { type Decoded, i64, literal, record, text, u32 } from "./fields.ts"

export const manifestFields = record({
  schema_version: literal(u32),
  trace_id: text,
  rollout_id: text,
  root_thread_id: text,
  started_at_unix_ms: literal(i64),
  raw_event_log: text,
  payloads_dir: text
})

/** Whatever else the file has is ignored. */
export const manifestKeys: ReadonlySet<string> = new Set([
  "schema_version",
  "trace_id",
  "rollout_id",
  "root_thread_id",
  "started_at_unix_ms",
  "raw_event_log",
  "payloads_dir"
])

export type Manifest = Decoded<typeof manifestFields>
