/**
 * Threads and turns, as a bundle recorded them (thread_started, codex_turn_*, protocol_event_observed; 0.128 +).
 *
 * A turn's start and end are told twice: exactly by its own events, and a few milliseconds later, with what is known
 * of it, by the protocol event that Codex sends its clients. So both are held until that one, or anything else of the
 * thread, has come.
 *
 * A review is recorded in the thread that asked for it as the start of the reviewer's turn and the end of its own
 * (codex.md, "Review"): a start is only believed once something names its turn, and one that nothing names before the
 * thread goes on with a turn that never began is where that turn, the review, began.
 */
import type { EventOf, ExecutionStatus } from "../wire/bundle/events.ts"
import type { JsonObject } from "../wire/json.ts"
import { isObject } from "../wire/record.ts"
import type { BundlePlace, Payloads, Told } from "./bundle-place.ts"
import { recordedRules } from "./codex-rules.ts"
import type { EventOf as DomainEventOf } from "./event.ts"
import { known } from "./row.ts"
import { lineageOf } from "./translate.ts"
import { errorOf, turnRows } from "./turns.ts"

type TurnStart = DomainEventOf<"TurnStarted"> & { readonly turnId: string }
type TurnEnd = DomainEventOf<"TurnEnded"> & { readonly turnId: string }

/** What of a thread is told as soon as it is certain. */
interface Held {
  readonly start?: TurnStart
  readonly end?: TurnEnd
}

const outcomes: { readonly [status in ExecutionStatus]: TurnEnd["outcome"] } = {
  completed: "completed",
  running: "completed",
  failed: "failed",
  cancelled: "interrupted",
  aborted: "interrupted"
}

/** `WorkspaceWrite { … }` → `workspace-write`, as transcripts name a sandbox. */
const sandboxOf = (policy: unknown): string | undefined =>
  typeof policy === "string"
    ? /^\w+/
        .exec(policy)?.[0]
        .replace(/(?<=[a-z])(?=[A-Z])/g, "-")
        .toLowerCase()
    : undefined

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

/** What the rows remember: which turn is whose, and what they hold back. */
interface Seen {
  readonly held: Map<string, Held>
  /** The thread of every turn that was told. */
  readonly turns: Map<string, string>
  /** Turns of reviewers: the thread and the turn that asked for the review. */
  readonly reviews: Map<string, { readonly threadId: string; readonly turnId: string }>
  /** What the protocol said of a turn before its own end was recorded. */
  readonly closings: Map<string, Partial<TurnEnd>>
  /** The thread whose request failed last, and what Codex told its clients since. */
  failing: { readonly threadId: string; readonly error?: TurnEnd["error"] } | undefined
}

const hold = (seen: Seen, threadId: string, what: Held): void => {
  if (what.start === undefined && what.end === undefined) seen.held.delete(threadId)
  else seen.held.set(threadId, what)
}

/** Tells what is held of a thread, now that something else of it has come. */
const release = (seen: Seen, threadId: string, turnId: string | undefined): Told => {
  const { start, end } = seen.held.get(threadId) ?? {}
  if (start === undefined && end === undefined) return []
  const ended = end === undefined ? [] : [end]
  if (start === undefined || turnId === undefined || turnId === start.turnId) {
    hold(seen, threadId, {})
    if (start !== undefined) seen.turns.set(start.turnId, threadId)
    return [...ended, ...(start === undefined ? [] : [start])]
  }
  hold(seen, threadId, seen.turns.has(turnId) ? { start } : {})
  if (seen.turns.has(turnId)) return ended
  seen.reviews.set(start.turnId, { threadId, turnId })
  seen.turns.set(turnId, threadId)
  return [...ended, { _tag: "ReviewEntered", ...picked(start, placeKeys), turnId }]
}

const threadStarted = (
  event: EventOf<"thread_started">,
  rootId: string,
  place: BundlePlace,
  payloads: Payloads
): Told => {
  const meta = payloads(event.metadata_payload) ?? {}
  const source = meta.session_source
  const lineage = lineageOf({
    ...(isObject(source) && { source }),
    // A path that is the root's own says nothing of an agent (multi-agent v1).
    agent_path: meta.agent_path === "/root" ? null : (textOf(meta.agent_path) ?? null),
    agent_nickname: textOf(meta.nickname) ?? null,
    agent_role: textOf(meta.agent_role) ?? null
  })
  const cwd = textOf(meta.cwd)
  return [
    {
      _tag: "ThreadStarted",
      ...place,
      metaId: event.thread_id,
      rootId,
      lineage,
      facts: known({
        cwd,
        source: typeof source === "string" ? source : isObject(source) ? Object.keys(source)[0] : undefined,
        model: meta.model,
        model_provider: meta.provider_name,
        approval_policy: typeof meta.approval_policy === "string" ? meta.approval_policy : undefined,
        sandbox: sandboxOf(meta.sandbox_policy),
        transcript_path: meta.rollout_path
      }),
      ...(cwd !== undefined && { cwd }),
      requestRules: recordedRules
    }
  ]
}

const turnStarted = (seen: Seen, event: EventOf<"codex_turn_started">, place: BundlePlace): Told => {
  const before = release(seen, place.threadId, undefined)
  const turnId = event.codex_turn_id
  const review = seen.reviews.get(turnId)
  const start: TurnStart = {
    _tag: "TurnStarted",
    ...place,
    turnId,
    ...(review !== undefined && review.threadId !== place.threadId && { parentTurnId: review.turnId })
  }
  hold(seen, place.threadId, { start })
  return review === undefined || review.threadId === place.threadId
    ? before
    : [...before, claimed(place, { parentThreadId: review.threadId, kind: "review" })]
}

const turnEnded = (seen: Seen, event: EventOf<"codex_turn_ended">, place: BundlePlace): Told => {
  const turnId = event.codex_turn_id
  const before = release(seen, place.threadId, turnId)
  const closing = seen.closings.get(turnId)
  const error = seen.failing?.threadId === place.threadId ? seen.failing.error : undefined
  const end: TurnEnd = {
    _tag: "TurnEnded",
    ...place,
    turnId,
    outcome: error === undefined ? outcomes[event.status] : "failed",
    ...(error && { error })
  }
  seen.closings.delete(turnId)
  if (closing !== undefined) return [...before, closed(end, closing)]
  hold(seen, place.threadId, { ...seen.held.get(place.threadId), end })
  return before
}

const protocol = (
  seen: Seen,
  event: EventOf<"protocol_event_observed">,
  place: BundlePlace,
  payloads: Payloads
): Told => {
  const payload = payloads(event.event_payload) ?? {}
  switch (event.event_type) {
    case "session_configured":
      return configured(payload, place)
    case "turn_started":
      return announced(seen, payload, place)
    case "turn_complete":
    case "turn_aborted":
      return explained(seen, payload, place)
    case "error": {
      const error = errorOf({
        message: textOf(payload.message) ?? "the turn failed",
        codex_error_info: payload.codex_error_info
      })
      if (seen.failing !== undefined) seen.failing = { ...seen.failing, error }
      return []
    }
    default:
      return []
  }
}

/** What the client was told of a turn that began completes what is held of it. */
const announced = (seen: Seen, payload: JsonObject, place: BundlePlace): Told => {
  const [threadId, of] = [...seen.held].find(([, { start }]) => start?.turnId === payload.turn_id) ?? []
  const [told] = turnRows.task_started?.(payload, place, noRecord) ?? []
  if (threadId === undefined || of?.start === undefined || told?._tag !== "TurnStarted") return []
  // Who asked for a review is known already, where it is known.
  const { parentTurnId = told.parentTurnId } = of.start
  const start = { ...of.start, ...picked(told, startKeys), ...(parentTurnId !== undefined && { parentTurnId }) }
  hold(seen, threadId, { ...of, start })
  return []
}

const explained = (seen: Seen, payload: JsonObject, place: BundlePlace): Told => {
  const type = payload.type === "turn_aborted" ? "turn_aborted" : "task_complete"
  const [told] = turnRows[type]?.(payload, place, noRecord) ?? []
  if (told?._tag !== "TurnEnded" || told.turnId === undefined) return []
  const closing = picked(told, endKeys)
  const [threadId, of] = [...seen.held].find(([, { end }]) => end?.turnId === told.turnId) ?? []
  if (threadId === undefined || of?.end === undefined) {
    if (seen.turns.has(told.turnId)) seen.closings.set(told.turnId, closing)
    return []
  }
  const { end, ...rest } = of
  hold(seen, threadId, rest)
  return [closed(end, closing)]
}

/** A thread that asked for a review names itself in the reviewer's bundle (0.155 +). */
const configured = (payload: JsonObject, place: BundlePlace): Told => {
  const threadId = textOf(payload.thread_id) ?? textOf(payload.session_id)
  const parentThreadId = textOf(payload.parent_thread_id)
  if (threadId === undefined) return []
  const forkedFromId = textOf(payload.forked_from_id)
  const own = { ...place, threadId }
  return [
    { _tag: "SessionNoted", ...own, facts: known({ forked_from: forkedFromId }) },
    ...(parentThreadId === undefined && forkedFromId === undefined
      ? []
      : [claimed(own, { ...(parentThreadId && { parentThreadId }), ...(forkedFromId && { forkedFromId }) })])
  ]
}

const placeKeys = ["threadId", "at", "bytes", "recorded"] as const
const startKeys = ["trigger", "contextWindow", "facts"] as const
const endKeys = ["outcome", "error", "reason", "lastMessage", "durationMs", "timeToFirstTokenMs"] as const

/** These fields of an event, as far as it has them. */
const picked = <T extends object, K extends keyof T>(event: T, keys: ReadonlyArray<K>): Pick<T, K> =>
  Object.fromEntries(keys.flatMap((key) => (key in event ? [[key, event[key]]] : []))) as Pick<T, K>

/** Rows of `event_msg` look at their payload alone. */
const noRecord = { timestamp: "", type: "event_msg", payload: {} }

/** The end of a turn with what the client was told of it. */
const closed = (end: TurnEnd, closing: Partial<TurnEnd>): TurnEnd => ({
  ...closing,
  ...end,
  outcome: closing.outcome === "failed" ? "failed" : end.outcome,
  ...(closing.error && { error: closing.error })
})

/** What became known of a thread's place after its start. */
const claimed = (
  place: BundlePlace,
  lineage: DomainEventOf<"ThreadStarted">["lineage"]
): DomainEventOf<"ThreadStarted"> => {
  const { turnId: _, ...own } = place
  return { _tag: "ThreadStarted", ...own, metaId: place.threadId, lineage, facts: {}, requestRules: recordedRules }
}

/** The rows of threads and turns, with what they hold back. */
export const threadRows = () => {
  const seen: Seen = { held: new Map(), turns: new Map(), reviews: new Map(), closings: new Map(), failing: undefined }
  return {
    release: (threadId: string, turnId: string | undefined) => release(seen, threadId, turnId),
    threadStarted,
    turnStarted: (event: EventOf<"codex_turn_started">, place: BundlePlace) => turnStarted(seen, event, place),
    turnEnded: (event: EventOf<"codex_turn_ended">, place: BundlePlace) => turnEnded(seen, event, place),
    protocol: (event: EventOf<"protocol_event_observed">, place: BundlePlace, payloads: Payloads) =>
      protocol(seen, event, place, payloads),
    /** A request of this thread failed: what the protocol says next may be about its turn. */
    requestFailed: (threadId: string): void => {
      seen.failing = { threadId }
    },
    requestSent: (threadId: string): void => {
      if (seen.failing?.threadId === threadId) seen.failing = undefined
    },
    /** Nothing more will come: tells what is still held. */
    end: (): Told => [...seen.held.keys()].flatMap((threadId) => release(seen, threadId, undefined))
  }
}
