import { describe, expect, test } from "bun:test"
import type { PlannedEvent } from "../../../src/bundle/writer/event.ts"
import { planBundle } from "../../../src/bundle/writer/plan.ts"
import { makeUnique } from "../../../src/bundle/writer/unique.ts"
import type { Span } from "../../../src/span/span.ts"
import { read } from "../../support/reading.ts"
import { type Story, session } from "../../support/session.ts"
import { v118, v155, v169 } from "../../support/session-dialect.ts"
import { modelInput, said, span } from "../../support/spans.ts"
import { stateOfSpans } from "./reduced.ts"

const planOf = (story: Story, dialect = v169, schema: 1 | 2 = 2): ReadonlyArray<PlannedEvent> =>
  planBundle(read(story, dialect).spans, { schema, traceId: "trace-1" })

const typesOf = (events: ReadonlyArray<PlannedEvent>): ReadonlyArray<string> => events.map(({ type }) => type)
const ofType = (events: ReadonlyArray<PlannedEvent>, type: string) => events.filter((event) => event.type === type)

const work = () => session().turn("fix it").execs("make").says("Fixed.").ends().leaves()

describe("the events of a session", () => {
  test("come in the order in which a recorder writes them", () => {
    const order = typesOf(planOf(work())).filter((type) => type !== "history_item_accepted")
    expect(order).toEqual([
      "rollout_started",
      "thread_started",
      "codex_turn_started",
      "inference_started",
      "inference_completed",
      "tool_call_started",
      "tool_call_runtime_started",
      "tool_call_runtime_ended",
      "tool_call_ended",
      "inference_started",
      "inference_completed",
      "codex_turn_ended",
      "thread_ended",
      "rollout_ended",
      "recording_completed"
    ])
  })

  test("hold nothing that schema 1 does not know", () => {
    const types = new Set(typesOf(planOf(work(), v155, 1)))
    expect(types.has("history_item_accepted") || types.has("recording_completed")).toBe(false)
  })

  test("say where no record told a time or an item", () => {
    const [request] = ofType(planOf(work()), "inference_started")
    expect(request?.derived).toBe("time and items from the history")
    expect(ofType(planOf(work()), "codex_turn_started")[0]?.derived).toBeUndefined()
  })

  test("hold no end of a turn that nobody saw end, nor of its rollout", () => {
    const types = typesOf(planOf(session().turn("wait").says("Well")))
    expect(types).toContain("codex_turn_started")
    expect(types).not.toContain("codex_turn_ended")
    expect(types).not.toContain("rollout_ended")
  })

  test("of a crash and a resume are one recording that ends", () => {
    const story = session().turn("build").says("so").responds().crashes().after(30).turn("again").says("Done.").ends()
    const events = planOf(story)
    expect([ofType(events, "codex_turn_started").length, ofType(events, "codex_turn_ended").length]).toEqual([2, 1])
    expect(ofType(events, "rollout_ended")).toHaveLength(1)
  })

  test("hold no run of a command in versions that do not tell of it", () => {
    expect(typesOf(planOf(work(), v118))).not.toContain("tool_call_runtime_ended")
  })

  test("leave out a command of the user's own: the model did not call it", () => {
    expect(typesOf(planOf(session().shell("ls")))).not.toContain("tool_call_started")
  })
})

describe("an id", () => {
  test("that is taken gets its place added, and then a number", () => {
    const unique = makeUnique()
    expect([unique("c", "t"), unique("c", "t"), unique("c", "t"), unique("d", "t")]).toEqual(["c", "c@t", "c@t.2", "d"])
  })

  test("of a call that comes three times in a thread gives three tool calls, one of them visible to the model", async () => {
    const root = span({ id: "s", kind: "session", thread_id: "T1", start: 1, end: 9 })
    const turn = span({ id: "t", kind: "turn", thread_id: "T1", parent_id: "s", start: 1, end: 9 })
    const at = (start: number): ReadonlyArray<Span> => [
      span({
        id: `llm-${start}`,
        kind: "llm",
        thread_id: "T1",
        parent_id: "t",
        start,
        end: start + 0.5,
        input: modelInput([said("hi")]),
        output: [{ type: "function_call", call_id: "c1", name: "find", arguments: `{"n":${start}}` }]
      }),
      span({
        id: `tool-${start}`,
        thread_id: "T1",
        parent_id: "t",
        start: start + 0.5,
        end: start + 0.6,
        name: "find",
        metadata: { call_id: "c1", requested_by: `llm-${start}` }
      })
    ]
    const { tool_calls: calls } = await stateOfSpans([root, turn, ...at(2), ...at(3), ...at(4)], "T1", 2)
    expect(Object.entries(calls).map(([id, call]) => [id, call.model_visible_call_id])).toEqual([
      ["c1", "c1"],
      ["c1@T1", null],
      ["c1@T1.2", null]
    ])
  })
})
