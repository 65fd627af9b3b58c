/**
 * What goes over the collector's private socket: one JSON object a line, in both directions.
 *
 * Types only, because the hook must not load a schema library; the collector checks what it is sent (collector/inbox.ts).
 * A message may carry secrets of the session's environment: it is never journaled and never logged.
 */
import type { Environment } from "./places.ts"

/** A session's hook fired: follow it, with these settings. */
export interface WakeMessage {
  readonly type: "wake"
  /** The hook's executable: a newer one than the collector's takes over. */
  readonly version: string
  readonly command: ReadonlyArray<string>
  readonly session: string
  readonly event: string
  readonly cwd?: string
  readonly transcriptPath?: string
  /** The variables of the hook's environment that can be settings. */
  readonly environment: Environment
}

/** The same, and an answer is wanted once everything that can be known has been acknowledged. */
export interface FlushMessage extends Omit<WakeMessage, "type"> {
  readonly type: "flush"
  readonly withinMs: number
}

export interface FlushAnswer {
  readonly type: "flushed"
  /** false: the time was over before every sink had acknowledged. */
  readonly acknowledged: boolean
}

/** Variables that can be settings of a session: ours, the backends', and where Codex's files are. */
const settingPrefixes = ["TRACER_", "BRAINTRUST_", "OTEL_"]
const settingNames = new Set([
  "CODEX_PARENT_SPAN_ID",
  "CODEX_ROOT_SPAN_ID",
  "CODEX_HOME",
  "CODEX_ROLLOUT_TRACE_ROOT",
  "HOME",
  "USERPROFILE",
  "XDG_CONFIG_HOME",
  "XDG_STATE_HOME",
  "TRACEPARENT",
  "TRACESTATE",
  "BAGGAGE"
])

/** Those of an environment that can be settings. (No pattern: compiling one takes a hook 0.3 ms.) */
export const settingVariables = (environment: Environment): Environment => {
  const settings: { [name: string]: string | undefined } = {}
  for (const name in environment)
    if (settingNames.has(name) || settingPrefixes.some((prefix) => name.startsWith(prefix)))
      settings[name] = environment[name]
  return settings
}
