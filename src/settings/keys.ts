/**
 * Every setting: its key in `config.toml`, its environment variable, its type and what it is for. One table, from which
 * reading (settings.ts), `tracer doctor` and the documentation are made. Nothing is read here.
 */
import { Schema } from "effect"

const Text = Schema.String.check(Schema.isNonEmpty())
const Seconds = Schema.Finite.check(Schema.isGreaterThan(0))

/** 1 GiB: a line is read as one text, and the engine has none that is much longer. */
const lineBytesMost = 2 ** 30

/** The shape of `config.toml`. Keys as the user writes them, all optional. */
export const ConfigFile = Schema.Struct({
  enabled: Schema.optionalKey(Schema.Boolean),
  allow: Schema.optionalKey(Schema.Array(Text)),
  deny: Schema.optionalKey(Schema.Array(Text)),
  to: Schema.optionalKey(Schema.Array(Schema.Literals(["braintrust", "jsonl"]))),
  content: Schema.optionalKey(Schema.Literals(["full", "none"])),
  llm_input: Schema.optionalKey(Schema.Literals(["full", "delta", "none"])),
  llm_input_max_bytes: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))),
  line_bytes_max: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: lineBytesMost }))),
  redact: Schema.optionalKey(Schema.Boolean),
  inline_images: Schema.optionalKey(Schema.Boolean),
  recordings: Schema.optionalKey(Schema.Boolean),
  flush_on_turn_end: Schema.optionalKey(Schema.Boolean),
  flush_timeout_seconds: Schema.optionalKey(Seconds),
  idle_exit_seconds: Schema.optionalKey(Seconds),
  parent: Schema.optionalKey(Text),
  additional_metadata: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite, Schema.Boolean]))
  ),
  jsonl: Schema.optionalKey(Schema.Struct({ path: Schema.optionalKey(Text) })),
  braintrust: Schema.optionalKey(
    Schema.Struct({
      api_key: Schema.optionalKey(Text),
      api_key_file: Schema.optionalKey(Text),
      project: Schema.optionalKey(Text),
      project_id: Schema.optionalKey(Text),
      api_url: Schema.optionalKey(Text),
      app_url: Schema.optionalKey(Text),
      org_name: Schema.optionalKey(Text)
    })
  )
})
export type ConfigFile = typeof ConfigFile.Type

/** How the text of an environment variable becomes the value that the file would hold. */
export type Notation = "text" | "yes or no" | "number" | "list" | "JSON"

export interface SettingKey {
  /** As in the file: `content`, `braintrust.project`. */
  readonly key: string
  readonly variable: string
  readonly notation: Notation
  readonly summary: string
  /** Never written down, logged or shown. */
  readonly secret?: true
}

export const settingKeys: ReadonlyArray<SettingKey> = [
  { key: "enabled", variable: "TRACER_ENABLED", notation: "yes or no", summary: "whether hooks trace at all" },
  { key: "allow", variable: "TRACER_ALLOW", notation: "list", summary: "trace only sessions in these folders (globs)" },
  { key: "deny", variable: "TRACER_DENY", notation: "list", summary: "never trace sessions in these folders (globs)" },
  { key: "to", variable: "TRACER_TO", notation: "list", summary: "where the collector sends spans" },
  {
    key: "content",
    variable: "TRACER_CONTENT",
    notation: "text",
    summary: "full, or none: structure without any text"
  },
  { key: "llm_input", variable: "TRACER_LLM_INPUT", notation: "text", summary: "model inputs: full, delta or none" },
  {
    key: "llm_input_max_bytes",
    variable: "TRACER_LLM_INPUT_MAX_BYTES",
    notation: "number",
    summary: "upper bound of one model input"
  },
  {
    key: "line_bytes_max",
    variable: "TRACER_LINE_BYTES_MAX",
    notation: "number",
    summary: "a longer line of a transcript or journal is skipped, and said"
  },
  {
    key: "redact",
    variable: "TRACER_REDACT",
    notation: "yes or no",
    summary: "replace secrets before anything is sent"
  },
  {
    key: "inline_images",
    variable: "TRACER_INLINE_IMAGES",
    notation: "yes or no",
    summary: "send images instead of references to them"
  },
  {
    key: "recordings",
    variable: "TRACER_RECORDINGS",
    notation: "yes or no",
    summary: "believe Codex's own recordings, where CODEX_ROLLOUT_TRACE_ROOT makes it write them"
  },
  {
    key: "flush_on_turn_end",
    variable: "TRACER_FLUSH_ON_TURN_END",
    notation: "yes or no",
    summary: "a turn ends only when its spans are acknowledged (for CI)"
  },
  {
    key: "flush_timeout_seconds",
    variable: "TRACER_FLUSH_TIMEOUT_SECONDS",
    notation: "number",
    summary: "the longest that flush_on_turn_end waits"
  },
  {
    key: "idle_exit_seconds",
    variable: "TRACER_IDLE_EXIT_SECONDS",
    notation: "number",
    summary: "the collector leaves after so long without work"
  },
  {
    key: "parent",
    variable: "TRACER_PARENT",
    notation: "text",
    summary: "an outer span: an exported Braintrust span, or ROOT_SPAN_ID/SPAN_ID"
  },
  {
    key: "additional_metadata",
    variable: "TRACER_ADDITIONAL_METADATA",
    notation: "JSON",
    summary: "merged into the metadata of each session's span"
  },
  { key: "jsonl.path", variable: "TRACER_JSONL_PATH", notation: "text", summary: "the file of the jsonl sink" },
  {
    key: "braintrust.api_key",
    variable: "BRAINTRUST_API_KEY",
    notation: "text",
    summary: "the API key; in the file only if that is private (0600)",
    secret: true
  },
  {
    key: "braintrust.api_key_file",
    variable: "BRAINTRUST_API_KEY_FILE",
    notation: "text",
    summary: "a private (0600) file that holds the API key"
  },
  { key: "braintrust.project", variable: "BRAINTRUST_PROJECT", notation: "text", summary: "the project's name" },
  { key: "braintrust.project_id", variable: "BRAINTRUST_PROJECT_ID", notation: "text", summary: "the project's id" },
  { key: "braintrust.api_url", variable: "BRAINTRUST_API_URL", notation: "text", summary: "the data plane's address" },
  {
    key: "braintrust.app_url",
    variable: "BRAINTRUST_APP_URL",
    notation: "text",
    summary: "the control plane's address"
  },
  {
    key: "braintrust.org_name",
    variable: "BRAINTRUST_ORG_NAME",
    notation: "text",
    summary: "the organisation, if several"
  }
]

/** The variables whose values never touch a disk. */
export const secretVariables: ReadonlySet<string> = new Set([
  ...settingKeys.filter((setting) => setting.secret === true).map((setting) => setting.variable),
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
])
