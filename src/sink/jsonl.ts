/**
 * The span contract as it is: one closed span a line, or with `--events` one line for each thing that happened.
 *
 * Lines are whole or absent: a batch is one write, and a reader that leaves ends the sink quietly.
 */
import { Effect } from "effect"
import { makeSpanEncoder } from "../span/encode.ts"
import type { Sink } from "./sink.ts"

export const jsonl: Sink = {
  name: "jsonl",
  summary: "one closed span a line, as JSON; with --events also opens and patches as they happen",
  writes: "lines",
  open: ({ capture, events, output }) =>
    Effect.sync(() => {
      const encoder = makeSpanEncoder(capture)
      return {
        name: "jsonl",
        wants: events ? "all" : "closed",
        repeats: events ? "each" : "last",
        batch: { rows: 256, bytes: 1024 * 1024, withinMs: 0 },
        encode: (write) => {
          const line = encoder.line(write.span)
          if (!events) return { write, ...line }
          const op = `{"op":"${write.op}",`
          const [first = "", ...rest] = line.texts
          return { write, texts: [op, first.slice(1), ...rest], bytes: line.bytes + op.length - 1 }
        },
        send: (rows) => output.write(rows.length === 1 ? (rows[0]?.texts ?? []) : rows.flatMap((row) => row.texts))
      }
    })
}
