import { expect, test } from "bun:test"
import { BundleStory, bundle } from "../../support/bundle.ts"
import { stateOf } from "../../support/reduced.ts"

test("the start of the rollout names trace and root thread, the last one counts", () => {
  const story = new BundleStory().rolloutStarts()
  story.event("rollout_started", { trace_id: "other", root_thread_id: "T7" }, null)
  expect(stateOf(story)).toMatchObject({ trace_id: "other", root_thread_id: "T7", rollout_id: "R" })
})

test("the end of the rollout is its status and time, the last one counts", () => {
  expect(stateOf(bundle().rolloutEnds("failed").rolloutEnds("aborted"))).toMatchObject({
    status: "aborted",
    ended_at_unix_ms: 1_700_000_005_000
  })
})

test("breadcrumbs of the protocol leave their payload and nothing else", () => {
  const story = bundle()
  story.event(
    "protocol_event_observed",
    { event_type: "warning", event_payload: story.payload("protocol_event", {}) },
    null
  )
  const { raw_payloads, ...rest } = stateOf(story)
  expect(raw_payloads.size).toBe(1)
  expect(rest).toEqual((({ raw_payloads: _, ...others }) => others)(stateOf(bundle())))
})
