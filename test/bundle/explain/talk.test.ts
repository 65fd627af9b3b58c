import { expect, test } from "bun:test"
import { explain, explanationText } from "../../../src/bundle/explain/explain.ts"
import { type BundleStory, bundle, userMessage } from "../../support/bundle.ts"
import { stateOf } from "../../support/reduced.ts"

const told = (story: BundleStory, id: string) => explain(stateOf(story), id).map(explanationText).join("\n\n")

test("a root thread was spawned by nobody, a spawned one names parent, task and role", () => {
  const spawn = { parent_thread_id: "T1", agent_path: "/root/a", agent_role: "reviewer" }
  const story = bundle().threadStarts("T2", "/root/a", { session_source: { subagent: { thread_spawn: spawn } } })
  expect(told(story, "T1")).toContain("origin   the thread that nobody spawned")
  expect(told(story, "T2")).toContain("spawned by agent /root (thread T1) as task a, role reviewer")
  expect(told(story, "T2")).toContain("turns    none")
})

test("a spawn whose task nobody saw ends at the thread", () => {
  const child = "22222222-2222-4222-8222-222222222222"
  const story = bundle().threadStarts(child, "/root/a").inside("T1", "U1")
  story.calls("c1", "spawn_agent", { payload: { arguments: '{"message":"go"}' } })
  story.runtimeEnds("c1", { event_id: "e", agent_thread_id: child, agent_path: "/root/a", kind: "started" })
  expect(told(story, `edge:spawn:T1:${child}`)).toContain(
    "no item of the recipient's history carries it: it ends at the thread"
  )
})

test("an item says when it was accepted", () => {
  expect(
    told(
      bundle()
        .asks("I1", [userMessage("a", "m1")])
        .accepts("m1"),
      "m1"
    )
  ).toContain("accepted   into the history by event 5")
})

test("a turn without work says so", () => {
  expect(told(bundle().turnEnds("cancelled"), "U1")).toContain("tools  0 calls")
})
