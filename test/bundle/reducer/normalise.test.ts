import { describe, expect, test } from "bun:test"
import { generationOf } from "../../../src/bundle/generation.ts"
import { normalise } from "../../../src/bundle/reducer/normalise.ts"
import { Refusal } from "../../../src/bundle/refusal.ts"
import { readJsonText } from "../../../src/wire/bundle/json.ts"

const ref = { raw_payload_id: "raw_payload:1", kind: { type: "inference_request" }, path: "payloads/1.json" } as const
const read = (item: unknown, version = "0.169.0") => {
  const features = generationOf(version)
  if (features === undefined) throw new Error(version)
  return normalise({ features, ref }, readJsonText(typeof item === "string" ? item : JSON.stringify(item)))
}
const partsOf = (item: unknown, version?: string) => read(item, version)?.parts
const isRefused = (item: unknown, version?: string) => {
  try {
    read(item, version)
    return false
  } catch (error) {
    if (error instanceof Refusal) return true
    throw error
  }
}
const message = (content: unknown, more: object = {}) => ({ type: "message", role: "user", content, ...more })

describe("model items", () => {
  test("a message has its role, its phase as channel, and its texts", () => {
    const item = read(
      message([{ type: "input_text", text: "a" }, { type: "text" }], {
        role: "assistant",
        phase: "final_answer",
        id: "m1"
      })
    )
    expect(item).toEqual({
      responsesId: "m1",
      role: "assistant",
      channel: "final",
      kind: "message",
      agentMessage: undefined,
      parts: [{ type: "text", text: "a" }],
      callId: null
    })
    expect(read(message([], { phase: "odd" }))?.channel).toBeNull()
    expect(
      [message([], { role: "robot" }), message([], { role: undefined }), { role: "user" }, []].map((item) =>
        isRefused(item)
      )
    ).toEqual([true, true, true, true])
  })

  test("what is not text stays in the payload; schema 2 knows it by a hash that the order of keys does not change", () => {
    const image = (text: string) => partsOf(`{"type":"message","role":"user","content":[${text}]}`)
    const [part] = image('{"type":"input_image","image_url":"x","n":1.50}') ?? []
    expect(part).toMatchObject({ type: "payload_ref", label: "input_image", raw_payload_id: "raw_payload:1" })
    expect(image('{"n":1.50,"image_url":"x","type":"input_image"}')).toEqual([part as never])
    expect(image('{"n":1.5,"image_url":"x","type":"input_image"}')).not.toEqual([part as never])
    expect(partsOf(message([{ type: "input_image" }]), "0.155.0")).toMatchObject([{ content_sha256: undefined }])
    expect(partsOf(message("text"))).toEqual([
      { type: "payload_ref", label: "content", raw_payload_id: "raw_payload:1", content_sha256: undefined }
    ])
  })

  test("content without anything is an empty list, and a part of its own before schema 2", () => {
    expect(partsOf(message([]))).toEqual([])
    expect(partsOf(message([{ type: "text" }]), "0.155.0")).toMatchObject([{ label: "empty_content" }])
  })

  test("arguments are JSON if they are, text if they are not, and a reference if there are none", () => {
    const call = (args: unknown) => partsOf({ type: "function_call", call_id: "c", arguments: args })
    expect(call('{ "a": 1E3 }')).toMatchObject([{ type: "json", summary: '{"a":1e+3}' }])
    expect(call("{oops")).toEqual([{ type: "text", text: "{oops" }])
    expect(call({ a: 1 })).toMatchObject([{ type: "json", summary: '{"a":1}' }])
    expect(call(undefined)).toMatchObject([{ type: "payload_ref", label: "payload" }])
  })

  test("an output is text, content or JSON, and a reference if there is none", () => {
    const output = (value: unknown) => partsOf({ type: "function_call_output", call_id: "c", output: value })
    expect(output("a")).toEqual([{ type: "text", text: "a" }])
    expect(output([{ type: "output_text", text: "b" }])).toEqual([{ type: "text", text: "b" }])
    expect(output(null)).toMatchObject([{ type: "json", summary: "null" }])
    expect(output(undefined)).toMatchObject([{ label: "tool_output" }])
  })

  test("a custom call is code if it is exec, text otherwise, and JSON without input", () => {
    const call = (more: object) => partsOf({ type: "custom_tool_call", call_id: "c", ...more })
    expect(call({ name: "exec", input: "text(1)" })).toEqual([
      { type: "code", language: "javascript", source: "text(1)" }
    ])
    expect(call({ name: "apply_patch", input: "***" })).toEqual([{ type: "text", text: "***" }])
    expect(call({ name: "exec" })).toMatchObject([{ type: "json" }])
  })

  test("reasoning has its text, its summary and its secret, in this order, and at least one of them", () => {
    const reasoning = (more: object) => ({ type: "reasoning", ...more })
    const whole = reasoning({
      encrypted_content: "s",
      summary: [{ type: "summary_text", text: "b" }],
      content: [{ type: "text", text: "a" }]
    })
    expect(partsOf(whole)).toEqual([
      { type: "text", text: "a" },
      { type: "summary", text: "b" },
      { type: "encoded", label: "encrypted_content", value: "s" }
    ])
    expect(partsOf(reasoning({ content: null, encrypted_content: "s" }))).toHaveLength(1)
    for (const wrong of [
      {},
      { summary: null, encrypted_content: "s" },
      { content: [{ type: "odd", text: "a" }] },
      { encrypted_content: 3 },
      { content: [{ type: "text" }] }
    ]) {
      expect([wrong, isRefused(reasoning(wrong))]).toEqual([wrong, true])
    }
  })

  test("a message between agents has an author, a recipient and content, from 0.142 on", () => {
    const sent = {
      type: "agent_message",
      author: "/root",
      recipient: "/root/a",
      content: [
        { type: "input_text", text: "hi" },
        { type: "encrypted_content", encrypted_content: "s" }
      ]
    }
    expect(read(sent)).toMatchObject({
      role: "assistant",
      channel: "analysis",
      agentMessage: { author: "/root", recipient: "/root/a" }
    })
    expect(partsOf(sent)).toHaveLength(2)
    expect(isRefused(sent, "0.128.0")).toBe(true)
    for (const wrong of [
      { author: undefined },
      { recipient: 3 },
      { content: [] },
      { content: [{ type: "text", text: "x" }] },
      { id: 3 },
      { internal_chat_message_metadata_passthrough: 3 }
    ]) {
      expect([wrong, isRefused({ ...sent, ...wrong })]).toEqual([wrong, true])
    }
  })

  test("searches and shells are JSON of the whole item; compactions are a secret; tools for the model are skipped", () => {
    for (const type of ["web_search_call", "tool_search_call", "image_generation_call", "local_shell_call"])
      expect(read({ type })?.kind).toBe("function_call")
    for (const type of ["tool_search_output", "mcp_tool_call_output"])
      expect(read({ type })?.kind).toBe("function_call_output")
    expect(partsOf({ type: "compaction", encrypted_content: "s" })).toEqual([
      { type: "encoded", label: "encrypted_content", value: "s" }
    ])
    expect(isRefused({ type: "compaction_summary" })).toBe(true)
    expect(read({ type: "additional_tools" })).toBeUndefined()
    expect(isRefused({ type: "additional_tools" }, "0.142.0")).toBe(true)
    for (const type of ["ghost_snapshot", "item_reference", "computer_call", "mcp_call"])
      expect(isRefused({ type })).toBe(true)
  })

  test("a JSON summary is cut at 240 bytes, at a whole character; older reducers crash inside one", () => {
    const args = (letters: string) => ({ type: "function_call", arguments: { a: letters } })
    const summaryOf = (item: unknown, version?: string) =>
      partsOf(item, version)
        ?.flatMap((part) => (part.type === "json" ? [part.summary] : []))
        .join()
    expect(summaryOf(args("x".repeat(500)))).toBe(`{"a":"${"x".repeat(234)}...`)
    expect(summaryOf(args("x".repeat(232)))).toBe(`{"a":"${"x".repeat(232)}"}`)
    expect(summaryOf(args("é".repeat(300)))).toBe(`{"a":"${"é".repeat(117)}...`)
    expect(summaryOf(args(`x${"é".repeat(300)}`))).toBe(`{"a":"x${"é".repeat(116)}...`)
    expect(isRefused(args(`x${"é".repeat(300)}`), "0.155.0")).toBe(true)
  })
})
