/**
 * Multi-agent v1: what becomes of an agent, told in the outputs of the agent tools and in notes from Codex.
 */
import { describe, expect, test } from "bun:test"
import type { JsonObject } from "../../src/wire/json.ts"
import { ofKind, read, the } from "../support/reading.ts"
import { type Story, session } from "../support/session.ts"
import { withTurnIds } from "../support/session-dialect.ts"

/** A session whose one agent has answered its first task. */
const answered = () => {
  const told = session().turn("use agents")
  const kuhn = told.enlists("Kuhn", "count the tests")
  kuhn.turn("count the tests").says("12.").ends()
  return { told, kuhn }
}

const waits = (told: Story, agent: Story, status: JsonObject | string) =>
  told.asksV1("wait_agent", { targets: [agent.id] }, { status: { [agent.id]: status }, timed_out: false })

/** What every version's trace tells of the agent: its status, and who told whom what. */
const tracesOf = (told: Story) => {
  told.says("Done.").ends()
  return withTurnIds.map((dialect) => {
    const { metadata } = the(read(told, dialect), "agent")
    const edges = (metadata.message_edges ?? []) as ReadonlyArray<JsonObject>
    return {
      status: metadata.agent_status,
      edges: edges.map(({ from, to, kind, content }) => [from, kind, to, content].filter(Boolean).join(" "))
    }
  })
}

const everyVersion = (trace: { readonly status?: string; readonly edges: Array<string> }) =>
  withTurnIds.map(() => ({ status: undefined, ...trace }))

const spawn = "/root spawn Kuhn count the tests"

describe("an agent of v1", () => {
  test("is done, and has answered, once a wait says so", () => {
    const { told, kuhn } = answered()
    waits(told, kuhn, { completed: "12." })
    expect(tracesOf(told)).toEqual(everyVersion({ status: "completed", edges: [spawn, "Kuhn result /root 12."] }))
  })

  test("that nobody waits for is done once Codex notes it", () => {
    const { told, kuhn } = answered()
    told.notes(kuhn, { completed: "12." })
    expect(tracesOf(told)).toEqual(everyVersion({ status: "completed", edges: [spawn, "Kuhn result /root 12."] }))
  })

  test("answers once, however often it is told; asked again it answers again, if with the same words", () => {
    const { told, kuhn } = answered()
    told.notes(kuhn, { completed: "12." })
    waits(told, kuhn, { completed: "12." })
    told.asksV1("send_input", { target: kuhn.id, message: "again" }, { submission_id: "s" })
    waits(told, kuhn, { completed: "12." })
    waits(told, kuhn, { completed: "12." })
    const edges = [spawn, "Kuhn result /root 12.", "/root message Kuhn again", "Kuhn result /root 12."]
    expect(tracesOf(told)).toEqual(everyVersion({ status: "completed", edges }))
  })

  test("names the call that asked for the answer, also where a note came first", () => {
    const { told, kuhn } = answered()
    told.notes(kuhn, { completed: "12." })
    waits(told, kuhn, { completed: "12." }).says("Done.").ends()
    for (const dialect of withTurnIds) {
      const reading = read(told, dialect)
      const edges = the(reading, "agent").metadata.message_edges as ReadonlyArray<JsonObject>
      expect(edges[1]?.call_id).toBe(the(reading, "tool", "wait_agent").metadata.call_id ?? "")
    }
  })

  test("that failed says why", () => {
    const { told, kuhn } = answered()
    told.notes(kuhn, { errored: "not allowed" })
    expect(tracesOf(told)).toEqual(everyVersion({ status: "errored", edges: [spawn, "Kuhn result /root not allowed"] }))
  })

  test("is closed and resumed by calls, and shut down with the session", () => {
    const { told, kuhn } = answered()
    told.asksV1("close_agent", { target: kuhn.id }, { previous_status: "running" })
    const edges = [spawn, "/root close Kuhn"]
    expect(tracesOf(told)).toEqual(everyVersion({ status: "closed", edges }))
    told.turn("go on").asksV1("resume_agent", { id: kuhn.id }, { status: "pending_init" })
    expect(tracesOf(told)).toEqual(everyVersion({ status: "resumed", edges: [...edges, "/root resume Kuhn"] }))
    told.turn("and on").notes(kuhn, "shutdown")
    expect(tracesOf(told)).toEqual(everyVersion({ status: "shutdown", edges: [...edges, "/root resume Kuhn"] }))
  })

  test("has no status while it works, and none from a call that failed", () => {
    const { told, kuhn } = answered()
    waits(told, kuhn, "running")
    told.asksV1("send_input", { target: kuhn.id, message: "again" }, "agent not found")
    told.asksV1("close_agent", { target: kuhn.id }, { previous_status: "not_found" })
    expect(tracesOf(told)).toEqual(everyVersion({ edges: [spawn] }))
  })
})

test("words that only look like a note are the user's", () => {
  const texts = ["{}", '{"agent_path":"Kuhn","status":"shutdown"}', '{"agent_path":1}', "no JSON", '{"status":{}}']
  const told = session()
  for (const text of texts)
    told
      .turn(`<subagent_notification>${text}</subagent_notification>`)
      .gives("user", `<subagent_notification>${text}</subagent_notification>`)
      .says("?")
      .ends()
  for (const dialect of withTurnIds) {
    const reading = read(told, dialect)
    expect(ofKind(reading, "agent")).toEqual([])
    expect(the(reading, "session").metadata.agents).toBeUndefined()
  }
})
