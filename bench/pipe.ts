/**
 * How fast is the pipe, and how much memory does it take? `tracer < FILE` beside `jq -c .` on the same file.
 *
 * `full` inputs grow with the square of a session, so what counts there is the speed of the output, on a smaller file.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { type Bench, Missing } from "./bench.ts"
import { transcriptLines } from "./generate/session.ts"
import { cacheFolder, type Run, runOnFile } from "./measure.ts"

/** Transcript whose full inputs are written out; more of it only takes longer. */
const fullBytesMost = 64 * 2 ** 20

const megabytes = 1e6

/** Each command runs so often, in turn with the others: the fastest run measures it, the slower ones the machine. */
const rounds = 3

/** Whose words a transcript is made of: a session's as they come, or one in a language beyond ASCII. */
const worldlyShares = { usual: undefined, worldly: 1 } as const

/** A made-up transcript of this size, written once and kept. */
const transcriptFile = async (bytes: number, words: keyof typeof worldlyShares): Promise<string> => {
  const file = join(cacheFolder(), `transcript-${words}-1-${bytes}.jsonl`)
  if (existsSync(file)) return file
  const writer = Bun.file(`${file}.part`).writer({ highWaterMark: 1 << 20 })
  for (const line of transcriptLines(1, bytes, worldlyShares[words])) {
    writer.write(line)
    // Lets the writer reach the disk: memory stays small however long the transcript.
    if (line.length > 20_000) await writer.flush()
  }
  await writer.end()
  await Bun.$`mv ${file}.part ${file}`.quiet()
  return file
}

const jsonQuery = () => {
  const jq = Bun.which("jq")
  if (jq === null) throw new Missing("jq is not installed (apt-get install -y jq): it is the baseline of the pipe")
  return jq
}

export const pipe: Bench = {
  name: "pipe",
  question: "tracer < FILE beside jq -c . on the same file: speed and memory",
  run: async ({ bytes, tracer }) => {
    const jq = jsonQuery()
    const file = await transcriptFile(bytes, "usual")
    const speed = (path: string, ms: number) => Bun.file(path).size / megabytes / (ms / 1000)
    const commands = {
      jq: [jq, "-c", "."],
      none: [...tracer, "--to", "jsonl", "--content", "none"],
      delta: [...tracer, "--to", "jsonl", "--llm-input", "delta"]
    }
    const runs = { jq: [] as Run[], none: [] as Run[], delta: [] as Run[] }
    for (let round = 0; round < rounds; round++)
      for (const name of ["jq", "none", "delta"] as const)
        runs[name].push(await runOnFile(commands[name], file, "dropped"))
    const worldly = await transcriptFile(bytes, "worldly")
    const beyond = {
      jq: await runOnFile(commands.jq, worldly, "dropped"),
      none: await runOnFile(commands.none, worldly, "dropped"),
      delta: await runOnFile(commands.delta, worldly, "dropped")
    }
    const fastest = (of: ReadonlyArray<Run>) => speed(file, Math.min(...of.map(({ ms }) => ms)))
    const peak = (of: ReadonlyArray<Run>) => Math.max(...of.map(({ peakBytes }) => peakBytes))
    const baseline = { name: "jq -c .", value: fastest(runs.jq) }
    const beyondBaseline = { name: "jq -c .", value: speed(worldly, beyond.jq.ms) }
    const smaller = await transcriptFile(Math.min(bytes, fullBytesMost), "usual")
    const full = await runOnFile([...tracer, "--to", "jsonl", "--llm-input", "full"], smaller, "counted")
    const most = { of: "value", at: "most", limit: 200 } as const
    const mebibytes = (bytes: number) => bytes / 2 ** 20
    return [
      {
        name: "--content none",
        value: fastest(runs.none),
        unit: "MB/s",
        baseline,
        promise: { of: "ratio", at: "least", limit: 2.5 }
      },
      {
        name: "--llm-input delta",
        value: fastest(runs.delta),
        unit: "MB/s",
        baseline,
        promise: { of: "ratio", at: "least", limit: 1.8 }
      },
      {
        name: "--content none, all beyond ASCII",
        value: speed(worldly, beyond.none.ms),
        unit: "MB/s",
        baseline: beyondBaseline
      },
      {
        name: "--llm-input delta, all beyond ASCII",
        value: speed(worldly, beyond.delta.ms),
        unit: "MB/s",
        baseline: beyondBaseline
      },
      {
        name: "--llm-input full, output",
        value: full.outputBytes / megabytes / (full.ms / 1000),
        unit: "MB/s",
        promise: { of: "value", at: "least", limit: 300 }
      },
      {
        name: "peak memory, --content none",
        value: mebibytes(peak([...runs.none, beyond.none])),
        unit: "MiB",
        promise: most
      },
      { name: "peak memory, delta", value: mebibytes(peak([...runs.delta, beyond.delta])), unit: "MiB", promise: most },
      { name: "peak memory, full", value: mebibytes(full.peakBytes), unit: "MiB", promise: most }
    ]
  }
}
