/**
 * The outer span that a session hangs under, as the user's environment tells it.
 *
 * In order of precedence: the setting `parent` (`TRACER_PARENT`: an exported Braintrust span, or `ROOT_SPAN_ID/SPAN_ID`),
 * the Braintrust plugin's pair `CODEX_PARENT_SPAN_ID`/`CODEX_ROOT_SPAN_ID` (each defaults to the other), W3C
 * `TRACEPARENT`. An exported span is only recognised here: the sink that knows its format unpacks it.
 */
import { Result } from "effect"
import type { Environment } from "../hook/places.ts"

export type OuterSpan =
  | { readonly _tag: "Ids"; readonly traceId: string; readonly spanId: string }
  /** `span.export()` of the Braintrust SDK: names a destination as well. */
  | { readonly _tag: "ExportedSpan"; readonly slug: string }

const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$/
const pair = /^([\w-]+)\/([\w-]+)$/
/** A slug is base64 of at least a version byte, a type byte and some JSON. */
const slug = /^[A-Za-z0-9+/=_-]{16,}$/

const isZero = (hex: string): boolean => /^0+$/.test(hex)

const fromTraceparent = (text: string | undefined): OuterSpan | undefined => {
  const [, traceId, spanId] = traceparent.exec(text?.trim() ?? "") ?? []
  // The specification: an invalid header counts as absent.
  if (traceId === undefined || spanId === undefined || isZero(traceId) || isZero(spanId)) return undefined
  return { _tag: "Ids", traceId, spanId }
}

/** The outer span, none, or what is wrong with the setting. */
export const outerSpan = (
  parent: string | undefined,
  environment: Environment
): Result.Result<OuterSpan | undefined, string> => {
  if (parent !== undefined) {
    const given = parent.trim()
    const [, traceId, spanId] = pair.exec(given) ?? []
    if (traceId !== undefined && spanId !== undefined) return Result.succeed({ _tag: "Ids", traceId, spanId })
    const w3c = fromTraceparent(given)
    if (w3c !== undefined) return Result.succeed(w3c)
    if (slug.test(given)) return Result.succeed({ _tag: "ExportedSpan", slug: given })
    return Result.fail("must be an exported Braintrust span (span.export()), ROOT_SPAN_ID/SPAN_ID, or a traceparent")
  }
  const { CODEX_PARENT_SPAN_ID: pluginParent, CODEX_ROOT_SPAN_ID: pluginRoot } = environment
  const spanId = pluginParent || pluginRoot
  if (spanId) return Result.succeed({ _tag: "Ids", traceId: pluginRoot || spanId, spanId })
  return Result.succeed(fromTraceparent(environment.TRACEPARENT))
}
