/**
 * Where things lie on the user's disk. Pure path arithmetic on an environment: no file is touched here.
 *
 * The state folder is `$TRACER_HOME`, else `$XDG_STATE_HOME/tracer`, else `~/.local/state/tracer`; it is private to
 * the user (0700), every file in it 0600. The socket is named relative to the state folder and both ends change into
 * that folder first, because a unix socket's path may have no more than about 100 bytes and a home may be longer.
 */
import { isAbsolute, join } from "node:path"

export interface Environment {
  readonly [name: string]: string | undefined
}

/** A variable that holds an absolute path; anything else counts as not set (a relative one would depend on the cwd). */
const absolute = (environment: Environment, name: string): string | undefined => {
  const value = environment[name]
  return value !== undefined && isAbsolute(value) ? value : undefined
}

/** Loaded only where it is asked for: nearly everybody has a HOME. */
const home = (environment: Environment): string =>
  absolute(environment, "HOME") ?? process.getBuiltinModule("node:os").homedir()

/** The state folder: journals, watermarks, the collector's socket, lock and log. */
export const stateFolder = (environment: Environment): string =>
  absolute(environment, "TRACER_HOME") ??
  join(absolute(environment, "XDG_STATE_HOME") ?? join(home(environment), ".local", "state"), "tracer")

/** The user's settings file, which may not exist. */
export const configFile = (environment: Environment): string =>
  absolute(environment, "TRACER_CONFIG") ??
  join(absolute(environment, "XDG_CONFIG_HOME") ?? join(home(environment), ".config"), "tracer", "config.toml")

/** Codex's own folder: transcripts, hooks.json, config.toml. */
export const codexFolder = (environment: Environment): string =>
  absolute(environment, "CODEX_HOME") ?? join(home(environment), ".codex")

export const sessionsFolder = (state: string): string => join(state, "sessions")
export const sessionFolder = (state: string, session: string): string => join(sessionsFolder(state), session)
export const journalFile = (state: string, session: string): string =>
  join(sessionFolder(state, session), "journal.jsonl")

/** A session id becomes a folder's name, so nothing but plain ids may pass. */
export const isSessionId = (value: unknown): value is string =>
  typeof value === "string" && /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(value)

/** What to connect to after changing into the state folder. Windows has no folder for pipes: the name carries it. */
export const socketName = (state: string): string =>
  process.platform === "win32"
    ? `\\\\.\\pipe\\tracer-${new Bun.CryptoHasher("sha256").update(state).digest("hex").slice(0, 24)}`
    : "collector.sock"

/** The bounded log of what went wrong in a hook. */
export const complaintsFile = (state: string): string => join(state, "hook.log")
