/**
 * What kinds of records a recording holds, and which of them nobody has seen before.
 *
 * A shape is a kind of record with its field names: transcript records (items inside them counted apart), hook payloads,
 * bundle events. `known-shapes.json` lists those of all versions that were ever recorded; values are never looked at.
 */

import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { Schema } from "effect"

/** Field names by kind, e.g. `transcript event_msg.item_completed.WebSearch` → `item.query`, … */
export type Shapes = ReadonlyMap<string, ReadonlySet<string>>

/** What a recording has that the list of known shapes lacks: a kind, or fields of a known kind. */
export interface Novelty {
  readonly kind: string
  readonly fields: ReadonlyArray<string>
  readonly newKind: boolean
}

const knownFile = join(import.meta.dir, "known-shapes.json")
const KnownShapes = Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))

export const readKnownShapes = async (): Promise<Shapes> => {
  const known = Schema.decodeUnknownSync(KnownShapes)(await readFile(knownFile, "utf8"))
  return new Map(Object.entries(known).map(([kind, fields]) => [kind, new Set(fields.split(" "))]))
}

export const writeKnownShapes = async (shapes: Shapes): Promise<void> => {
  const kinds = [...shapes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, fields]) => [kind, [...fields].sort().join(" ")])
  await Bun.write(knownFile, `${JSON.stringify(Object.fromEntries(kinds), null, 2)}\n`)
}

export const merged = (...all: ReadonlyArray<Shapes>): Shapes => {
  const sum = new Map<string, Set<string>>()
  for (const [kind, fields] of all.flatMap((shapes) => [...shapes])) {
    sum.set(kind, new Set([...(sum.get(kind) ?? []), ...fields]))
  }
  return sum
}

export const newIn = (found: Shapes, known: Shapes): ReadonlyArray<Novelty> =>
  [...found].flatMap(([kind, fields]) => {
    const before = known.get(kind)
    const unseen = [...fields].filter((field) => before?.has(field) !== true)
    return before === undefined || unseen.length > 0 ? [{ kind, fields: unseen, newKind: before === undefined }] : []
  })

/** The shapes of one case folder. */
export const shapesOf = async (folder: string): Promise<Shapes> => {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".jsonl"))
  const found: Array<Shapes> = []
  for (const name of files) {
    const shapesOfLine = readers.find(([part]) => name.includes(part))?.[1]
    if (shapesOfLine === undefined) continue
    const lines = (await readFile(join(folder, name), "utf8")).split("\n").filter((line) => line !== "")
    found.push(merged(...lines.map((line) => shapesOfLine(JSON.parse(line)))))
  }
  return merged(...found)
}

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown, prefix = ""): ReadonlyArray<string> =>
  typeof value === "object" && value !== null ? Object.keys(value).map((name) => `${prefix}${name}`) : []

const shape = (kind: string, ...fields: ReadonlyArray<ReadonlyArray<string>>): Shapes =>
  new Map([[kind, new Set(fields.flat())]])

/** Which file of a case is read how; the first that fits. */
const readers: ReadonlyArray<readonly [part: string, read: (line: Fields) => Shapes]> = [
  ["rollout-", (record) => transcriptShape(record)],
  ["hooks.jsonl", ({ payload }) => shape(`hook ${(payload as Fields).hook_event_name}`, fieldsOf(payload))],
  ["trace.jsonl", ({ payload }) => shape(`bundle ${(payload as Fields).type}`, fieldsOf(payload))]
]

const transcriptShape = (record: Fields): Shapes => {
  const payload = (record.payload ?? {}) as Fields
  const item = payload.item as Fields | undefined
  const kind = [record.type, payload.type, item?.type].filter((part) => typeof part === "string").join(".")
  const around = fieldsOf(record).filter((name) => !["timestamp", "type", "payload"].includes(name))
  return shape(
    `transcript ${kind}`,
    fieldsOf(payload),
    fieldsOf(item, "item."),
    around.map((name) => `(line).${name}`)
  )
}
