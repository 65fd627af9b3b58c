/**
 * The product as a user runs it: a process with its own home, started from the sources or as an executable.
 *
 * The environment holds nothing but what is given, so no test depends on, or touches, the user's own Codex home.
 */
import { mkdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { temporaryFolder } from "./folder.ts"

export const repository = resolve(import.meta.dir, "../..")

/** A session that ships with the product: two threads, thirty spans. */
export const sampleFolder = join(repository, "samples/first-steps")

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly home?: string
  readonly cwd?: string
  readonly stdin?: string | Blob | "open"
  readonly env?: { readonly [name: string]: string | undefined }
  /** The executable; the sources where it is absent. */
  readonly executable?: string
}

/** Starts the product; its home is a new folder unless one is given. */
export const start = (args: ReadonlyArray<string>, options: RunOptions = {}) => {
  const home = options.home ?? temporaryFolder()
  mkdirSync(home, { recursive: true })
  const { stdin = "" } = options
  return Bun.spawn({
    cmd: options.executable
      ? [options.executable, ...args]
      : [process.execPath, join(repository, "src/main.ts"), ...args],
    cwd: options.cwd ?? home,
    env: { HOME: home, CODEX_HOME: home, PATH: process.env.PATH ?? "", NO_COLOR: "1", ...options.env },
    stdin: stdin === "open" ? "pipe" : typeof stdin === "string" ? Buffer.from(stdin) : stdin,
    stdout: "pipe",
    stderr: "pipe"
  })
}

/** Runs the product to its end. */
export const run = async (args: ReadonlyArray<string>, options: RunOptions = {}): Promise<Ran> => {
  const process = start(args, options)
  const [stdout, stderr, code] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
    process.exited
  ])
  return { code, stdout, stderr }
}

/** Reads an output to its end; `then` begins, once, when what has come includes `text`. Its failure fails the reading. */
export const textUntil = async (
  output: ReadableStream<Uint8Array>,
  text: string,
  then: () => void | Promise<void>
): Promise<string> => {
  const decoder = new TextDecoder()
  let read = ""
  let begun: Promise<void> | undefined
  for await (const portion of output) {
    read += decoder.decode(portion, { stream: true })
    if (begun === undefined && read.includes(text)) begun = Promise.resolve(then())
  }
  await begun
  return read
}

/** The objects of a JSONL output. */
export const objects = (stdout: string): ReadonlyArray<{ readonly [key: string]: unknown }> =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
