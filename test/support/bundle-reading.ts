/**
 * Told bundles read back: the lines of a story with their payloads, through the product's own fold; and the turn that
 * most of these tests tell.
 */
import { sessionFold } from "../../src/pipeline/session-fold.ts"
import type { Line, SkippedLine } from "../../src/source/line.ts"
import type { Span } from "../../src/span/span.ts"
import {
  assistantMessage,
  type BundleStory,
  bundle,
  functionCall,
  functionOutput,
  startedAtMs,
  userMessage
} from "./bundle.ts"

/** The lines of a told bundle as the source hands them on; payloads named in `without` did not come along. */
export const linesOf = (story: BundleStory, without: ReadonlyArray<string> = []): ReadonlyArray<Line> => {
  const payloads = new Map(
    [...story.payloads].flatMap(([path, text]) => {
      const id = `raw_payload:${/(\d+)\.json$/.exec(path)?.[1]}`
      return without.includes(id) ? [] : [[id, text] as const]
    })
  )
  let byteOffset = 0
  return story.lines.map((text, index) => {
    const line = { file: "trace.jsonl", lineNumber: index + 1, byteOffset, text, payloads }
    byteOffset += text.length + 1
    return line
  })
}

export interface BundleReading {
  readonly spans: ReadonlyArray<Span>
  readonly skipped: ReadonlyArray<SkippedLine>
  readonly notes: ReadonlyArray<string>
}

/** Reads lines of bundles as one session: the last write of every span, in the order in which they were first told. */
export const readLines = (lines: ReadonlyArray<Line>, rootId = "T1"): BundleReading => {
  const fold = sessionFold({ rootId })
  const steps = [fold.push({ _tag: "Bundle", directory: "a bundle" }, lines), fold.end()]
  const spans = new Map(steps.flatMap((step) => step.writes.map(({ span }) => [span.id, span] as const)))
  return {
    spans: [...spans.values()],
    skipped: steps.flatMap((step) => step.skipped),
    notes: steps.flatMap((step) => step.notes.map(({ topic, detail }) => `${topic}: ${detail}`))
  }
}

export const readStory = (...stories: ReadonlyArray<BundleStory>): BundleReading =>
  readLines(stories.flatMap((story) => linesOf(story)))

/** Unix seconds of a story's n-th event. */
export const at = (seq: number): number => startedAtMs / 1000 + seq

export const one = (spans: ReadonlyArray<Span>, kind: Span["kind"], name?: string): Span => {
  const found = spans.filter((span) => span.kind === kind && (name === undefined || span.name === name))
  if (found.length !== 1) throw new Error(`${found.length} spans ${kind} ${name ?? ""}`)
  return found[0] as Span
}

export const window = ({ start, end, status }: Span) => [start, end, status]

export const question = userMessage("what time is it?")

/** A turn with one command. */
export const command = (): BundleStory =>
  bundle()
    .asks("I1", { input: [question], reasoning: { effort: "high" } })
    .answers("I1", [functionCall("c1", { cmd: "date" })], {
      token_usage: { input_tokens: 10, cached_input_tokens: 0, output_tokens: 5, reasoning_output_tokens: 0 }
    })
    .calls("c1", "exec_command", {
      tool_name: "exec_command",
      payload: { type: "function", arguments: '{"cmd":"date"}' }
    })
    .runtimeBegins("c1", "exec_command", { process_id: "1", command: ["sh", "-c", "date"], cwd: "/w" })
    .runtimeEnds("c1", {
      process_id: "1",
      command: ["sh", "-c", "date"],
      exit_code: 0,
      aggregated_output: "noon\n",
      status: "completed"
    })
    .toolEnds("c1", { type: "direct_response", response_item: functionOutput("c1", "noon\n") })
    .asks("I2", [question, functionCall("c1", { cmd: "date" }), functionOutput("c1", "noon\n")])
    .answers("I2", [assistantMessage("It is noon.")])
    .turnEnds()
