/**
 * The input of a model request: a prefix of a thread's history, shared and never copied.
 *
 * Written out whole, inputs grow with the square of a session's length. So each history item is one immutable
 * object, serialised at most once per form, and an input is (items, length) over a list that only grows.
 */
import type { HistoryItem } from "../domain/history-item.ts"

export type { HistoryItem }

export interface ModelInput {
  readonly _tag: "ModelInput"
  /** May be longer than the input: only the first `length` items belong to it. */
  readonly items: ReadonlyArray<HistoryItem>
  readonly length: number
  /** The same thread's previous llm span, where its input is a prefix of this one (for `--llm-input delta`). */
  readonly base?: { readonly spanId: string; readonly length: number }
}

export const isModelInput = (value: unknown): value is ModelInput =>
  typeof value === "object" && value !== null && (value as { _tag?: unknown })._tag === "ModelInput"
