/**
 * Effects → span writes: facts of a subject become the span of the contract, once, here.
 *
 * One file a kind (session and agent, turn, llm, tool, compaction). This one owns what they share, and the door.
 * camelCase ends here: rows carry the contract's names. Times stay Unix seconds.
 */
import type { Usage } from "../domain/event.ts"
import type { SpanEffect, SpanKey, Subject } from "../machine/effect.ts"
import type { Json, JsonObject } from "../wire/json.ts"
import { spanId } from "./ids.ts"
import { referenced } from "./images.ts"
import { compactionSpan } from "./project-compaction.ts"
import { llmSpan } from "./project-llm.ts"
import { agentSpan, sessionSpan } from "./project-thread.ts"
import { toolSpan } from "./project-tool.ts"
import { turnSpan } from "./project-turn.ts"
import type { Span, SpanWrite } from "./span.ts"

/** What every span of a trace needs to know of it. */
export interface TraceContext {
  /** The root thread's id, or the outer trace's. */
  readonly traceId: string
  /** The outer span that the session hangs under. */
  readonly outerSpanId?: string
  readonly additionalMetadata?: JsonObject
  /** Images as they are in the transcript, instead of references. */
  readonly inlineImages?: boolean
}

/** Content as the span shows it: images as references, unless the user asked for them. */
export const shown = (context: TraceContext, value: Json): Json =>
  context.inlineImages === true ? value : referenced(value)

/** The fields that every kind of span has. */
export const identity = (context: TraceContext, key: SpanKey, parent: SpanKey | undefined) => {
  const parentId = parent === undefined ? context.outerSpanId : spanId(parent)
  return {
    id: spanId(key),
    trace_id: context.traceId,
    ...(parentId !== undefined && { parent_id: parentId }),
    thread_id: key.threadId
  }
}

/** Keeps the entries that are known. */
export const present = (facts: { readonly [key: string]: Json | undefined }): JsonObject => {
  const out: { [key: string]: Json } = {}
  for (const key in facts) {
    const value = facts[key]
    if (value !== undefined) out[key] = value
  }
  return out
}

/** Summed token counts, under names that no backend takes for a model call's. */
export const usageFacts = (usage: Usage): JsonObject =>
  present({
    input_tokens: usage.input,
    cached_input_tokens: usage.cached,
    cache_write_input_tokens: usage.cacheWrite,
    output_tokens: usage.output,
    reasoning_output_tokens: usage.reasoning,
    total_tokens: usage.total ?? usage.input + usage.output
  })

const spanOf = (context: TraceContext, subject: Subject): Span => {
  switch (subject.kind) {
    case "session":
      return sessionSpan(context, subject.session)
    case "agent":
      return agentSpan(context, subject.thread)
    case "turn":
      return turnSpan(context, subject.turn)
    case "llm":
      return llmSpan(context, subject.llm)
    case "tool":
      return toolSpan(context, subject.tool)
    case "compaction":
      return compactionSpan(context, subject.compaction)
  }
}

const ops = { OpenSpan: "open", PatchSpan: "patch", CloseSpan: "close" } as const

/**
 * The write that a span effect asks for. The span is made when it is first looked at: a sink that wants closed spans
 * alone does not pay for the two out of three writes that open or patch one.
 */
export const project = (
  context: TraceContext,
  effect: Extract<SpanEffect, { readonly subject: Subject }>
): SpanWrite => {
  const { subject } = effect
  let span: Span | undefined
  return {
    op: ops[effect._tag],
    get span() {
      span ??= spanOf(context, subject)
      return span
    }
  }
}
