/**
 * A made-up session that never ends: turns, requests, parallel and failing tools, images and compactions, in the
 * proportions of real ones, all from one seed.
 *
 * Times advance as in a real session; usage grows with the history, and a history that fills the context window is
 * compacted.
 */
import { chance } from "./chance.ts"
import {
  compactAt,
  completed,
  contextWindow,
  event,
  item,
  keptMessages,
  type Line,
  noTokens,
  record,
  type Session,
  tokenCount,
  turnContext,
  usageRecord,
  used,
  worldState
} from "./records.ts"

function* reasoning(session: Session) {
  const { luck } = session
  const startedMs = session.nowMs
  session.nowMs += luck.between(200, 3_000)
  const summary = luck.text(luck.length(160, 2_000))
  const secret = luck.base64(luck.length(1_200, 20_000))
  const id = `rs_${luck.hex(40)}`
  yield completed(session, { type: "Reasoning", id, summary_text: [summary], raw_content: [] }, startedMs)
  const payload = {
    type: "reasoning",
    id,
    summary: [{ type: "summary_text", text: summary }],
    content: null,
    encrypted_content: secret
  }
  yield item(session, payload, summary.length + secret.length)
}

function* answer(session: Session, text: string) {
  const startedMs = session.nowMs
  session.nowMs += session.luck.between(100, 900)
  const id = `msg_${session.luck.hex(40)}`
  yield completed(session, { type: "AgentMessage", id, content: [{ type: "Text", text }] }, startedMs)
  const content = [{ type: "output_text", text, annotations: [] }]
  yield item(session, { type: "message", id, role: "assistant", content }, text.length)
}

/** One request that asks for commands, and their results. */
function* toolRequest(session: Session) {
  const { luck } = session
  const request = ++session.requests
  session.nowMs += luck.between(20, 60)
  const before = session.historyLength
  if (luck.happens(0.5)) yield* reasoning(session)
  if (luck.happens(0.3)) yield* answer(session, luck.text(luck.length(120, 1_000)))
  const calls = Array.from({ length: luck.happens(0.25) ? luck.between(2, 4) : 1 }, (_, index) => ({
    id: `call_${luck.hex(24)}_${index}`,
    command: luck.text(luck.length(60, 600)),
    tookMs: luck.length(150, 30_000)
  }))
  for (const { id, command } of calls) {
    const written = JSON.stringify({ cmd: command, yield_time_ms: 1_000 })
    const payload = { type: "function_call", id: `fc_${id}`, name: "exec_command", arguments: written, call_id: id }
    yield item(session, payload, written.length)
  }
  const usage = used(session, session.historyLength - before)
  yield usageRecord(session, usage)
  const outputs: Array<{ readonly id: string; readonly text: string }> = []
  const startedMs = session.nowMs
  // Items are written as their commands end, outputs together when the last one has.
  for (const { id, command, tookMs } of calls.toSorted((one, other) => one.tookMs - other.tookMs)) {
    session.nowMs = Math.max(session.nowMs, startedMs + tookMs)
    const output = luck.text(luck.length(2_200, 60_000))
    const exitCode = luck.happens(0.12) ? luck.between(1, 3) : 0
    yield completed(
      session,
      {
        type: "CommandExecution",
        id,
        process_id: String(luck.between(10_000, 99_999)),
        command: ["/bin/bash", "-lc", command],
        cwd: "file:///home/dev/project",
        parsed_cmd: [{ type: "unknown", cmd: command }],
        source: "unified_exec_startup",
        status: exitCode === 0 ? "completed" : "failed",
        aggregated_output: output,
        exit_code: exitCode,
        duration: { secs: Math.floor(tookMs / 1_000), nanos: (tookMs % 1_000) * 1_000_000 }
      },
      startedMs
    )
    const head = `Chunk ID: ${luck.hex(6)}\nWall time: ${(tookMs / 1_000).toFixed(4)} seconds\nProcess exited with code ${exitCode}\n`
    outputs.push({
      id,
      text: `${head}Original token count: ${Math.ceil(output.length / 4)}\nOutput:\n${output.slice(0, 40_000)}`
    })
  }
  for (const { id, text } of outputs) {
    const payload = { type: "function_call_output", id: `fco_${luck.uuid(session.nowMs)}`, call_id: id, output: text }
    yield item(session, payload, text.length)
  }
  yield tokenCount(session, usage)
  return request
}

/** The summary request and what it leaves of the history. */
function* compaction(session: Session) {
  const { luck } = session
  const startedMs = session.nowMs
  session.requests++
  session.nowMs += luck.between(2_000, 9_000)
  const summary = luck.text(luck.length(4_000, 16_000))
  yield item(
    session,
    {
      type: "message",
      id: `msg_${luck.hex(40)}`,
      role: "assistant",
      content: [{ type: "output_text", text: summary, annotations: [] }]
    },
    summary.length
  )
  const usage = used(session, summary.length)
  yield usageRecord(session, usage)
  yield tokenCount(session, usage)
  const summaryItem = {
    type: "message",
    id: `msg_${luck.uuid(session.nowMs)}`,
    role: "user",
    content: [{ type: "input_text", text: `Another language model started to solve this problem:\n${summary}` }]
  }
  const replacement = [...session.kept, summaryItem]
  session.windowNumber++
  session.historyLength = JSON.stringify(replacement).length
  yield record(session, "compacted", {
    message: summary,
    replacement_history: replacement,
    window_number: session.windowNumber,
    window_id: luck.uuid(session.nowMs),
    compaction_response_id: `resp_${session.requests}`
  })
  yield worldState(session)
  yield turnContext(session)
  yield completed(session, { type: "ContextCompaction", id: luck.uuid(session.nowMs) }, startedMs)
}

function* prompt(session: Session) {
  const { luck } = session
  const id = `msg_${luck.uuid(session.nowMs)}`
  const text = luck.text(luck.length(180, 8_000))
  const image = luck.happens(0.04) ? `data:image/png;base64,${luck.base64(luck.between(20_000, 160_000))}` : undefined
  const content = [
    { type: "input_text", text },
    ...(image === undefined ? [] : [{ type: "input_image", image_url: image, detail: "high" }])
  ]
  const message = { type: "message", id, role: "user", content }
  session.kept.push(message)
  if (session.kept.length > keptMessages) session.kept.shift()
  // A picture counts by its size on the screen, not by its bytes.
  yield item(session, message, text.length + (image === undefined ? 0 : 6_000))
  const seen = [
    { type: "text", text, text_elements: [] },
    ...(image === undefined ? [] : [{ type: "image", image_url: image }])
  ]
  yield completed(session, { type: "UserMessage", id: luck.uuid(session.nowMs), content: seen }, session.nowMs)
}

function* turn(session: Session) {
  const { luck } = session
  session.nowMs += luck.between(2_000, 120_000)
  session.turnId = luck.uuid(session.nowMs)
  session.turnTokens = noTokens()
  const startedMs = session.nowMs
  yield event(session, {
    type: "task_started",
    turn_attribution: {
      turn_id: session.turnId,
      turn_trigger: null,
      parent_turn_id: null,
      root_turn_id: session.turnId
    },
    turn_id: session.turnId,
    root_turn_id: session.turnId,
    started_at: Math.floor(startedMs / 1_000),
    model_context_window: contextWindow,
    collaboration_mode_kind: "default"
  })
  if (session.ordinal < 3 || luck.happens(0.3)) yield worldState(session)
  yield turnContext(session)
  yield* prompt(session)
  const requests = luck.between(1, 12)
  for (let count = 0; count < requests; count++) {
    if (session.historyLength / 4 > compactAt) yield* compaction(session)
    yield* toolRequest(session)
  }
  session.requests++
  session.nowMs += luck.between(20, 60)
  const last = luck.text(luck.length(600, 6_000))
  yield* answer(session, last)
  const usage = used(session, last.length)
  yield usageRecord(session, usage)
  yield tokenCount(session, usage)
  yield event(session, {
    type: "task_complete",
    root_turn_id: session.turnId,
    turn_id: session.turnId,
    last_agent_message: last,
    started_at: Math.floor(startedMs / 1_000),
    completed_at: Math.floor(session.nowMs / 1_000),
    duration_ms: session.nowMs - startedMs,
    time_to_first_token_ms: luck.between(300, 4_000)
  })
}

/**
 * The lines of a session, whole turns at a time, until at least `bytes` bytes are told.
 *
 * @param worldly the share of paragraphs with characters beyond ASCII; that of a real session where it is left out
 */
export function* transcriptLines(seed: number, bytes: number, worldly?: number): Generator<string> {
  const luck = chance(seed, worldly)
  const nowMs = Date.UTC(2026, 10, 20, 8)
  const session: Session = {
    luck,
    threadId: luck.uuid(nowMs),
    nowMs,
    ordinal: 0,
    turnId: "",
    requests: 0,
    historyLength: 0,
    sequence: 0,
    sampledThrough: 0,
    isProducing: false,
    windowNumber: 0,
    kept: [],
    threadTokens: noTokens(),
    turnTokens: noTokens()
  }
  let told = 0
  const line = (one: Line) => {
    const text = `${JSON.stringify(one)}\n`
    told += Buffer.byteLength(text)
    return text
  }
  yield line(
    record(session, "session_meta", {
      session_id: session.threadId,
      id: session.threadId,
      timestamp: new Date(nowMs).toISOString(),
      cwd: "/home/dev/project",
      originator: "codex_exec",
      cli_version: "0.169.0",
      source: "exec",
      model_provider: "openai",
      base_instructions: { text: luck.text(6_000), provenance: { type: "custom" } },
      history_mode: "paginated",
      context_window: { window_id: luck.uuid(nowMs) }
    })
  )
  while (told < bytes) for (const one of turn(session)) yield line(one)
}
