/**
 * The processes of one run, none of which outlives it.
 *
 * Codex starts its tools in sessions of their own, so killing Codex leaves them behind. Every process of a run
 * therefore carries a mark in its environment, and the end of the run kills whatever still carries it (on Linux, where
 * /proc tells; elsewhere tools are left to end by themselves, none of them runs longer than its `sleep`).
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"

export interface Processes extends Disposable {
  /** Starts one with stdin, stdout and stderr as pipes, in the run's folder and environment. */
  readonly start: (argv: ReadonlyArray<string>, cwd: string) => Child
  /** Kills, with -9, every process of the run. */
  readonly killAll: () => void
}

export type Child = Bun.Subprocess<"pipe", "pipe", "pipe">

const mark = "TRACER_LAB_RUN"
const roundsMax = 8
/** Longer than a process takes to become another program. */
const becomesMs = 10

export const processesOf = (runId: string, environment: Readonly<Record<string, string>>): Processes => {
  const children = new Set<Child>()
  const killAll = () => {
    for (const child of children) child.kill("SIGKILL")
    // One that was starting another while it was killed has left that one behind, and one that is just becoming another
    // program shows no environment for a moment: look again until none was found twice.
    for (let round = 0, quiet = 0; round < roundsMax && quiet < 2; round++) {
      if (quiet > 0) Bun.sleepSync(becomesMs)
      const pids = markedPids(runId)
      for (const pid of pids) kill(pid)
      quiet = pids.length === 0 ? quiet + 1 : 0
    }
  }
  // A run that is stopped by Ctrl-C or dies of an error gets here too.
  process.once("exit", killAll)
  return {
    start: (argv, cwd) => {
      const env = { ...baseEnvironment(), ...environment, [mark]: runId }
      const child = Bun.spawn([...argv], { cwd, env, stdin: "pipe", stdout: "pipe", stderr: "pipe" })
      children.add(child)
      child.exited.then(() => children.delete(child))
      return child
    },
    killAll,
    [Symbol.dispose]: () => {
      killAll()
      process.off("exit", killAll)
    }
  }
}

/** Nothing of the user's environment but the search path, and no way out of this machine. */
const baseEnvironment = (): Record<string, string> => {
  const nowhere = "http://127.0.0.1:9"
  return {
    PATH: [dirname(process.execPath), process.env.PATH ?? "/usr/bin:/bin"].join(":"),
    LANG: "C.UTF-8",
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: "127.0.0.1,localhost"
  }
}

const markedPids = (runId: string): ReadonlyArray<number> => {
  if (process.platform !== "linux") return []
  const wanted = `${mark}=${runId}\0`
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => environmentOf(name).includes(wanted))
    .map(Number)
}

const environmentOf = (pid: string): string => {
  try {
    return `${readFileSync(join("/proc", pid, "environ"), "utf8")}\0`
  } catch {
    return "" // It has ended in the meantime, or belongs to someone else.
  }
}

const kill = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It has ended in the meantime.
  }
}
