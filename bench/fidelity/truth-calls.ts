/**
 * The calls of the model: each request that was sent, joined with what the bundle recorded of it.
 */
import type { Evidence } from "./evidence.ts"
import { type Fields, groupBy, list, number, text } from "./json.ts"
import { sameUsage, type TrueCall, type Usage } from "./truth.ts"
import type { Inference, Recording } from "./truth-bundle.ts"
import { usageOf } from "./truth-transcript.ts"

/** A server sees a request at most this long after it was sent (measured against bundles: 2 to 19 ms). */
const travelMs = 20

/** And Codex has the last byte this long after the server gave it away (measured: up to 2 ms). */
const answerMs = 5

/** How the summary is asked for; the only mark of such a request up to 0.128. */
const compactionPrompt = "You are performing a CONTEXT CHECKPOINT COMPACTION"

const isCompaction = (request: Fields) => {
  const kind = text(request, "turn_metadata", "request_kind")
  if (kind !== undefined) return kind === "compaction"
  const asked = list(list(request, "input").at(-1), "content").map((part) => text(part, "text") ?? "")
  return text(request, "url")?.endsWith("/compact") === true || asked.some((one) => one.startsWith(compactionPrompt))
}

/** The attempts of one call, and the inference that the bundle tells of it. */
interface Sent {
  readonly attempts: ReadonlyArray<Fields>
  inference?: Inference
}

/** Joins requests and inferences: by inference call id, else (0.128 sends none) by response id, else in order. */
const join = (requests: ReadonlyArray<Fields>, recording: Recording): ReadonlyArray<Sent> => {
  const inferences = [...recording.inferences.values()]
  const free = new Set(inferences)
  const take = (sent: Sent, inference: Inference | undefined) => {
    if (inference === undefined || !free.delete(inference)) return
    sent.inference = inference
  }
  // Attempts of one call share its inference call id (a refused request is sent again under the same id).
  const grouped = groupBy(requests, (request) => text(request, "inference_call_id") ?? request)
  const all = [...grouped.values()].map((attempts): Sent => ({ attempts }))
  for (const sent of all) take(sent, recording.inferences.get(text(sent.attempts[0], "inference_call_id") ?? ""))
  const nameless = all.filter(
    ({ attempts, inference }) =>
      inference === undefined && text(attempts[0], "inference_call_id") === undefined && !attempts.some(isCompaction)
  )
  for (const sent of nameless) {
    const response = text(sent.attempts[0], "response_id")
    if (response !== undefined)
      take(
        sent,
        inferences.find((one) => one.responseId === response)
      )
  }
  for (const sent of nameless) {
    const [request] = sent.attempts
    if (sent.inference !== undefined || request === undefined) continue
    const thread = text(request, "thread_id")
    const isWhole = text(request, "outcome") === "completed"
    take(
      sent,
      inferences.find(
        (one) => free.has(one) && !one.completed && one.thread === thread && (!isWhole || isStartOf(one, request))
      )
    )
  }
  return all
}

/** Whether the bundle saw this very request go out: the server may have answered what Codex no longer waited for. */
const isStartOf = ({ startMs }: Inference, request: Fields): boolean => {
  const { start } = served(request)
  return start !== undefined && start.from <= startMs && startMs <= start.to
}

/** How long before and after the server gave the last byte away the interrupt that cut it may be recorded. */
const interruptMs = { before: 5, after: 20 }

/** Without a bundle: whether the turn was interrupted as the answer's last bytes came, so that Codex may have had none. */
const isCutAtItsEnd = (request: Fields, evidence: Evidence): boolean => {
  const endedMs = (number(request, "ended_at_ns") ?? 0) / 1e6
  const interrupts = evidence.interrupts.get(text(request, "thread_id") ?? "") ?? []
  return interrupts.some((ms) => ms >= endedMs - interruptMs.before && ms <= endedMs + interruptMs.after)
}

/** A PreModelRequest came before this attempt and after the turn's attempt before it. */
const hooked = (inference: Inference, evidence: Evidence, recording: Recording) => {
  const before = [...recording.inferences.values()]
    .filter((other) => other.turn === inference.turn && other.startMs < inference.startMs)
    .reduce((latest, other) => Math.max(latest, other.endMs ?? other.startMs), 0)
  return evidence.modelRequests.some(
    (request) => request.turn === inference.turn && request.atMs > before && request.atMs <= inference.startMs + 50
  )
}

/** What only the server's clock tells: the request was under way a little before it came, the answer a little after. */
const served = (request: Fields): Pick<TrueCall, "start" | "end"> => {
  const received = number(request, "received_at_ns")
  const ended = number(request, "ended_at_ns")
  return {
    ...(received !== undefined && { start: { from: received / 1e6 - travelMs, to: received / 1e6 } }),
    ...(ended !== undefined && { end: { from: ended / 1e6, to: ended / 1e6 + answerMs } })
  }
}

const recorded = (inference: Inference): Pick<TrueCall, "start" | "end"> => ({
  start: { from: inference.startMs, to: inference.startMs },
  ...(inference.endMs !== undefined && { end: { from: inference.endMs, to: inference.endMs } })
})

const isTold = (usage: Usage, responseId: string | undefined, thread: string, evidence: Evidence) =>
  evidence.usageByResponse.has(responseId ?? "") ||
  (evidence.usageInOrder.get(thread) ?? []).some((told) => sameUsage(told, usage)) ||
  evidence.hookedUsage.some((told) => sameUsage(told, usage))

/** What nobody tells of a call that was never sent. */
const silent = {
  compaction: false,
  instructionsTold: false,
  usageTold: false,
  startHooked: false,
  owed: false
} as const

/** Requests that a hook announced and that were stopped before Codex sent, or even recorded, them. */
const begunOnly = (recording: Recording, evidence: Evidence): Array<TrueCall> => {
  const inferences = [...recording.inferences.values()]
  return evidence.modelRequests.flatMap((request, index): Array<TrueCall> => {
    const next = evidence.modelRequests.slice(index + 1).find((other) => other.turn === request.turn)?.atMs ?? Infinity
    const thread = recording.turns.find((turn) => turn.id === request.turn)?.thread
    const began = inferences.some(
      (one) => one.turn === request.turn && one.startMs > request.atMs - 50 && one.startMs < next
    )
    if (began || thread === undefined) return []
    const facts = { ...silent, startHooked: true }
    return [
      { key: `begun ${index}`, thread, turn: request.turn, start: { from: request.atMs, to: request.atMs }, ...facts }
    ]
  })
}

/** Every call of the model in a case. */
export const readCalls = (
  requests: ReadonlyArray<Fields>,
  recording: Recording,
  evidence: Evidence
): ReadonlyArray<TrueCall> => {
  const completedSoFar = new Map<string, number>()
  const joined = join(requests, recording)
  const sent = joined.flatMap(({ attempts, inference }, index): Array<TrueCall> => {
    const request = attempts.at(-1)
    if (request === undefined) return []
    const thread = text(request, "thread_id") ?? ""
    const turn = text(request, "turn_metadata", "turn_id") ?? inference?.turn
    const outcome = text(request, "outcome")
    const completed = inference?.completed ?? (outcome === undefined || outcome === "completed")
    const responseId = inference?.responseId ?? text(request, "response_id")
    const position = completedSoFar.get(thread) ?? 0
    if (completed) completedSoFar.set(thread, position + 1)
    const usage =
      usageOf(request.usage) ??
      inference?.usage ??
      evidence.usageByResponse.get(responseId ?? "") ??
      (completed ? evidence.usageInOrder.get(thread)?.[position] : undefined)
    const startHooked = inference !== undefined && hooked(inference, evidence, recording)
    const instructions = text(request, "instructions")
    return [
      {
        key: inference?.id ?? `request ${index + 1}`,
        thread,
        ...(turn !== undefined && { turn }),
        compaction: isCompaction(request),
        input: list(request, "input"),
        ...(instructions !== undefined && instructions !== "" && { instructions }),
        instructionsTold: evidence.instructions.has(instructions ?? ""),
        ...(responseId !== undefined && { responseId }),
        ...(inference === undefined ? served(request) : recorded(inference)),
        ...(usage !== undefined && { usage }),
        usageTold: usage !== undefined && isTold(usage, responseId, thread, evidence),
        startHooked,
        owed: (completed && !(inference === undefined && isCutAtItsEnd(request, evidence))) || startHooked
      }
    ]
  })
  const begun = begunOnly(recording, evidence)
  const known = new Set(joined.map(({ inference }) => inference))
  const unsent = [...recording.inferences.values()]
    .filter((inference) => !known.has(inference))
    .map((inference): TrueCall => {
      const { id: key, thread, turn } = inference
      return { key, thread, turn, ...recorded(inference), ...silent }
    })
  return [...sent, ...unsent, ...begun]
}
