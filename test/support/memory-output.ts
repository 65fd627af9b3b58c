/**
 * An output that only remembers: what a sink would have written to a file or a terminal.
 */
import { Effect } from "effect"
import type { Output } from "../../src/sink/output.ts"

export const memoryOutput = () => {
  let written = ""
  const output: Output = {
    name: "memory",
    isTerminal: false,
    columns: () => undefined,
    write: (texts) =>
      Effect.sync(() => {
        written += texts.join("")
      })
  }
  return { output, text: () => written }
}
