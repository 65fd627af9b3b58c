/**
 * What git knows of a session's folder, asked once, where no record says it: as a line of the session's hook journal.
 *
 * The folder may be a stranger's. git gets a second and some kilobytes, an environment of ours, and no program to run:
 * no hooks, no fsmonitor, no pager, no prompt, no lazy fetch, no bare repository inside a checkout, no configuration but
 * the repository's own. It refuses repositories of another owner by itself (safe.directory, of which only the user's own
 * configuration makes exceptions, and that is not read). Only what it reads from refs and one key is asked, nothing that
 * looks at files or objects.
 *
 * What git says is of now: a session that did not begin a moment ago is not asked for.
 */
import { type ExecFileOptions, execFile } from "node:child_process"
import { isAbsolute } from "node:path"
import { Clock, Effect, Option } from "effect"
import { gitAsked } from "../wire/hook.ts"
import type { Line } from "./line.ts"
import type { AskGit } from "./origin.ts"

const timeoutMs = 1_000
const outputBytesMax = 16 * 1024
/** A session as old as this may have begun on another commit. */
const freshMs = 60_000

const guards = [
  ...["core.fsmonitor=false", "core.hooksPath=/dev/null", "core.pager=cat", "core.askPass=", "credential.helper="],
  ...["core.sshCommand=false", "protocol.allow=never", "safe.bareRepository=explicit"]
].flatMap((setting) => ["-c", setting])

/** A relative entry of PATH would be looked for in the stranger's folder. */
const searchPath = (path: string | undefined) => (path ?? "/usr/bin:/bin").split(":").filter(isAbsolute).join(":")

const environment = () => ({
  PATH: searchPath(process.env.PATH),
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
  GIT_NO_LAZY_FETCH: "1",
  GIT_PAGER: "cat"
})

/** One line of git's; undefined where it has no answer, whatever the reason. */
const git = (cwd: string, ...words: ReadonlyArray<string>): Effect.Effect<string | undefined> =>
  Effect.callback((resume) => {
    const options = { cwd, env: environment(), timeout: timeoutMs, maxBuffer: outputBytesMax, killSignal: "SIGKILL" }
    const answer = (said?: string) => resume(Effect.succeed(said === "" ? undefined : said))
    try {
      const asked = execFile("git", [...guards, "--no-pager", ...words], options as ExecFileOptions, (failure, out) =>
        answer(failure === null ? String(out).trim() : undefined)
      )
      return Effect.sync(() => void asked.kill("SIGKILL"))
    } catch {
      // No git, or the folder is gone: Bun throws what Node hands to the callback.
      answer()
      return undefined
    }
  })

/** A disk that does not answer holds even what was killed. */
const inTime = <A>(answer: Effect.Effect<A>) =>
  Effect.map(Effect.timeoutOption(answer, 1.2 * timeoutMs), Option.getOrUndefined)

/** What `session_meta.git` would say of the folder. */
const gitOf = (cwd: string) =>
  Effect.gen(function* () {
    const questions = [
      ["rev-parse", "--verify", "HEAD"],
      ["rev-parse", "--abbrev-ref", "HEAD"],
      ["config", "--local", "--get", "remote.origin.url"]
    ]
    const [commit, branch, url] = yield* Effect.forEach(questions, (words) => git(cwd, ...words), { concurrency: 3 })
    return {
      ...(commit !== undefined && { commit_hash: commit }),
      ...(branch !== undefined && branch !== "HEAD" && { branch }),
      ...(url !== undefined && { repository_url: url })
    }
  })

/** What the session's journal is to hold, and when it was asked. */
export interface GitAnswer {
  readonly payload: string
  readonly atMs: number
}

/** The answer as the line that it makes in a journal, for a reader who has none. */
export const journalLineOf = ({ payload, atMs }: GitAnswer): Line => ({
  file: "git",
  lineNumber: 1,
  byteOffset: 0,
  text: `{"at_ns": ${atMs}000000, "payload": ${payload}}`
})

/** Asks git; undefined where there is nothing to say. */
export const askGit = ({ sessionId, cwd, startedAt }: AskGit): Effect.Effect<GitAnswer | undefined> =>
  Effect.gen(function* () {
    const atMs = yield* Clock.currentTimeMillis
    const isFresh = Math.abs(atMs - startedAt * 1000) <= freshMs
    if (!isFresh || !isAbsolute(cwd)) return undefined
    const found = yield* inTime(gitOf(cwd))
    if (found === undefined || Object.keys(found).length === 0) return undefined
    return { payload: JSON.stringify({ session_id: sessionId, hook_event_name: gitAsked, cwd, git: found }), atMs }
  })
