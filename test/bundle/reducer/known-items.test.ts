import { describe, expect, test } from "bun:test"
import { noKnownItems, readThroughKnown } from "../../../src/bundle/reducer/known-items.ts"
import type { ModelItem } from "../../../src/bundle/reducer/normalise.ts"
import { readJsonWithSpans } from "../../../src/wire/bundle/json-spans.ts"

const refOf = (id: string) => ({ raw_payload_id: id, kind: { type: "inference_request" }, path: "p" }) as const

/** Reads requests one after another; each item's text is its JSON, and `reads` counts what was not known. */
const reader = () => {
  const known = noKnownItems()
  let reads = 0
  return (id: string, ...items: ReadonlyArray<string>) => {
    reads = 0
    const text = Buffer.from(`{"input":[${items.join(", ")}]}`)
    const { members, spans } = readJsonWithSpans(text, new Set(), "input", "written", known)
    if (spans === undefined) throw new Error("no spans")
    const models = readThroughKnown(known, { members, spans }, refOf(id), (index): ModelItem | null => {
      reads++
      const text = JSON.stringify(spans.read(index))
      return text === "null"
        ? null
        : {
            responsesId: undefined,
            role: "user",
            channel: null,
            kind: "message",
            agentMessage: undefined,
            parts: text.startsWith("[")
              ? [{ type: "payload_ref", label: text, raw_payload_id: id, content_sha256: undefined }]
              : [{ type: "text", text }],
            callId: null
          }
    })
    return [
      reads,
      models.map(({ parts: [part] }) =>
        part?.type === "text"
          ? part.text
          : part?.type === "payload_ref"
            ? `${part.label} in ${part.raw_payload_id}`
            : ""
      )
    ] as const
  }
}

describe("items that the last request had", () => {
  test("only what is new is read, wherever the rest has moved", () => {
    const read = reader()
    expect(read("p1", '"a"', '"b"', '"c"')).toEqual([3, ['"a"', '"b"', '"c"']])
    expect(read("p2", '"b"', '"c"', '"d"')).toEqual([1, ['"b"', '"c"', '"d"']])
    expect(read("p3", '"d"', '"b"', '"a"')).toEqual([1, ['"d"', '"b"', '"a"']])
    expect(read("p4")).toEqual([0, []])
    expect(read("p5", '"a"')).toEqual([1, ['"a"']])
  })

  test("other bytes of the same length are another item", () => {
    const read = reader()
    read("p1", '"a1"', '"a2"')
    expect(read("p2", '"a2"', '"a3"', '"a1"')).toEqual([1, ['"a2"', '"a3"', '"a1"']])
  })

  test("a reference names the payload in which it stands now", () => {
    const read = reader()
    expect(read("p1", "[]")[1]).toEqual(["[] in p1"])
    expect(read("p2", "[]")).toEqual([0, ["[] in p2"]])
  })

  test("what is no part of the conversation is known as that", () => {
    const read = reader()
    expect(read("p1", "null", '"a"')).toEqual([2, ['"a"']])
    expect(read("p2", "null", '"a"')).toEqual([0, ['"a"']])
  })
})
