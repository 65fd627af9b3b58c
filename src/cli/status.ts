/**
 * `tracer status`: the collector, the sessions, how far each sink is, and what went wrong last.
 *
 * Reads the disk and asks the running collector; starts nothing. `--json` is one object with the same facts, its keys in
 * snake_case.
 */
import { Clock, Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { type LogEntry, readLog } from "../collector/log.ts"
import { overviewOf, type SessionOverview } from "../collector/overview.ts"
import { askStatus, type CollectorStatus } from "../collector/status.ts"
import { type Complaint, readComplaints } from "../hook/complaints.ts"
import { stateFolder } from "../hook/places.ts"
import { printedJson } from "./printed-json.ts"

export const jsonFlag = Flag.Boolean("json").pipe(
  Flag.withDescription("One JSON object instead of text"),
  Flag.withDefault(false)
)

const sessionsShown = 10
const errorsShown = 5

interface Status {
  readonly stateFolder: string
  readonly collector: "running" | "not running" | "not answering"
  readonly answer?: CollectorStatus
  readonly sessions: ReadonlyArray<SessionOverview>
  readonly lastDeliveryAt?: number
  readonly lastErrors: ReadonlyArray<{ readonly at: string; readonly what: string; readonly session?: string }>
}

const lastErrors = (log: ReadonlyArray<LogEntry>, complaints: ReadonlyArray<Complaint>): Status["lastErrors"] =>
  [
    ...log.filter(({ level }) => level !== "info"),
    ...complaints.map(({ what, ...more }) => ({ ...more, what: `hook: ${what}` }))
  ]
    .map(({ at, what, session }) => ({ at, what, ...(session !== undefined && { session }) }))
    .sort((left, right) => (left.at < right.at ? -1 : 1))
    .slice(-errorsShown)

const gather = Effect.gen(function* () {
  const state = stateFolder(process.env)
  const answer = yield* Effect.result(askStatus(state))
  const sessions = overviewOf(state, yield* Clock.currentTimeMillis)
  const deliveries = sessions.flatMap(({ sinks }) => sinks.map(({ acknowledgedAt }) => acknowledgedAt))
  const isRunning = answer._tag === "Success"
  return {
    stateFolder: state,
    collector: isRunning ? "running" : answer.failure.why === "none" ? "not running" : "not answering",
    ...(isRunning && { answer: answer.success }),
    sessions,
    ...(deliveries.length > 0 && { lastDeliveryAt: Math.max(...deliveries) }),
    lastErrors: lastErrors(readLog(state, 200), readComplaints(state, 20))
  } satisfies Status
})

/** A time as the distance from now, as people say it. */
export const ago = (seconds: number, nowMs: number): string => {
  const past = Math.max(0, nowMs / 1000 - seconds)
  if (past < 60) return `${Math.round(past)} s ago`
  if (past < 3600) return `${Math.round(past / 60)} min ago`
  return past < 48 * 3600 ? `${Math.round(past / 3600)} h ago` : `${Math.round(past / 86400)} days ago`
}

const kib = (bytes: number): string => (bytes < 1024 ? `${bytes} B` : `${Math.round(bytes / 1024)} KiB`)

const sessionLines = (overview: SessionOverview, answer: CollectorStatus | undefined, nowMs: number) => {
  const running = answer?.sessions.find(({ session }) => session === overview.session)
  const open = overview.unfinished ? "not complete yet" : "complete"
  const state = running === undefined ? open : running.state === "waiting" ? `waits: ${running.why}` : "followed now"
  const head = `  ${overview.session}  last hook ${ago(overview.lastHookAt, nowMs)}, ${state}`
  const sinks = overview.sinks.map(({ sink, destination, acknowledgedSpans, acknowledgedAt, lagBytes }) => {
    const trouble = running?.lanes.find((lane) => lane.sink === sink && lane.destination === destination)?.trouble
    const lag = lagBytes === 0 ? "no lag" : `${kib(lagBytes)} behind`
    const place = `    ${sink} (${destination}): ${acknowledgedSpans} spans acknowledged, ${lag}`
    return `${place}, last ${ago(acknowledgedAt, nowMs)}${trouble === undefined ? "" : `\n      ${trouble}`}`
  })
  return [head, ...(overview.cwd === undefined ? [] : [`    in ${overview.cwd}`]), ...sinks]
}

const text = (status: Status, nowMs: number): string => {
  const { answer, sessions } = status
  const collector =
    answer === undefined
      ? `collector: ${status.collector}${status.collector === "not running" ? " (the next hook starts one)" : ""}`
      : `collector: version ${answer.version}, pid ${answer.pid}, since ${ago(answer.startedAt, nowMs)}, ${Math.round(answer.residentBytes / 2 ** 20)} MiB`
  const delivery =
    status.lastDeliveryAt === undefined ? "nothing delivered yet" : `last delivery ${ago(status.lastDeliveryAt, nowMs)}`
  const more = sessions.length - sessionsShown
  return [
    collector,
    delivery,
    sessions.length === 0 ? "sessions: none yet" : "sessions:",
    ...sessions.slice(0, sessionsShown).flatMap((session) => sessionLines(session, answer, nowMs)),
    ...(more > 0 ? [`  and ${more} older ones (--json lists all)`] : []),
    ...(status.lastErrors.length === 0 ? [] : ["last errors:"]),
    ...status.lastErrors.map(({ at, what, session }) => `  ${at} ${session === undefined ? "" : `${session}: `}${what}`)
  ].join("\n")
}

export const statusCommand = Command.make(
  "status",
  { json: jsonFlag },
  Effect.fnUntraced(function* (given) {
    const status = yield* gather
    yield* Console.log(given.json ? printedJson(status) : text(status, yield* Clock.currentTimeMillis))
  })
).pipe(
  Command.withDescription("The collector, its sessions, their lag, the last delivery and the last errors"),
  Command.withExamples([{ command: "tracer status --json", description: "The same for a program" }])
)
