import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { at, type Fields, isFields, parse, text } from "../../bench/fidelity/json.ts"
import { transcriptLines } from "../../bench/generate/session.ts"
import { bytesOf } from "../../bench/transcript.ts"
import { describeCorpus, transcriptsOf } from "../support/corpus.ts"

const size = 8 * 2 ** 20
const told = [...transcriptLines(7, size)]
const records = told.map((line) => parse(line) ?? {})

/** What kind of record it is, down to the kind of item. */
const kindOf = (record: Fields) =>
  [record.type, at(record, "payload", "type"), at(record, "payload", "item", "type")].filter(Boolean).join(" ")

const ofKind = (kind: string) => records.filter((record) => kindOf(record) === kind)

describe("a made-up transcript", () => {
  test("is the same for the same seed, another for another", () => {
    expect([...transcriptLines(7, size)]).toEqual(told)
    expect([...transcriptLines(8, 2 ** 16)][5]).not.toBe(told[5])
  })

  test("has the size that was asked for, and ends with a whole turn", () => {
    const bytes = told.reduce((sum, line) => sum + Buffer.byteLength(line), 0)
    expect(bytes).toBeGreaterThanOrEqual(size)
    expect(bytes).toBeLessThan(size * 1.2)
    expect(text(records.at(-1), "payload", "type")).toBe("task_complete")
  })

  test("counts its ordinals, and its clock never goes back", () => {
    expect(records.map((record) => record.ordinal)).toEqual(records.map((_, index) => index))
    const times = records.map((record) => String(record.timestamp))
    expect(times.filter((time, index) => index > 0 && time < (times[index - 1] ?? ""))).toEqual([])
  })

  test("answers every call, and reports the usage of every response once", () => {
    const calls = ofKind("response_item function_call").map((record) => text(record, "payload", "call_id"))
    const outputs = ofKind("response_item function_call_output").map((record) => text(record, "payload", "call_id"))
    expect(calls.length).toBeGreaterThan(100)
    expect(new Set(outputs)).toEqual(new Set(calls))
    const responses = ofKind("token_usage_record").map((record) => text(record, "payload", "response_id"))
    expect(new Set(responses).size).toBe(responses.length)
  })

  test("has turns, parallel and failed tools, images and compactions", () => {
    expect(ofKind("event_msg task_complete").length).toBeGreaterThan(20)
    expect(ofKind("compacted").length).toBeGreaterThan(1)
    const commands = ofKind("event_msg item_completed CommandExecution")
    expect(commands.some((record) => text(record, "payload", "item", "status") === "failed")).toBe(true)
    expect(told.some((line) => line.includes("data:image/png;base64,"))).toBe(true)
  })
})

test("sizes are read with and without a unit", () => {
  expect([bytesOf("1GiB"), bytesOf("1.5KiB"), bytesOf("7"), bytesOf("many")]).toEqual([2 ** 30, 1536, 7, undefined])
})

describeCorpus("a made-up transcript beside real ones", (cases) => {
  test("writes no record and no field that Codex 0.169 does not write", () => {
    const known = new Map<string, Set<string>>()
    const keysOf = (value: unknown) => (isFields(value) ? Object.keys(value) : [])
    for (const file of cases.flatMap(transcriptsOf))
      for (const line of readFileSync(file, "utf8").split("\n")) {
        const record = parse(line)
        if (record === undefined) continue
        const keys = known.get(kindOf(record)) ?? new Set()
        for (const key of [...keysOf(record.payload), ...keysOf(at(record, "payload", "item"))]) keys.add(key)
        known.set(kindOf(record), keys)
      }
    const strange = records.flatMap((record) =>
      [...keysOf(record.payload), ...keysOf(at(record, "payload", "item"))]
        .filter((key) => known.get(kindOf(record))?.has(key) !== true)
        .map((key) => `${kindOf(record)}: ${key}`)
    )
    expect([...new Set(strange)]).toEqual([])
  })
})
