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
/** A key that an object would not keep in its place. */
const isIndex = /^\d+$/

/** The entries of a map of the state, in order, some at a time, without what stands around and between them. */
function* entriesTexts(map: ReadonlyMap<string, unknown>): Generator<string> {
  const keys = sortedByBytes(map.keys())
  for (let from = 0; from < keys.length; from += entriesAtOnce) {
    const some = keys.slice(from, from + entriesAtOnce)
    yield textAtOnce(some, map) ??
      some.map((key) => `    ${JSON.stringify(key)}: ${pretty(map.get(key), "    ")}`).join(",\n")
  }
}

const around = { before: '{\n  "": {\n', after: "\n  }\n}" }

/** The entries as JSON.stringify writes them two levels deep; undefined where it would not write them so. */
const textAtOnce = (keys: ReadonlyArray<string>, map: ReadonlyMap<string, unknown>): string | undefined => {
  const entries: { [key: string]: unknown } = Object.create(null)
  for (const key of keys) {
    if (isIndex.test(key)) return undefined
    entries[key] = map.get(key)
  }
  return withoutBigints({ "": entries })?.slice(around.before.length, -around.after.length)
}

const withoutBigints = (value: unknown): string | undefined => {
  try {
    return JSON.stringify(value, null, 2)
  } catch (error) {
    // An integer that needs more digits than a double has.
    if (error instanceof TypeError) return undefined
    throw error
  }
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
