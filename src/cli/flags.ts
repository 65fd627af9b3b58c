/**
 * The flags that several commands share, each declared once: what is captured, and where spans go.
 *
 * Owns their names, help texts and how they lie over the user's settings: what is not said on the command line is as
 * config.toml and the environment have it. What they mean is the business of span/encode.ts and the sinks.
 */
import { ByteSize, Option } from "effect"
import { Argument, Flag } from "effect/cli"
import type { Settings } from "../settings/settings.ts"
import { sinkNames, sinks } from "../sink/index.ts"
import type { CaptureOptions } from "../span/encode.ts"

/** Enough for every sink several times over: a repeatable flag needs a bound. */
const repeatsMax = 100

export const paths = Argument.String("path|id|-").pipe(
  Argument.withDescription(
    "Transcripts, folders of them, rollout-trace bundles, ids of sessions or their beginnings; - is standard input"
  ),
  Argument.variadic()
)

export const to = Flag.Literals("to", sinkNames).pipe(
  Flag.withDescription(
    `Where spans go; may be given several times. Default: tree on a terminal, jsonl in a pipe. ${sinks
      .map(({ name, summary }) => `${name}: ${summary}`)
      .join(". ")}`
  ),
  Flag.between(0, repeatsMax)
)

export const hooks = Flag.String("hooks").pipe(
  Flag.withMetavar("FILE"),
  Flag.withDescription("A hook journal whose facts are merged in; may be given several times"),
  Flag.between(0, repeatsMax)
)

export const bundles = Flag.String("bundle").pipe(
  Flag.withMetavar("DIR"),
  Flag.withDescription(
    "Codex's own recording of the sessions that are read, or a folder of recordings: its times, requests and parents are believed. Default: CODEX_ROLLOUT_TRACE_ROOT"
  ),
  Flag.between(0, repeatsMax)
)

export const latest = Flag.Boolean("latest").pipe(
  Flag.withDescription("The session that was written to last"),
  Flag.withDefault(false)
)

const content = Flag.Literals("content", ["full", "none"]).pipe(
  Flag.withDescription("none: structure, times, tokens and status only; no text of you, the model or a tool"),
  Flag.optional
)

const llmInput = Flag.Literals("llm-input", ["full", "delta", "none"]).pipe(
  Flag.withDescription("How much of a model request an llm span carries: all items, those that are new in it, or none"),
  Flag.optional
)

const llmInputBytesMax = Flag.String("llm-input-max").pipe(
  Flag.withMetavar("SIZE"),
  Flag.withDescription(
    "Upper bound of one llm span's input (4MiB, 512KiB, a number of bytes); the oldest items give way"
  ),
  Flag.filterMap(
    (text) => Option.flatMap(ByteSize.fromString(/^\d+$/.test(text) ? `${text} B` : text), ByteSize.toNumber),
    (text) => `${text} is no size; 4MiB, 512KiB and 65536 are`
  ),
  Flag.optional
)

const redact = Flag.Boolean("redact").pipe(
  Flag.withDescription("Replace secrets by a mark; --no-redact leaves them in"),
  Flag.optional
)

const events = Flag.Boolean("events").pipe(
  Flag.withDescription("jsonl: opens and patches too, as they happen, not only closed spans"),
  Flag.withDefault(false)
)

const inlineImages = Flag.Boolean("inline-images").pipe(
  Flag.withDescription("Images as they are in the transcript, instead of their type, size and hash"),
  Flag.optional
)

/** What every command that writes spans takes. */
export const output = { to, content, llmInput, llmInputBytesMax, redact, events, inlineImages }

export interface OutputFlags {
  readonly to: ReadonlyArray<string>
  readonly content: Option.Option<CaptureOptions["content"]>
  readonly llmInput: Option.Option<CaptureOptions["llmInput"]>
  readonly llmInputBytesMax: Option.Option<number>
  readonly redact: Option.Option<boolean>
  readonly events: boolean
  readonly inlineImages: Option.Option<boolean>
}

/** The settings with what the command line says laid over them. */
export const layFlagsOver = (settings: Settings, flags: OutputFlags): Settings => {
  const { capture } = settings
  return {
    ...settings,
    capture: {
      ...capture,
      content: Option.getOrElse(flags.content, () => capture.content),
      llmInput: Option.getOrElse(flags.llmInput, () => capture.llmInput),
      llmInputBytesMax: Option.getOrElse(flags.llmInputBytesMax, () => capture.llmInputBytesMax),
      redact: Option.getOrElse(flags.redact, () => capture.redact)
    },
    inlineImages: Option.getOrElse(flags.inlineImages, () => settings.inlineImages)
  }
}
