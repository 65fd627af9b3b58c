/**
 * What is left of a span when its content stays at home (`--content none`): structure, times, tokens and status.
 *
 * Numbers and truth values pass. Of texts only those pass that Codex or the user's settings define, by the name of
 * their metadata key: an allowance, so that a key nobody thought of keeps its text.
 */
import type { Json, JsonObject } from "../wire/json.ts"
import type { Span } from "./span.ts"

/** Metadata whose text says what kind of thing happened, never what it was about. */
const tellingKeys: ReadonlySet<string> = new Set([
  // who and where in the trace
  ...["session_id", "thread_id", "turn_id", "call_id", "response_id", "parent_thread_id", "forked_from"],
  ...["agent_thread_id", "spawning_call_id", "requested_by", "cell_id", "cell_call_id", "input_base"],
  // with what
  ...["model", "model_provider", "provider", "effort", "originator", "cli_version", "source", "history_mode"],
  ...["collaboration_mode", "permission_mode", "approval_policy", "sandbox", "service_tier", "plan_type"],
  // what kind of work, and how it went
  ...["kind", "tool_kind", "type", "trigger", "role", "status", "agent_status", "decision", "by", "reason", "code"],
  ...["attribution", "mcp_server", "mcp_tool", "namespace", "session_start", "end_reason", "git_source"]
])

/** Metadata that is content as a whole, whatever its own keys are called: the arguments that a hook changed. */
const contentKeys: ReadonlySet<string> = new Set(["input"])

const none: ReadonlySet<string> = new Set()

const withoutTexts = (value: Json, key: string, ownKeys: ReadonlySet<string>): Json | undefined => {
  if (contentKeys.has(key) && !ownKeys.has(key)) return undefined
  if (typeof value === "string") return tellingKeys.has(key) || ownKeys.has(key) ? value : undefined
  if (Array.isArray(value)) {
    const items = value.flatMap((item: Json) => {
      const left = withoutTexts(item, key, ownKeys)
      return left === undefined ? [] : [left]
    })
    return items.length === 0 ? undefined : items
  }
  if (typeof value !== "object" || value === null) return value
  const kept = keptOf(value as JsonObject, none)
  for (const _ in kept) return kept
  return undefined
}

/** What may stay of an object's members. */
const keptOf = (members: JsonObject, ownKeys: ReadonlySet<string>): JsonObject => {
  const kept: { [key: string]: Json } = {}
  for (const name in members) {
    const left = withoutTexts(members[name] as Json, name, ownKeys)
    if (left !== undefined) kept[name] = left
  }
  return kept
}

/** A session is named after its folder, an agent by what the model called it: words of the user's and the model's. */
const plainNames: { readonly [kind in Span["kind"]]?: string } = { session: "codex", agent: "agent" }

/**
 * The span without content; `ownKeys` are metadata keys of the user's own making. Other names stay: they are made of
 * kinds, models and tools.
 */
export const structureOf = (span: Span, ownKeys: ReadonlySet<string> = none): Span => {
  const { input: _input, output: _output, error, metadata, ...rest } = span
  return {
    ...rest,
    name: plainNames[span.kind] ?? span.name,
    ...(error !== undefined && {
      error: { message: error.code ?? "error", ...(error.code !== undefined && { code: error.code }) }
    }),
    metadata: keptOf(metadata, ownKeys)
  }
}
