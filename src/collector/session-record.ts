/**
 * What must be known of a session to go on with it after the collector died: `session.json` beside its journal.
 *
 * Holds the environment of its last hook without the secrets, of which only the names are kept: a session whose key came
 * from the environment waits for its next hook. The outer span is the one of the session's first hook for good, because
 * a row's parents cannot change once they were sent.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type Effect, Option, Schema } from "effect"
import type { Environment } from "../hook/places.ts"
import { isSessionId, sessionFolder, sessionsFolder } from "../hook/places.ts"
import { secretVariables } from "../settings/keys.ts"
import { type NotWritten, replaceFile } from "./replace-file.ts"

export const SessionRecord = Schema.Struct({
  version: Schema.Literal(1),
  session: Schema.String,
  cwd: Schema.optionalKey(Schema.String),
  /** The settings of the last hook's environment, secrets left out. */
  environment: Schema.Record(Schema.String, Schema.String),
  /** Names of the variables that were left out. */
  secrets: Schema.Array(Schema.String)
})
export type SessionRecord = typeof SessionRecord.Type

/** An address with credentials in it is a secret, too. */
const isSecret = (name: string, value: string): boolean =>
  secretVariables.has(name) || /(KEY|TOKEN|SECRET|PASSWORD|HEADERS)$/.test(name) || /\/\/[^/\s]*@/.test(value)

const outerSpanNames = [
  "TRACER_PARENT",
  "CODEX_PARENT_SPAN_ID",
  "CODEX_ROOT_SPAN_ID",
  "TRACEPARENT",
  "TRACESTATE",
  "BAGGAGE"
]

/** The environment with the outer span of an earlier one. */
export const keepOuterSpan = (environment: Environment, earlier: Environment | undefined): Environment => {
  if (earlier === undefined) return environment
  const kept = Object.fromEntries(Object.entries(environment).filter(([name]) => !outerSpanNames.includes(name)))
  for (const name of outerSpanNames) if (earlier[name] !== undefined) kept[name] = earlier[name]
  return kept
}

export const sessionRecord = (session: string, cwd: string | undefined, environment: Environment): SessionRecord => {
  const all = Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const [secret, open] = [all.filter(([name, value]) => isSecret(name, value)), all.filter(([n, v]) => !isSecret(n, v))]
  return {
    version: 1,
    session,
    ...(cwd !== undefined && { cwd }),
    environment: Object.fromEntries(open),
    secrets: secret.map(([name]) => name)
  }
}

const recordFile = (state: string, session: string): string => join(sessionFolder(state, session), "session.json")

const decode = Schema.decodeUnknownOption(SessionRecord)

/** The record, or undefined where there is none that can be read. */
export const readSessionRecord = (state: string, session: string): SessionRecord | undefined => {
  try {
    return Option.getOrUndefined(decode(JSON.parse(readFileSync(recordFile(state, session), "utf8"))))
  } catch {
    // Absent, or torn by a crash: the session goes on with what its next hook says, or its journal.
    return undefined
  }
}

export const writeSessionRecord = (state: string, record: SessionRecord): Effect.Effect<void, NotWritten> =>
  replaceFile(recordFile(state, record.session), `${JSON.stringify(record)}\n`)

/** Every session that has a folder in the state folder. */
export const knownSessions = (state: string): ReadonlyArray<string> => {
  try {
    return readdirSync(sessionsFolder(state)).filter(isSessionId)
  } catch {
    // No folder yet: no hook was ever called.
    return []
  }
}
