import { describe, expect, test } from "bun:test"
import { reduceBundle } from "../../src/bundle/reduce.ts"
import { BundleRefused } from "../../src/bundle/refusal.ts"
import { assistantMessage, BundleStory, bundle, memoryBundle, userMessage } from "../support/bundle.ts"
import { at, lenientlyOf, orRefused, refusalOf, stateOf } from "../support/reduced.ts"

const reduced = (story: BundleStory, log: string) =>
  orRefused(() => reduceBundle(memoryBundle(JSON.stringify(story.manifest), log, story.payloads)))

describe("the frame of a bundle", () => {
  test("a manifest and an empty log are a bundle that has only begun", () => {
    for (const schema of [1, 2] as const) {
      const trace = stateOf(new BundleStory(schema))
      expect([trace.status, trace.threads.size, trace.recording_complete]).toEqual([
        "running",
        0,
        schema === 2 ? false : undefined
      ])
    }
  })

  test("schema 2 checks the numbers, schemas and rollout of events; schema 1 does not", () => {
    const changes = [
      ["sequence", /"seq":2/, '"seq":3'],
      ["version", /"schema_version":\d/, '"schema_version":7'],
      ["rollout", /"rollout_id":"R"/, '"rollout_id":"Q"']
    ] as const
    for (const [rule, pattern, value] of changes) {
      for (const schema of [1, 2] as const) {
        const story = bundle(schema)
        story.lines[1] = (story.lines[1] ?? "").replace(pattern, value)
        if (schema === 1) expect(stateOf(story).threads.size).toBe(1)
        else expect(refusalOf(story)).toMatchObject({ rule, event: { line: 2, type: "thread_started" } })
      }
    }
  })

  test("a recording is complete if its last line is whole, and nothing follows it", () => {
    const story = bundle().recordingCompletes()
    const complete = (log: string) => {
      const result = reduced(story, log)
      return result instanceof BundleRefused ? result.rule : result.trace.recording_complete
    }
    expect(complete(story.log())).toBe(true)
    expect(complete(story.log().trimEnd())).toBe(false)
    expect(complete(`${story.log()}\n  \n`)).toBe(true)
    expect(complete(story.log() + story.log().split("\n")[0])).toBe("log")
  })

  test("a torn line is refused with its number; blank lines are nothing", () => {
    const story = bundle()
    const result = reduced(story, `\n${story.log().trimEnd().slice(0, -4)}`)
    expect(result).toMatchObject({ rule: "line", event: { line: 4 } })
  })

  test("a manifest of another schema cannot be reduced as schema 2, unless leniently", () => {
    const story = bundle()
    story.manifest.schema_version = 3
    expect(refusalOf(story).rule).toBe("version")
    expect(lenientlyOf(story).trace.threads.size).toBe(1)
  })

  test("a schema-1 bundle is reduced as 0.164 unless a release is named", () => {
    expect(stateOf(bundle(1).turnEnds()).schema_version).toBe(1)
    expect(refusalOf(bundle(2).accepts("m1"), "0.155.0").rule).toBe("line")
  })

  test("a refusal says which event, line and file it is about", () => {
    const refusal = refusalOf(bundle().asks("I1", { nothing: 1 }))
    expect(refusal.message).toBe("this bundle cannot be reduced: the request of I1 has no array input")
    expect(refusal.place).toBe("a bundle/trace.jsonl, event 4 (line 4, inference_started), payloads/1.json")
  })

  test("references of an event are listed, a later one of the same id replaces the earlier", () => {
    const story = bundle()
    const first = story.payload("protocol_event", {})
    const second = { ...story.payload("tool_result", {}), raw_payload_id: first.raw_payload_id }
    for (const ref of [first, second])
      story.event("protocol_event_observed", { event_type: "x", event_payload: ref }, null)
    expect([...stateOf(story).raw_payloads.values()]).toEqual([{ ...second }] as never)
  })
})

describe("a lenient reduction", () => {
  test("leaves out the event that is refused, lists it, and goes on", () => {
    const story = bundle()
      .turnEnds("completed", "another")
      .asks("I1", [userMessage("hi")])
    expect(refusalOf(story).rule).toBe("turn")
    const { leftOut, trace } = lenientlyOf(story)
    expect(leftOut).toMatchObject([{ rule: "turn", place: { line: 4, seq: "4", type: "codex_turn_ended" } }])
    expect(trace.inference_calls.size).toBe(1)
  })

  test("is that of the bundle without the event, also where the event had changed something before it was refused", () => {
    const story = (withBadRequest: boolean) => {
      const told = bundle()
        .asks("I1", [userMessage("hi", "m1")])
        .answers("I1", [assistantMessage("yes", "m2")])
      if (withBadRequest) {
        told.asks("I2", { previous_response_id: "r-I1", input: [userMessage("new"), userMessage("x")] })
        told.asks("I3", { previous_response_id: "r-I1", input: [userMessage("not what was there")] })
      } else told.asks("I2", { previous_response_id: "r-I1", input: [userMessage("new"), userMessage("x")] })
      return told
    }
    const { leftOut, trace } = lenientlyOf(story(true))
    expect(leftOut.map(({ rule }) => rule)).toEqual(["inference"])
    expect(trace).toEqual(stateOf(story(false)))
  })

  test("leaves out a model item that it does not know, and keeps its request", () => {
    const { leftOut, trace } = lenientlyOf(bundle().asks("I1", [userMessage("a"), { type: "odd" }, userMessage("b")]))
    expect(leftOut).toMatchObject([{ rule: "item", what: 'model items of type "odd" are not known to this reducer' }])
    expect(at(trace.inference_calls, "I1").request_item_ids).toHaveLength(2)
  })

  test("says that numbers are missing, and names payloads that are lost", () => {
    const story = bundle().calls("c1", "web").toolEnds("c1", { type: "error", error: "no" })
    story.lines.splice(3, 1)
    story.payloads.clear()
    const { leftOut } = lenientlyOf(story)
    expect(leftOut.map(({ rule }) => rule)).toEqual(["sequence", "tool"])
    const lost = bundle().calls("c1", "web").toolEnds("c1", {})
    lost.payloads.clear()
    expect(lenientlyOf(lost).leftOut).toMatchObject([{ rule: "payload", file: "payloads/1.json" }])
    expect(refusalOf(lost).rule).toBe("payload")
  })

  test("of a bundle that Codex accepts is the same, with nothing left out", () => {
    const story = bundle()
      .asks("I1", [userMessage("hi")])
      .answers("I1", [])
      .turnEnds()
      .recordingCompletes()
    expect(lenientlyOf(story)).toEqual({ trace: stateOf(story), leftOut: [] })
  })
})
