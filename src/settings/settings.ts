/**
 * A session's settings: `config.toml` with the environment laid over it, checked as one value.
 *
 * Owns reading and its errors, which name the file or the variable, the key, and what would be right. The environment
 * is an argument, because one collector serves sessions with different ones. Secrets stay inside `Redacted`.
 * What a hook itself obeys is read in hook/switches.ts, by the same rules.
 */
import { readFileSync, statSync } from "node:fs"
import { isAbsolute } from "node:path"
import { Effect, Redacted, Result, Schema, SchemaIssue } from "effect"
import { configFile, type Environment } from "../hook/places.ts"
import { commaList, flushTimeoutSecondsDefault, underHome, yesOrNo } from "../hook/switches.ts"
import { type CaptureOptions, captureDefault } from "../span/encode.ts"
import { ConfigFile, type Notation, type SettingKey, settingKeys } from "./keys.ts"
import { type OuterSpan, outerSpan } from "./outer-span.ts"

export interface BraintrustSettings {
  readonly apiKey?: Redacted.Redacted<string>
  readonly project?: string
  readonly projectId?: string
  readonly apiUrl?: string
  readonly appUrl?: string
  readonly orgName?: string
}

export interface Settings {
  readonly enabled: boolean
  readonly allow: ReadonlyArray<string>
  readonly deny: ReadonlyArray<string>
  readonly to: ReadonlyArray<"braintrust" | "jsonl">
  readonly capture: CaptureOptions
  readonly inlineImages: boolean
  /** Longer lines are skipped; absent where the default holds (source/lines.ts). */
  readonly lineBytesMax?: number
  /** Whether Codex's own recordings are believed, where there are any. */
  readonly recordings: boolean
  readonly flushOnTurnEnd: boolean
  readonly flushTimeoutSeconds: number
  readonly idleExitSeconds: number
  readonly outer?: OuterSpan
  readonly additionalMetadata: { readonly [key: string]: string | number | boolean }
  readonly jsonlPath?: string
  readonly braintrust: BraintrustSettings
}

export const idleExitSecondsDefault = 300

const Problem = Schema.Struct({
  /** The file or the environment variable. */
  place: Schema.String,
  key: Schema.String,
  problem: Schema.String
})
type Problem = typeof Problem.Type

/** Something in the settings is not as it must be. All problems at once, each with its place. */
export class SettingsBroken extends Schema.TaggedError<SettingsBroken>()("SettingsBroken", {
  problems: Schema.Array(Problem)
}) {
  override get message() {
    return this.problems
      .map(({ place, key, problem }) => `${place}: ${key === "" ? "" : `${key}: `}${problem}`)
      .join("\n")
  }
  get hint() {
    return "correct it and run `tracer doctor`; until then sessions are journaled and delivered later"
  }
}

interface Raw {
  [key: string]: unknown
}

const isRaw = (value: unknown): value is Raw => typeof value === "object" && value !== null && !Array.isArray(value)

const codeOf = (cause: unknown): string | undefined => (cause as { readonly code?: string } | undefined)?.code

/** The settings file as an object: empty where there is none. */
const readConfigFile = (path: string): Result.Result<Raw, Problem> => {
  let text: string
  try {
    // To read a fifo would wait for its writer.
    if (!statSync(path).isFile()) return Result.fail({ place: path, key: "", problem: "is not a regular file" })
    text = readFileSync(path, "utf8")
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return Result.succeed({})
    return Result.fail({ place: path, key: "", problem: `cannot be read (${codeOf(cause) ?? String(cause)})` })
  }
  try {
    return Result.succeed(Bun.TOML.parse(text) as Raw)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return Result.fail({ place: path, key: "", problem: `is not TOML (${reason})` })
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text // The schema then says what was expected.
  }
}

/** Text that does not fit its notation is passed on as it is, for the schema to refuse with its reason. */
const notations: { readonly [N in Notation]: (text: string) => unknown } = {
  text: (text) => text,
  "yes or no": (text) => yesOrNo(text) ?? text,
  number: (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text),
  list: (text) => commaList(text) ?? text,
  JSON: parseJson
}

/** Lays the environment over the file, and remembers which key came from which variable. */
const layEnvironmentOver = (file: Raw, environment: Environment) => {
  const raw: Raw = { ...file }
  const variableOf = new Map<string, string>()
  for (const { key, variable, notation } of settingKeys) {
    const text = environment[variable]
    if (text === undefined || text === "") continue
    const [table, inner] = key.split(".") as [string, string?]
    if (inner === undefined) raw[table] = notations[notation](text)
    else raw[table] = { ...(isRaw(raw[table]) ? raw[table] : {}), [inner]: notations[notation](text) }
    variableOf.set(key, variable)
  }
  return { raw, variableOf }
}

const decode = Schema.decodeUnknownResult(ConfigFile, { errors: "all", onExcessProperty: "error" })
const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

const problemsOf = (
  issue: SchemaIssue.Issue,
  file: string,
  variableOf: ReadonlyMap<string, string>
): ReadonlyArray<Problem> =>
  formatIssues(issue).issues.map(({ path, message }) => {
    const keys = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part))
    const setting = settingKeys.find(({ key }) => key === keys[0] || key === `${keys[0]}.${keys[1]}`)
    const place = variableOf.get(setting?.key ?? "") ?? file
    const isUnknown = setting === undefined && (keys.length > 1 || !tables.has(keys[0] ?? ""))
    return { place, key: keys.join("."), problem: isUnknown ? unknownKey(keys) : message.replace(/^E/, "e") }
  })

const tables: ReadonlySet<string> = new Set(
  settingKeys.flatMap(({ key }) => (key.includes(".") ? [key.slice(0, key.indexOf("."))] : []))
)

const unknownKey = (keys: ReadonlyArray<string>): string => {
  const names = settingKeys.map(({ key }) => key)
  const siblings = tables.has(keys[0] ?? "") ? names.filter((key) => key.startsWith(`${keys[0]}.`)) : names
  return `there is no such setting; there are ${siblings.join(", ")}`
}

/** Reads a file that holds a secret, and refuses one that others may read. */
const readSecretFile = (place: string, key: string, path: string): Result.Result<string, Problem> => {
  if (!isAbsolute(path)) return Result.fail({ place, key, problem: "must be an absolute path" })
  try {
    const stat = statSync(path)
    if (!stat.isFile()) return Result.fail({ place, key, problem: `${path} is not a regular file` })
    if (isOpenToOthers(stat.mode)) return Result.fail({ place, key, problem: openToOthers(path) })
    return Result.succeed(readFileSync(path, "utf8").trim())
  } catch (cause) {
    return Result.fail({ place, key, problem: `${path} cannot be read (${codeOf(cause) ?? String(cause)})` })
  }
}

const isOpenToOthers = (mode: number): boolean => process.platform !== "win32" && (mode & 0o077) !== 0
const openToOthers = (path: string): string => `others may read ${path}, which holds a key; run: chmod 600 '${path}'`

/** The API key: from the environment, the settings file if that is private, or the private file that it names. */
const apiKey = (
  config: ConfigFile,
  file: string,
  variableOf: ReadonlyMap<string, string>,
  home: string | undefined
): Result.Result<string | undefined, Problem> => {
  const { api_key: key, api_key_file: keyFile } = config.braintrust ?? {}
  if (key !== undefined && variableOf.has("braintrust.api_key")) return Result.succeed(key)
  if (key !== undefined) {
    const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0
    if (!isOpenToOthers(mode)) return Result.succeed(key)
    return Result.fail({ place: file, key: "braintrust.api_key", problem: openToOthers(file) })
  }
  if (keyFile === undefined) return Result.succeed(undefined)
  const name = "braintrust.api_key_file"
  return readSecretFile(variableOf.get(name) ?? file, name, underHome(keyFile, home))
}

const braintrustSettings = (config: ConfigFile, key: string | undefined): BraintrustSettings => {
  const { project, project_id, api_url, app_url, org_name } = config.braintrust ?? {}
  return {
    ...(key !== undefined && { apiKey: Redacted.make(key, { label: "braintrust.api_key" }) }),
    ...(project !== undefined && { project }),
    ...(project_id !== undefined && { projectId: project_id }),
    ...(api_url !== undefined && { apiUrl: api_url }),
    ...(app_url !== undefined && { appUrl: app_url }),
    ...(org_name !== undefined && { orgName: org_name })
  }
}

const settingsOf = (config: ConfigFile, key: string | undefined, outer: OuterSpan | undefined): Settings => ({
  enabled: config.enabled ?? true,
  allow: config.allow ?? [],
  deny: config.deny ?? [],
  to: config.to ?? ["braintrust"],
  capture: {
    content: config.content ?? captureDefault.content,
    llmInput: config.llm_input ?? captureDefault.llmInput,
    llmInputBytesMax: config.llm_input_max_bytes ?? captureDefault.llmInputBytesMax,
    redact: config.redact ?? captureDefault.redact,
    ...(config.additional_metadata !== undefined && { ownKeys: Object.keys(config.additional_metadata) })
  },
  inlineImages: config.inline_images ?? false,
  ...(config.line_bytes_max !== undefined && { lineBytesMax: config.line_bytes_max }),
  recordings: config.recordings ?? true,
  flushOnTurnEnd: config.flush_on_turn_end ?? false,
  flushTimeoutSeconds: config.flush_timeout_seconds ?? flushTimeoutSecondsDefault,
  idleExitSeconds: config.idle_exit_seconds ?? idleExitSecondsDefault,
  ...(outer !== undefined && { outer }),
  additionalMetadata: config.additional_metadata ?? {},
  ...(config.jsonl?.path !== undefined && { jsonlPath: config.jsonl.path }),
  braintrust: braintrustSettings(config, key)
})

/** The settings that hold for a session with this environment, or everything that is wrong with them. */
export const readSettings = (environment: Environment): Result.Result<Settings, SettingsBroken> => {
  const fail = (problems: ReadonlyArray<Problem>) => Result.fail(new SettingsBroken({ problems: [...problems] }))
  const path = configFile(environment)
  const file = readConfigFile(path)
  if (Result.isFailure(file)) return fail([file.failure])
  const { raw, variableOf } = layEnvironmentOver(file.success, environment)
  const config = decode(raw)
  if (Result.isFailure(config)) return fail(problemsOf(config.failure.issue, path, variableOf))
  const key = apiKey(config.success, path, variableOf, environment.HOME)
  if (Result.isFailure(key)) return fail([key.failure])
  const outer = outerSpan(config.success.parent, environment)
  if (Result.isFailure(outer)) {
    return fail([{ place: variableOf.get("parent") ?? path, key: "parent", problem: outer.failure }])
  }
  return Result.succeed(settingsOf(config.success, key.success, outer.success))
}

/** As `readSettings`, in the error channel. Reads files, so it is only ever run, never cached. */
export const loadSettings = (environment: Environment): Effect.Effect<Settings, SettingsBroken> =>
  Effect.suspend(() => Effect.fromResult(readSettings(environment)))

/** Where a setting may be written, for messages: `content (TRACER_CONTENT)`. */
export const nameOf = ({ key, variable }: SettingKey): string => `${key} (${variable})`
