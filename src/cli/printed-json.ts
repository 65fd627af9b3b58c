/**
 * An object as a command prints it for a program: indented JSON, every key in snake_case as in the spans.
 *
 * Here and nowhere else: inside, and on the collector's socket, which other versions read, keys stay as they are.
 */
import { String as Text } from "effect"

const snakeCased = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(snakeCased)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [Text.camelToSnake(key), snakeCased(inner)]))
}

/** For objects whose keys are all ours: none is a path, an id or a word of the user's. */
export const printedJson = (value: object): string => JSON.stringify(snakeCased(value), null, 2)
