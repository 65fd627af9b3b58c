/**
 * What Codex does to a model's input beyond what it records, and when it sends it: the few facts that no transcript
 * tells.
 *
 * Each rule names where it was seen. Nothing here guesses: a request that none of them touches is what was recorded.
 */
import { type Json, type JsonObject, parsed } from "../wire/json.ts"
import type { HistoryItem } from "./history-item.ts"

/**
 * Models that take images in their original detail. The catalogue that ships inside Codex 0.169 says so for each of
 * its own; a model that it does not list falls back to a description that does not.
 */
const takesOriginalDetail = (model: string): boolean =>
  /^(gpt-5\.([5-9]|\d\d)|gpt-[6-9]|gpt-\d\d|gpt-daybreak|codex-auto-review)/.test(model)

/** How a request carries the detail of an image that was recorded with one. */
export type ImageDetail = "recorded" | "lowered" | "none"

/**
 * For a model: `detail: "original"` becomes `"high"` where it does not take it (codex.md, Transcripts, the third kind of
 * difference; corpus case `review`). A lite request, which carries its tools as an item of the input, has no detail at all
 * (0.169, code models; codex-rs/core: client_common.rs).
 */
export const imageDetailFor = (model: string | undefined, isLite: boolean): ImageDetail => {
  if (isLite) return "none"
  return model === undefined || takesOriginalDetail(model) ? "recorded" : "lowered"
}

/** Whether an item is what makes a request a lite one. */
export const isLiteItem = ({ value }: HistoryItem): boolean => value.type === "additional_tools"

const isImage = (part: Json): part is JsonObject =>
  typeof part === "object" && part !== null && (part as JsonObject).type === "input_image"

const withDetail = (part: Json, detail: Exclude<ImageDetail, "recorded">): Json => {
  if (!isImage(part) || part.detail === undefined) return part
  const { detail: recorded, ...rest } = part
  if (detail === "none") return rest
  return recorded === "original" ? { ...part, detail: "high" } : part
}

/** Whether an item holds an image of which not every model gets the same. */
export const holdsDetail = ({ value }: HistoryItem): boolean => {
  const tells = (part: Json) => isImage(part) && part.detail !== undefined
  return (
    (Array.isArray(value.content) && value.content.some(tells)) ||
    (Array.isArray(value.output) && value.output.some(tells))
  )
}

/** The items with their images' detail as a request carries it. What it does not touch stays the same object. */
export const withImageDetail = (
  items: ReadonlyArray<HistoryItem>,
  detail: Exclude<ImageDetail, "recorded">
): ReadonlyArray<HistoryItem> => {
  const shown = (content: Json): Json =>
    Array.isArray(content) ? content.map((part: Json) => withDetail(part, detail)) : content
  return items.map((item) => {
    const { content, output } = item.value
    const isTouched = [content, output].some(
      (parts) => Array.isArray(parts) && parts.some((part: Json) => withDetail(part, detail) !== part)
    )
    if (!isTouched) return item
    return {
      ...item,
      value: {
        ...item.value,
        ...(content !== undefined && { content: shown(content) }),
        ...(output !== undefined && { output: shown(output) })
      }
    }
  })
}

/** What a long output begins with, when it was shortened for the model. */
const shortened = /^Total output lines: (\d+)\n\n?/

/**
 * A command's or a patch's result as text, where it was recorded as `{"output", "metadata": {exit_code,
 * duration_seconds}}`: so a request carries it that has the patch tool in its free form. Seen in 0.77 to 0.128 (`shell`
 * of models before gpt-5.1 and their like, patches of all that have the tool); 0.142 records text. Requests to other models,
 * and those that are made without tools, carry it as it was recorded. (codex-rs/core: client_common.rs.)
 */
export const resultAsText = (output: string): string => {
  if (!output.startsWith('{"output":')) return output
  const { output: told, metadata } = (parsed(output) ?? {}) as JsonObject
  const { exit_code: exitCode, duration_seconds: seconds } = (metadata ?? {}) as JsonObject
  if (typeof told !== "string" || typeof exitCode !== "number" || typeof seconds !== "number") return output
  const [head, lines] = shortened.exec(told) ?? ["", undefined]
  const total = lines === undefined ? "" : `Total output lines: ${lines}\n`
  return `Exit code: ${exitCode}\nWall time: ${seconds} seconds\n${total}Output:\n${told.slice(head.length)}`
}

/** Whether a result that has two forms shows that its model has the patch tool in its free form: only that makes it so. */
export const showsFreeForm = ({ type }: JsonObject): boolean => type === "custom_tool_call_output"

/** Tools whose results have two forms. */
const resultTools: ReadonlySet<unknown> = new Set(["shell", "container.exec", "apply_patch"])

/** Whether a call is one whose result has two forms. */
export const hasResultForms = ({ type, name }: JsonObject): boolean =>
  type === "local_shell_call" || resultTools.has(name)

/**
 * The prompt that asks for a summary in a local compaction. It is a text inside Codex (0.101 to 0.169) that no record
 * holds; users can replace it (`compact_prompt`), which is why a span that carries it says that it was assumed.
 */
export const compactionPrompt = `You are performing a CONTEXT CHECKPOINT COMPACTION. Create a handoff summary for another LLM that will resume the task.

Include:
- Current progress and key decisions made
- Important context, constraints, or user preferences
- What remains to be done (clear next steps)
- Any critical data, examples, or references needed to continue

Be concise, structured, and focused on helping the next LLM seamlessly continue the work.
`

/** Items that Codex keeps in a history but never sends. */
export const neverSent: ReadonlySet<string> = new Set(["ghost_snapshot", "other"])

/** Compares dotted versions by their numbers; an unknown version counts as the newest. */
export const versionAtLeast = (version: string | undefined, wanted: string): boolean => {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version ?? "")
  if (parts === null) return true
  const [, ...numbers] = parts
  const goal = wanted.split(".").map(Number)
  for (let i = 0; i < 3; i++) {
    const difference = Number(numbers[i]) - (goal[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

/** How a version makes its requests, where no record tells. */
export interface RequestRules {
  /** How base instructions are sent: as the first developer message, or apart. */
  readonly instructionsIn: "input" | "request"
  /** A request that was cut is repeated as it was, without what it had produced. */
  readonly retriesRepeat: boolean
  /** A provider that compacts is sent the history as it is, at an address of its own. */
  readonly compactsApart: boolean
  /** A provider that compacts is told of the tools, as with any request; the model that sums up in words never is. */
  readonly compactsWithTools: boolean
  /** Seconds from the last record that a request can see to the request itself; the first of a turn takes longer. */
  readonly sendDelay: { readonly first: number; readonly later: number }
}

/**
 * About the medians of 2,900 requests of recorded runs (two slow cores; 0.77 to 0.118 by the model server's clock, from
 * 0.128 on by bundles). From 0.121 to 0.155 a request counts as sent when its connection stands, since then before that
 * is sought: 31 ms (first: 38), then 7 to 16 (18).
 */
const sendDelayOf = (version: string | undefined): RequestRules["sendDelay"] => {
  if (versionAtLeast(version, "0.156.0")) return { first: 0.02, later: 0.012 }
  return versionAtLeast(version, "0.121.0") ? { first: 0.04, later: 0.03 } : { first: 0.015, later: 0.01 }
}

/** Of a version; one that is not known counts as the newest. Seen between the versions of the lab (docs/VERSIONS.md). */
export const requestRulesOf = (version: string | undefined): RequestRules => ({
  instructionsIn: versionAtLeast(version, "0.162.0") ? "input" : "request",
  retriesRepeat: !versionAtLeast(version, "0.121.0"),
  compactsApart: !versionAtLeast(version, "0.140.0"),
  compactsWithTools: versionAtLeast(version, "0.115.0"),
  sendDelay: sendDelayOf(version)
})

/** Of a bundle, which holds requests as they were sent: nothing is left to a rule. */
export const recordedRules: RequestRules = { ...requestRulesOf(undefined), instructionsIn: "request" }

/** What a provider is asked that compacts (0.140 +; codex-rs/core: compact_remote_v2.rs), after the history. */
export const compactionTrigger: JsonObject = { type: "compaction_trigger" }
