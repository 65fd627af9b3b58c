/**
 * Writes a reduced graph as Codex writes `state.json`: two spaces, maps sorted by key bytes, no final newline
 * (rollout-trace.md §2.1). The text comes in pieces, so that a large state is never held twice.
 */
import { sortedByBytes } from "../wire/bundle/json-text.ts"
import type { Trace } from "./state.ts"

const pieceLengthMax = 1 << 16

/** The text of `state.json` in pieces of some 64 KiB. */
export function* stateText(trace: Trace): Generator<string> {
  let piece = ""
  let between = "{\n"
  for (const [key, value] of Object.entries(trace)) {
    if (value === undefined) continue
    piece += `${between}  ${JSON.stringify(key)}: `
    between = ",\n"
    if (!(value instanceof Map)) piece += pretty(value, "  ")
    else if (value.size === 0) piece += "{}"
    else {
      let open = "{\n"
      for (const entries of entriesTexts(value)) {
        piece += open + entries
        open = ",\n"
        if (piece.length < pieceLengthMax) continue
        yield piece
        piece = ""
      }
      piece += "\n  }"
    }
  }
  yield `${piece}\n}`
}

/** Entries of a map that are written at once. */
const entriesAtOnce = 64

/** The entries of a map of the state, in order, some at a time, without what stands around and between them. */
function* entriesTexts(map: ReadonlyMap<string, unknown>): Generator<string> {
  const keys = sortedByBytes(map.keys())
  for (let from = 0; from < keys.length; from += entriesAtOnce) {
    const some = keys.slice(from, from + entriesAtOnce)
    yield textAtOnce(some, map) ??
      some.map((key) => `    ${JSON.stringify(key)}: ${pretty(map.get(key), "    ")}`).join(",\n")
  }
}

/** Where a value begins that stands two levels deep; values inside it stand deeper, and texts have no line breaks. */
const beginning = "\n    {"
const ending = "\n  ]\n]"

/**
 * The entries as JSON.stringify writes their values two levels deep, each behind its key. An object that had the keys
 * would keep neither the order of numbers nor, with a shape for each new key, the memory small. Undefined where an
 * integer needs more digits than a double has.
 */
const textAtOnce = (keys: ReadonlyArray<string>, map: ReadonlyMap<string, unknown>): string | undefined => {
  let text: string
  try {
    text = JSON.stringify([keys.map((key) => map.get(key))], null, 2)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
  const [, ...values] = text.slice(0, -ending.length).split(beginning)
  return values.map((value, index) => `    ${JSON.stringify(keys[index])}: {${value}`).join("\n")
}

/** A value of the state as pretty JSON; `indent` is that of the line it starts on. */
const pretty = (value: unknown, indent: string): string => {
  if (typeof value === "string") return JSON.stringify(value)
  if (value === null || typeof value !== "object") return String(value)
  const inner = `${indent}  `
  let out = ""
  if (Array.isArray(value)) {
    for (const item of value) out += `${out === "" ? "[" : ","}\n${inner}${pretty(item, inner)}`
    return out === "" ? "[]" : `${out}\n${indent}]`
  }
  for (const key in value) {
    const item = (value as { readonly [key: string]: unknown })[key]
    if (item === undefined) continue
    out += `${out === "" ? "{" : ","}\n${inner}"${key}": ${pretty(item, inner)}`
  }
  return out === "" ? "{}" : `${out}\n${indent}}`
}
