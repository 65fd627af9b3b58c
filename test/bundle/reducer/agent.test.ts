import { expect, test } from "bun:test"
import { type BundleStory, bundle } from "../../support/bundle.ts"
import { refusalOf, stateOf } from "../../support/reduced.ts"

const child = "22222222-2222-4222-8222-222222222222"
const report = (more: object = {}) => ({
  call_id: "c",
  sender_thread_id: child,
  receiver_thread_id: child,
  prompt: "go",
  model: "m",
  reasoning_effort: "low",
  status: "running",
  ...more
})
const activity = (kind: string) => ({ event_id: "e", agent_thread_id: child, agent_path: "/root/a", kind })
const called = (kind: string, invocation?: unknown) =>
  bundle().threadStarts(child, "/root/a").calls("c1", kind, invocation)
const edges = (story: BundleStory) => [...stateOf(story).interaction_edges.values()]

test("a spawn without a new thread made no agent", () => {
  expect(edges(called("spawn_agent").runtimeEnds("c1", report()))).toEqual([])
  expect(edges(called("spawn_agent").runtimeEnds("c1", report({ new_thread_id: child })))).toHaveLength(1)
})

test("closing ends at the thread, and concerns nothing where the thread is not known", () => {
  const closed = called("close_agent").runtimeBegins("c1", "close_agent", report()).runtimeEnds("c1", report())
  expect(edges(closed)).toMatchObject([
    { kind: "close_agent", target: { type: "thread", thread_id: child }, ended_at_unix_ms: 1_700_000_007_000 }
  ])
  expect(edges(bundle().calls("c1", "close_agent").runtimeEnds("c1", report()))).toEqual([])
  expect(edges(called("close_agent").runtimeEnds("c1", activity("interrupted")))).toHaveLength(1)
})

test("an activity must fit its tool; that an agent completed fits any", () => {
  expect(refusalOf(called("send_message", {}).runtimeEnds("c1", activity("started"))).what).toBe(
    "tool call c1 is send_message, but its agent was started"
  )
  expect(refusalOf(called("web").runtimeEnds("c1", activity("interacted"))).rule).toBe("agent")
  expect(edges(called("web").runtimeEnds("c1", activity("completed")))).toEqual([])
})

test("an activity says no message: the arguments of the call must", () => {
  for (const invocation of [
    undefined,
    {},
    { payload: { arguments: "{" } },
    { payload: { arguments: '{"message":3}' } }
  ]) {
    expect(refusalOf(called("send_message", invocation).runtimeEnds("c1", activity("interacted"))).rule).toBe("agent")
  }
})

test("a report of another form is refused, with its place", () => {
  const refusal = refusalOf(
    called("send_message").runtimeBegins("c1", "send_message", report({ receiver_thread_id: "T1" }))
  )
  expect(refusal.what).toContain('receiver_thread_id: expected a UUID, found "T1"')
})

test("the begin of other tools is not opened, their end must be JSON; before 0.142 neither is", () => {
  const lost = (story: BundleStory) => {
    story.payloads.set("payloads/1.json", "{")
    return story
  }
  const begun = (schema: 1 | 2) => lost(bundle(schema).calls("c1", "web").runtimeBegins("c1", "web", {}))
  const ended = (schema: 1 | 2) => lost(bundle(schema).calls("c1", "web").runtimeEnds("c1", {}))
  expect(stateOf(begun(1), "0.155.0").tool_calls.size).toBe(1)
  expect(refusalOf(ended(1), "0.155.0").rule).toBe("payload")
  expect(stateOf(ended(1), "0.128.0").tool_calls.size).toBe(1)
})
