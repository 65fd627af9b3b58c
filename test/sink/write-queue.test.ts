/**
 * The queue before a sink against an obviously right one: what is next, and which positions are complete.
 */
import { expect, test } from "bun:test"
import { Arbitrary, Schema } from "effect"
import { makeWriteQueue } from "../../src/sink/write-queue.ts"
import { holds } from "../support/property.ts"
import { closed, modelInput, said } from "../support/spans.ts"

const small = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 }))
const step = Arbitrary.schema(
  Schema.Union([
    Schema.Struct({ push: small }),
    Schema.Struct({ finish: small }),
    Schema.Struct({ clear: Schema.Literal(true) })
  ])
)

holds(
  "gives back every write in order, and completes a position with its last write",
  Arbitrary.array(step, { maxLength: 60 }),
  (steps) => {
    const queue = makeWriteQueue<number>({ writesMax: 10, bytesMax: 1e9 })
    /** Each waiting entry: a span's id or nothing, and the position that it completes. */
    let waiting: Array<readonly [id: string | undefined, completes: number | undefined]> = []
    for (const [position, one] of steps.entries()) {
      if ("push" in one) {
        const ids = Array.from({ length: one.push }, (_, n) => `${position}.${n}`)
        queue.push(
          ids.map((id) => closed({ id })),
          position
        )
        if (ids.length === 0) waiting.push([undefined, position])
        for (const id of ids) waiting.push([id, id === ids.at(-1) ? position : undefined])
      } else if ("finish" in one) {
        const { entries, writes } = queue.peek(one.finish)
        const taken = waiting.slice(0, one.finish)
        expect(entries).toBe(taken.length)
        expect(writes.map((write) => write.span.id)).toEqual(taken.flatMap(([id]) => id ?? []))
        const completed = taken.flatMap(([, completes]) => completes ?? []).at(-1)
        expect(queue.finish(entries)?.position).toBe(completed as number)
        waiting = waiting.slice(one.finish)
      } else {
        expect(queue.clear()).toBe(waiting.filter(([id]) => id !== undefined).length)
        waiting = []
      }
      expect(queue.length()).toBe(waiting.length)
      expect(queue.offered() - queue.finished()).toBe(waiting.length)
      expect(queue.isFull()).toBe(waiting.filter(([id]) => id !== undefined).length >= 10)
    }
    return true
  }
)

test("is full by bytes as well; items of a model input count nothing, because they are shared", () => {
  const queue = makeWriteQueue<number>({ writesMax: 1000, bytesMax: 10_000 })
  queue.push([closed({ kind: "llm", input: modelInput([said("x".repeat(50_000))]) })], 1)
  expect(queue.isFull()).toBe(false)
  queue.push([closed({ output: [{ text: "x".repeat(10_000) }] })], 2)
  expect(queue.isFull()).toBe(true)
  queue.finish(2)
  expect(queue.isFull()).toBe(false)
})
