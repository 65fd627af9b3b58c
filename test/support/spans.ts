/**
 * Spans for tests about what happens to them: a plain one, varied by the fields that matter.
 */
import type { HistoryItem, ModelInput } from "../../src/span/model-input.ts"
import type { Span, SpanWrite } from "../../src/span/span.ts"
import type { JsonObject } from "../../src/wire/json.ts"

export const span = (fields: Partial<Span> = {}): Span => ({
  id: "span-1",
  trace_id: "thread-1",
  thread_id: "thread-1",
  kind: "tool",
  name: "exec_command",
  start: 1_700_000_000.125,
  end: 1_700_000_001.5,
  status: "ok",
  metadata: {},
  metrics: {},
  tags: [],
  ...fields
})

export const closed = (fields: Partial<Span> = {}): SpanWrite => ({ op: "close", span: span(fields) })

/** A span that has only begun. */
export const opened = (fields: Partial<Span> = {}): SpanWrite => {
  const { end: _end, status: _status, ...rest } = span(fields)
  return { op: "open", span: rest }
}

export const item = (value: JsonObject): HistoryItem => ({ value })

/** A user's message as a Responses item. */
export const said = (text: string): HistoryItem =>
  item({ type: "message", role: "user", content: [{ type: "input_text", text }] })

export const modelInput = (
  items: ReadonlyArray<HistoryItem>,
  more: { readonly length?: number; readonly base?: NonNullable<ModelInput["base"]> } = {}
): ModelInput => ({ _tag: "ModelInput", items, length: items.length, ...more })
