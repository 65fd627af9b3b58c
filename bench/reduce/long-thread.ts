/**
 * A bundle of one long thread: turns of two requests with commands between them, as 0.169 records them, each request
 * carrying the last twenty items. Seeded by its length alone: the same size is the same bundle.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const windowItems = 20
const thread = "01a1fb04-eaab-7181-a129-ddfbab858e26"
const startedAtMs = 1_795_212_760_000

/** Writes a bundle of at least `eventsMin` events into a new directory; how many it has, and how many payloads. */
export const writeLongThread = (
  directory: string,
  eventsMin: number
): { readonly events: number; readonly payloads: number } => {
  mkdirSync(join(directory, "payloads"), { recursive: true })
  const lines: Array<string> = []
  let payloads = 0
  let turn = "none"
  let history: Array<unknown> = []

  const payload = (kind: string, value: unknown) => {
    const ordinal = ++payloads
    writeFileSync(join(directory, `payloads/${ordinal}.json`), JSON.stringify(value, null, 2))
    return { raw_payload_id: `raw_payload:${ordinal}`, kind: { type: kind }, path: `payloads/${ordinal}.json` }
  }
  const event = (type: string, fields: object, inTurn = true) => {
    const seq = lines.length + 1
    lines.push(
      JSON.stringify({
        schema_version: 2,
        seq,
        wall_time_unix_ms: startedAtMs + 37 * seq,
        rollout_id: thread,
        thread_id: inTurn ? thread : null,
        codex_turn_id: inTurn ? turn : null,
        payload: { type, ...fields }
      })
    )
  }
  const remember = (item: { readonly id: string }) => {
    event("history_item_accepted", { item_id: item.id })
    history = [...history.slice(1 - windowItems), item]
  }
  let calls = 0
  const ask = () => {
    const inference_call_id = `inference:${++calls}`
    event("inference_started", {
      inference_call_id,
      thread_id: thread,
      codex_turn_id: turn,
      model: "gpt-6-sol",
      provider_name: "mock",
      request_payload: payload("inference_request", { model: "gpt-6-sol", input: history, stream: true, store: false })
    })
    return inference_call_id
  }
  const answer = (inference_call_id: string, output_items: ReadonlyArray<{ readonly id: string }>) => {
    event("inference_completed", {
      inference_call_id,
      response_id: `resp_${inference_call_id}`,
      upstream_request_id: null,
      response_payload: payload("inference_response", {
        response_id: `resp_${inference_call_id}`,
        token_usage: { input_tokens: 900, cached_input_tokens: 512, output_tokens: 40, reasoning_output_tokens: 8 },
        output_items
      })
    })
    for (const item of output_items) remember(item)
  }
  const command = (n: number) => {
    const id = `call_${n}`
    const call = {
      tool_call_id: id,
      model_visible_call_id: id,
      code_mode_runtime_tool_id: null,
      requester: { type: "model" },
      kind: { type: "exec_command" },
      summary: {
        type: "generic",
        label: "exec_command",
        input_preview: `{"cmd":"make test-${n}"}`,
        output_preview: null
      },
      invocation_payload: payload("tool_invocation", {
        tool_name: "exec_command",
        tool_namespace: null,
        payload: { type: "function", arguments: `{"cmd":"make test-${n}"}` }
      })
    }
    const argv = ["/bin/bash", "-lc", `make test-${n}`]
    const process_id = String(30_000 + (n % 20_000))
    const begin = payload("tool_runtime_event", { call_id: id, process_id, command: argv, cwd: "/srv/project" })
    const output = `test ${n}: ok\n${"0123456789 the quick brown fox\n".repeat(4)}`
    const end = payload("tool_runtime_event", {
      call_id: id,
      process_id,
      command: argv,
      cwd: "/srv/project",
      exit_code: 0,
      aggregated_output: output
    })
    const item = { type: "function_call_output", id: `fco_${n}`, call_id: id, output }
    event("tool_call_started", call)
    event("tool_call_runtime_started", { tool_call_id: id, kind: { type: "exec_command" }, runtime_payload: begin })
    event("tool_call_runtime_ended", { tool_call_id: id, status: "completed", runtime_payload: end })
    const result_payload = payload("tool_result", { type: "direct_response", response_item: item })
    event("tool_call_ended", { tool_call_id: id, status: "completed", result_payload })
    remember(item)
  }

  event("rollout_started", { trace_id: "trace-of-the-bench", root_thread_id: thread }, false)
  event("thread_started", { thread_id: thread, agent_path: "/root", metadata_payload: null }, false)
  for (let n = 1; lines.length < eventsMin - 3; n++) {
    turn = `turn-${n}`
    event("codex_turn_started", { codex_turn_id: turn, thread_id: thread })
    const question = `please run test ${n}, then say what came of it`
    remember({
      type: "message",
      role: "user",
      id: `msg_u${n}`,
      content: [{ type: "input_text", text: question }]
    } as never)
    const call = { type: "function_call", id: `fc_${n}`, name: "exec_command", call_id: `call_${n}` }
    const thought = { type: "reasoning", id: `rs_${n}`, summary: [], encrypted_content: `secret-${n}-`.repeat(12) }
    answer(ask(), [thought, { ...call, arguments: `{"cmd":"make test-${n}"}` } as never])
    command(n)
    const said = [{ type: "output_text", text: `test ${n} went well` }]
    answer(ask(), [{ type: "message", role: "assistant", id: `msg_a${n}`, content: said } as never])
    event("codex_turn_ended", { codex_turn_id: turn, status: "completed" })
  }
  event("thread_ended", { thread_id: thread, status: "completed" }, false)
  event("rollout_ended", { status: "completed" }, false)
  event("recording_completed", {}, false)
  writeFileSync(join(directory, "trace.jsonl"), lines.map((line) => `${line}\n`).join(""))
  writeFileSync(
    join(directory, "manifest.json"),
    JSON.stringify({
      schema_version: 2,
      trace_id: "trace-of-the-bench",
      rollout_id: thread,
      root_thread_id: thread,
      started_at_unix_ms: startedAtMs,
      raw_event_log: "trace.jsonl",
      payloads_dir: "payloads"
    })
  )
  return { events: lines.length, payloads }
}
