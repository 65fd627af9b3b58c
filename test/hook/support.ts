/**
 * Runs the real hook as Codex does: a process with one JSON object on stdin and its own state folder.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { journalFile } from "../../src/hook/places.ts"

export const door = resolve(import.meta.dir, "../../src/main.ts")

export const sessionId = "01a1fb04-d4b6-7932-bfe6-acf87a2ddb77"

export interface Ran {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface HookPlace {
  readonly folder: string
  readonly state: string
  readonly environment: Record<string, string>
  readonly remove: () => void
}

/** A home of its own. A listener stands in for the collector, so that no hook starts a real one. */
export const hookPlace = (): HookPlace => {
  const folder = mkdtempSync(join(tmpdir(), "tracer-hook-"))
  const state = join(folder, "state")
  return {
    folder,
    state,
    environment: { PATH: process.env.PATH ?? "", HOME: folder, TRACER_HOME: state, TRACER_IDLE_EXIT_SECONDS: "0.2" },
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}

export const runHook = async (
  place: HookPlace,
  input: string | Blob | ReadableStream,
  options: { readonly environment?: Record<string, string>; readonly cwd?: string; readonly command?: string } = {}
): Promise<Ran> => {
  const ran = Bun.spawn({
    cmd: [process.execPath, door, options.command ?? "hook"],
    cwd: options.cwd ?? place.folder,
    env: { ...place.environment, ...options.environment },
    stdin: typeof input === "string" ? new Blob([input]) : input,
    stdout: "pipe",
    stderr: "pipe"
  })
  const [stdout, stderr] = await Promise.all([new Response(ran.stdout).text(), new Response(ran.stderr).text()])
  const exitCode = await ran.exited
  // What the hook said lies in the socket by now; the stand-in, in this process, reads it in its next turns.
  await Bun.sleep(20)
  return { exitCode, stdout, stderr }
}

export const silent: Ran = { exitCode: 0, stdout: "", stderr: "" }

export const journal = (place: HookPlace, session = sessionId): string =>
  readFileSync(journalFile(place.state, session), "utf8")

/** What the stand-in for the collector was told, one JSON object a line. */
export const listen = (path: string, answer?: (line: string) => string | undefined) => {
  const told: Array<Record<string, unknown>> = []
  const server = Bun.listen({
    unix: path,
    socket: {
      data: (socket, bytes) => {
        for (const line of bytes.toString().split("\n").filter(Boolean)) {
          told.push(JSON.parse(line))
          const reply = answer?.(line)
          if (reply !== undefined) socket.write(`${reply}\n`)
        }
      }
    }
  })
  return { told, stop: () => server.stop(true) }
}
