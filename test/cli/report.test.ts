import { describe, expect, test } from "bun:test"
import { makeReport } from "../../src/cli/report.ts"

const skip = (lineNumber: number, reason: string) => ({ file: "f", lineNumber, byteOffset: 0, reason })

describe("report", () => {
  test("skipped lines are counted by reason, each with its first place", () => {
    const report = makeReport()
    report.skipped([skip(3, "not JSON"), skip(4, "torn")])
    report.skipped([skip(9, "not JSON")])
    expect(report.isComplete()).toBe(false)
    expect(report.text()).toBe(
      ["tracer: 3 lines skipped", "  2 × not JSON (first at f:3)", "  1 × torn (at f:4)"].join("\n")
    )
  })

  test("oddities are told, and leave nothing out", () => {
    const report = makeReport()
    report.noted([
      { topic: "unknown record", detail: "event_msg.new" },
      { topic: "unknown record", detail: "event_msg.new" },
      { topic: "late", detail: "" }
    ])
    expect(report.isComplete()).toBe(true)
    expect(report.text()).toBe("tracer: 3 oddities noted\n  2 × unknown record: event_msg.new\n  1 × late")
  })

  test("nothing to say is no text", () => {
    expect(makeReport().text()).toBe("")
  })

  test("what failed and has been said is not said again, but counts", () => {
    const report = makeReport()
    report.broken()
    expect([report.text(), report.isComplete()]).toEqual(["", false])
  })

  test("many kinds are cut to the most frequent", () => {
    const report = makeReport()
    for (let kind = 0; kind < 40; kind++) report.skipped([skip(kind + 1, `reason ${kind}`)])
    expect(report.text().split("\n").length).toBe(12)
    expect(report.text()).toEndWith("and 30 other kinds")
  })
})
