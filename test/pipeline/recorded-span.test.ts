/** One span that a transcript and a bundle both tell. */
import { expect, test } from "bun:test"
import { mergedSpan } from "../../src/pipeline/recorded-span.ts"
import { span } from "../support/spans.ts"

test("why a turn or a session failed is told by whoever knows it of the same end", () => {
  for (const kind of ["turn", "session"] as const) {
    const failed = span({ kind, status: "error", end: 20, error: { message: "usage limit reached", code: "limit" } })
    const { error, ...silent } = failed
    const well = { ...silent, status: "ok", end: 30 } as const
    expect(mergedSpan(failed, silent)).toMatchObject({ status: "error", error })
    expect(mergedSpan(silent, failed)).toMatchObject({ status: "error", error })
    expect(mergedSpan(failed, well)).toMatchObject({ status: "ok" })
    expect(mergedSpan(failed, well)).not.toContainKey("error")
  }
})
