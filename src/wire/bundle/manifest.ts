/**
 * `manifest.json` of a bundle: which recording this is. All seven keys are required, further ones are ignored.
 * `raw_event_log` and `payloads_dir` are required but not used: the names are fixed (rollout-trace.md §1.1).
 */
import { type Decoded, i64, record, text, u32 } from "./fields.ts"

export const manifestFields = record({
  schema_version: u32,
  trace_id: text,
  rollout_id: text,
  root_thread_id: text,
  started_at_unix_ms: i64,
  raw_event_log: text,
  payloads_dir: text
})

export type Manifest = Decoded<typeof manifestFields>
