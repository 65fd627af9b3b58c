/**
 * What the tree keeps of a span, and what one line says of it.
 *
 * Texts are cut to a line's length when the span comes, so that a long session costs the tree little. Capture modes and
 * redaction apply as for any sink. Times are Unix seconds.
 */
import type { CaptureOptions } from "../../span/encode.ts"
import { isModelInput } from "../../span/model-input.ts"
import { redact } from "../../span/redact.ts"
import type { Span, SpanKind, SpanStatus } from "../../span/span.ts"
import { structureOf } from "../../span/structure.ts"
import type { Json } from "../../wire/json.ts"
import { plain } from "./paint.ts"

export interface Tokens {
  readonly prompt: number
  readonly completion: number
}

export interface Node {
  readonly id: string
  readonly parentId: string | undefined
  readonly traceId: string
  readonly kind: SpanKind
  readonly name: string
  readonly start: number
  readonly end: number | undefined
  readonly status: SpanStatus | undefined
  /** What it was about, in a few words. */
  readonly about: string
  /** What went wrong, in a few words. */
  readonly wrong: string
  /** Of a model call only; other spans show the sum of what is under them. */
  readonly tokens: Tokens | undefined
}

/** Longer than any line shows. */
const aboutLength = 200

/** Keys whose value says best what a call is about, in order. */
const tellingKeys = ["cmd", "command", "path", "file_path", "query", "url", "task_name", "message", "text", "input"]

const textOf = (value: Json | undefined): string => {
  if (value === undefined || value === null) return ""
  if (typeof value === "string") return value
  if (typeof value !== "object") return String(value)
  if (Array.isArray(value)) {
    if (value.every((part) => typeof part === "string")) return value.join(" ")
    for (const part of value) {
      const text = textOf(part as Json)
      if (text !== "") return text
    }
    return ""
  }
  const object = value as { readonly [key: string]: Json }
  for (const key of tellingKeys) {
    const text = key in object ? textOf(object[key]) : ""
    if (text !== "") return text
  }
  return Object.keys(object).length === 0 ? "" : JSON.stringify(object)
}

/** The last thing a model said, or nothing when it only called tools. */
const answerOf = (output: Json | undefined): string => {
  if (!Array.isArray(output)) return textOf(output)
  const message = output.findLast(
    (item: Json) => typeof item === "object" && item !== null && (item as { type?: Json }).type === "message"
  ) as { readonly content?: Json } | undefined
  return textOf(message?.content)
}

/** The beginning of a text; cut first, because a tool's output may be long. */
const brief = (text: string, clean: (text: string) => string): string =>
  plain(clean(text.slice(0, aboutLength * 8))).slice(0, aboutLength)

export const nodeOf = (full: Span, capture: CaptureOptions): Node => {
  const span = capture.content === "none" ? structureOf(full, new Set(capture.ownKeys)) : full
  const clean = capture.redact ? redact : (text: string) => text
  const input = isModelInput(span.input) ? undefined : span.input
  const { prompt_tokens: prompt, completion_tokens: completion } = span.metrics
  const exitCode = span.metadata.exit_code
  const wrong = span.error?.message ?? (typeof exitCode === "number" && exitCode !== 0 ? `exit code ${exitCode}` : "")
  return {
    id: span.id,
    parentId: span.parent_id,
    traceId: span.trace_id,
    kind: span.kind,
    name: plain(clean(span.name)),
    start: span.start,
    end: span.end,
    status: span.status,
    about: span.kind === "session" ? "" : brief(span.kind === "llm" ? answerOf(span.output) : textOf(input), clean),
    wrong: span.status === "ok" ? "" : brief(wrong, clean),
    tokens:
      span.kind !== "llm" || (prompt === undefined && completion === undefined)
        ? undefined
        : { prompt: prompt ?? 0, completion: completion ?? 0 }
  }
}

/** `850 ms`, `3.1 s`, `2 m 05 s`, `1 h 02 m`. */
export const durationText = (seconds: number): string => {
  const ms = Math.round(seconds * 1000)
  if (ms < 1000) return `${Math.max(0, ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const whole = Math.round(ms / 1000)
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, "0")} s`
  const minutes = Math.round(whole / 60)
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} m`
}

/** `950`, `12.3k`, `1.2M`. */
export const countText = (count: number): string => {
  if (count < 1000) return String(count)
  if (count < 999_950) return `${(count / 1000).toFixed(1)}k`
  return `${(count / 1_000_000).toFixed(1)}M`
}

export const tokensText = (tokens: Tokens | undefined): string =>
  tokens === undefined ? "" : `${countText(tokens.prompt)} → ${countText(tokens.completion)}`

export const addTokens = (a: Tokens | undefined, b: Tokens | undefined): Tokens | undefined =>
  a === undefined ? b : b === undefined ? a : { prompt: a.prompt + b.prompt, completion: a.completion + b.completion }
