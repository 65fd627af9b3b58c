/**
 * An immutable table by key that remembers the order in which keys came.
 *
 * A plain Map would be copied whole at every event of a turn with thousands of calls; a persistent one shares all but
 * the path that changed.
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"

export interface Table<V> {
  readonly rows: HashMap.HashMap<string, V>
  /** Only ever grows in place beyond what any older view can see: `length` says how much is this view's. */
  readonly keys: ReadonlyArray<string>
  readonly length: number
}

export const empty = <V>(): Table<V> => ({ rows: HashMap.empty(), keys: [], length: 0 })

export const get = <V>(table: Table<V>, key: string): V | undefined =>
  Option.getOrUndefined(HashMap.get(table.rows, key))

/** The list with one more element; pushed in place when this view is the longest (see history.ts). */
export const grown = <A>(list: ReadonlyArray<A>, length: number, element: A): ReadonlyArray<A> => {
  if (list.length !== length) return [...list.slice(0, length), element]
  const shared = list as Array<A>
  shared.push(element)
  return shared
}

export const set = <V>(table: Table<V>, key: string, value: V): Table<V> => {
  const rows = HashMap.set(table.rows, key, value)
  if (HashMap.has(table.rows, key)) return { ...table, rows }
  return { rows, keys: grown(table.keys, table.length, key), length: table.length + 1 }
}

export const remove = <V>(table: Table<V>, key: string): Table<V> => {
  if (!HashMap.has(table.rows, key)) return table
  const keys = table.keys.slice(0, table.length).filter((k) => k !== key)
  return { rows: HashMap.remove(table.rows, key), keys, length: keys.length }
}

/** The values in the order their keys came. */
export const values = <V>(table: Table<V>): ReadonlyArray<V> => {
  const out: Array<V> = []
  for (let i = 0; i < table.length; i++) {
    const value = get(table, table.keys[i] as string)
    if (value !== undefined) out.push(value)
  }
  return out
}
