/**
 * A stage for the collector: a home, a backend, and sessions that write transcripts and call hooks as Codex does.
 *
 * The processes are real (test/collector/door.ts), so they can be killed. The backend keeps the last row of each id and
 * how often each came. `expected` is the truth: every line that was written, as the tally fold makes it a span.
 */
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { readLog } from "../../src/collector/log.ts"
import { isAlive } from "../../src/collector/status.ts"
import { journalFile } from "../../src/hook/places.ts"

const door = resolve(import.meta.dir, "door.ts")

export interface Row {
  readonly id: string
  readonly end?: number
  readonly output?: string
  readonly metrics: Record<string, number>
}

/** How the backend answers; `take` is the well-behaved one. */
export type Behaviour = (request: Request, take: () => Promise<Response>) => Response | Promise<Response>

export const startBackend = () => {
  const rows = new Map<string, Row>()
  const times = new Map<string, number>()
  let behave: Behaviour = (_, take) => take()
  let requests = 0
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 60,
    fetch: (request) => {
      requests++
      return behave(request, async () => {
        for (const row of (await request.json()) as ReadonlyArray<Row>) {
          rows.set(row.id, row)
          times.set(row.id, (times.get(row.id) ?? 0) + 1)
        }
        return Response.json({})
      })
    }
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    rows,
    times,
    requests: () => requests,
    behave: (behaviour: Behaviour | undefined) => {
      behave = behaviour ?? ((_, take) => take())
    },
    stop: () => server.stop(true)
  }
}

let threads = 0
/** A thread id as Codex makes them, greater than all before. */
export const newThreadId = (): string => `01a1fb04-0000-7000-8000-${String(++threads).padStart(12, "0")}`

export const startStage = () => {
  const folder = mkdtempSync(join(tmpdir(), "tracer-stage-"))
  const state = join(folder, "state")
  const codexHome = join(folder, "codex")
  const day = join(codexHome, "sessions", "2026", "11", "21")
  mkdirSync(day, { recursive: true })
  const backend = startBackend()
  const environment: Record<string, string> = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    TRACER_HOME: state,
    CODEX_HOME: codexHome,
    TRACER_CONFIG: join(folder, "config.toml"),
    TRACER_IDLE_EXIT_SECONDS: "2",
    BRAINTRUST_API_KEY: "key",
    BRAINTRUST_API_URL: backend.url
  }

  const session = (threadId = newThreadId(), environmentOfIt: Record<string, string> = {}) => {
    const transcript = join(day, `rollout-2026-11-21T10-00-00-${threadId}.jsonl`)
    let lines = 0
    const write = (record: object) => {
      appendFileSync(transcript, `${JSON.stringify({ timestamp: "2026-11-21T10:00:00.000Z", ...record })}\n`)
      lines++
    }
    return {
      threadId,
      transcript,
      /** Begins the transcript as Codex does. */
      begin: () => write({ type: "session_meta", payload: { id: threadId, session_id: threadId, cwd: folder } }),
      write: (count = 1) => {
        for (let n = 0; n < count; n++) write({ type: "event_msg", payload: { type: "note", n: lines } })
      },
      hook: async (event: string, more: object = {}) => {
        const input = {
          session_id: threadId,
          hook_event_name: event,
          cwd: folder,
          transcript_path: transcript,
          ...more
        }
        const ran = Bun.spawn({
          cmd: [process.execPath, door, "hook"],
          cwd: folder,
          env: { ...environment, ...environmentOfIt },
          stdin: new Blob([JSON.stringify(input)]),
          stdout: "pipe",
          stderr: "pipe"
        })
        const said = (await new Response(ran.stdout).text()) + (await new Response(ran.stderr).text())
        return { exitCode: await ran.exited, said }
      },
      /** The ids of the rows that the backend must end with. */
      expected: (): ReadonlyArray<string> => {
        const journal = journalFile(state, threadId)
        const calls = existsSync(journal) ? readFileSync(journal, "utf8").split("\n").filter(Boolean).length : 0
        const written = existsSync(transcript) ? readFileSync(transcript, "utf8").split("\n").filter(Boolean).length : 0
        return [
          ...Array.from({ length: calls }, (_, n) => `journal:${n + 1}`),
          ...Array.from({ length: written }, (_, n) => `${threadId}:${n + 1}`)
        ]
      }
    }
  }

  const pids = (): ReadonlyArray<number> =>
    readLog(state, 1000).flatMap(({ what }) => /began \(pid (\d+)\)/.exec(what)?.slice(1).map(Number) ?? [])

  /** The collectors that run now. */
  const running = () => pids().filter(isAlive)

  return {
    folder,
    state,
    codexHome,
    day,
    environment,
    backend,
    session,
    running,
    began: () => pids().length,
    /** Kills the collectors with -9 and waits until they are gone: one that is dying may still be told something. */
    kill: async () => {
      for (const pid of running()) process.kill(pid, "SIGKILL")
      while (running().length > 0) await Bun.sleep(2)
    },
    writeConfig: (text: string) => writeFileSync(environment.TRACER_CONFIG ?? "", text, { mode: 0o600 }),
    log: () => readLog(state, 1000),
    end: async () => {
      // A process that waits for the lock becomes the collector when the present one is killed.
      for (let quiet = 0; quiet < 3; quiet = running().length === 0 ? quiet + 1 : 0) {
        for (const pid of running()) process.kill(pid, "SIGKILL")
        await Bun.sleep(40)
      }
      backend.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

export type Stage = ReturnType<typeof startStage>

/** Waits until it holds; fails with what was seen last. */
export const until = async <A>(look: () => A, holds: (seen: A) => boolean, withinMs = 10_000): Promise<A> => {
  for (const deadline = Date.now() + withinMs; ; await Bun.sleep(20)) {
    const seen = look()
    if (holds(seen)) return seen
    if (Date.now() > deadline)
      throw new Error(`not so within ${withinMs} ms; last seen: ${JSON.stringify(seen)?.slice(0, 2000)}`)
  }
}

/** What a session still lacks in the backend. */
export const missing = (stage: Stage, session: ReturnType<Stage["session"]>): ReadonlyArray<string> =>
  session.expected().filter((id) => !stage.backend.rows.has(id))

export const arrived = (stage: Stage, session: ReturnType<Stage["session"]>, withinMs?: number) =>
  until(
    () => missing(stage, session),
    (lacking) => lacking.length === 0,
    withinMs
  )
