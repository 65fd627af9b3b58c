import { expect, test } from "bun:test"
import { type BundleStory, bundle, userMessage } from "../../support/bundle.ts"
import { at, refusalOf, stateOf } from "../../support/reduced.ts"

const request = (story: BundleStory, id: string, more: object = {}) =>
  story.asksForSummary("C1", { compaction_request_id: id, ...more })
const answer = (story: BundleStory, id: string, compaction = "C1") =>
  story.event("compaction_request_completed", {
    compaction_id: compaction,
    compaction_request_id: id,
    response_payload: story.payload("compaction_response", {})
  })
const fail = (story: BundleStory, id: string) =>
  story.event("compaction_request_failed", { compaction_id: "C1", compaction_request_id: id, error: "no" })

test("a compaction names its requests, sorted, and each says how it ended", () => {
  const story = answer(fail(request(request(bundle(), "b"), "a"), "b"), "a").installs("C1", [], [userMessage("s")])
  const trace = stateOf(story)
  expect(at(trace.compactions, "C1")).toMatchObject({
    request_ids: ["a", "b"],
    installed_at_unix_ms: 1_700_000_008_000
  })
  expect(
    [...trace.compaction_requests.values()].map((one) => [one.execution.status, one.raw_response_payload_id])
  ).toEqual([
    ["failed", null],
    ["completed", "raw_payload:3"]
  ])
})

test("a request alone changes nothing of the history", () => {
  expect(stateOf(answer(request(bundle(), "a"), "a")).conversation_items.size).toBe(0)
})

test("requests and installs happen once, in a turn of their thread", () => {
  expect(refusalOf(request(request(bundle(), "a"), "a")).rule).toBe("compaction")
  expect(refusalOf(request(bundle(), "a", { thread_id: "T9" })).rule).toBe("thread")
  expect(refusalOf(request(bundle(), "a", { codex_turn_id: "U9" })).rule).toBe("turn")
  expect(refusalOf(answer(bundle(), "a")).what).toContain("never started")
  expect(refusalOf(answer(request(bundle(), "a"), "a", "C2")).what).toBe("compaction request a of C1 ends as one of C2")
  expect(refusalOf(bundle().installs("C1", [], []).installs("C1", [], [])).what).toContain("a second time")
  expect(refusalOf(bundle().inside("T1", null).installs("C1", [], [])).what).toContain("names no turn")
  expect(refusalOf(bundle().inside(null, "U1").installs("C1", [], [])).what).toContain("names no thread")
})
