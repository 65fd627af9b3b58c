/**
 * The few settings that a hook itself obeys: is tracing on, for this folder, and does the turn's end wait for delivery?
 *
 * They are read here without a schema, because a hook has no time to load one, and leniently: with a config file that
 * cannot be read the call is still journaled, and the collector, `status` and `doctor` say what is wrong with the file.
 * The environment wins over the file. All other settings are the collector's affair (settings/).
 */
import { readFileSync, realpathSync, statSync } from "node:fs"
import { configFile, type Environment } from "./places.ts"

export interface Switches {
  readonly enabled: boolean
  readonly allow: ReadonlyArray<string>
  readonly deny: ReadonlyArray<string>
  readonly flushOnTurnEnd: boolean
  readonly flushTimeoutMs: number
}

export const flushTimeoutSecondsDefault = 5

const on = /^(1|true|yes|on)$/i
const off = /^(0|false|no|off)$/i

/** A yes or no as people write it in an environment variable; undefined where it is neither. */
export const yesOrNo = (text: string | undefined): boolean | undefined =>
  text === undefined ? undefined : on.test(text.trim()) ? true : off.test(text.trim()) ? false : undefined

/** A list as people write it in an environment variable: separated by commas. */
export const commaList = (text: string | undefined): ReadonlyArray<string> | undefined =>
  text
    ?.split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")

const strings = (value: unknown): ReadonlyArray<string> | undefined =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : undefined

const fileOf = (environment: Environment): { readonly [key: string]: unknown } => {
  try {
    const path = configFile(environment)
    // To read a fifo would wait for its writer.
    return statSync(path).isFile()
      ? (Bun.TOML.parse(readFileSync(path, "utf8")) as Readonly<Record<string, unknown>>)
      : {}
  } catch {
    return {} // No file is the usual case; a broken one is the collector's to report.
  }
}

export const readSwitches = (environment: Environment): Switches => {
  const file = fileOf(environment)
  const seconds = Number(environment.TRACER_FLUSH_TIMEOUT_SECONDS ?? file.flush_timeout_seconds)
  return {
    enabled: yesOrNo(environment.TRACER_ENABLED) ?? file.enabled !== false,
    allow: commaList(environment.TRACER_ALLOW) ?? strings(file.allow) ?? [],
    deny: commaList(environment.TRACER_DENY) ?? strings(file.deny) ?? [],
    flushOnTurnEnd: yesOrNo(environment.TRACER_FLUSH_ON_TURN_END) ?? file.flush_on_turn_end === true,
    flushTimeoutMs: (seconds > 0 && seconds <= 600 ? seconds : flushTimeoutSecondsDefault) * 1000
  }
}

/** A path that the user wrote: `~` in front is the home folder. */
export const underHome = (path: string, home: string | undefined): string =>
  home !== undefined && /^~(?=$|\/)/.test(path) ? home + path.slice(1) : path

const matches = (patterns: ReadonlyArray<string>, paths: ReadonlyArray<string>, home: string | undefined): boolean =>
  patterns.some((pattern) => {
    const rooted = underHome(pattern, home)
    const folder = rooted.length > 1 ? rooted.replace(/\/+$/, "") : rooted
    const globs = [new Bun.Glob(folder), new Bun.Glob(`${folder === "/" ? "" : folder}/**`)]
    return paths.some((path) => globs.some((glob) => glob.match(path)))
  })

/**
 * Whether sessions in `cwd` are traced. A pattern means the folder and everything in it; `deny` wins over `allow`, an
 * empty `allow` allows all. A path that is a link counts as itself and as what it leads to.
 */
export const isTraced = (
  { enabled, allow, deny }: Pick<Switches, "enabled" | "allow" | "deny">,
  cwd: string | undefined,
  home: string | undefined
): boolean => {
  if (!enabled) return false
  if (allow.length === 0 && deny.length === 0) return true
  if (cwd === undefined) return allow.length === 0
  const paths = [cwd]
  try {
    paths.push(realpathSync(cwd))
  } catch {
    // A folder that is gone has only its name.
  }
  return !matches(deny, paths, home) && (allow.length === 0 || matches(allow, paths, home))
}
