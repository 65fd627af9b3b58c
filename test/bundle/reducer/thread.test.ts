import { describe, expect, test } from "bun:test"
import { bundle } from "../../support/bundle.ts"
import { at, refusalOf, stateOf } from "../../support/reduced.ts"

const spawned = (more: object = {}) => ({
  nickname: "Ada",
  model: "gpt-test",
  session_source: { subagent: { thread_spawn: { parent_thread_id: "T1", agent_path: "/root/work/", ...more } } }
})

describe("threads", () => {
  test("a thread that nobody spawned is a root; its path is the event's or its metadata's", () => {
    expect(at(stateOf(bundle()).threads, "T1")).toMatchObject({
      agent_path: "/root",
      origin: { type: "root" },
      default_model: null
    })
    const told = stateOf(bundle().threadStarts("T2", "/event", { agent_path: "/metadata", nickname: null }))
    expect(at(told.threads, "T2").agent_path).toBe("/metadata")
  })

  test("a spawned thread names its parent, its task and its role, from the best source there is", () => {
    const origin = (metadata: object) =>
      at(stateOf(bundle().threadStarts("T2", "/event", metadata)).threads, "T2").origin
    expect(origin(spawned())).toEqual({
      type: "spawned",
      parent_thread_id: "T1",
      spawn_edge_id: "edge:spawn:T1:T2",
      task_name: "work",
      agent_role: ""
    })
    expect(origin({ ...spawned({ agent_role: "reviewer" }), task_name: "other" })).toMatchObject({
      task_name: "other",
      agent_role: "reviewer"
    })
    expect(origin({ ...spawned({ task_name: "best" }), task_name: "other", agent_role: "r" })).toMatchObject({
      task_name: "best",
      agent_role: "r"
    })
  })

  test("a thread starts once, and metadata of another form is refused", () => {
    expect(refusalOf(bundle().threadStarts("T1")).what).toBe("thread T1 starts a second time")
    expect(refusalOf(bundle().threadStarts("T2", "/root/a", { model: 3 })).what).toContain("model: expected a string")
    expect(refusalOf(bundle().threadStarts("T2", "/root/a", "{")).rule).toBe("payload")
  })

  test("ends overwrite each other, a resume clears them and keeps the start", () => {
    const trace = stateOf(bundle().threadEnds("T1", "failed").threadEnds("T1", "aborted"))
    expect(at(trace.threads, "T1").execution).toMatchObject({ status: "aborted", ended_seq: 5 })
    const resumed = stateOf(bundle().threadEnds().threadResumes())
    expect(at(resumed.threads, "T1").execution).toMatchObject({ status: "running", started_seq: 2, ended_seq: null })
  })

  test("only a thread that has ended can resume, and only a known one can end", () => {
    expect(refusalOf(bundle().threadResumes()).what).toBe("thread T1 resumes, but it has not ended")
    expect(refusalOf(bundle().threadResumes("T9")).what).toBe("thread T9 resumes, but it never started")
    expect(refusalOf(bundle().threadEnds("T9")).what).toContain("T9, which never started")
  })
})

describe("turns", () => {
  test("a turn starts once, in a thread that has started", () => {
    expect(refusalOf(bundle().turnStarts("U1")).rule).toBe("turn")
    expect(refusalOf(bundle().turnStarts("U2", "T9")).rule).toBe("thread")
  })

  test("the end of a turn that never started is refused: a review leaves one", () => {
    expect(refusalOf(bundle().turnEnds("completed", "review")).message).toContain("review ran inside a thread")
  })

  test("a turn ends in its own thread, or in none that the event names", () => {
    const story = bundle().threadStarts("T2", "/root/a")
    expect(refusalOf(story.inside("T2", "U1").turnEnds()).what).toBe("turn U1 of thread T1 ends in thread T2")
    const nowhere = stateOf(bundle().inside(null, "U1").turnEnds("failed"))
    expect(at(nowhere.codex_turns, "U1").execution).toMatchObject({ status: "failed", ended_seq: 4 })
  })

  test("what was open at the end of a trace stays running, whatever its turn and thread say", () => {
    const trace = stateOf(bundle().calls("c1", "web").turnEnds().threadEnds().rolloutEnds())
    expect(at(trace.tool_calls, "c1").execution.status).toBe("running")
    expect(trace.status).toBe("completed")
  })
})
