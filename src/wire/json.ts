/** A JSON value. Content of the agent is carried as it was recorded. */
export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }

export type JsonObject = { readonly [key: string]: Json }

/**
 * How deep values may be nested. Codex reads no more than 127 levels and wraps what it reads in some of its own; what
 * is nested deeper no Codex wrote, and would overrun the stack of whoever walks through it: JSON.parse itself does not.
 */
const nestingMax = 256

/** Whether a value is nested deeper than anybody's stack should have to bear. Looks at no text, only at what holds more. */
export const isTooDeep = (value: unknown, levels = nestingMax): boolean => {
  if (typeof value !== "object" || value === null) return false
  if (levels === 0) return true
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object" && isTooDeep(item, levels - 1)) return true
    return false
  }
  const members = value as { readonly [key: string]: unknown }
  for (const key in members) if (typeof members[key] === "object" && isTooDeep(members[key], levels - 1)) return true
  return false
}

/** The value of a text that is JSON of a sound depth; undefined for any other. */
export const parsed = (text: string): Json | undefined => {
  try {
    const value = JSON.parse(text)
    return isTooDeep(value) ? undefined : value
  } catch {
    // That a text is not JSON is an answer here: tools' arguments and outputs are whatever a model or a tool wrote.
    return undefined
  }
}

/** JSON in a string, as arguments are written: its value, or the text itself where it is no JSON. Others stay. */
export const parsedOrAsIs = (value: Json | undefined): Json | undefined => {
  if (typeof value !== "string") return value
  const found = parsed(value)
  return found === undefined ? value : found
}

/** Codex reads no JSON that is nested deeper than this (rollout-trace.md §1.2), so it writes none. */
const depthMax = 127

/** Whether two JSON values are the same, whatever the order of their keys. */
export const sameJson = (a: Json | undefined, b: Json | undefined, depth = 0): boolean => {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null || depth > depthMax) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((one: Json, i) => sameJson(one, b[i], depth + 1))
  }
  const [left, right] = [a as JsonObject, b as JsonObject]
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key], depth + 1))
  )
}
