/**
 * The tool calls of a case: what was dispatched, what code cells ran, what a response asked for and Codex never ran.
 *
 * Rules about Codex: codex.md, "A call has three clocks" and "Code mode".
 */
import type { Evidence } from "./evidence.ts"
import { type Fields, list, text } from "./json.ts"
import { type Told, type TrueTool, windowOf } from "./truth.ts"
import type { Cell, Recording } from "./truth-bundle.ts"

/**
 * When each cell was asked for. To a reader of records a cell is open from there: two cells of one response may have
 * run side by side or one after the other, and their outputs are written together in either case.
 */
const openedMs = (cell: Cell, recording: Recording) =>
  [...recording.inferences.values()].find((one) => one.output.some((item) => text(item, "call_id") === cell.callId))
    ?.endMs ?? cell.startedMs

const overlaps = (cell: Cell, recording: Recording) => {
  const opened = openedMs(cell, recording)
  return recording.cells.some(
    (other) =>
      other !== cell &&
      other.thread === cell.thread &&
      openedMs(other, recording) <= (cell.endedMs ?? Infinity) &&
      opened <= (other.endedMs ?? Infinity)
  )
}

/** Only records tell of the call. */
const untimed = { cellOverlaps: false, startTold: "record", endTold: "record" } as const

const recordedTools = (recording: Recording, evidence: Evidence): Array<TrueTool> => {
  const shared = new Set(recording.cells.filter((cell) => overlaps(cell, recording)))
  const told = (id: string, hooked: ReadonlySet<string>): Told =>
    evidence.items.has(id) || hooked.has(id) ? "timed" : evidence.calls.has(id) ? "record" : "nothing"
  const tools = [...recording.tools.values()].map((tool): TrueTool => {
    const ran = recording.cells.find((cell) => cell.callId === tool.id && cell.thread === tool.thread)
    const parent = recording.cells.findLast(
      (cell) => cell.thread === tool.thread && cell.runtimeId === tool.runtimeCell && cell.startedMs <= tool.startedMs
    )
    const start = windowOf(tool.startedMs, tool.runtimeStartedMs, ran?.startedMs)
    // A cell that yielded has answered but not ended: it ends when its code does.
    const end =
      ran === undefined
        ? windowOf(tool.runtimeEndedMs, tool.endedMs)
        : ran.yielded
          ? windowOf(ran.endedMs)
          : windowOf(ran.endedMs, tool.endedMs)
    return {
      id: tool.id,
      thread: tool.thread,
      turn: tool.turn,
      name: tool.name,
      ...(parent !== undefined && { cell: parent.callId }),
      cellOverlaps: parent !== undefined && shared.has(parent),
      ...(start !== undefined && { start }),
      ...(end !== undefined && { end }),
      startTold: told(tool.id, evidence.hookedStarts),
      endTold: told(tool.id, evidence.hookedEnds),
      owed: told(tool.id, evidence.hookedStarts) !== "nothing"
    }
  })
  // Up to 0.158 the dispatch of `exec` itself is not recorded, only its cell.
  const undispatched = recording.cells.filter((cell) => !recording.tools.has(cell.callId))
  return [
    ...tools,
    ...undispatched.map((cell): TrueTool => {
      const end = windowOf(cell.endedMs)
      const { callId: id, thread, turn } = cell
      const start = { from: cell.startedMs, to: cell.startedMs }
      const facts = { ...untimed, owed: evidence.calls.has(id) }
      return { id, thread, turn, name: "exec", start, ...(end && { end }), ...facts }
    })
  ]
}

/** Calls in a response that Codex never ran: the server's own (web search), and those an interrupt came before. */
const answeredTools = (recording: Recording, evidence: Evidence): Array<TrueTool> =>
  [...recording.inferences.values()].flatMap((inference) =>
    inference.output.flatMap((item): Array<TrueTool> => {
      const type = text(item, "type") ?? ""
      const id = text(item, "call_id") ?? (type.endsWith("_call") ? text(item, "id") : undefined)
      if (id === undefined || recording.tools.has(id) || recording.cells.some((cell) => cell.callId === id)) return []
      const during = text(item, "call_id") === undefined ? windowOf(inference.startMs, inference.endMs) : undefined
      return [
        {
          id,
          thread: inference.thread,
          turn: inference.turn,
          name: type.replace(/_call$/, ""),
          cellOverlaps: false,
          ...(during !== undefined && { start: during, end: during }),
          startTold: evidence.items.has(id) ? "timed" : "record",
          endTold: evidence.items.has(id) ? "timed" : "record",
          owed: inference.completed && evidence.calls.has(id)
        }
      ]
    })
  )

/** Calls that a transcript holds of a response whose end the bundle does not have: Codex was killed in between. */
const cutTools = (recording: Recording, evidence: Evidence, known: ReadonlyArray<TrueTool>): Array<TrueTool> => {
  const ids = new Set(known.map(({ id }) => id))
  const cut = new Set(
    [...recording.inferences.values()].filter(({ endMs }) => endMs === undefined).map(({ thread }) => thread)
  )
  return [...evidence.calls]
    .filter(([id, thread]) => cut.has(thread) && !ids.has(id))
    .map(([id, thread]) => ({ id, thread, name: "?", ...untimed, owed: false }))
}

/** Without a bundle: the calls that requests carry or transcripts hold, each on the thread that told of it first. */
const unrecordedTools = (requests: ReadonlyArray<Fields>, evidence: Evidence): Array<TrueTool> => {
  const named = new Map<string, string>()
  for (const item of requests.flatMap((request) => list(request, "input")))
    named.set(text(item, "call_id") ?? "", text(item, "name") ?? named.get(text(item, "call_id") ?? "") ?? "?")
  const facts = { ...untimed, owed: true }
  return [...evidence.calls].map(([id, thread]) => ({ id, thread, name: named.get(id) ?? "?", ...facts }))
}

/** Commands of the user. One that only a message tells of has no id: it may be shown, but nobody can ask for it. */
const userTools = (evidence: Evidence): Array<TrueTool> =>
  evidence.userCommands.flatMap((command, index): Array<TrueTool> => {
    const { id, ...owner } = command
    const known = evidence.userCommands.some((other) => other.id !== undefined && other.turn === command.turn)
    if (id === undefined && known) return []
    const facts = { name: "user command", ...untimed, owed: id !== undefined }
    return [{ ...owner, id: id ?? `user command ${index}`, anonymous: id === undefined, ...facts }]
  })

/** Every tool call of a case. */
export const readTools = (
  requests: ReadonlyArray<Fields>,
  recording: Recording,
  evidence: Evidence
): ReadonlyArray<TrueTool> => {
  const user = userTools(evidence)
  if (recording.threads.size === 0) return [...unrecordedTools(requests, evidence), ...user]
  const recorded = [...recordedTools(recording, evidence), ...answeredTools(recording, evidence), ...user]
  return [...recorded, ...cutTools(recording, evidence, recorded)]
}
