/**
 * The rows of the fake Braintrust: how a batch of writes changes them, as the documented merge rules say.
 *
 * A batch is applied whole and in order, under one transaction id. What the real server does with `null` and with
 * `tags` in a merge is not documented; here `null` overwrites, and tags are united unless `tags: "replace"` is chosen.
 */

export type Row = { readonly [key: string]: unknown }

const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value)

/** Instructions to the server, never stored. */
const controls = new Set(["_is_merge", "_merge_paths", "_object_delete", "_array_delete"])

/** What a merge never changes. */
const fixed = new Set(["id", "span_id", "root_span_id", "span_parents", "created"])

/** Keys that say where a row goes; the first one that is there decides. */
const destinations = ["experiment_id", "project_id", "dataset_id", "prompt_session_id"] as const

export const destinationOf = (row: Row): string | undefined => {
  const key = destinations.find((candidate) => typeof row[candidate] === "string")
  if (key === undefined) return undefined
  if (key === "project_id" && row.log_id !== "g") return undefined
  return `${key}:${row[key]}`
}

const pathsOf = (row: Row): ReadonlyArray<string> =>
  Array.isArray(row._merge_paths) ? row._merge_paths.map((path) => JSON.stringify(path)) : []

const merged = (
  old: Row,
  change: Row,
  replaceAt: ReadonlyArray<string>,
  tags: "union" | "replace",
  path: ReadonlyArray<string> = []
): Row => {
  const result: Record<string, unknown> = { ...old }
  for (const [key, value] of Object.entries(change)) {
    const here = [...path, key]
    if (path.length === 0 && (controls.has(key) || fixed.has(key))) continue
    const before = old[key]
    if (replaceAt.includes(JSON.stringify(here))) result[key] = value
    else if (isRow(before) && isRow(value)) result[key] = merged(before, value, replaceAt, tags, here)
    else if (path.length === 0 && key === "tags" && tags === "union" && Array.isArray(before) && Array.isArray(value))
      result[key] = [...new Set([...before, ...value])]
    else result[key] = value
  }
  return result
}

/** Takes the members that `_array_delete: [{path, delete}]` names out of their arrays. */
const withoutDeleted = (row: Row, deletions: unknown): Row => {
  const result: Record<string, unknown> = structuredClone(row)
  for (const deletion of Array.isArray(deletions) ? deletions : []) {
    const path: ReadonlyArray<string> = Array.isArray(deletion.path) ? deletion.path : []
    let holder: unknown = result
    for (const key of path.slice(0, -1)) holder = isRow(holder) ? holder[key] : undefined
    const last = path.at(-1)
    if (!isRow(holder) || last === undefined) continue
    const members = holder[last]
    if (Array.isArray(members))
      Object.assign(holder, { [last]: members.filter((member) => !deletion.delete.includes(member)) })
  }
  return result
}

const stripped = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([key]) => !controls.has(key)))

export interface RowStore {
  /** Applies a whole batch under one new transaction id. */
  readonly apply: (rows: ReadonlyArray<Row>) => void
  /** The rows as they stand, in order of first insertion. */
  readonly rows: () => ReadonlyArray<Row>
  /** Every write to an id as it came, control fields included. */
  readonly history: (id: string) => ReadonlyArray<Row>
}

export const makeRowStore = (tags: "union" | "replace"): RowStore => {
  const state = new Map<string, Row>()
  const written = new Map<string, Array<Row>>()
  let transaction = 1_000_000_000
  return {
    apply: (rows) => {
      const xact = String(++transaction)
      for (const raw of rows) {
        const row = structuredClone(raw)
        const id = String(row.id)
        const key = `${destinationOf(row)} ${id}`
        written.set(id, [...(written.get(id) ?? []), structuredClone(raw)])
        const old = state.get(key)
        if (row._object_delete === true) state.delete(key)
        else if (row._is_merge !== true || old === undefined) state.set(key, { ...stripped(row), _xact_id: xact })
        else {
          const next = withoutDeleted(merged(old, row, pathsOf(row), tags), row._array_delete)
          state.set(key, { ...next, _xact_id: xact })
        }
      }
    },
    rows: () => [...state.values()].map((row) => structuredClone(row)),
    history: (id) => structuredClone(written.get(id) ?? [])
  }
}
