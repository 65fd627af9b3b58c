/**
 * Which item of the history a model item is: equality of content, and a search that finds the first unused equal
 * item without comparing everything with everything (rollout-trace.md §3.5).
 *
 * Owns *Equal* and the index. Schema 2 adds ids: two items with different ids are never the same.
 */
import type { Features } from "../generation.ts"
import type { ConversationItem, Part } from "../state.ts"
import type { ModelItem } from "./normalise.ts"
import type { Item } from "./reduction.ts"

/** Whether an item of the history and a model item have the same content; ids are not considered. */
export const sameContent = (item: ConversationItem, model: ModelItem): boolean =>
  item.role === model.role &&
  item.channel === model.channel &&
  item.kind === model.kind &&
  item.call_id === model.callId &&
  item.agent_message?.author === model.agentMessage?.author &&
  item.agent_message?.recipient === model.agentMessage?.recipient &&
  (sameParts(item.body.parts, model.parts) || (item.kind === "reasoning" && sameSecret(item.body.parts, model.parts)))

/** Whether a model item can be this item: same content and, where both have one, the same id. */
export const matches = (item: ConversationItem, model: ModelItem): boolean =>
  !idsDiffer(item.responses_item_id, model.responsesId) && sameContent(item, model)

const idsDiffer = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && a !== b

export const sameParts = (a: ReadonlyArray<Part>, b: ReadonlyArray<Part>): boolean =>
  a === b || (a.length === b.length && a.every((part, index) => samePart(part, b[index] as Part)))

const samePart = (a: Part, b: Part): boolean => {
  switch (a.type) {
    case "text":
    case "summary":
      return b.type === a.type && b.text === a.text
    case "encoded":
      return b.type === "encoded" && b.value === a.value && b.label === a.label
    case "json":
      return b.type === "json" && b.summary === a.summary
    case "code":
      return b.type === "code" && b.source === a.source && b.language === a.language
    case "payload_ref":
      if (b.type !== "payload_ref" || b.label !== a.label) return false
      return a.content_sha256 !== undefined && b.content_sha256 !== undefined
        ? a.content_sha256 === b.content_sha256
        : a.raw_payload_id === b.raw_payload_id
  }
}

/** The first encoded part: what a reasoning item is known by when its readable text comes and goes. */
const secretOf = (parts: ReadonlyArray<Part>) => parts.find((part) => part.type === "encoded")

const sameSecret = (a: ReadonlyArray<Part>, b: ReadonlyArray<Part>): boolean => {
  const [x, y] = [secretOf(a), secretOf(b)]
  return x !== undefined && y !== undefined && x.label === y.label && x.value === y.value
}

const textKeyLengthMax = 64

/** A text as part of a key: itself, or its length and a hash. Keys only narrow a search, `matches` decides. */
const textKey = (text: string): string =>
  text.length <= textKeyLengthMax ? text : `${text.length}#${Bun.hash.xxHash32(text)}`

const partKey = (part: Part): string => {
  switch (part.type) {
    case "text":
    case "summary":
      return `${part.type}:${textKey(part.text)}`
    case "encoded":
      return `encoded:${textKey(part.value)}`
    case "json":
      return `json:${textKey(part.summary)}`
    case "code":
      return `code:${textKey(part.source)}`
    case "payload_ref":
      return `ref:${part.label}:${part.content_sha256 ?? part.raw_payload_id}`
  }
}

/** The keys under which an item can be found: its content, and for reasoning its encoded part. */
const keysOf = (
  kind: string,
  role: string,
  callId: string | null,
  parts: ReadonlyArray<Part>
): ReadonlyArray<string> => {
  const body = `${kind}|${role}|${callId ?? ""}|${parts.map(partKey).join("|")}`
  if (kind !== "reasoning") return [body]
  const secret = secretOf(parts)
  return secret === undefined ? [body] : [body, `secret|${partKey(secret)}`]
}

interface Bucket {
  readonly positions: Array<number>
  /** Everything before it has been taken in this batch. */
  head: number
}

export interface MatchIndex {
  /** The first item in order that matches and that this batch has not taken yet. */
  readonly find: (model: ModelItem, batch: number) => Item | undefined
}

/** Comparisons that a batch may make before an index is cheaper: a short history never needs one. */
const comparisonsMax = 4096

/** A search over a list of items for one batch: it compares one by one, and makes an index when that gets long. */
export const matchSearch = (features: Features, items: ReadonlyArray<Item>): MatchIndex => {
  let comparisons = 0
  let index: MatchIndex | undefined
  return {
    find: (model, batch) => {
      if (comparisons > comparisonsMax) {
        index ??= matchIndex(features, items)
        return index.find(model, batch)
      }
      comparisons += items.length
      for (const item of items) if (item.takenBy !== batch && matches(item.state, model)) return item
      return undefined
    }
  }
}

/**
 * An index over a list of items for one batch. Under each content there is a list for every id and one for all, so
 * that neither a thousand equal items with different ids nor a thousand used ones make a search long.
 */
const matchIndex = (features: Features, items: ReadonlyArray<Item>): MatchIndex => {
  const buckets = new Map<string, Bucket>()
  const put = (key: string, position: number): void => {
    const bucket = buckets.get(key)
    if (bucket === undefined) buckets.set(key, { positions: [position], head: 0 })
    else bucket.positions.push(position)
  }
  items.forEach((item, position) => {
    const { body, call_id, kind, responses_item_id, role } = item.state
    for (const key of keysOf(kind, role, call_id, body.parts)) {
      put(key, position)
      if (features.itemIds) put(idKey(key, responses_item_id), position)
    }
  })
  const firstIn = (key: string, model: ModelItem, batch: number): number => {
    const bucket = buckets.get(key)
    if (bucket === undefined) return Number.POSITIVE_INFINITY
    while (bucket.head < bucket.positions.length && takenAt(bucket.positions[bucket.head] as number, batch))
      bucket.head++
    for (let i = bucket.head; i < bucket.positions.length; i++) {
      const position = bucket.positions[i] as number
      const item = items[position]
      if (item !== undefined && item.takenBy !== batch && matches(item.state, model)) return position
    }
    return Number.POSITIVE_INFINITY
  }
  const takenAt = (position: number, batch: number): boolean => items[position]?.takenBy === batch
  return {
    find: (model, batch) => {
      let first = Number.POSITIVE_INFINITY
      for (const key of keysOf(model.kind, model.role, model.callId, model.parts)) {
        const places =
          features.itemIds && model.responsesId !== undefined
            ? [idKey(key, model.responsesId), idKey(key, undefined)]
            : [key]
        for (const place of places) first = Math.min(first, firstIn(place, model, batch))
      }
      return items[first]
    }
  }
}

const idKey = (key: string, id: string | undefined): string => (id === undefined ? `none|${key}` : `id|${id}|${key}`)
