/**
 * A finished run as a case folder, in the form that all recorded cases have: sessions/, archived_sessions/,
 * hooks.jsonl, requests.jsonl, trace/trace-…/ with the state.json that this version of Codex makes of it.
 *
 * Owns that form. Content is taken as it is: paths of the run's temporary folder stay in it.
 */
import { existsSync } from "node:fs"
import { copyFile, cp, mkdir, readdir, rename, rm } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import type { CodexHome } from "./codex/home.ts"
import { readJournal } from "./codex/journal.ts"
import type { Processes } from "./codex/processes.ts"
import { type RequestRecord, requestLine } from "./model/request-log.ts"

export interface Run {
  readonly home: CodexHome
  readonly requests: ReadonlyArray<RequestRecord>
  readonly binary: string
  readonly processes: Processes
}

/** Writes the case to `target`, replacing what was there once the new one is complete. */
export const record = async (run: Run, target: string): Promise<void> => {
  const folder = join(dirname(target), `.${basename(target)}-${process.pid}`)
  await mkdir(folder, { recursive: true })
  await copyRollouts(join(run.home.home, "sessions"), join(folder, "sessions"))
  await copyRollouts(join(run.home.home, "archived_sessions"), join(folder, "archived_sessions"))
  await Bun.write(join(folder, "requests.jsonl"), run.requests.map((request) => `${requestLine(request)}\n`).join(""))
  const journal = await readJournal(run.home)
  if (journal !== undefined) await Bun.write(join(folder, "hooks.jsonl"), journal)
  for (const name of (await readdir(run.home.trace)).filter((entry) => entry.startsWith("trace-"))) {
    const bundle = join(folder, "trace", name)
    await cp(join(run.home.trace, name), bundle, { recursive: true })
    await reduceBundle(run, bundle)
  }
  await rm(target, { recursive: true, force: true })
  await rename(folder, target)
}

const copyRollouts = async (from: string, to: string): Promise<void> => {
  if (!existsSync(from)) return
  await mkdir(to, { recursive: true })
  const found = await Array.fromAsync(new Bun.Glob("**/rollout-*.{jsonl,jsonl.zst}").scan({ cwd: from }))
  for (const path of found) await copyFile(join(from, path), join(to, basename(path)))
}

/** Codex's own reducer writes state.json into the bundle; where it refuses, reduce-error.txt says why. */
const reduceBundle = async (run: Run, bundle: string): Promise<void> => {
  const child = run.processes.start([run.binary, "debug", "trace-reduce", bundle], run.home.work)
  child.stdin.end()
  const [, complaint, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  if (code !== 0) await Bun.write(join(bundle, "reduce-error.txt"), `${errorIn(complaint)}\n`)
}

/** Without the warnings that Codex prints before, which are about the run's folder. */
const errorIn = (complaint: string): string => complaint.slice(Math.max(complaint.indexOf("Error:"), 0)).trim()
