/**
 * A plan that grows: which of its events a running recording has not written yet.
 *
 * A session that goes on is planned again and again from all its spans; an event is known by what it tells of, so each
 * is written once, when it is first planned. What was written stays, also where a later plan would say more.
 */
import type { PlannedEvent } from "./event.ts"

/** The field that names what an event tells of, the narrowest first. */
const subjects = [
  "tool_call_id",
  "inference_call_id",
  "runtime_cell_id",
  "edge_id",
  "item_id",
  "codex_turn_id",
  "thread_id"
]

const keyOf = ({ type, threadId, fields }: PlannedEvent): string => {
  const subject = subjects.find((field) => field in fields)
  return `${type} ${threadId ?? ""} ${subject === undefined ? "" : String(fields[subject])}`
}

/** Takes plans of one session, each of more than the one before, and gives the events that are new in it. */
export const makeUnwritten = () => {
  const written = new Set<string>()
  return (plan: ReadonlyArray<PlannedEvent>): ReadonlyArray<PlannedEvent> =>
    plan.filter((event) => {
      const key = keyOf(event)
      if (written.has(key)) return false
      written.add(key)
      return true
    })
}
