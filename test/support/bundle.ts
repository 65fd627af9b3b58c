/**
 * Bundles told in verbs: each writes one event and the payload files that it names, payloads first, as Codex does.
 *
 * `inMemory` is a bundle for the reducer, `writeTo` a directory for the command line or the real Codex. Numbers,
 * ids and times are plain: events count from 1, a second passes between them, the thread is T1 and the turn U1
 * unless `inside` says otherwise.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Bundle, LogLine } from "../../src/bundle/open.ts"
import { Refusal } from "../../src/bundle/refusal.ts"
import { readJson } from "../../src/wire/bundle/json.ts"
import { manifestFields } from "../../src/wire/bundle/manifest.ts"

type Fields = { readonly [key: string]: unknown }

interface Place {
  readonly thread: string | null
  readonly turn: string | null
}

export const startedAtMs = 1_700_000_000_000

export class BundleStory {
  readonly schema: number
  readonly manifest: { [key: string]: unknown }
  readonly lines: Array<string> = []
  readonly payloads = new Map<string, string>()
  private place: Place = { thread: "T1", turn: "U1" }

  constructor(schema: 1 | 2 = 2) {
    this.schema = schema
    this.manifest = {
      schema_version: schema,
      trace_id: "TR",
      rollout_id: "R",
      root_thread_id: "T1",
      started_at_unix_ms: startedAtMs,
      raw_event_log: "trace.jsonl",
      payloads_dir: "payloads"
    }
  }

  /** The thread and turn of the events that follow. */
  inside(thread: string | null, turn: string | null): this {
    this.place = { thread, turn }
    return this
  }

  /** Any event; `place` null for one that stands outside of threads. */
  event(type: string, fields: Fields = {}, place: Place | null = this.place): this {
    const seq = this.lines.length + 1
    this.lines.push(
      JSON.stringify({
        schema_version: this.schema,
        seq,
        wall_time_unix_ms: startedAtMs + 1000 * seq,
        rollout_id: this.manifest.rollout_id,
        thread_id: place?.thread ?? null,
        codex_turn_id: place?.turn ?? null,
        payload: { type, ...fields }
      })
    )
    return this
  }

  /** A payload file, as JSON or as the text that it is to have; the reference to it. */
  payload(kind: string, value: unknown): { raw_payload_id: string; kind: { type: string }; path: string } {
    const ordinal = this.payloads.size + 1
    const path = `payloads/${ordinal}.json`
    this.payloads.set(path, typeof value === "string" ? value : JSON.stringify(value, null, 2))
    return { raw_payload_id: `raw_payload:${ordinal}`, kind: { type: kind }, path }
  }

  rolloutStarts() {
    return this.event("rollout_started", { trace_id: "TR", root_thread_id: "T1" }, null)
  }
  rolloutEnds(status = "completed") {
    return this.event("rollout_ended", { status }, null)
  }
  recordingCompletes() {
    return this.event("recording_completed", {}, null)
  }
  threadStarts(thread = "T1", path = "/root", metadata?: unknown) {
    const metadata_payload = metadata === undefined ? null : this.payload("session_metadata", metadata)
    return this.event("thread_started", { thread_id: thread, agent_path: path, metadata_payload }, null)
  }
  threadEnds(thread = "T1", status = "completed") {
    return this.event("thread_ended", { thread_id: thread, status }, null)
  }
  threadResumes(thread = "T1") {
    return this.event("thread_resumed", { thread_id: thread }, null)
  }
  turnStarts(turn = "U1", thread = "T1") {
    return this.inside(thread, turn).event("codex_turn_started", { codex_turn_id: turn, thread_id: thread })
  }
  turnEnds(status = "completed", turn = this.place.turn) {
    return this.event("codex_turn_ended", { codex_turn_id: turn, status })
  }
  accepts(item: string, message?: unknown) {
    const agent_message_payload = message === undefined ? null : this.payload("protocol_event", message)
    return this.event("history_item_accepted", { item_id: item, agent_message_payload })
  }
  /** An inference call is asked; the payload is `{input}`, or whatever is given instead of an array. */
  asks(call: string, input: ReadonlyArray<unknown> | Fields) {
    return this.event("inference_started", {
      inference_call_id: call,
      thread_id: this.place.thread,
      codex_turn_id: this.place.turn,
      model: "gpt-test",
      provider_name: "test",
      request_payload: this.payload("inference_request", Array.isArray(input) ? { input } : input)
    })
  }
  answers(
    call: string,
    output: ReadonlyArray<unknown>,
    extra: { readonly response_id?: string; readonly token_usage?: unknown } = {}
  ) {
    const { response_id = `r-${call}`, ...rest } = extra
    return this.event("inference_completed", {
      inference_call_id: call,
      response_id,
      upstream_request_id: null,
      response_payload: this.payload("inference_response", { output_items: output, ...rest })
    })
  }
  breaksOff(call: string, how: "failed" | "cancelled", output?: ReadonlyArray<unknown>) {
    return this.event(`inference_${how}`, {
      inference_call_id: call,
      upstream_request_id: null,
      [how === "failed" ? "error" : "reason"]: "cut",
      partial_response_payload:
        output === undefined ? null : this.payload("inference_response", { output_items: output })
    })
  }
  /** A tool is called; by the model under the same id, or by a cell. */
  calls(
    tool: string,
    kind: string | Fields,
    invocation?: unknown,
    by: { readonly cell?: string; readonly callId?: string | null; readonly label?: string } = {}
  ) {
    const { cell, callId = cell === undefined ? tool : null, label = "a tool" } = by
    return this.event("tool_call_started", {
      tool_call_id: tool,
      model_visible_call_id: callId,
      code_mode_runtime_tool_id: cell === undefined ? null : "tool-1",
      requester: cell === undefined ? { type: "model" } : { type: "code_cell", runtime_cell_id: cell },
      kind: typeof kind === "string" ? { type: kind } : kind,
      summary: { type: "generic", label, input_preview: null, output_preview: null },
      invocation_payload: invocation === undefined ? null : this.payload("tool_invocation", invocation)
    })
  }
  runtimeBegins(tool: string, kind: string | Fields, report: unknown) {
    return this.event("tool_call_runtime_started", {
      tool_call_id: tool,
      kind: typeof kind === "string" ? { type: kind } : kind,
      runtime_payload: this.payload("tool_runtime_event", report)
    })
  }
  runtimeEnds(tool: string, report: unknown, status = "completed") {
    return this.event("tool_call_runtime_ended", {
      tool_call_id: tool,
      status,
      runtime_payload: this.payload("tool_runtime_event", report)
    })
  }
  toolEnds(tool: string, result?: unknown, status = "completed") {
    const result_payload = result === undefined ? null : this.payload("tool_result", result)
    return this.event("tool_call_ended", { tool_call_id: tool, status, result_payload })
  }
  cellStarts(runtimeId: string, callId: string, source_js = "text(1)") {
    return this.event("code_cell_started", { runtime_cell_id: runtimeId, model_visible_call_id: callId, source_js })
  }
  cellResponds(runtimeId: string, status: string, response?: unknown) {
    const response_payload = response === undefined ? null : this.payload("tool_result", response)
    return this.event("code_cell_initial_response", { runtime_cell_id: runtimeId, status, response_payload })
  }
  cellEnds(runtimeId: string, status = "completed", response?: unknown) {
    const response_payload = response === undefined ? null : this.payload("tool_result", response)
    return this.event("code_cell_ended", { runtime_cell_id: runtimeId, status, response_payload })
  }
  /** Codex asks for a summary (remote compaction). */
  asksForSummary(compaction: string, more: object = {}, request: object = {}) {
    return this.event("compaction_request_started", {
      compaction_id: compaction,
      compaction_request_id: `${compaction}/1`,
      thread_id: "T1",
      codex_turn_id: "U1",
      model: "m",
      provider_name: "p",
      request_payload: this.payload("compaction_request", request),
      ...more
    })
  }
  /** The provider has compacted. */
  givesSummary(compaction: string, output_items: ReadonlyArray<unknown>) {
    return this.event("compaction_request_completed", {
      compaction_id: compaction,
      compaction_request_id: `${compaction}/1`,
      response_payload: this.payload("compaction_response", { output_items })
    })
  }

  installs(compaction: string, input_history: ReadonlyArray<unknown>, replacement_history: ReadonlyArray<unknown>) {
    const checkpoint_payload = this.payload("compaction_checkpoint", { input_history, replacement_history })
    return this.event("compaction_installed", { compaction_id: compaction, checkpoint_payload })
  }
  results(child: string, childTurn: string, parent: string, message: string) {
    return this.event("agent_result_observed", {
      edge_id: `edge:agent_result:${child}:${childTurn}:${parent}`,
      child_thread_id: child,
      child_codex_turn_id: childTurn,
      parent_thread_id: parent,
      message,
      carried_payload: null
    })
  }

  /** The text of the event log. */
  log(): string {
    return this.lines.map((line) => `${line}\n`).join("")
  }

  inMemory(): Bundle {
    return memoryBundle(JSON.stringify(this.manifest), this.log(), this.payloads)
  }

  writeTo(directory: string): string {
    writeBundle(directory, JSON.stringify(this.manifest), this.log(), this.payloads)
    return directory
  }
}

/** A story that has begun: rollout, thread T1 and turn U1 are started. */
export const bundle = (schema: 1 | 2 = 2): BundleStory =>
  new BundleStory(schema).rolloutStarts().threadStarts().turnStarts()

/** A bundle from its texts, without a directory. */
export const memoryBundle = (
  manifest: string,
  log: string | Uint8Array,
  payloads: ReadonlyMap<string, string | Uint8Array>
): Bundle => ({
  name: "a bundle",
  manifest: manifestFields(readJson(Buffer.from(manifest))),
  lines: () => memoryLines(Buffer.from(log as string)),
  payload: (path) => {
    const content = payloads.get(path)
    if (content === undefined) throw new Refusal("payload", "the payload cannot be read: no such file", path)
    return Buffer.from(content as string)
  }
})

function* memoryLines(log: Buffer): Generator<LogLine> {
  let number = 0
  for (let from = 0; from < log.length; ) {
    const newline = log.indexOf(10, from)
    const end = newline < 0 ? log.length : newline
    yield { number: ++number, bytes: log.subarray(from, end), ended: newline >= 0 }
    from = end + 1
  }
}

export const writeBundle = (
  directory: string,
  manifest: string,
  log: string,
  payloads: ReadonlyMap<string, string | Uint8Array>
): void => {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, "manifest.json"), manifest)
  writeFileSync(join(directory, "trace.jsonl"), log)
  for (const [path, content] of payloads) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), content)
  }
}

export const userMessage = (text: string, id?: string) => ({
  type: "message",
  role: "user",
  ...(id !== undefined && { id }),
  content: [{ type: "input_text", text }]
})
export const assistantMessage = (text: string, id?: string) => ({
  type: "message",
  role: "assistant",
  ...(id !== undefined && { id }),
  content: [{ type: "output_text", text }]
})
export const functionCall = (callId: string, args: unknown, id?: string, name = "exec_command") => ({
  type: "function_call",
  ...(id !== undefined && { id }),
  call_id: callId,
  name,
  arguments: JSON.stringify(args)
})
export const functionOutput = (callId: string, output: unknown, id?: string) => ({
  type: "function_call_output",
  ...(id !== undefined && { id }),
  call_id: callId,
  output
})
export const customCall = (callId: string, input: string, id?: string) => ({
  type: "custom_tool_call",
  ...(id !== undefined && { id }),
  call_id: callId,
  name: "exec",
  input
})
export const customOutput = (callId: string, output: unknown, id?: string) => ({
  type: "custom_tool_call_output",
  ...(id !== undefined && { id }),
  call_id: callId,
  output
})
export const reasoning = (secret: string, summary: string | undefined, id?: string) => ({
  type: "reasoning",
  ...(id !== undefined && { id }),
  summary: summary === undefined ? [] : [{ type: "summary_text", text: summary }],
  encrypted_content: secret
})
export const agentMessage = (author: string, recipient: string, text: string, id?: string) => ({
  type: "agent_message",
  ...(id !== undefined && { id }),
  author,
  recipient,
  content: [{ type: "input_text", text }]
})
