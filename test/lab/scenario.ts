/**
 * A scenario: what the model will say, and what the user does meanwhile. One file each under scenarios/.
 *
 * Owns the shape of a scenario and the stage it plays on. `drive` has the stage to itself; when it returns, the run is
 * over and every process of it is ended.
 */
import type { AppServer } from "./codex/app-server.ts"
import type { Guard } from "./codex/journal.ts"
import type { Ability, CodexVersion, ModelKind } from "./codex/versions.ts"
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
  /** Starts `codex exec` with these arguments and does not wait. */
  readonly start: (...args: ReadonlyArray<string>) => Exec
  /** `codex exec PROMPT`, to its end. */
  readonly exec: (prompt: string) => Promise<void>
  /** `codex exec resume --last PROMPT`, in a new process, to its end. */
  readonly resume: (prompt: string) => Promise<void>
  /** Starts `codex app-server` and says hello. */
  readonly appServer: () => Promise<AppServer>
  /** A shell command of the stage's own in the work folder, to its end. */
  readonly sh: (command: string) => Promise<void>
}

export interface Scenario {
  readonly name: string
  /** One sentence, for the list. */
  readonly summary: string
  /** `plain`: tools are called one by one, agents are v1. `code`: tools are called from cells, agents are v2. */
  readonly model: ModelKind
  readonly script: Script | ((codex: CodexVersion) => Script)
  /** What a version must be able to do to play it; nothing unless said. */
  readonly needs?: ReadonlyArray<Ability>
  /** Top-level lines and tables of config.toml beyond the usual. */
  readonly config?: ReadonlyArray<string>
  readonly features?: ReadonlyArray<string>
  /** What Codex is told that its provider is called: to one called `OpenAI` it leaves more. */
  readonly provider?: "OpenAI"
  readonly tables?: ReadonlyArray<string>
  /** Without hooks the transcript's times are undisturbed; true unless said otherwise. */
  readonly hooks?: boolean
  /** Files to write into the Codex home before it starts, by path in it. */
  readonly homeFiles?: Readonly<Record<string, string>>
  /** A shell command that runs as a PreToolUse or PermissionRequest hook beside the recording one. */
  readonly guard?: Guard
  readonly drive: (stage: Stage) => Promise<void>
}
