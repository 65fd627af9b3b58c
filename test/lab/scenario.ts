/**
 * A scenario: what the model will say, and what the user does meanwhile. One file each under scenarios/.
 *
 * Owns the shape of a scenario and the stage it plays on. `drive` has the stage to itself; when it returns, the run is
 * over and every process of it is ended.
 */
import type { AppServer } from "./codex/app-server.ts"
import type { CodexVersion } from "./codex/versions.ts"
import type { Script } from "./model/script.ts"
import type { ModelServer } from "./model/server.ts"

export interface Exec {
  /** Waits for the end of the process and gives its exit code. */
  readonly ended: () => Promise<number>
  /** kill -9 */
  readonly crash: () => Promise<void>
}

export interface Stage {
  readonly codex: CodexVersion
  readonly model: ModelServer
  /** The session's working folder. */
  readonly work: string
  /** Starts `codex exec PROMPT`. */
  readonly start: (prompt: string, ...flags: ReadonlyArray<string>) => Exec
  /** `codex exec PROMPT`, to its end. */
  readonly exec: (prompt: string, ...flags: ReadonlyArray<string>) => Promise<void>
  /** `codex exec resume --last PROMPT`, in a new process, to its end. */
  readonly resume: (prompt: string, ...flags: ReadonlyArray<string>) => Promise<void>
  /** Starts `codex app-server` and says hello. */
  readonly appServer: () => Promise<AppServer>
}

export interface Scenario {
  readonly name: string
  /** One sentence, for the list. */
  readonly summary: string
  readonly model: string
  readonly script: Script
  /** Which versions can play it; all of them unless said otherwise. */
  readonly plays?: (codex: CodexVersion) => boolean
  /** Top-level lines and tables of config.toml beyond the usual. */
  readonly config?: ReadonlyArray<string>
  readonly tables?: ReadonlyArray<string>
  /** Without hooks the transcript's times are undisturbed; true unless said otherwise. */
  readonly hooks?: boolean
  readonly drive: (stage: Stage) => Promise<void>
}

/** Plain tools and multi-agent v1. */
export const plainModel = "gpt-5.5"
/** Code mode and multi-agent v2. */
export const codeModel = "gpt-6-sol"
/** Known to every version. */
export const oldModel = "gpt-5.2-codex"
