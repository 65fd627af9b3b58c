/**
 * What `tracer doctor` looks at: settings, state folder, backend, collector and delivery. The hooks: check-hooks.ts.
 *
 * Nothing is changed, but that the backend's project is looked up as the sink would (which makes it where it does not
 * exist).
 */
import { accessSync, constants, mkdirSync, statSync } from "node:fs"
import { Clock, Effect, Result } from "effect"
import { sinkEnvironment } from "../collector/destination.ts"
import { overviewOf } from "../collector/overview.ts"
import { askStatus } from "../collector/status.ts"
import { readComplaints } from "../hook/complaints.ts"
import { configFile, type Environment, stateFolder } from "../hook/places.ts"
import { readSettings, type Settings } from "../settings/settings.ts"
import { connect, projectTarget } from "../sink/braintrust/connection.ts"
import { braintrustSettings } from "../sink/braintrust/settings.ts"
import { version } from "../version.ts"
import { type Check, type Finding, finding } from "./finding.ts"

/** The settings, and whether the state folder can be written. */
export const checkSettings = (environment: Environment): ReadonlyArray<Finding> => {
  const found = finding("settings")
  const read = readSettings(environment)
  if (Result.isFailure(read)) {
    const remedy = "correct the place that is named; sessions are journaled meanwhile and delivered later"
    return read.failure.problems.map(({ place, key, problem }) =>
      found("broken", [place, key, problem].filter(Boolean).join(": "), remedy)
    )
  }
  if (!read.success.enabled) {
    return [found("broken", "tracing is switched off", "set enabled = true, or unset TRACER_ENABLED")]
  }
  const file = configFile(environment)
  const exists = statSync(file, { throwIfNoEntry: false }) !== undefined
  const scope = [
    ...read.success.allow.map((glob) => `only in ${glob}`),
    ...read.success.deny.map((glob) => `not in ${glob}`)
  ]
  const where = exists ? file : `no ${file}: defaults and environment`
  return [found("ok", [`${where}; spans go to ${read.success.to.join(", ")}`, ...scope].join("; "))]
}

export const checkStateFolder = (environment: Environment): ReadonlyArray<Finding> => {
  const found = finding("state folder")
  const state = stateFolder(environment)
  try {
    mkdirSync(state, { recursive: true, mode: 0o700 })
    accessSync(state, constants.W_OK)
    const isOpen = process.platform !== "win32" && (statSync(state).mode & 0o077) !== 0
    if (!isOpen) return [found("ok", state)]
    return [found("warning", `others may look into ${state}`, `chmod 700 '${state}'`)]
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return [
      found(
        "broken",
        `${state} cannot be written (${reason})`,
        "make it writable, or set TRACER_HOME to a folder that is"
      )
    ]
  }
}

/** Milliseconds for one request to a backend, and for all of them. */
const probeMs = 8_000
const probesMs = 20_000

/** A real probe of each backend: login, project, limits. */
export const checkBackend = (environment: Environment, settings: Settings | undefined): Check => {
  const found = finding("backend")
  if (settings === undefined || !settings.to.includes("braintrust")) return Effect.succeed([])
  return Effect.gen(function* () {
    const braintrust = yield* braintrustSettings(sinkEnvironment(environment, settings))
    const connection = yield* connect(braintrust, projectTarget(braintrust), probeMs)
    const project = braintrust.projectId ?? braintrust.project
    return [found("ok", `Braintrust knows the key, and the project ${project} (${connection.destination})`)]
  }).pipe(
    Effect.timeoutOrElse({
      duration: probesMs,
      orElse: () =>
        Effect.succeed([found("broken", "Braintrust does not answer", "check the network, and BRAINTRUST_API_URL")])
    }),
    Effect.catchTag("SinkFailed", (failure) =>
      Effect.succeed([found("broken", failure.message, failure.hint ?? "it is tried again and again until it works")])
    )
  )
}

/** The collector, where one runs: an answer, and of this version. */
export const checkCollector = (environment: Environment): Check =>
  Effect.gen(function* () {
    const found = finding("collector")
    const asked = yield* Effect.result(askStatus(stateFolder(environment)))
    if (Result.isSuccess(asked)) {
      const { pid, version: running, sessions } = asked.success
      const waiting = sessions.filter(({ state }) => state === "waiting")
      const troubles = sessions.flatMap(({ lanes }) =>
        lanes.flatMap(({ trouble }) => (trouble === undefined ? [] : [trouble]))
      )
      return [
        running === version
          ? found("ok", `runs (pid ${pid}), sessions: ${sessions.length}`)
          : found(
              "warning",
              `version ${running} runs, this is ${version}`,
              "the next hook of the newer one takes over"
            ),
        ...waiting.map(({ session, why }) =>
          found("broken", `session ${session} waits: ${why}`, "it goes on with its next hook")
        ),
        ...[...new Set(troubles)].map((trouble) => found("broken", trouble, "it is tried again until it works"))
      ]
    }
    if (asked.failure.why === "none") return [found("ok", "none runs now; the next hook starts one")]
    return [found("broken", asked.failure.message, "end its process; the next hook starts another one")]
  })

/** The last hook that fired, and whether the backend has acknowledged the last span. */
export const checkDelivery = (environment: Environment): Check =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const state = stateFolder(environment)
    const overview = overviewOf(state, now)
    const [complaint] = readComplaints(state, 1)
    const complaints =
      complaint === undefined
        ? []
        : [finding("last hook")("warning", `at ${complaint.at}, ${complaint.what}`, "see hook.log in the state folder")]
    const [latest] = overview
    if (latest === undefined) {
      return [
        finding("last hook")(
          "warning",
          "no hook has fired yet",
          "approve the hooks in codex (/hooks), then run a turn"
        ),
        ...complaints
      ]
    }
    const at = new Date(latest.lastHookAt * 1000).toISOString()
    const unfinished = overview.filter((session) => session.unfinished)
    const delivery = finding("delivery")
    return [
      finding("last hook")("ok", `at ${at}, session ${latest.session}`),
      ...complaints,
      latest.sinks.length === 0
        ? delivery("broken", "nothing of the last session was acknowledged by a backend", "see the findings above")
        : unfinished.length > 0
          ? delivery(
              "warning",
              `more than was acknowledged in ${unfinished.length} of ${overview.length} sessions`,
              "normal while they run; tracer status shows how far each is"
            )
          : delivery("ok", "the backend has acknowledged everything")
    ]
  })
