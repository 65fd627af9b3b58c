/**
 * Forms that recordings do not show and mutations do not reach: numbers as they are written, ids in all their forms,
 * fields that are null instead of absent, parts that mean the same in different words. Each case is one small story.
 */
import {
  agentMessage,
  BundleStory,
  functionCall,
  functionOutput,
  reasoning,
  userMessage
} from "../../support/bundle.ts"
import { agentForms, child, endStory, type Story, stdinStory, terminalForms } from "./forms-of-tools.ts"
import type { Mutation } from "./mutations.ts"

const begun = (schema: 1 | 2): BundleStory =>
  new BundleStory(schema).rolloutStarts().threadStarts().turnStarts().threadStarts(child, "/root/a").inside("T1", "U1")

/** Hand-made cases for a schema. */
export function* forms(schema: 1 | 2): Generator<Mutation> {
  for (const [name, story] of stories(() => begun(schema))) {
    yield {
      name: `form ${name}`,
      texts: { manifest: JSON.stringify(story.manifest), lines: story.lines, ending: "\n", payloads: story.payloads }
    }
  }
}

function* stories(start: () => BundleStory): Generator<Story> {
  yield* numberForms(start)
  yield* itemForms(start)
  yield* matchForms(start)
  yield* agentForms(start)
  yield* terminalForms(start)
  yield* metadataForms(start)
}

/** A request whose items are given as JSON text, so that their numbers stay as they are written. */
const asksText = (story: BundleStory, call: string, items: string): BundleStory =>
  story.event("inference_started", {
    inference_call_id: call,
    thread_id: "T1",
    codex_turn_id: "U1",
    model: "m",
    provider_name: "p",
    request_payload: story.payload("inference_request", `{"input":[${items}]}`)
  })

const numbers = ["1.50", "1E3", "1e05", "2E-07", "-0", "-0.0", "12345678901234567890", "0.10e+1", "1e400", "-1"]

function* numberForms(start: () => BundleStory): Generator<Story> {
  for (const number of numbers) {
    yield [`call with ${number}`, asksText(start(), "I1", `{"type":"function_call","arguments":{"a":${number}}}`)]
    yield [
      `arguments text with ${number}`,
      asksText(start(), "I1", JSON.stringify(functionCall("c", 1)).replace('"1"', `"[${number}]"`))
    ]
    yield [
      `image with ${number}`,
      asksText(start(), "I1", `{"type":"message","role":"user","content":[{"type":"input_image","n":${number}}]}`)
    ]
    yield [`usage ${number}`, usageStory(start(), number)]
    yield [
      `exit code ${number}`,
      endStory(start(), `{"exit_code":${number},"aggregated_output":"a","stdout":"","stderr":"","formatted_output":""}`)
    ]
    yield [`session ${number}`, stdinStory(start(), `{"session_id":${number},"chars":"a","yield_time_ms":5}`)]
    yield [`yield time ${number}`, stdinStory(start(), `{"session_id":7,"yield_time_ms":${number}}`)]
  }
  yield ["keys like integers", asksText(start(), "I1", '{"type":"web_search_call","10":1,"9":{"b":1,"2":2},"x":[]}')]
  yield ["repeated keys", asksText(start(), "I1", '{"type":"web_search_call","a":1,"b":2,"a":{"c":3}}')]
  yield [
    "escapes",
    asksText(start(), "I1", '{"type":"web_search_call","a":"\\u0001\\u007f\\u2028\\ud83d\\ude00\\/\\b"}')
  ]
  yield [
    "a lone surrogate in arguments",
    asksText(start(), "I1", '{"type":"function_call","arguments":"\\"\\\\ud800\\""}')
  ]
  yield [
    "deep arguments",
    start().asks("I1", [{ type: "function_call", arguments: `${"[".repeat(128)}${"]".repeat(128)}` }])
  ]
  yield [
    "a payload that is too deep",
    start().asks("I1", { input: [], x: JSON.parse(`${"[".repeat(127)}${"]".repeat(127)}`) })
  ]
  yield [
    "a payload as deep as can be",
    start().asks("I1", { input: [], x: JSON.parse(`${"[".repeat(126)}${"]".repeat(126)}`) })
  ]
  yield ["a BOM in a payload", asksText(start(), "I1", "").event("rollout_ended", { status: "running" }, null)]
}

const usageStory = (story: BundleStory, number: string): BundleStory =>
  story.asks("I1", []).event("inference_completed", {
    inference_call_id: "I1",
    response_payload: story.payload(
      "inference_response",
      `{"output_items":[],"token_usage":{"input_tokens":${number},"cached_input_tokens":1,"output_tokens":1,"reasoning_output_tokens":1,"cache_write_input_tokens":${number}}}`
    )
  })

function* itemForms(start: () => BundleStory): Generator<Story> {
  const items: ReadonlyArray<unknown> = [
    { type: "message", role: "user" },
    { type: "message", role: "user", content: null },
    { type: "message", role: "user", content: ["a", 1, null, {}, [], { type: 3 }] },
    { type: "message", role: "user", content: [{ type: "text", text: 3 }, { type: "odd" }] },
    { type: "message", role: "assistant", phase: "commentary", content: [] },
    { type: "message", role: "assistant", phase: 3, content: [] },
    { type: "function_call", name: "x", call_id: 3, arguments: null },
    { type: "function_call", name: "x", call_id: null },
    { type: "function_call_output", call_id: "c", output: { content: "x", success: true } },
    { type: "custom_tool_call", call_id: "c", input: 3, name: "exec" },
    { type: "custom_tool_call", call_id: "c", input: "a", name: 3 },
    { type: "custom_tool_call_output", call_id: "c" },
    { type: "reasoning", summary: [], content: [], encrypted_content: "" },
    { type: "reasoning", encrypted_content: null, summary: [{ type: "summary_text", text: "" }] },
    { type: "compaction", encrypted_content: "" },
    { type: "context_compaction", encrypted_content: "s" },
    { type: "context_compaction" },
    { type: "additional_tools", id: "x" },
    { ...agentMessage("/root", "/root/a", "x"), id: null },
    { ...agentMessage("/root", "/root/a", "x"), id: 3 },
    { ...agentMessage("me", "you", "x"), internal_chat_message_metadata_passthrough: null },
    { ...agentMessage("me", "you", "x"), internal_chat_message_metadata_passthrough: {} },
    { ...agentMessage("me", "you", "x"), more: [1] },
    {
      type: "agent_message",
      author: "a",
      recipient: "b",
      content: [
        { type: "encrypted_content", encrypted_content: "s" },
        { type: "input_text", text: "t" }
      ]
    },
    { type: "agent_message", author: "a", recipient: "b", content: [{ type: "input_text", text: "t", more: 1 }] },
    { type: "agent_message", author: "a", recipient: "b", content: "t" },
    "text",
    [],
    null,
    { type: null }
  ]
  for (const item of items) yield [`item ${JSON.stringify(item).slice(0, 90)}`, start().asks("I1", [item])]
  yield [
    "summary cut in a character",
    start().asks("I1", [{ type: "function_call", arguments: { a: `x${"é".repeat(200)}` } }])
  ]
  yield [
    "summary cut before a character",
    start().asks("I1", [{ type: "function_call", arguments: { a: "é".repeat(200) } }])
  ]
  yield [
    "summary cut in an emoji",
    start().asks("I1", [{ type: "function_call", arguments: { a: `xx${"😀".repeat(100)}` } }])
  ]
  yield [
    "summary of just 240 bytes",
    start().asks("I1", [{ type: "function_call", arguments: { a: "x".repeat(232) } }])
  ]
}

function* matchForms(start: () => BundleStory): Generator<Story> {
  const image = (url: string, id?: string) => ({
    type: "message",
    role: "user",
    id,
    content: [{ type: "input_image", image_url: url }]
  })
  yield [
    "images again",
    start()
      .asks("I1", [image("a"), image("b")])
      .asks("I2", [image("b"), image("a"), image("a")])
  ]
  yield [
    "content and a part without a type",
    start()
      .asks("I1", [{ type: "message", role: "user", content: [{}] }])
      .asks("I2", [{ type: "message", role: "user", content: 3 }])
  ]
  const mixed = [
    { type: "message", role: "user", content: [{}] },
    { type: "message", role: "user", content: 3 }
  ]
  yield ["both in one payload", start().asks("I1", mixed).asks("I2", mixed.toReversed())]
  yield [
    "both in one response",
    start()
      .asks("I1", [])
      .answers(
        "I1",
        mixed.map((item) => ({ ...item, id: "m1" }))
      )
      .answers(
        "I1",
        mixed.map((item) => ({ ...item, id: "m1" }))
      )
  ]
  yield [
    "reasoning by its first secret",
    start()
      .asks("I1", [reasoning("s", "a"), reasoning("s", "b")])
      .asks("I2", [reasoning("s", "b"), reasoning("s", undefined)])
  ]
  yield [
    "ids come and go",
    start()
      .asks("I1", [userMessage("a"), userMessage("a", "m1")])
      .asks("I2", [userMessage("a", "m1"), userMessage("a", "m2"), userMessage("a")])
  ]
  yield [
    "a response id on two calls",
    start()
      .asks("I2", [userMessage("a")])
      .answers("I2", [], { response_id: "r" })
      .asks("I1", [userMessage("b")])
      .answers("I1", [], { response_id: "r" })
      .asks("I3", { previous_response_id: "r", input: [] })
  ]
  yield ["previous_response_id null", start().asks("I1", { previous_response_id: null, input: [] })]
  yield ["previous_response_id a number", start().asks("I1", { previous_response_id: 3, input: [] })]
  yield [
    "input twice",
    asksText(start(), "I1", '{"type":"web_search_call"}],"input":[{"type":"web_search_call","n":2}')
  ]
  yield ["input twice, then none", asksText(start(), "I1", '{"type":"web_search_call"}],"input":3,"x":[1')]
  yield [
    "output of the same call in another form",
    start()
      .asks("I1", [functionOutput("c", "a")])
      .asks("I2", [functionOutput("c", [{ type: "output_text", text: "a" }])])
  ]
}

function* metadataForms(start: () => BundleStory): Generator<Story> {
  const spawn = (more: unknown) => ({ session_source: { subagent: { thread_spawn: more } } })
  const forms: ReadonlyArray<unknown> = [
    {},
    { agent_path: null },
    { agent_path: "" },
    { agent_path: 3 },
    { task_name: 3 },
    { nickname: [] },
    { agent_role: "r" },
    { model: {} },
    { session_source: null },
    { session_source: 3 },
    { session_source: "exec" },
    spawn({}),
    spawn(null),
    spawn({ parent_thread_id: 3 }),
    spawn({ parent_thread_id: "T1" }),
    spawn({ parent_thread_id: "T1", agent_path: 3, task_name: 3, agent_role: 3 }),
    spawn({ parent_thread_id: "", agent_path: "/" }),
    { ...spawn({ parent_thread_id: "T1" }), agent_path: "/x/y/", task_name: "t", agent_role: "r" },
    { ...spawn({ parent_thread_id: "T1", agent_path: "///" }) },
    [],
    3,
    "x",
    { agent_path: "a", more: 1 }
  ]
  for (const form of forms)
    yield [`metadata ${JSON.stringify(form)}`, start().threadStarts("T3", "/event/path/", form === "x" ? '"x"' : form)]
}
