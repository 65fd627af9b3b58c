/**
 * How fast do bytes become lines? Beside decoding all of them to one text and cutting that, which is what one would do
 * if memory did not matter. In portions as files give them, as pipes give them, and of a session with four threads.
 */
import { Effect, Stream } from "effect"
import { portionBytes } from "../src/source/file.ts"
import type { Line } from "../src/source/line.ts"
import { lineSplitter } from "../src/source/lines.ts"
import { mergeByTime } from "../src/source/merge.ts"
import type { Bench } from "./bench.ts"
import { transcriptLines } from "./generate/session.ts"

const megabytes = 64
const rounds = 5
const pipeBytes = 64 * 1024

/** MB/s of the fastest round: the others measure the machine. */
const speed = async (bytes: number, work: () => unknown): Promise<number> => {
  let best = 0
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now()
    await work()
    best = Math.max(best, bytes / 1000 / (performance.now() - startMs))
  }
  return best
}

const split = (bytes: Buffer, portion: number): ReadonlyArray<Line> => {
  const splitter = lineSplitter("f")
  const lines: Array<Line> = []
  for (let at = 0; at < bytes.length; at += portion) {
    for (const line of splitter.push(bytes.subarray(at, at + portion)).lines) lines.push(line)
  }
  return lines
}

const threads = 4

/** The lines dealt out to threads that take turns of a few records, and merged again. */
const merge = (lines: ReadonlyArray<Line>) => {
  const dealt = Array.from({ length: threads }, () => [] as Line[])
  for (const [index, line] of lines.entries()) dealt[Math.floor(index / 5) % threads]?.push(line)
  const strands = dealt.map((own) => ({
    startsAt: "",
    arrivals: Stream.succeed({ origin: { _tag: "Mixed" as const }, lines: own, skipped: [] })
  }))
  return () => Effect.runPromise(Stream.runDrain(mergeByTime(strands)))
}

export const lines: Bench = {
  name: "lines",
  question: "bytes to lines, beside decoding and cutting all of them at once",
  run: async () => {
    const bytes = Buffer.from([...transcriptLines(1, megabytes * 1e6)].join(""))
    const whole = { name: "at once", value: await speed(bytes.length, () => bytes.toString("utf8").split("\n")) }
    const figure = async (name: string, work: () => unknown) => ({
      name,
      value: await speed(bytes.length, work),
      unit: "MB/s"
    })
    return [
      {
        ...(await figure("portions of a file", () => split(bytes, portionBytes))),
        baseline: whole,
        promise: { of: "value", at: "least", limit: 1000 }
      },
      { ...(await figure("portions of a pipe", () => split(bytes, pipeBytes))), baseline: whole },
      await figure("four threads merged by time", merge(split(bytes, portionBytes)))
    ]
  }
}
