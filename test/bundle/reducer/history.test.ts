import { describe, expect, test } from "bun:test"
import {
  assistantMessage,
  type BundleStory,
  bundle,
  functionCall,
  functionOutput,
  userMessage
} from "../../support/bundle.ts"
import { at, numbers, refusalOf, stateOf } from "../../support/reduced.ts"

const requestOf = (story: BundleStory, call: string, version?: string) =>
  numbers(at(stateOf(story, version).inference_calls, call).request_item_ids)
const listOf = (story: BundleStory, version?: string) =>
  numbers(at(stateOf(story, version).threads, "T1").conversation_item_ids)

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

describe("requests", () => {
  test("an item that a request repeats is the same item, wherever it stands", () => {
    const story = bundle().asks(
      "I1",
      ["a", "b", "c"].map((text) => userMessage(text))
    )
    story.asks(
      "I2",
      ["c", "a", "new"].map((text) => userMessage(text))
    )
    expect(requestOf(story, "I2")).toBe("3 1 4")
  })

  test("the same text twice is two items; schema 1 may list one item twice", () => {
    const story = (schema: 1 | 2) =>
      bundle(schema)
        .asks("I1", [userMessage("x"), userMessage("a")])
        .asks("I2", [userMessage("a"), userMessage("a"), userMessage("x")])
    expect(requestOf(story(2), "I2")).toBe("2 3 1")
    expect(requestOf(story(1), "I2", "0.155.0")).toBe("2 2 1")
  })

  test("items with different ids are different, in schema 2", () => {
    const story = (schema: 1 | 2) =>
      bundle(schema)
        .asks("I1", [userMessage("a", "m1")])
        .asks("I2", [userMessage("a", "m2")])
    expect(requestOf(story(2), "I2")).toBe("2")
    expect(requestOf(story(1), "I2", "0.155.0")).toBe("1")
  })

  test("what the model answered is the next request's history", () => {
    const story = bundle()
      .asks("I1", [userMessage("a")])
      .answers("I1", [assistantMessage("b")])
    expect(requestOf(story.asks("I2", [userMessage("a"), assistantMessage("b"), userMessage("c")]), "I2")).toBe("1 2 3")
  })

  test("a request that continues a response has that request and response before it", () => {
    const story = bundle()
      .asks("I1", [userMessage("a")])
      .answers("I1", [assistantMessage("b")])
    story.asks("I2", { previous_response_id: "r-I1", input: [userMessage("c")] })
    expect(requestOf(story, "I2")).toBe("1 2 3")
    story.asks("I3", { previous_response_id: "r-I1", input: [userMessage("not c")] })
    expect(refusalOf(story).what).toContain("item 2 of the request is not conversation_item:3")
    expect(refusalOf(bundle().asks("I1", { previous_response_id: "r-I0", input: [] })).what).toContain("r-I0")
  })

  test("a long history is matched by content, in the order of the history", () => {
    const texts = Array.from({ length: 300 }, (_, n) => `message ${n % 150}`)
    const story = bundle().asks(
      "I1",
      texts.map((text) => userMessage(text))
    )
    const shifted = [...texts.slice(1), "new"]
    expect(
      requestOf(
        story.asks(
          "I2",
          shifted.map((text) => userMessage(text))
        ),
        "I2"
      )
    ).toBe(
      // The second "message 0" takes the first item: it is the first equal one that is not used yet.
      [...range(2, 150), 1, ...range(152, 300), 301].join(" ")
    )
  })
})

describe("calls and their ids", () => {
  test("the same call id with other arguments is refused, in the same thread", () => {
    const story = () => bundle().asks("I1", [functionCall("c1", { a: 1 })])
    expect(refusalOf(story().asks("I2", [functionCall("c1", { a: 2 })])).what).toBe(
      "call id c1 of conversation_item:1 comes again with other content"
    )
    expect(
      requestOf(
        story()
          .threadStarts("T2")
          .turnStarts("U2", "T2")
          .asks("I2", [functionCall("c1", { a: 2 })]),
        "I2"
      )
    ).toBe("2")
  })

  test("an output may change, in schema 2 only", () => {
    const story = (schema: 1 | 2) =>
      bundle(schema)
        .asks("I1", [functionOutput("c1", "a")])
        .asks("I2", [functionOutput("c1", "b")])
    expect(requestOf(story(2), "I2")).toBe("2")
    expect(refusalOf(story(1), "0.155.0").rule).toBe("item")
  })
})

describe("responses", () => {
  test("a retried response that repeats ids has the same items; without ids they are new", () => {
    const twice = (id?: string) => {
      const story = bundle()
        .asks("I1", [userMessage("a")])
        .answers("I1", [assistantMessage("b", id)])
      return stateOf(story.asks("I2", [userMessage("a")]).answers("I2", [assistantMessage("b", id)]))
    }
    const trace = twice("m1")
    expect(numbers(at(trace.inference_calls, "I2").response_item_ids)).toBe("2")
    expect(at(trace.conversation_items, "conversation_item:2").produced_by).toHaveLength(2)
    expect(numbers(at(twice().inference_calls, "I2").response_item_ids)).toBe("3")
  })

  test("an answer that was never accepted nor sent back is not in the thread's list, in schema 2", () => {
    const story = (schema: 1 | 2) =>
      bundle(schema)
        .asks("I1", [userMessage("a")])
        .answers("I1", [assistantMessage("b", "m1")])
    expect(listOf(story(2))).toBe("1")
    expect(listOf(story(2).accepts("m1"))).toBe("1 2")
    expect(listOf(story(1), "0.155.0")).toBe("1 2")
  })
})

describe("compaction checkpoints", () => {
  const compacted = () =>
    bundle()
      .asks("I1", [userMessage("a"), userMessage("b")])
      .installs("C1", [userMessage("a"), userMessage("b")], [userMessage("a"), assistantMessage("summary")])

  test("the history before is known, the marker and the replacement are new", () => {
    const compaction = at(stateOf(compacted()).compactions, "C1")
    expect([
      numbers(compaction.input_item_ids),
      numbers([compaction.marker_item_id]),
      numbers(compaction.replacement_item_ids)
    ]).toEqual(["1 2", "3", "4 5"])
    expect(listOf(compacted())).toBe("1 2 3 4 5")
  })

  test("the next whole request repeats the replacement, not what was before", () => {
    const story = compacted().asks("I2", [userMessage("b"), userMessage("a"), assistantMessage("summary")])
    expect(requestOf(story, "I2")).toBe("6 4 5")
    expect(requestOf(story.asks("I3", [userMessage("b")]), "I3")).toBe("6")
  })

  test("a checkpoint without its histories is refused", () => {
    const story = bundle()
    story.event("compaction_installed", {
      compaction_id: "C1",
      checkpoint_payload: story.payload("compaction_checkpoint", { input_history: [] })
    })
    expect(refusalOf(story).what).toBe("the checkpoint of C1 has no array replacement_history")
  })
})
