/**
 * What agents answered their parents with, as bundle events.
 */
import type { Span } from "../../span/span.ts"
import type { Json, JsonObject } from "../../wire/json.ts"
import { ms, type PlannedEvent, rank } from "./event.ts"
import { isObject, isText } from "./items.ts"
import type { RecordedItems } from "./recorded.ts"
import { agentPath } from "./threads.ts"

/** The text of a message between agents. */
const words = (item: JsonObject): string => {
  const parts = Array.isArray(item.content) ? item.content : []
  const encrypted = parts.find((part: Json) => isObject(part) && typeof part.encrypted_content === "string")
  if (isObject(encrypted)) return String(encrypted.encrypted_content)
  return parts.flatMap((part: Json) => (isObject(part) && typeof part.text === "string" ? [part.text] : [])).join("\n")
}

/** What agents answered with, where their parent's history shows it: the n-th message of an agent ends its n-th turn. */
export const agentResults = (
  spans: ReadonlyArray<Span>,
  items: RecordedItems,
  turnId: (span: Span) => string | undefined
): ReadonlyArray<PlannedEvent> =>
  spans
    .filter((span) => span.kind === "agent")
    .flatMap((agent) => {
      const parent = agent.metadata.parent_thread_id
      if (!isText(parent)) return []
      const answers = items.messages.get(`${parent}/${agentPath(agent)}`) ?? []
      const turns = spans.filter(
        (span) => span.kind === "turn" && span.thread_id === agent.thread_id && span.status === "ok"
      )
      return turns.slice(0, answers.length).flatMap((turn, nth): ReadonlyArray<PlannedEvent> => {
        const [childTurn, answer] = [turnId(turn), answers[nth]]
        if (childTurn === undefined || answer === undefined) return []
        const message = words(answer)
        return [
          {
            atMs: ms(turn.end ?? turn.start),
            rank: rank.agentResult,
            threadId: agent.thread_id,
            turnId: childTurn,
            type: "agent_result_observed",
            fields: {
              edge_id: `edge:agent_result:${agent.thread_id}:${childTurn}:${parent}`,
              child_thread_id: agent.thread_id,
              child_codex_turn_id: childTurn,
              parent_thread_id: parent,
              message
            },
            payloads: {
              carried_payload: { kind: "agent_result", json: { child_agent_path: agentPath(agent), message } }
            },
            derived: "from the parent's history"
          }
        ]
      })
    })
