/**
 * How soon does a written line become a span, and what does waiting cost? `tracer follow FILE --to jsonl` while a
 * made-up session is written to FILE, line by line; then nothing is written for a while.
 *
 * A span's latency counts from the last line that told of it before it came out: of a tool, any record with its call
 * id; of a turn, its `task_complete`.
 */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Bench, Missing } from "./bench.ts"
import { parse, text } from "./fidelity/json.ts"
import { transcriptLines } from "./generate/session.ts"
import { processorMs, quantile } from "./measure.ts"

/** Lines written, and the pause between two of them, ms. */
const linesWritten = 600
const pauseMs = 8

/** How long the idle process is watched, ms: the limit is three ticks of the kernel's count. */
const idleMs = 30_000

/** The key of the span that a record tells of, if it is one of those that are timed. */
const keyOfRecord = (line: string): string | undefined => {
  const record = parse(line)
  const type = text(record, "payload", "type")
  if (type === "task_complete") return text(record, "payload", "turn_id")
  return (
    text(record, "payload", "call_id") ??
    (type === "item_completed" ? text(record, "payload", "item", "id") : undefined)
  )
}

const keyOfSpan = (line: string): string | undefined => {
  const span = parse(line)
  const kind = text(span, "kind")
  if (kind === "tool") return text(span, "metadata", "call_id")
  return kind === "turn" ? text(span, "metadata", "turn_id") : undefined
}

async function* linesOf(stream: ReadableStream<Uint8Array>) {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n")
    rest = lines.pop() ?? ""
    yield* lines
  }
}

export const follow: Bench = {
  name: "follow",
  question: "tracer follow: from a line written to its span, and the cost of waiting",
  run: async ({ tracer }) => {
    const folder = mkdtempSync(join(tmpdir(), "tracer-bench-"))
    const [first = "", ...lines] = [...transcriptLines(2, 4 * 2 ** 20)].slice(0, linesWritten)
    const threadId = text(parse(first), "payload", "id") ?? ""
    const file = join(folder, `rollout-2026-11-20T08-00-00-${threadId}.jsonl`)
    writeFileSync(file, first)
    const child = Bun.spawn({
      cmd: [...tracer, "follow", file, "--to", "jsonl"],
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe"
    })
    const written = new Map<string, Array<number>>()
    const latencies: Array<number> = []
    const reading = (async () => {
      for await (const line of linesOf(child.stdout)) {
        const now = performance.now()
        const told = written.get(keyOfSpan(line) ?? "")?.findLast((moment) => moment <= now)
        if (told !== undefined) latencies.push(now - told)
      }
    })()
    try {
      await Bun.sleep(500)
      if (child.exitCode !== null) throw new Missing(`tracer follow ended: ${await new Response(child.stderr).text()}`)
      for (const line of lines) {
        const key = keyOfRecord(line)
        if (key !== undefined) written.set(key, [...(written.get(key) ?? []), performance.now()])
        appendFileSync(file, line)
        await Bun.sleep(pauseMs)
      }
      await Bun.sleep(1_000)
      const before = processorMs(child.pid)
      const begun = performance.now()
      await Bun.sleep(idleMs)
      const idleShare = ((processorMs(child.pid) - before) / (performance.now() - begun)) * 100
      if (latencies.length < 20) throw new Missing(`only ${latencies.length} spans came out of tracer follow`)
      return [
        {
          name: `line to span, p95 of ${latencies.length}`,
          value: quantile(latencies, 0.95),
          unit: "ms",
          promise: { of: "value", at: "most", limit: 50 }
        },
        { name: "line to span, median", value: quantile(latencies, 0.5), unit: "ms" },
        { name: "idle processor time", value: idleShare, unit: "%", promise: { of: "value", at: "most", limit: 0.1 } }
      ]
    } finally {
      child.kill("SIGTERM")
      await Promise.race([child.exited, Bun.sleep(5_000)])
      child.kill("SIGKILL")
      await reading
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
