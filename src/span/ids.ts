/**
 * Span ids: derived from what a span is the span of, so that every reading of a session gives the same ones.
 *
 * 16 hex digits of a SHA-256 over thread, kind and Codex's own key: a valid OpenTelemetry span id. The trace id is the
 * root thread's id. A change here is a change of every trace that was ever written: don't.
 */
import { hash } from "node:crypto"
import type { SpanKey } from "../machine/effect.ts"

const hashed = ({ kind, threadId, key }: SpanKey): string =>
  hash("sha256", `${threadId}\n${kind}\n${key}`, "hex").slice(0, 16)

/** A key is one object for as long as its span is held, so a span is hashed once and not at every mention. */
const known = new WeakMap<SpanKey, string>()

/** The id of a span. */
export const spanId = (key: SpanKey): string => {
  let id = known.get(key)
  if (id === undefined) {
    id = hashed(key)
    known.set(key, id)
  }
  return id
}
