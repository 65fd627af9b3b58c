/**
 * Writes a reduced graph as Codex writes `state.json`: two spaces, maps sorted by key bytes, no final newline
 * (rollout-trace.md §2.1). The text comes in pieces, so that a large state is never held twice.
 */
import { sortedByBytes } from "../wire/bundle/json-text.ts"
import type { Trace } from "./state.ts"

const pieceLengthMax = 1 << 16

/** The text of `state.json` in pieces of about 64 KiB. */
export function* stateText(trace: Trace): Generator<string> {
  let piece = ""
  let between = "{\n"
  for (const [key, value] of Object.entries(trace)) {
    if (value === undefined) continue
    piece += `${between}  ${JSON.stringify(key)}: `
    between = ",\n"
    if (!(value instanceof Map)) {
      piece += pretty(value, "  ")
      continue
    }
    if (value.size === 0) {
      piece += "{}"
      continue
    }
    const keys = sortedByBytes(value.keys())
    let open = "{\n"
    for (const id of keys) {
      piece += `${open}    ${JSON.stringify(id)}: ${pretty(value.get(id), "    ")}`
      open = ",\n"
      if (piece.length > pieceLengthMax) {
        yield piece
        piece = ""
      }
    }
    piece += "\n  }"
  }
  yield `${piece}\n}`
}

/** A value of the state as pretty JSON; `indent` is that of the line it starts on. */
const pretty = (value: unknown, indent: string): string => {
  try {
    // A text has no line breaks of its own in JSON: all of them are the form's.
    return JSON.stringify(value, null, 2).replaceAll("\n", `\n${indent}`)
  } catch (error) {
    if (error instanceof TypeError) return prettyWithBigints(value, indent)
    throw error
  }
}

/** The same where an integer needs more digits than JSON.stringify knows. */
const prettyWithBigints = (value: unknown, indent: string): string => {
  if (typeof value === "string") return JSON.stringify(value)
  if (value === null || typeof value !== "object") return String(value)
  const inner = `${indent}  `
  let out = ""
  if (Array.isArray(value)) {
    for (const item of value) out += `${out === "" ? "[" : ","}\n${inner}${prettyWithBigints(item, inner)}`
    return out === "" ? "[]" : `${out}\n${indent}]`
  }
  for (const key in value) {
    const item = (value as { readonly [key: string]: unknown })[key]
    if (item === undefined) continue
    out += `${out === "" ? "{" : ","}\n${inner}"${key}": ${prettyWithBigints(item, inner)}`
  }
  return out === "" ? "{}" : `${out}\n${indent}}`
}
