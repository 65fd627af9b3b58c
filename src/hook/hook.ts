/**
 * `tracer hook`: what Codex calls, with one JSON object on stdin. Appends it to the journal, wakes the collector, leaves.
 *
 * Reads top to bottom, imports nothing heavy (no effect), and ends with exit code 0 and an empty stdout whatever happens:
 * tracing never breaks the agent. What goes wrong is put into a bounded log (complaints.ts). Nothing is read from the
 * current directory, which is an untrusted repository. Times are milliseconds here, nanoseconds in the journal.
 */
import { mkdirSync } from "node:fs"
import { version } from "../version.ts"
import { complainBestEffort } from "./complaints.ts"
import { appendToJournal } from "./journal.ts"
import { type FlushMessage, settingVariables, type WakeMessage } from "./message.ts"
import { type Environment, isSessionId, stateFolder } from "./places.ts"
import { readStdin } from "./stdin.ts"
import { isTraced, readSwitches, type Switches } from "./switches.ts"
import { flush, ownCommand, wake } from "./wake.ts"

/** A collector that hangs still accepts connections, so this is only ever reached on a machine that stands still. */
const wakeMsMax = 1000
/** Codex cuts SessionEnd off at 3 s. */
const sessionEndMsMax = 2500

const turnEnds = new Set(["Stop", "SessionEnd"])

interface Payload {
  readonly session_id?: unknown
  readonly hook_event_name?: unknown
  readonly cwd?: unknown
  readonly transcript_path?: unknown
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

const wakeMessage = (payload: Payload, session: string, environment: Environment): WakeMessage => {
  const cwd = text(payload.cwd)
  const transcriptPath = text(payload.transcript_path)
  return {
    type: "wake",
    version,
    command: ownCommand(),
    session,
    event: text(payload.hook_event_name) ?? "",
    ...(cwd !== undefined && { cwd }),
    ...(transcriptPath !== undefined && { transcriptPath }),
    environment: settingVariables(environment)
  }
}

/** With `flush_on_turn_end`, a turn's end waits for the backend, but never longer than Codex or the user lets it. */
const flushMessage = (message: WakeMessage, { flushOnTurnEnd, flushTimeoutMs }: Switches): FlushMessage | undefined => {
  if (!flushOnTurnEnd || !turnEnds.has(message.event)) return undefined
  const withinMs = message.event === "SessionEnd" ? Math.min(flushTimeoutMs, sessionEndMsMax) : flushTimeoutMs
  return { ...message, type: "flush", withinMs }
}

const run = async (environment: Environment, arrivedMs: number): Promise<void> => {
  const state = stateFolder(environment)
  let doing = "reading stdin"
  let about: { event?: string; session?: string } = {}
  try {
    const input = await readStdin() // An input that is cut off is no JSON, and ends below.
    doing = "reading the hook's input"
    const payload = JSON.parse(input) as Payload | null // Empty or broken input: a complaint, nothing to journal.
    const session = payload?.session_id
    if (payload === null || !isSessionId(session)) throw new Error("no session_id that could name a journal")
    const message = wakeMessage(payload, session, environment)
    about = { event: message.event, session }
    doing = "reading the settings"
    const switches = readSwitches(environment) // Never fails: a broken file counts as absent here.
    if (!isTraced(switches, message.cwd, environment.HOME)) return
    doing = "writing the journal"
    try {
      appendToJournal(state, session, input, arrivedMs)
    } catch (cause) {
      // A full disk, a read-only home: this call's facts are lost, but the transcript is still there to be followed.
      complainBestEffort(state, doing, cause, about)
    }
    doing = "waking the collector"
    mkdirSync(state, { recursive: true, mode: 0o700 })
    process.chdir(state) // The socket's name is relative; without a state folder there is no collector either.
    const flushing = flushMessage(message, switches)
    const woken = flushing === undefined ? wake(message, environment) : flush(flushing, environment)
    const withinMs = flushing?.withinMs ?? wakeMsMax
    const late = Bun.sleep(withinMs).then(() => Promise.reject(new Error(`no answer within ${withinMs} ms`)))
    await Promise.race([woken, late]) // A collector that cannot be started: a complaint; the next hook tries again.
  } catch (cause) {
    complainBestEffort(state, doing, cause, about)
  }
}

/** Runs the hook and ends the process with 0. */
export const main = async (): Promise<never> => {
  // When this process began is when Codex called: what the start-up took is no part of what happened in the session.
  const arrivedMs = performance.timeOrigin
  process.on("uncaughtException", () => process.exit(0)).on("unhandledRejection", () => process.exit(0))
  await run(process.env, arrivedMs)
  process.exit(0)
}
