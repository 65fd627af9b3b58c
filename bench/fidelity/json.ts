/**
 * Reading JSON whose shape nobody promises: files of records, and fields that may be absent or of another type.
 */
import { existsSync, readFileSync } from "node:fs"

export type Fields = { readonly [key: string]: unknown }

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const parse = (text: string): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

const textOf = (file: string): string => {
  const bytes = readFileSync(file)
  return new TextDecoder().decode(file.endsWith(".zst") ? Bun.zstdDecompressSync(bytes) : bytes)
}

/** The objects of a JSONL file, compressed or not. A line that is none (cut by a crash) is left out. */
export const readLines = (file: string): ReadonlyArray<Fields> =>
  textOf(file)
    .split("\n")
    .map(parse)
    .filter((line) => line !== undefined)

export const readFields = (file: string): Fields => (existsSync(file) ? parse(readFileSync(file, "utf8")) : {}) ?? {}

/** The value at a path of keys, if every step is an object. */
export const at = (value: unknown, ...path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((inner, key) => (isFields(inner) ? inner[key] : undefined), value)

export const text = (value: unknown, ...path: ReadonlyArray<string>): string | undefined => {
  const found = at(value, ...path)
  return typeof found === "string" ? found : undefined
}

export const number = (value: unknown, ...path: ReadonlyArray<string>): number | undefined => {
  const found = at(value, ...path)
  return typeof found === "number" ? found : undefined
}

export const list = (value: unknown, ...path: ReadonlyArray<string>): ReadonlyArray<unknown> => {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

/** Groups values by a key, in order of first appearance. */
export const groupBy = <A, K>(values: Iterable<A>, key: (value: A) => K): Map<K, Array<A>> => {
  const groups = new Map<K, Array<A>>()
  for (const value of values) {
    const group = groups.get(key(value))
    if (group === undefined) groups.set(key(value), [value])
    else group.push(value)
  }
  return groups
}
