/**
 * A fresh Codex home, work folder and recording folders for one run, in a temporary folder of their own.
 *
 * Owns config.toml, the instructions file and the layout below; hooks are journal.ts'. Deleted with the run.
 */
import { mkdir, mkdtemp, readFile, realpath, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { CodexVersion } from "./versions.ts"

export interface CodexHome extends AsyncDisposable {
  readonly root: string
  /** CODEX_HOME */
  readonly home: string
  /** The session's cwd */
  readonly work: string
  /** CODEX_ROLLOUT_TRACE_ROOT */
  readonly trace: string
  /** Where hooks leave one file a call */
  readonly journal: string
  readonly appendConfig: (toml: string) => Promise<void>
}

export interface HomeSettings {
  readonly baseUrl: string
  readonly model: string
  readonly codex: CodexVersion
  /** The provider's name, as Codex is told. */
  readonly provider: string
  /** Further top-level lines of config.toml. */
  readonly config: ReadonlyArray<string>
  /** Names of features to switch on. */
  readonly features: ReadonlyArray<string>
  /** Further tables of config.toml. */
  readonly tables: ReadonlyArray<string>
}

export const makeHome = async (settings: HomeSettings): Promise<CodexHome> => {
  const root = await realpath(await mkdtemp(join(tmpdir(), "tracer-lab-")))
  const folders = {
    home: join(root, "home"),
    work: join(root, "work"),
    trace: join(root, "trace"),
    journal: join(root, "journal")
  }
  for (const folder of Object.values(folders)) await mkdir(folder)
  const instructions = join(root, "instructions.md")
  await Bun.write(instructions, "You are a coding agent under test.")
  const configFile = join(folders.home, "config.toml")
  await Bun.write(configFile, configToml({ ...settings, instructions, work: folders.work }))
  return {
    root,
    ...folders,
    appendConfig: async (toml) => {
      await Bun.write(configFile, `${await readFile(configFile, "utf8")}\n${toml}\n`)
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true, maxRetries: 3 })
  }
}

const configToml = (settings: HomeSettings & { readonly instructions: string; readonly work: string }): string =>
  [
    `model = ${JSON.stringify(settings.model)}`,
    `model_provider = "mock"`,
    `${settings.codex.can("modelInstructionsFile") ? "model" : "experimental"}_instructions_file = ${JSON.stringify(settings.instructions)}`,
    `include_permissions_instructions = false`,
    `approval_policy = "never"`,
    `sandbox_mode = "danger-full-access"`,
    `check_for_update_on_startup = false`,
    ...settings.config,
    ``,
    `[model_providers.mock]`,
    `name = ${JSON.stringify(settings.provider)}`,
    `base_url = ${JSON.stringify(settings.baseUrl)}`,
    `wire_api = "responses"`,
    `requires_openai_auth = false`,
    `supports_websockets = false`,
    `request_max_retries = 2`,
    `stream_max_retries = 2`,
    `stream_idle_timeout_ms = 30000`,
    ``,
    `[skills]`,
    `include_instructions = false`,
    `[skills.bundled]`,
    `enabled = false`,
    `[analytics]`,
    `enabled = false`,
    `[history]`,
    `persistence = "none"`,
    `[projects.${JSON.stringify(settings.work)}]`,
    `trust_level = "trusted"`,
    ``,
    `[features]`,
    ...settings.features.map((feature) => `${feature} = true`),
    ``,
    ...settings.tables,
    ``
  ].join("\n")
