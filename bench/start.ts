/**
 * What does a start cost? `tracer --version` beside an empty compiled Bun program.
 */
import type { Bench } from "./bench.ts"
import { emptyProgram, lifetimeMs, medianLives } from "./measure.ts"

const runs = 41

export const start: Bench = {
  name: "start",
  question: "tracer --version beside an empty compiled Bun program",
  run: async ({ tracer }) => {
    const empty = await emptyProgram()
    const [floor = 0, version = 0, help = 0] = await medianLives(runs, [
      () => lifetimeMs([empty]),
      () => lifetimeMs([...tracer, "--version"]),
      () => lifetimeMs([...tracer, "--help"])
    ])
    const baseline = { name: "empty program", value: floor }
    return [
      { name: "--version", value: version, unit: "ms", baseline, promise: { of: "ratio", at: "most", limit: 2 } },
      { name: "--help", value: help, unit: "ms", baseline }
    ]
  }
}
