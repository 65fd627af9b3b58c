/**
 * The forms of what tools record: reports on agents and terminals, their arguments and their results.
 */
import { assistantMessage, type BundleStory } from "../../support/bundle.ts"

export type Story = readonly [name: string, story: BundleStory]

export const child = "22222222-2222-4222-8222-222222222222"

export const endStory = (story: BundleStory, report: string): BundleStory =>
  story
    .calls("c1", "exec_command")
    .runtimeBegins("c1", "exec_command", { command: ["a"], cwd: "/" })
    .event("tool_call_runtime_ended", {
      tool_call_id: "c1",
      status: "completed",
      runtime_payload: story.payload("tool_runtime_event", report)
    })

export const stdinStory = (story: BundleStory, args: string): BundleStory =>
  story.calls("c1", "write_stdin", { tool_name: "write_stdin", payload: { type: "function", arguments: args } })

export function* agentForms(start: () => BundleStory): Generator<Story> {
  const report = (more: object) => ({
    call_id: "c",
    sender_thread_id: child,
    receiver_thread_id: child,
    new_thread_id: child,
    prompt: "hello",
    model: "m",
    reasoning_effort: "low",
    status: "running",
    ...more
  })
  const changes: ReadonlyArray<object> = [
    {},
    { reasoning_effort: "odd" },
    { reasoning_effort: "" },
    { reasoning_effort: null },
    { reasoning_effort: 3 },
    { model: null },
    { new_thread_id: null },
    { new_thread_id: child.replaceAll("-", "").toUpperCase() },
    { new_thread_id: `urn:uuid:${child}` },
    { new_thread_id: `{${child}}` },
    { new_thread_id: "T1" },
    { receiver_thread_id: child.toUpperCase() },
    { sender_thread_id: "x" },
    { completed_at_ms: 5, started_at_ms: 5 },
    { completed_at_ms: null },
    { started_at_ms: null },
    { completed_at_ms: 1.5 },
    { status: { completed: null } },
    { status: { completed: "x" } },
    { status: { errored: "x" } },
    { status: { errored: null } },
    { status: "completed" },
    { status: "interrupted" },
    { status: "odd" },
    { status: { running: null } },
    { status: undefined },
    { call_id: undefined },
    { new_agent_nickname: 3, receiver_agent_nickname: 3 },
    { new_agent_role: 3, receiver_agent_role: 3 },
    { prompt: undefined }
  ]
  for (const kind of ["spawn_agent", "send_message", "close_agent"]) {
    for (const change of changes) {
      const name = `${kind} ${JSON.stringify(change)}`
      yield [`${name} begin`, start().calls("c1", kind).runtimeBegins("c1", kind, report(change))]
      yield [`${name} end`, start().calls("c1", kind).runtimeEnds("c1", report(change))]
    }
  }
  const activity = {
    event_id: "e",
    occurred_at_ms: 5,
    agent_thread_id: child,
    agent_path: "/root/a",
    kind: "interacted"
  }
  const activities: ReadonlyArray<object> = [
    {},
    { occurred_at_ms: null },
    { occurred_at_ms: undefined },
    { event_id: undefined },
    { agent_path: "/root" },
    { agent_path: "/morpheus" },
    { agent_path: "/morpheus/a" },
    { agent_path: "/root/A" },
    { agent_path: "/root/a/root" },
    { agent_path: "/root/" },
    { agent_path: "" },
    { kind: "completed" },
    { kind: "odd" },
    { agent_thread_id: null },
    { more: 1 },
    { agent_path: "/root/a-b" },
    { agent_path: "/root/é" }
  ]
  for (const change of activities) {
    const invocation = { payload: { type: "function", arguments: '{"message":"hello","target":"a"}' } }
    yield [
      `activity ${JSON.stringify(change)}`,
      start()
        .calls("c1", "send_message", invocation)
        .runtimeEnds("c1", { ...activity, ...change })
    ]
  }
  const message = { author: "/root", recipient: "/root/a", other_recipients: [], content: "hello", trigger_turn: true }
  const messages: ReadonlyArray<object> = [
    {},
    { other_recipients: undefined },
    { other_recipients: null },
    { other_recipients: ["x"] },
    { other_recipients: ["/root"] },
    { trigger_turn: undefined },
    { trigger_turn: null },
    { trigger_turn: 1 },
    { encrypted_content: null },
    { encrypted_content: "s" },
    { encrypted_content: 3 },
    { content: undefined },
    { author: "me" },
    { recipient: "/root/b" },
    { more: 1 },
    { content: "other" }
  ]
  for (const change of messages) {
    const told = start().calls("c1", "send_message").runtimeEnds("c1", report({})).turnStarts("U2", child)
    yield [
      `message ${JSON.stringify(change)}`,
      told.asks("I1", [assistantMessage(` ${JSON.stringify({ ...message, ...change })}`)])
    ]
  }
  for (const args of ['{"message":3}', "{}", "[]", '"x"', '{"message":"a","message":"b"}', '{"message":"\\ud800"}']) {
    yield [
      `arguments ${args}`,
      start()
        .calls("c1", "send_message", { payload: { arguments: args } })
        .runtimeEnds("c1", activity)
    ]
  }
}

export function* terminalForms(start: () => BundleStory): Generator<Story> {
  const begins: ReadonlyArray<object> = [
    {},
    { process_id: 7 },
    { process_id: "" },
    { command: "ls" },
    { command: [] },
    { command: [1] },
    { cwd: null },
    { interaction_input: 3 },
    { interaction_input: "y" }
  ]
  for (const change of begins) {
    for (const kind of ["exec_command", "write_stdin"]) {
      yield [
        `${kind} begin ${JSON.stringify(change)}`,
        start()
          .calls("c1", kind)
          .runtimeBegins("c1", kind, { process_id: "7", command: ["a"], cwd: "/", ...change })
      ]
    }
  }
  const end = { process_id: "7", exit_code: 0, aggregated_output: "a", stdout: "o", stderr: "e", formatted_output: "f" }
  const ends: ReadonlyArray<object> = [
    {},
    { process_id: null },
    { process_id: "" },
    { aggregated_output: undefined },
    { aggregated_output: null },
    { aggregated_output: 3 },
    { stdout: undefined },
    { stderr: null },
    { formatted_output: null },
    { exit_code: null },
    { exit_code: 2147483648 },
    { exit_code: -2147483648 },
    { exit_code: undefined }
  ]
  for (const change of ends) {
    const report = JSON.stringify({ ...end, ...change })
    yield [`exec end ${report}`, endStory(start(), report)]
    yield [`stdin end ${report}`, stdinStory(start(), '{"session_id":"7"}').runtimeEnds("c1", { ...end, ...change })]
  }
  const results: ReadonlyArray<unknown> = [
    { type: "direct_response" },
    { type: "direct_response", response_item: null },
    { type: "direct_response", response_item: { output: [{ text: "" }] } },
    { type: "direct_response", response_item: { output: 1.5 } },
    { type: "code_mode_response" },
    { type: "code_mode_response", value: null },
    { type: "code_mode_response", value: [] },
    { type: "code_mode_response", value: { output: "a", exit_code: null, chunk_id: 3 } },
    { type: "code_mode_response", value: { output: "a", original_token_count: -1 } },
    { type: "code_mode_response", value: { output: "a", exit_code: 2 } },
    { type: "error" },
    { type: "error", error: 3 },
    { type: "odd" },
    [],
    "x",
    null
  ]
  for (const result of results) {
    yield [
      `result ${JSON.stringify(result)}`,
      stdinStory(start(), '{"session_id":"7"}').toolEnds("c1", result === "x" ? '"x"' : result)
    ]
  }
  const args = [
    '{"session_id":""}',
    '{"session_id":null}',
    '{"session_id":true}',
    "{}",
    "[]",
    "",
    '{"session_id":7,"chars":null}',
    '{"session_id":7,"chars":3}',
    '{"session_id":7,"max_output_tokens":-1}',
    '{"session_id":7,"session_id":8}',
    '{"session_id":7,"max_output_tokens":null,"more":1}'
  ]
  for (const text of args) yield [`stdin ${text}`, stdinStory(start(), text)]
  const invocations: ReadonlyArray<unknown> = [
    { tool_name: "write_stdin" },
    { payload: { type: "function", arguments: '{"session_id":7}' } },
    { tool_name: "write_stdin", payload: { type: "custom", arguments: '{"session_id":7}' } },
    { tool_name: "write_stdin", payload: { type: "function" } },
    { tool_name: "write_stdin", tool_namespace: 3, payload: { type: "function", arguments: '{"session_id":7}' } },
    { tool_name: "write_stdin", tool_namespace: "", payload: { type: "function", arguments: '{"session_id":7}' } },
    { tool_name: "exec", tool_namespace: "x", payload: { type: "function", arguments: '{"session_id":7}' } },
    { tool_name: "write_stdin", tool_namespace: "x", payload: { type: "odd" } },
    { tool_name: 3 },
    []
  ]
  for (const invocation of invocations)
    yield [`invocation ${JSON.stringify(invocation)}`, start().calls("c1", "write_stdin", invocation)]
  for (const args of ['{"cell_id":3}', '{"cell_id":"1"}', "{", "[]", '{"cell_id":"\\ud800"}']) {
    yield [
      `wait ${args}`,
      start().calls("c1", "web", {
        tool_name: "wait",
        tool_namespace: "x",
        payload: { type: "function", arguments: args }
      })
    ]
  }
}
