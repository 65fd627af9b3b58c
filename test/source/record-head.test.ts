import { describe, expect, test } from "bun:test"
import { journalSessionId, ordinalOf, timeOf } from "../../src/source/record-head.ts"
import { describeCorpus, transcriptsOf } from "../support/corpus.ts"

describe("record-head", () => {
  test("a record's time is read as Codex writes it, and in any other way that JSON allows", () => {
    const time = "2026-11-20T22:12:46.141Z"
    expect(timeOf(`{"timestamp":"${time}","type":"x"}`)).toBe(time)
    expect(timeOf(`{ "type": "x", "timestamp" : "${time}" }`)).toBe(time)
    expect(timeOf('{"timestamp":"2026-11-20T23:12:46.141+01:00"}')).toBe(time)
    expect(timeOf('{"timestamp":"2026-11-20T22:12:46Z"}')).toBe("2026-11-20T22:12:46.000Z")
  })

  test("a hook's time is its arrival", () => {
    expect(timeOf('{"at_ns": 1795219511008101279, "payload": {}}')).toBe("2026-11-21T00:05:11.008Z")
  })

  test("a line that tells no time has none", () => {
    for (const line of ["", "no json", '{"timestamp":"soon"}', '{"timestamp":7}', `{"at_ns": ${"9".repeat(60)}}`])
      expect(timeOf(line)).toBeUndefined()
  })

  test("an ordinal is the record's own, not one inside its payload", () => {
    expect(ordinalOf('{"timestamp":"2026-11-20T22:12:46.141Z","ordinal":28,"type":"x"}')).toBe(28)
    expect(ordinalOf('{"type":"x","payload":{"ordinal":3},"ordinal": 7}')).toBe(7)
    expect(ordinalOf('{"type":"x","payload":{"ordinal":3}}')).toBeUndefined()
    expect(ordinalOf("no json")).toBeUndefined()
  })

  test("a journal's line names its session", () => {
    expect(journalSessionId('{"at_ns": 1, "payload": {"session_id": "s", "turn_id": "t"}}')).toBe("s")
    expect(journalSessionId('{"at_ns": 1, "payload": {}}')).toBeUndefined()
  })
})

describeCorpus("record-head of recorded transcripts", (cases) => {
  test("what is read from the head of a line is what parsing it tells", async () => {
    for (const file of cases.flatMap(transcriptsOf))
      for (const text of (await Bun.file(file).text()).trim().split("\n")) {
        const { timestamp, ordinal } = JSON.parse(text)
        expect([timeOf(text), ordinalOf(text)]).toEqual([timestamp, ordinal])
      }
  })
})
