/**
 * An immutable table by key that remembers the order in which keys came.
 *
 * A plain Map would be copied whole at every event of a turn with thousands of calls. Here views share one index from
 * key to place, which only grows, and rows in blocks, of which a change copies one. A hash trie of strings did the same at
 * four times the price: it hashes and compares keys in JavaScript, which an index leaves to the engine.
 */

/** Rows of one block: small enough to be copied at a change, large enough that the list of blocks stays short. */
const blockRows = 32

export interface Table<V> {
  /** Shared with other views and only ever grown: it may know keys that are not in this view. */
  readonly index: ReadonlyMap<string, number>
  /** Only ever grows in place beyond what any older view can see: `length` says how much is this view's. */
  readonly keys: ReadonlyArray<string>
  readonly blocks: ReadonlyArray<ReadonlyArray<V>>
  readonly length: number
}

export const empty = <V>(): Table<V> => ({ index: new Map(), keys: [], blocks: [], length: 0 })

/** Where a key stands in this view; undefined when it does not. */
const placeOf = <V>(table: Table<V>, key: string): number | undefined => {
  const place = table.index.get(key)
  return place !== undefined && place < table.length ? place : undefined
}

export const get = <V>(table: Table<V>, key: string): V | undefined => {
  const place = placeOf(table, key)
  return place === undefined ? undefined : table.blocks[Math.floor(place / blockRows)]?.[place % blockRows]
}

/** The list with one more element; pushed in place when this view is the longest (see history.ts). */
export const grown = <A>(list: ReadonlyArray<A>, length: number, element: A): ReadonlyArray<A> => {
  if (list.length !== length) return [...list.slice(0, length), element]
  const shared = list as Array<A>
  shared.push(element)
  return shared
}

/** The blocks with the row at a place put in; the place may be the first free one. */
const withRow = <V>(
  blocks: ReadonlyArray<ReadonlyArray<V>>,
  place: number,
  value: V
): ReadonlyArray<ReadonlyArray<V>> => {
  const at = Math.floor(place / blockRows)
  const block = blocks[at]?.slice() ?? []
  block[place % blockRows] = value
  const next = blocks.slice()
  next[at] = block
  return next
}

export const set = <V>(table: Table<V>, key: string, value: V): Table<V> => {
  const { index, keys, blocks, length } = table
  const place = placeOf(table, key)
  if (place !== undefined) return { index, keys, blocks: withRow(blocks, place, value), length }
  // Another view has grown beyond this one: from here on they share nothing but the rows.
  const own = keys.length === length ? index : new Map(keys.slice(0, length).map((known, at) => [known, at]))
  const shared = own as Map<string, number>
  shared.set(key, length)
  return { index: own, keys: grown(keys, length, key), blocks: withRow(blocks, length, value), length: length + 1 }
}

/** The table without some of its rows, made anew. */
export const without = <V>(table: Table<V>, dropped: ReadonlySet<string>): Table<V> => {
  const rows = values(table)
  return rows.reduce<Table<V>>((left, row, place) => {
    const key = table.keys[place] as string
    return dropped.has(key) ? left : set(left, key, row)
  }, empty())
}

/** The values in the order their keys came. */
export const values = <V>(table: Table<V>): ReadonlyArray<V> => table.blocks.flat()
