/**
 * Turn spans: what was asked, what was answered, how it ended.
 */
import type { Turn } from "../machine/turn.ts"
import type { Json } from "../wire/json.ts"
import { identity, present, shown, type TraceContext, usageFacts } from "./project.ts"
import type { Span, SpanStatus } from "./span.ts"

const statuses: { readonly [outcome: string]: SpanStatus } = {
  completed: "ok",
  failed: "error",
  interrupted: "interrupted",
  unfinished: "unfinished"
}

/** One text is shown as it is; steering messages and images make a list. */
const inputOf = (context: TraceContext, { prompts }: Turn): Json | undefined => {
  const [first, ...more] = prompts
  if (first === undefined) return undefined
  if (more.length === 0 && first.content === undefined) return first.text
  return prompts.flatMap(
    (prompt): ReadonlyArray<Json> =>
      prompt.content !== undefined
        ? (shown(context, prompt.content) as ReadonlyArray<Json>)
        : prompt.text === undefined
          ? []
          : [{ type: "text", text: prompt.text }]
  )
}

/** A turn that stopped has ended as far as anybody can know, unless something of it came after that. */
const endOf = ({ outcome, endedAt, stoppedAt, lastAt }: Turn): { end?: number; status?: SpanStatus | undefined } => {
  if (outcome !== undefined) return { ...(endedAt !== undefined && { end: endedAt }), status: statuses[outcome] }
  return stoppedAt !== undefined && stoppedAt >= lastAt ? { end: stoppedAt, status: "ok" } : {}
}

export const turnSpan = (context: TraceContext, turn: Turn): Span => {
  const input = inputOf(context, turn)
  const { implied: _, compaction_trigger: __, ...facts } = turn.facts
  const { end, status } = endOf(turn)
  const start = turn.startedAt ?? turn.lastAt
  return {
    ...identity(context, turn.key, turn.parent),
    kind: "turn",
    name: `turn ${turn.number ?? "?"}`,
    start,
    ...(end !== undefined && { end: Math.max(start, end) }),
    ...(status !== undefined && { status }),
    ...(turn.error !== undefined && { error: turn.error }),
    ...(input !== undefined && { input }),
    ...(turn.lastMessage !== undefined && { output: turn.lastMessage }),
    metadata: present({
      ...facts,
      turn_id: turn.turnId,
      turn_number: turn.number,
      duration_ms: turn.durationMs,
      time_to_first_token_ms: turn.timeToFirstTokenMs,
      context_window: turn.contextWindow,
      reason: turn.reason,
      skills: turn.skills.length === 0 ? undefined : turn.skills,
      usage: turn.usage && usageFacts(turn.usage)
    }),
    metrics: {},
    tags: [...new Set(turn.tags)]
  }
}
