/**
 * Puts the truth of a case together: what was sent (requests.jsonl), what Codex recorded (bundles), and what a reader
 * of the transcripts can be asked for. Rules about Codex: see codex.md's facts named at each function.
 */
import type { Case } from "./case.ts"
import { type Evidence, readEvidence } from "./evidence.ts"
import { type Fields, groupBy, readLines, text } from "./json.ts"
import { type TrueCall, type TrueCompaction, type TrueThread, type TrueTurn, type Truth, windowOf } from "./truth.ts"
import { type Recording, readRecording } from "./truth-bundle.ts"
import { readCalls } from "./truth-calls.ts"
import { readTools } from "./truth-tools.ts"

/** The turns that requests name: each once. */
const requestedTurns = (requests: ReadonlyArray<Fields>): Array<TrueTurn> =>
  requests.flatMap((request) => {
    const id = text(request, "turn_metadata", "turn_id")
    return id === undefined ? [] : [{ id, thread: text(request, "thread_id") ?? "" }]
  })

const unlike = (turn: TrueTurn, index: number, all: ReadonlyArray<TrueTurn>): boolean =>
  turn.id === undefined || all.findIndex((one) => one.id === turn.id) === index

/** Turns that were asked for and recorded by nobody: 0.155 records no agent that another process has resumed. */
const unrecordedTurns = (recording: Recording, requests: ReadonlyArray<Fields>): Array<TrueTurn> => {
  const known = new Set([
    ...recording.turns.map((turn) => turn.id),
    ...[...recording.inferences.values()].map((inference) => inference.turn)
  ])
  return requestedTurns(requests)
    .filter((turn) => !known.has(turn.id ?? ""))
    .filter(unlike)
    .map((turn) => ({ ...turn, unrecorded: true }))
}

const turnsOf = (recording: Recording, evidence: Evidence, requests: ReadonlyArray<Fields>): Array<TrueTurn> => {
  if (recording.threads.size > 0) return [...recordedTurns(recording), ...unrecordedTurns(recording, requests)]
  return [...requestedTurns(requests), ...evidence.turns].filter(unlike)
}

const recordedTurns = (recording: Recording): Array<TrueTurn> =>
  [...groupBy(recording.turns, (turn) => turn.id).values()].flatMap((sightings): Array<TrueTurn> => {
    // The parent's log echoes the start of a reviewer's turn, never its end.
    const turn = sightings.find((one) => one.endedMs !== undefined) ?? sightings[0]
    if (turn === undefined) return []
    const start = turn.startedMs === undefined ? undefined : windowOf(turn.startedMs, turn.announcedMs)
    const end = turn.endedMs === undefined ? undefined : windowOf(turn.endedMs, turn.closedMs)
    return [{ id: turn.id, thread: turn.thread, ...(start && { start }), ...(end && { end }) }]
  })

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
  for (const [id, parent] of evidence.parents)
    threads.set(id, { id, owed: true, ...(parent !== undefined && { parent }) })
  for (const thread of recording.threads.values()) {
    const review = thread.review ? reviewOf(thread.id, recording) : undefined
    const parent = thread.parent ?? review?.parent ?? evidence.parents.get(thread.id)
    const spawns = [...recording.tools.values()].filter((tool) => tool.thread === parent)
    const spawn =
      spawns.find((tool) => tool.spawned === thread.id) ??
      spawns.findLast((tool) => tool.name.endsWith("spawn_agent") && tool.startedMs <= thread.startedMs)
    const spawnTurn = review?.spawnTurn ?? spawn?.turn
    const hasAsked = [...recording.inferences.values()].some((inference) => inference.thread === thread.id)
    const isSpawned = spawn?.spawned === thread.id && spawn.endedMs !== undefined
    threads.set(thread.id, {
      id: thread.id,
      owed: evidence.parents.has(thread.id) || hasAsked || isSpawned,
      ...(parent !== undefined && { parent }),
      ...(parent !== undefined && spawnTurn !== undefined && { spawnTurn })
    })
  }
  return threads
}

/** A compaction is a summary that was written; a turn whose every request for one failed tried once. */
const compactionsOf = (calls: ReadonlyArray<TrueCall>): Array<TrueCompaction> => {
  const asked = calls.filter((call) => call.compaction)
  return [...groupBy(asked, (call) => `${call.thread} ${call.turn}`).values()].flatMap((inTurn) => {
    const written = inTurn.filter((call) => call.owed)
    return (written.length > 0 ? written : inTurn.slice(0, 1)).map(({ thread, turn, owed }) => {
      return { thread, owed, ...(turn !== undefined && { turn }) }
    })
  })
}

/** Reads the truth of a case. `withHooks` says whether the product was given the hook journal, and so owes more. */
export const readTruth = (one: Case, withHooks: boolean): Truth => {
  const requests = readLines(one.requests).filter((request) => text(request, "url")?.includes("/responses") ?? true)
  const evidence = readEvidence(one, withHooks)
  const recording = readRecording(one.bundles)
  const calls = readCalls(requests, recording, evidence)
  return {
    calls,
    tools: readTools(requests, recording, evidence),
    turns: turnsOf(recording, evidence, requests),
    threads: threadsOf(recording, evidence),
    compactions: compactionsOf(calls),
    recorded: recording.threads.size > 0
  }
}
