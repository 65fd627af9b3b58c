/**
 * How fast is `tracer reduce` beside Codex's own reducer, on bundles of one long thread?
 *
 * Both run as commands, start-up included, in the same run. Codex's is quadratic, so it is asked up to 20,000 events
 * only. Needs Codex 0.169.0 under .cache/codex (npm install --prefix .cache/codex/0.169.0 @openai/codex@0.169.0).
 */
import { existsSync, rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { type Bench, type Figure, Missing } from "./bench.ts"
import { cacheFolder, median, statusBytes } from "./measure.ts"
import { writeLongThread } from "./reduce/long-thread.ts"

const codex = resolve(
  import.meta.dir,
  "../.cache/codex/0.169.0/node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex"
)

interface Measured {
  readonly ms: number
  readonly peakMiB: number
}

const env = { PATH: process.env.PATH ?? "", HOME: cacheFolder(), CODEX_HOME: cacheFolder() }

/** How often the high-water mark of a run's memory is read: the last read before the end counts. */
const memoryEveryMs = 1

/**
 * The peak of one more run. What the kernel says of a child that has ended is no use: it counts us as well, as large as
 * we were when we started it.
 */
const peakOf = async (command: ReadonlyArray<string>): Promise<number> => {
  const child = Bun.spawn([...command], { env, stdout: "ignore", stderr: "ignore" })
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, statusBytes(child.pid, "VmHWM"))
  }, memoryEveryMs)
  await child.exited
  clearInterval(watch)
  return peak / 2 ** 20
}

/** Runs a command some times: the median time; and once more for its peak. */
const measure = async (command: ReadonlyArray<string>, times: number): Promise<Measured> => {
  const runs = Array.from({ length: times }, () => {
    const begun = performance.now()
    const { exitCode, stderr } = Bun.spawnSync([...command], { env, stdout: "ignore", stderr: "pipe" })
    if (exitCode !== 0) throw new Missing(`${command.join(" ")}: ${stderr.toString()}`)
    return performance.now() - begun
  })
  return { ms: median(runs), peakMiB: await peakOf(command) }
}

const bundleOf = (events: number): string => {
  const directory = join(cacheFolder(), `long-thread-${events}`)
  if (!existsSync(join(directory, "manifest.json"))) {
    rmSync(directory, { recursive: true, force: true })
    writeLongThread(directory, events)
  }
  return directory
}

export const reduce: Bench = {
  name: "reduce",
  question: "is a bundle reduced faster than by Codex, in linear time, and with less memory?",
  run: async ({ tracer }) => {
    if (!existsSync(codex)) throw new Missing("Codex 0.169.0 is not installed under .cache/codex/0.169.0")
    const state = join(cacheFolder(), "reduced.json")
    const ours = (events: number, times: number) => measure([...tracer, "reduce", bundleOf(events), "-o", state], times)
    const theirs = (events: number, times: number) =>
      measure([codex, "debug", "trace-reduce", bundleOf(events), "-o", state], times)
    const figures: Array<Figure> = []
    const small = { ours: await ours(1000, 9), theirs: await theirs(1000, 9) }
    const middle = { ours: await ours(20_000, 3), theirs: await theirs(20_000, 1) }
    // The first run may find its hundred thousand files on the disk only.
    const large = await ours(200_000, 3)
    const beside = (name: string, value: number) => ({ baseline: { name, value } })
    for (const [name, pair, limit] of [
      ["1,000 events", small, 1],
      ["20,000 events", middle, 1 / 5]
    ] as const) {
      figures.push({
        name,
        value: pair.ours.ms,
        unit: "ms",
        ...beside("Codex", pair.theirs.ms),
        promise: { of: "ratio", at: "most", limit }
      })
      figures.push({
        name: `${name}, peak memory`,
        value: pair.ours.peakMiB,
        unit: "MiB",
        ...beside("Codex", pair.theirs.peakMiB),
        promise: { of: "ratio", at: "most", limit: 1 }
      })
    }
    figures.push({
      name: "200,000 events",
      value: large.ms,
      unit: "ms",
      ...beside("20,000 events", middle.ours.ms),
      promise: { of: "ratio", at: "most", limit: 12 }
    })
    figures.push({ name: "200,000 events, peak memory", value: large.peakMiB, unit: "MiB" })
    return figures
  }
}
