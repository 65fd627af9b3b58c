/**
 * Told bundles read back: the lines of a story with their payloads, through the product's own fold.
 */
import { sessionFold } from "../../src/pipeline/session-fold.ts"
import type { Line, SkippedLine } from "../../src/source/line.ts"
import type { Span } from "../../src/span/span.ts"
import type { BundleStory } from "./bundle.ts"

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
