/**
 * The writes that wait for a sink, each offer with the position that it completes.
 *
 * Plain data structure: what is full, what is next, what was finished; waiting is deliver.ts. `bytes` is an estimate
 * of what a span keeps in memory, made without serialising it: the items of a model input are shared with the fold
 * and count nothing.
 */
import { isModelInput } from "../span/model-input.ts"
import type { Span, SpanWrite } from "../span/span.ts"

interface Entry<P> {
  readonly write: SpanWrite | undefined
  readonly bytes: number
  /** Set on the last entry of an offer: once it is finished, so is everything up to here. */
  readonly completes: { readonly position: P } | undefined
}

/** A span's fixed part: ids, names, times. */
const spanBytesMin = 400

/** How deep the estimate looks: large texts sit in the outer levels of tool inputs and outputs. */
const depthMax = 4

const estimate = (value: unknown, depth: number): number => {
  if (typeof value === "string") return value.length
  if (typeof value !== "object" || value === null || depth === 0 || isModelInput(value)) return 8
  let bytes = 16
  if (Array.isArray(value)) for (const item of value) bytes += estimate(item, depth - 1)
  else for (const key in value) bytes += estimate((value as { readonly [key: string]: unknown })[key], depth - 1)
  return bytes
}

const spanBytes = (span: Span): number =>
  spanBytesMin + estimate(span.input, depthMax) + estimate(span.output, depthMax) + estimate(span.metadata, depthMax)

export interface WriteQueue<P> {
  /** No further offer should be let in. */
  readonly isFull: () => boolean
  /** Writes waiting. */
  readonly length: () => number
  /** Everything ever offered, as a count to compare with `finished`. */
  readonly offered: () => number
  readonly finished: () => number
  readonly push: (writes: ReadonlyArray<SpanWrite>, position: P) => void
  /** The oldest writes, not yet removed: at most `count` entries. */
  readonly peek: (count: number) => { readonly entries: number; readonly writes: ReadonlyArray<SpanWrite> }
  /** Removes the oldest entries; the last position that this completes. */
  readonly finish: (entries: number) => { readonly position: P } | undefined
  /** Removes everything; how many writes that were. */
  readonly clear: () => number
}

export const makeWriteQueue = <P>(limits: { readonly writesMax: number; readonly bytesMax: number }): WriteQueue<P> => {
  let entries: Array<Entry<P>> = []
  let head = 0
  let bytes = 0
  let writes = 0
  let offered = 0
  let finished = 0

  const compact = (): void => {
    if (head < 1024 && head < entries.length) return
    entries = entries.slice(head)
    head = 0
  }
  const add = (entry: Entry<P>): void => {
    entries.push(entry)
    bytes += entry.bytes
    offered += 1
    if (entry.write !== undefined) writes += 1
  }

  return {
    isFull: () => writes >= limits.writesMax || bytes >= limits.bytesMax,
    length: () => entries.length - head,
    offered: () => offered,
    finished: () => finished,
    push: (batch, position) => {
      const completes = { position }
      batch.forEach((write, index) => {
        add({ write, bytes: spanBytes(write.span), completes: index === batch.length - 1 ? completes : undefined })
      })
      if (batch.length === 0) add({ write: undefined, bytes: 0, completes })
    },
    peek: (count) => {
      const end = Math.min(entries.length, head + count)
      const next: Array<SpanWrite> = []
      for (let index = head; index < end; index++) {
        const write = entries[index]?.write
        if (write !== undefined) next.push(write)
      }
      return { entries: end - head, writes: next }
    },
    finish: (count) => {
      let position: { readonly position: P } | undefined
      const end = Math.min(entries.length, head + count)
      for (; head < end; head++) {
        const entry = entries[head]
        if (entry === undefined) continue
        bytes -= entry.bytes
        finished += 1
        if (entry.write !== undefined) writes -= 1
        position = entry.completes ?? position
      }
      compact()
      return position
    },
    clear: () => {
      const lost = writes
      finished = offered
      entries = []
      head = bytes = writes = 0
      return lost
    }
  }
}
