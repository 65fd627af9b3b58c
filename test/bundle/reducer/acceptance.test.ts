import { describe, expect, test } from "bun:test"
import { agentMessage, assistantMessage, bundle, userMessage } from "../../support/bundle.ts"
import { at, numbers, refusalOf, stateOf } from "../../support/reduced.ts"

const hello = (id?: string, text = "hello") => agentMessage("/root", "/root", text, id)

describe("acceptance", () => {
  test("the first acceptance of an id stamps every item that has it, earlier or later", () => {
    const story = bundle()
      .asks("I1", [userMessage("a", "m1")])
      .accepts("m1")
      .accepts("m1")
      .asks("I2", [userMessage("b", "m1")])
    expect([...stateOf(story).conversation_items.values()].map((item) => item.accepted_seq)).toEqual([5, 5])
    expect(stateOf(bundle().accepts("nobody")).conversation_items.size).toBe(0)
  })

  test("it counts in its thread only, which must be named", () => {
    const story = bundle()
      .asks("I1", [userMessage("a", "m1")])
      .threadStarts("T2")
      .inside("T2", "U1")
      .accepts("m1")
    expect(at(stateOf(story).conversation_items, "conversation_item:1").accepted_seq).toBeUndefined()
    expect(refusalOf(bundle().inside(null, "U1").accepts("m1")).what).toContain("names no thread")
    expect(refusalOf(bundle().inside("T9", "U1").accepts("m1")).rule).toBe("thread")
  })
})

describe("receipts of agent messages", () => {
  test("a receipt is an item at once, and the payload that shows the message later is that item", () => {
    const story = bundle()
      .accepts("m1", hello("m1"))
      .asks("I1", [hello("m1", "as the model saw it")])
    const trace = stateOf(story)
    expect(trace.conversation_items.size).toBe(1)
    expect(at(trace.conversation_items, "conversation_item:1")).toMatchObject({
      accepted_seq: 4,
      body: { parts: [{ type: "text", text: "as the model saw it" }] }
    })
    expect(numbers(at(trace.inference_calls, "I1").request_item_ids)).toBe("1")
  })

  test("it is taken once: another content after that is another item", () => {
    const story = bundle()
      .accepts("m1", hello("m1"))
      .asks("I1", [hello("m1", "a")])
      .asks("I2", [hello("m1", "b")])
    expect(numbers(at(stateOf(story).inference_calls, "I2").request_item_ids)).toBe("2")
  })

  test("it must be the message of that id, unless the id is known already", () => {
    expect(refusalOf(bundle().accepts("m1", hello("m2"))).rule).toBe("acceptance")
    expect(refusalOf(bundle().accepts("m1", assistantMessage("a", "m1"))).rule).toBe("acceptance")
    const known = bundle()
      .asks("I1", [userMessage("a", "m1")])
      .accepts("m1", hello("m2"))
    expect(stateOf(known).conversation_items.size).toBe(1)
  })

  test("reducers before 0.169 do not read it", () => {
    expect(stateOf(bundle().accepts("m1", hello("m2")), "0.166.0").raw_payloads.size).toBe(0)
  })
})
