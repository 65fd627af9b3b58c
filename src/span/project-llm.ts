/**
 * LLM spans: the request as the model saw it, and what it produced.
 */
import type { HistoryView } from "../machine/history.ts"
import type { Llm } from "../machine/llm.ts"
import { spanId } from "./ids.ts"
import type { ModelInput } from "./model-input.ts"
import { identity, present, type TraceContext } from "./project.ts"
import type { Span } from "./span.ts"

const modelInput = ({ items, length, base }: HistoryView): ModelInput => ({
  _tag: "ModelInput",
  items,
  length,
  ...(base && { base: { spanId: spanId(base.key), length: base.length } })
})

/** The difference of two Unix times holds no more than microseconds. */
const microseconds = (seconds: number): number => Math.round(seconds * 1e6) / 1e6

/** Token counts under the names that backends price: prompt includes cached, completion includes reasoning. */
const metrics = ({ usage, firstTokenAt, startedAt }: Llm): { readonly [key: string]: number } => ({
  ...(usage && {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    tokens: usage.total ?? usage.input + usage.output,
    ...(usage.cached !== undefined && { prompt_cached_tokens: usage.cached }),
    ...(usage.cacheWrite !== undefined && { prompt_cache_creation_tokens: usage.cacheWrite }),
    ...(usage.reasoning !== undefined && { completion_reasoning_tokens: usage.reasoning })
  }),
  ...(firstTokenAt !== undefined && { time_to_first_token: microseconds(Math.max(0, firstTokenAt - startedAt)) })
})

export const llmSpan = (context: TraceContext, llm: Llm): Span => ({
  ...identity(context, llm.key, llm.parent),
  kind: "llm",
  name: llm.model ?? "model",
  start: llm.startedAt,
  end: Math.max(llm.startedAt, llm.endedAt),
  status: llm.outcome,
  ...(llm.error && { error: llm.error }),
  ...(llm.unread !== true && { input: modelInput(llm.input), output: llm.output }),
  metadata: present({
    turn_id: llm.turnId,
    response_id: llm.responseId,
    call_number: llm.ordinal,
    model: llm.model,
    provider: llm.provider,
    effort: llm.effort,
    context_window: llm.contextWindow,
    instructions: llm.instructions,
    input_assumed: llm.assumed
  }),
  metrics: metrics(llm),
  tags: []
})
