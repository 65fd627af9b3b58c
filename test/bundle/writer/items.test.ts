import { describe, expect, test } from "bun:test"
import { acceptable, makeThreadItems } from "../../../src/bundle/writer/items.ts"
import type { JsonObject } from "../../../src/wire/json.ts"

const call = (args: string, id = "f1"): JsonObject => ({ type: "function_call", id, call_id: "c1", arguments: args })
const output = (text: string): JsonObject => ({ type: "custom_tool_call_output", call_id: "c1", output: text })

describe("of an item that Codex's reducer would refuse", () => {
  const refused: ReadonlyArray<readonly [why: string, item: JsonObject]> = [
    ["has a type that no release takes", { type: "ghost_snapshot" }],
    ["has a role that there is not", { type: "message", role: "narrator", content: [] }],
    ["is a reasoning without any part", { type: "reasoning", summary: [], content: null }],
    [
      "is an agent's message without content",
      { type: "agent_message", author: "/root", recipient: "/root/a", content: [] }
    ],
    ["is a compaction without content", { type: "compaction", encrypted_content: null }]
  ]
  for (const [why, item] of refused) {
    test(`nothing is recorded when it ${why}`, () => expect(acceptable(item, 2)).toBeUndefined())
  }

  test("a summary that is null is left out, and the reasoning stays", () => {
    expect(acceptable({ type: "reasoning", summary: null, encrypted_content: "e" }, 2)).toEqual({
      type: "reasoning",
      encrypted_content: "e"
    })
  })

  test("schema 1 gets no additional tools: its older releases refuse them", () => {
    const tools = { type: "additional_tools", tools: [] }
    expect([acceptable(tools, 1), acceptable(tools, 2)]).toEqual([undefined, tools])
  })

  test("schema 1 gets a name instead of an image in an output, schema 2 the image", () => {
    const seen = { type: "function_call_output", call_id: "c1", output: [{ type: "input_image", image_url: "data:," }] }
    expect(acceptable(seen, 2)).toBe(seen)
    expect(JSON.stringify(acceptable(seen, 1))).not.toContain("input_image")
  })
})

describe("a call id that comes again in its thread", () => {
  test("with the same content is the same call, under whatever item id", () => {
    expect(makeThreadItems(2).taken([call("{}"), call("{}", "f2")])).toHaveLength(2)
  })

  test("with other arguments is left out: it would cost the bundle", () => {
    const [first, second] = [call('{"a":1}'), call('{"a":2}')]
    expect(makeThreadItems(2).taken([first, second])).toEqual([first])
  })

  test("with another output is left out for schema 1 only", () => {
    const [first, second] = [output("42"), output("half way")]
    expect(makeThreadItems(1).taken([first, second])).toEqual([first])
    expect(makeThreadItems(2).taken([first, second])).toEqual([first, second])
  })
})

test("an item's id is new to its thread once", () => {
  const items = makeThreadItems(2)
  expect(items.newIds([call("{}"), call("{}", "f2"), output("x")])).toEqual(["f1", "f2"])
  expect(items.newIds([call("{}")])).toEqual([])
})
