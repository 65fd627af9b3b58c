/**
 * Puts the truth of a case together: what was sent (requests.jsonl), what Codex recorded (bundles), and what a reader
 * of the transcripts can be asked for. Rules about Codex: see codex.md's facts named at each function.
 */
import type { Case } from "./case.ts"
import { type Fields, groupBy, list, readLines, text } from "./json.ts"
import type { TrueCall, TrueCompaction, TrueThread, TrueTool, TrueTurn, Truth, Window } from "./truth.ts"
import { type Cell, type Inference, type Recording, readRecording } from "./truth-bundle.ts"
import { type Evidence, readEvidence, usageOf } from "./truth-transcript.ts"

const window = (...moments: ReadonlyArray<number | undefined>): Window | undefined => {
  const known = moments.filter((moment) => moment !== undefined)
  return known.length === 0 ? undefined : { from: Math.min(...known), to: Math.max(...known) }
}

/** A PreModelRequest came before this attempt and after the turn's attempt before it. */
const hooked = (inference: Inference, evidence: Evidence, recording: Recording) => {
  const before = [...recording.inferences.values()]
    .filter((other) => other.turn === inference.turn && other.startMs < inference.startMs)
    .reduce((latest, other) => Math.max(latest, other.startMs), 0)
  return evidence.modelRequests.some(
    (request) => request.turn === inference.turn && request.atMs > before && request.atMs <= inference.startMs + 50
  )
}

const callsOf = (requests: ReadonlyArray<Fields>, recording: Recording, evidence: Evidence): Array<TrueCall> => {
  // Attempts of one call share its inference call id (a refused request is sent again under the same id).
  const attempts = groupBy(requests, (request) => text(request, "inference_call_id") ?? request)
  const inOrder = new Map<string, number>()
  return [...attempts.values()].flatMap((sent, index): Array<TrueCall> => {
    const request = sent.at(-1)
    if (request === undefined) return []
    const id = text(request, "inference_call_id")
    const inference = id === undefined ? undefined : recording.inferences.get(id)
    const thread = text(request, "thread_id") ?? ""
    const turn = text(request, "turn_metadata", "turn_id") ?? inference?.turn
    const outcome = text(request, "outcome")
    const completed = inference?.completed ?? (outcome === undefined || outcome === "completed")
    const responseId = inference?.responseId ?? text(request, "response_id")
    const position = inOrder.get(thread) ?? 0
    if (completed) inOrder.set(thread, position + 1)
    const usage =
      inference?.usage ??
      usageOf(request.usage) ??
      (responseId === undefined ? undefined : evidence.usageByResponse.get(responseId)) ??
      (completed ? evidence.usageInOrder.get(thread)?.[position] : undefined)
    const instructions = text(request, "instructions")
    return [
      {
        key: id ?? `request ${index + 1}`,
        thread,
        ...(turn !== undefined && { turn }),
        compaction: text(request, "turn_metadata", "request_kind") === "compaction",
        input: list(request, "input"),
        ...(instructions !== undefined && instructions !== "" && { instructions }),
        ...(responseId !== undefined && { responseId }),
        ...(inference !== undefined && { startMs: inference.startMs }),
        ...(inference?.endMs !== undefined && { endMs: inference.endMs }),
        ...(usage !== undefined && { usage }),
        owed: completed || (inference !== undefined && hooked(inference, evidence, recording))
      }
    ]
  })
}

const overlaps = (cell: Cell, recording: Recording) =>
  recording.cells.some(
    (other) =>
      other !== cell &&
      other.thread === cell.thread &&
      other.startedMs <= (cell.endedMs ?? Infinity) &&
      cell.startedMs <= (other.endedMs ?? Infinity)
  )

const recordedTools = (recording: Recording, evidence: Evidence): Array<TrueTool> => {
  const timed = (id: string) => evidence.items.has(id) || evidence.hookedCalls.has(id)
  const tools = [...recording.tools.values()].map((tool): TrueTool => {
    const ran = recording.cells.find((cell) => cell.callId === tool.id && cell.thread === tool.thread)
    const parent = recording.cells.findLast(
      (cell) => cell.thread === tool.thread && cell.runtimeId === tool.runtimeCell && cell.startedMs <= tool.startedMs
    )
    const start = window(tool.startedMs, tool.runtimeStartedMs, ran?.startedMs)
    // A cell that yielded has answered but not ended: it ends when its code does.
    const end =
      ran === undefined
        ? window(tool.runtimeEndedMs, tool.endedMs)
        : ran.yielded
          ? window(ran.endedMs)
          : window(ran.endedMs, tool.endedMs)
    return {
      id: tool.id,
      thread: tool.thread,
      turn: tool.turn,
      name: tool.name,
      ...(parent !== undefined && { cell: parent.callId }),
      cellOverlaps: parent !== undefined && overlaps(parent, recording),
      ...(start !== undefined && { start }),
      ...(end !== undefined && { end }),
      timed: timed(tool.id),
      owed: timed(tool.id) || evidence.calls.has(tool.id)
    }
  })
  // Up to 0.158 the dispatch of `exec` itself is not recorded, only its cell.
  const undispatched = recording.cells.filter((cell) => !recording.tools.has(cell.callId))
  return [
    ...tools,
    ...undispatched.map((cell): TrueTool => {
      const end = window(cell.endedMs)
      const { callId: id, thread, turn } = cell
      const start = { from: cell.startedMs, to: cell.startedMs }
      const owed = evidence.calls.has(id)
      return { id, thread, turn, name: "exec", cellOverlaps: false, start, ...(end && { end }), timed: false, owed }
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
      const during = text(item, "call_id") === undefined ? window(inference.startMs, inference.endMs) : undefined
      return [
        {
          id,
          thread: inference.thread,
          turn: inference.turn,
          name: type.replace(/_call$/, ""),
          cellOverlaps: false,
          ...(during !== undefined && { start: during, end: during }),
          timed: evidence.items.has(id),
          owed: inference.completed && evidence.calls.has(id)
        }
      ]
    })
  )

/** Without a bundle: the calls that requests carry, and those that only the transcript still holds. */
const unrecordedTools = (requests: ReadonlyArray<Fields>, evidence: Evidence): Array<TrueTool> => {
  const tools = new Map<string, TrueTool>()
  for (const request of requests)
    for (const item of list(request, "input")) {
      const id = text(item, "call_id")
      const thread = text(request, "thread_id") ?? ""
      if (id === undefined || tools.has(id)) continue
      const name = text(item, "name") ?? "?"
      tools.set(id, { id, thread, name, cellOverlaps: false, timed: false, owed: evidence.calls.has(id) })
    }
  for (const id of evidence.calls)
    if (!tools.has(id))
      tools.set(id, {
        id,
        thread: evidence.threads[0] ?? "",
        name: "?",
        cellOverlaps: false,
        timed: false,
        owed: false
      })
  return [...tools.values()]
}

const turnsOf = (recording: Recording, evidence: Evidence, requests: ReadonlyArray<Fields>): Array<TrueTurn> => {
  if (recording.threads.size > 0)
    return [...groupBy(recording.turns, (turn) => turn.id).values()].flatMap((sightings): Array<TrueTurn> => {
      // The parent's log echoes the start of a reviewer's turn, never its end.
      const turn = sightings.find((one) => one.endedMs !== undefined) ?? sightings[0]
      if (turn === undefined) return []
      const start = turn.startedMs === undefined ? undefined : window(turn.startedMs, turn.announcedMs)
      const end = turn.endedMs === undefined ? undefined : window(turn.endedMs, turn.closedMs)
      return [{ id: turn.id, thread: turn.thread, ...(start && { start }), ...(end && { end }) }]
    })
  const sent = requests.flatMap((request) => {
    const id = text(request, "turn_metadata", "turn_id")
    return id === undefined ? [] : [{ id, thread: text(request, "thread_id") ?? "" }]
  })
  const known = [...sent, ...evidence.turns]
  return known.filter((turn, index) => turn.id === undefined || known.findIndex((one) => one.id === turn.id) === index)
}

/** A reviewer's turn is echoed in its parent's log; the turn that ends there without a start is the review. */
const reviewOf = (reviewer: string, recording: Recording) => {
  const own = new Set(recording.turns.filter((turn) => turn.thread === reviewer).map((turn) => turn.id))
  const echo = recording.turns.find((turn) => own.has(turn.id) && turn.thread !== reviewer)
  const review = recording.turns
    .filter((turn) => turn.bundle === echo?.bundle && turn.startedMs === undefined)
    .find((turn) => (turn.endedMs ?? 0) >= (echo?.startedMs ?? Infinity))
  return { parent: echo?.thread, spawnTurn: review?.id }
}

const threadsOf = (recording: Recording, evidence: Evidence): Map<string, TrueThread> => {
  const threads = new Map<string, TrueThread>()
  for (const id of evidence.threads) {
    const parent = evidence.parents.get(id)
    threads.set(id, { id, ...(parent !== undefined && { parent }) })
  }
  for (const thread of recording.threads.values()) {
    const review = thread.review ? reviewOf(thread.id, recording) : undefined
    const parent = thread.parent ?? review?.parent ?? evidence.parents.get(thread.id)
    const spawns = [...recording.tools.values()].filter((tool) => tool.thread === parent)
    const spawn =
      spawns.find((tool) => tool.spawned === thread.id) ??
      spawns.findLast((tool) => tool.name.endsWith("spawn_agent") && tool.startedMs <= thread.startedMs)
    const spawnTurn = review?.spawnTurn ?? spawn?.turn
    threads.set(thread.id, {
      id: thread.id,
      ...(parent !== undefined && { parent }),
      ...(parent !== undefined && spawnTurn !== undefined && { spawnTurn })
    })
  }
  return threads
}

const compactionsOf = (calls: ReadonlyArray<TrueCall>, evidence: Evidence): Array<TrueCompaction> => {
  const asked = calls.filter((call) => call.compaction)
  return asked.length >= evidence.compactions.length
    ? asked.map(({ thread, turn }) => ({ thread, ...(turn !== undefined && { turn }) }))
    : [...evidence.compactions]
}

/** Reads the truth of a case. `withHooks` says whether the product was given the hook journal, and so owes more. */
export const readTruth = (one: Case, withHooks: boolean): Truth => {
  const requests = readLines(one.requests).filter((request) => text(request, "url")?.includes("/responses") ?? true)
  const evidence = readEvidence(one, withHooks)
  const recording = readRecording(one.bundles)
  const recorded = recording.threads.size > 0
  const calls = callsOf(requests, recording, evidence)
  const byUser = evidence.userCommands.map((command): TrueTool => {
    return { ...command, name: "user command", cellOverlaps: false, timed: false, owed: true }
  })
  const tools = recorded
    ? [...recordedTools(recording, evidence), ...answeredTools(recording, evidence)]
    : unrecordedTools(requests, evidence)
  return {
    calls,
    tools: [...tools, ...byUser],
    turns: turnsOf(recording, evidence, requests),
    threads: threadsOf(recording, evidence),
    compactions: compactionsOf(calls, evidence),
    recorded
  }
}
