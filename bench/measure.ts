/**
 * Measuring child processes: how long they live, how much memory and processor time they take, how fast they talk.
 *
 * Memory and processor time are read from /proc, so they are told on Linux only. Times are milliseconds.
 */
import { mkdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Missing } from "./bench.ts"

const root = resolve(import.meta.dir, "..")

/** Where benches keep what they build; git ignores it. */
export const cacheFolder = () => {
  const folder = join(root, ".cache", "bench")
  mkdirSync(folder, { recursive: true })
  return folder
}

export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/** A field of a running process' status that is told in kB; 0 where it has ended. */
export const statusBytes = (pid: number, field: string): number => {
  try {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))
    return found === null ? 0 : Number(found[1]) * 1024
  } catch {
    return 0
  }
}

/** Processor time that a process has had, threads that have ended included, ms: to the tick of the kernel, 10 ms. */
export const processorMs = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  // The command's name, in parentheses, may hold spaces: fields are counted behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** How often the peak of memory is read; the kernel keeps the high-water mark, so only the last read counts, ms. */
const memoryEveryMs = 20

export interface Run {
  readonly ms: number
  readonly peakBytes: number
  readonly outputBytes: number
}

/** Runs a command on a file as its standard input, to the end. The output is counted, or goes to /dev/null. */
export const runOnFile = async (
  command: ReadonlyArray<string>,
  file: string,
  output: "counted" | "dropped"
): Promise<Run> => {
  const begun = performance.now()
  const child = Bun.spawn({
    cmd: [...command],
    stdin: Bun.file(file),
    stdout: output === "counted" ? "pipe" : Bun.file("/dev/null"),
    stderr: "pipe"
  })
  let peakBytes = 0
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, statusBytes(child.pid, "VmHWM"))
  }, memoryEveryMs)
  let outputBytes = 0
  if (child.stdout instanceof ReadableStream) for await (const chunk of child.stdout) outputBytes += chunk.byteLength
  const exitCode = await child.exited
  const ms = performance.now() - begun
  clearInterval(watch)
  if (exitCode !== 0)
    throw new Missing(`${command.join(" ")} ended with ${exitCode}: ${await new Response(child.stderr).text()}`)
  return { ms, peakBytes, outputBytes }
}

/** Runs a command once and says how long it lived. */
export const lifetimeMs = async (command: ReadonlyArray<string>, stdin = "", env: Record<string, string> = {}) => {
  const begun = performance.now()
  const child = Bun.spawn({
    cmd: [...command],
    stdin: new TextEncoder().encode(stdin),
    stdout: "ignore",
    stderr: "ignore",
    env: { ...process.env, ...env }
  })
  await child.exited
  return performance.now() - begun
}

/** Runs several commands in turn, so that all see the same weather, and gives the median life of each, ms. */
export const medianLives = async (
  runs: number,
  lives: ReadonlyArray<() => Promise<number>>
): Promise<ReadonlyArray<number>> => {
  const measured = lives.map((): Array<number> => [])
  for (let run = 0; run <= runs; run++)
    for (const [index, live] of lives.entries()) {
      const ms = await live()
      // The first round only warms the caches.
      if (run > 0) measured[index]?.push(ms)
    }
  return measured.map(median)
}

/** An empty program, compiled as the product is: the floor of what a start can cost. */
export const emptyProgram = async (): Promise<string> => {
  const folder = cacheFolder()
  const source = join(folder, "empty.ts")
  const program = join(folder, `empty-${Bun.version}`)
  if (await Bun.file(program).exists()) return program
  await Bun.write(source, "export {}\n")
  const build = Bun.spawnSync({
    cmd: [
      process.execPath,
      "build",
      source,
      "--compile",
      "--minify",
      "--bytecode",
      "--format=esm",
      `--outfile=${program}`
    ],
    stdout: "pipe",
    stderr: "pipe"
  })
  if (build.exitCode !== 0) throw new Missing(`the empty program does not build: ${build.stderr}`)
  return program
}
