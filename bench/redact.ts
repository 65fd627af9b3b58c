/**
 * What does redaction cost text that holds no secret? Beside `JSON.parse` of the same lines, which reading needs anyway.
 */
import { redact } from "../src/span/redact.ts"
import type { Bench } from "./bench.ts"
import { transcriptLines } from "./generate/session.ts"

const megabytes = 64
const rounds = 5

/** MB/s of the fastest round: the others measure the machine. */
const speed = (lines: ReadonlyArray<string>, bytes: number, work: (line: string) => unknown): number => {
  let best = 0
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now()
    for (const line of lines) work(line)
    best = Math.max(best, bytes / 1000 / (performance.now() - startMs))
  }
  return best
}

export const redaction: Bench = {
  name: "redact",
  question: "redaction of clean text beside JSON.parse of the same lines",
  run: async () => {
    const lines: Array<string> = []
    let bytes = 0
    for (const line of transcriptLines(1, megabytes * 1e6)) {
      lines.push(line)
      bytes += line.length
    }
    const baseline = { name: "JSON.parse", value: speed(lines, bytes, JSON.parse) }
    return [
      {
        name: "clean transcript",
        value: speed(lines, bytes, redact),
        unit: "MB/s",
        baseline,
        promise: { of: "ratio", at: "least", limit: 0.4 }
      }
    ]
  }
}
