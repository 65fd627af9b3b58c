/**
 * Effects become the contract's spans: its names, its times, nothing that is unknown.
 */
import { describe, expect, test } from "bun:test"
import type { SpanEffect, SpanKey } from "../../src/machine/effect.ts"
import { spanId } from "../../src/span/ids.ts"
import { imageReference, referenced } from "../../src/span/images.ts"
import { identity, present, project, usageFacts } from "../../src/span/project.ts"
import { ofKind, plainSpan, read, readLines, strand, the } from "../support/reading.ts"
import { session } from "../support/session.ts"
import { dialects, newer, v142, v169 } from "../support/session-dialect.ts"
import { written } from "../support/stories.ts"

const key: SpanKey = { kind: "tool", threadId: "thread-1", key: "turn-1/call-1" }

describe("an id", () => {
  test("is the one that it was in the first release: a change here changes every trace", () => {
    expect(spanId(key)).toBe("b8c89b5e72d1fd03")
    expect(spanId({ kind: "session", threadId: "thread-1", key: "thread-1" })).toBe("5d47d6b8e61acb79")
  })

  test("differs by thread, kind and key", () => {
    const ids = [
      key,
      { ...key, kind: "llm" as const },
      { ...key, threadId: "thread-2" },
      { ...key, key: "turn-1/call-2" }
    ].map(spanId)
    expect(new Set(ids).size).toBe(4)
    expect(spanId({ ...key })).toBe(spanId(key))
  })

  test("is taken by one span of a session only", () => {
    for (const [name, story, dialect] of written) {
      const { spans, writes } = read(story, dialect)
      const kinds = new Map(spans.map(({ id, kind }) => [id, kind]))
      const mixed = writes.filter(({ span }) => kinds.get(span.id) !== span.kind)
      expect({ name, mixed: mixed.map(({ span }) => span.name) }).toEqual({ name, mixed: [] })
    }
  })
})

describe("a span", () => {
  test("is made when it is first looked at, and made once", () => {
    const effect = { _tag: "CloseSpan", subject: { kind: "nothing" } } as unknown as Extract<
      SpanEffect,
      { subject: unknown }
    >
    expect(project({ traceId: "t" }, effect).op).toBe("close")
    const told = session().turn("go").says("Done.").ends()
    const write = read(told, v169).writes[0]
    expect(write?.span).toBe(write?.span as never)
  })

  test("hangs under the outer span only where it has no parent of its own", () => {
    const context = { traceId: "trace", outerSpanId: "outer" }
    expect(identity(context, key, undefined).parent_id).toBe("outer")
    expect(identity(context, key, { ...key, kind: "turn" }).parent_id).not.toBe("outer")
    expect(identity({ traceId: "trace" }, key, undefined)).not.toHaveProperty("parent_id")
  })

  test("has the keys of the contract, and none that is null or undefined", () => {
    const allowed = new Set([
      ...["id", "trace_id", "parent_id", "thread_id", "kind", "name", "start", "end", "status", "error"],
      ...["input", "output", "metadata", "metrics", "tags"]
    ])
    const unknown = (value: unknown): boolean =>
      value === undefined ||
      (typeof value === "object" && value !== null && Object.values(value).some((part) => part === undefined))
    for (const [, story, dialect] of written) {
      for (const span of read(story, dialect).spans) {
        const plain = plainSpan(span)
        expect(Object.keys(plain).filter((name) => !allowed.has(name))).toEqual([])
        expect(Object.values(plain).filter((value) => value === null || value === undefined)).toEqual([])
        expect(Object.values(span.metadata).filter((value) => value === null || unknown(value))).toEqual([])
        expect(Object.keys(span.metadata).filter((name) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([])
        for (const value of Object.values(span.metrics)) expect(Number.isFinite(value)).toBe(true)
      }
    }
  })

  test("carries the names by which others find it", () => {
    for (const dialect of newer) {
      const told = session().turn("go").execs("ls", { id: "call_ls" }).says("Done.").ends()
      const reading = read(told, dialect)
      const turnId = the(reading, "turn").metadata.turn_id
      expect(typeof turnId).toBe("string")
      expect(the(reading, "tool").metadata).toMatchObject({ call_id: "call_ls", turn_id: turnId })
      expect(ofKind(reading, "llm").every(({ metadata }) => metadata.turn_id === turnId)).toBe(true)
      expect(the(reading, "session").metadata).toMatchObject({ session_id: told.id, thread_id: told.id })
    }
  })

  test("counts tokens only where a backend may price them: model calls have metrics, sums are metadata", () => {
    for (const dialect of dialects) {
      const reading = read(session().turn("go").execs("ls").says("Done.").ends(), dialect)
      for (const span of reading.spans) {
        expect(Object.keys(span.metrics).some((name) => name.includes("tokens"))).toBe(span.kind === "llm")
      }
    }
  })
})

describe("images", () => {
  const image = "data:image/png;base64,iVBORw0KGgo="

  test("are told by type, size and hash", () => {
    const reference = "image:image/png;bytes=8;sha256=4c4b6a3be1314ab86138bef4314dde022e600960d8689a2c8f8631802d20dab6"
    expect(imageReference(image)).toBe(reference)
    expect(imageReference("https://example.com/a.png")).toBe("https://example.com/a.png")
    expect(referenced([{ type: "input_image", image_url: image }, "text"])).toEqual([
      { type: "input_image", image_url: reference },
      "text"
    ])
  })

  test("leave what holds none as it is, the same object", () => {
    const value = { a: [1, "b", null, { c: "data:text/plain,hi" }] }
    expect(referenced(value)).toBe(value)
  })

  test("are references in a tool's result, unless they were asked for", () => {
    const told = session().turn("look").calls("view_image", { path: "p.png" })
    told
      .answers([{ type: "input_image", image_url: image }])
      .says("Seen.")
      .ends()
    expect(JSON.stringify(the(read(told, v169), "tool").output)).toContain("image:image/png;bytes=8")
    expect(JSON.stringify(the(read(told, v169), "tool").output)).not.toContain("base64")
  })
})

describe("facts", () => {
  test("that are unknown are left out; what is false or zero is known", () => {
    expect(present({ a: undefined, b: null, c: 0, d: false, e: "" })).toEqual({ b: null, c: 0, d: false, e: "" })
  })

  test("of usage have a total, told or summed", () => {
    expect(usageFacts({ input: 3, output: 2 })).toEqual({ input_tokens: 3, output_tokens: 2, total_tokens: 5 })
    expect(usageFacts({ input: 3, output: 2, cached: 0, total: 6 })).toMatchObject({
      cached_input_tokens: 0,
      total_tokens: 6
    })
  })

  test("of a session name the file that it was read from", () => {
    const told = session().turn("go").says("Done.").ends()
    const own = strand({ _tag: "Transcript", threadId: told.id }, "/s/rollout-a.jsonl", told.lines(v142))
    expect(the(readLines(told.id, own), "session").metadata.transcript_path).toBe("/s/rollout-a.jsonl")
  })
})
