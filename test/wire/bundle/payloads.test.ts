import { describe, expect, test } from "bun:test"
import { readJsonText } from "../../../src/wire/bundle/json.ts"
import {
  activity,
  activityBefore155,
  agentCommunication,
  agentReports,
  agentReportsOf128,
  execEndAggregated,
  spawnSource,
  tokenCount
} from "../../../src/wire/bundle/payloads.ts"

const value = (of: unknown) => readJsonText(JSON.stringify(of))
const id = "11111111-1111-4111-8111-11111111111A"
const lower = id.toLowerCase()

const { closeEnd, messageBegin, spawnEnd } = agentReports

describe("payloads", () => {
  test("a thread id may be written in any form of a UUID and comes out in lower case with hyphens", () => {
    const begin = (receiver: string) =>
      messageBegin(value({ call_id: "c", sender_thread_id: id, receiver_thread_id: receiver, prompt: "p" }))
    expect(begin(id.replaceAll("-", "")).receiver_thread_id).toBe(lower)
    expect(begin(id).sender_thread_id).toBe(lower)
    expect(() => begin("T1")).toThrow('expected a UUID, found "T1"')
  })

  test("a path of an agent is /root, below it in small letters, or /morpheus", () => {
    const read = (agent_path: string) =>
      activity(value({ event_id: "e", agent_thread_id: id, agent_path, kind: "started" })).agent_path
    expect([read("/root"), read("/root/a_1/b"), read("/morpheus")]).toEqual(["/root", "/root/a_1/b", "/morpheus"])
    for (const path of ["/", "/root/", "/root/A", "/root/a/root", "root", "/other/a", "/root//a"]) {
      expect(() => read(path)).toThrow("no agent path")
    }
  })

  test("an agent could complete only from 0.155 on", () => {
    const done = value({ event_id: "e", agent_thread_id: id, agent_path: "/root", kind: "completed" })
    expect(activity(done).kind).toBe("completed")
    expect(() => activityBefore155(done)).toThrow("kind")
  })

  test("the status of an agent is a name, or what it completed or failed with", () => {
    const end = (status: unknown) =>
      closeEnd(value({ call_id: "c", sender_thread_id: id, receiver_thread_id: id, status }))
    for (const status of ["running", "not_found", { completed: null }, { completed: "x" }, { errored: "x" }]) {
      expect(end(status).receiver_thread_id).toBe(lower)
    }
    for (const status of ["completed", { errored: null }, {}, { completed: "x", errored: "y" }, 3]) {
      expect(() => end(status)).toThrow("status")
    }
  })

  test("a spawn may end without a new thread", () => {
    const end = {
      call_id: "c",
      sender_thread_id: id,
      prompt: "p",
      model: "m",
      reasoning_effort: "low",
      status: "running"
    }
    expect(spawnEnd(value(end)).new_thread_id).toBeNull()
    expect(() => spawnEnd(value({ ...end, completed_at_ms: "x" }))).toThrow("completed_at_ms")
  })

  test("0.128 knows no times in the reports of agents, and only the efforts of its day", () => {
    const end = { call_id: "c", sender_thread_id: id, prompt: "p", model: "m", status: "running", completed_at_ms: "x" }
    expect(agentReportsOf128.spawnEnd(value({ ...end, reasoning_effort: "low" })).call_id).toBe("c")
    expect(() => agentReportsOf128.spawnEnd(value({ ...end, reasoning_effort: "ultra" }))).toThrow("reasoning_effort")
    const later = { ...end, completed_at_ms: 5 }
    expect(spawnEnd(value({ ...later, reasoning_effort: "ultra" })).reasoning_effort).toBe("ultra")
    expect(() => spawnEnd(value({ ...later, reasoning_effort: "" }))).toThrow("not empty")
  })

  test("a command ends with an exit code; its output may be missing", () => {
    expect(execEndAggregated(value({ exit_code: -1 }))).toEqual({
      process_id: null,
      exit_code: -1,
      aggregated_output: ""
    })
    expect(() => execEndAggregated(value({ aggregated_output: "x" }))).toThrow("exit_code")
  })

  test("a message in a text has valid paths and says whether it starts a turn", () => {
    const message = { author: "/root", recipient: "/root/a", content: "hi", trigger_turn: true }
    expect(agentCommunication(value(message)).encrypted_content).toBeNull()
    expect(() => agentCommunication(value({ ...message, author: "me" }))).toThrow("author")
    expect(() => agentCommunication(value({ ...message, trigger_turn: undefined }))).toThrow("trigger_turn")
  })

  test("a token count is an integer; a negative one is 0", () => {
    const usage = value({ a: 5, b: -5, c: 1.5, d: "5" })
    expect(["a", "b", "c", "d", "e"].map((key) => tokenCount(usage, key))).toEqual([
      5,
      0,
      undefined,
      undefined,
      undefined
    ])
  })

  test("a thread was spawned if its source names a parent", () => {
    const source = { subagent: { thread_spawn: { parent_thread_id: "P", agent_path: "/root/a", agent_role: 3 } } }
    expect(spawnSource(value(source))).toEqual({
      parentThreadId: "P",
      agentPath: "/root/a",
      taskName: undefined,
      agentRole: undefined
    })
    expect(spawnSource(value({ subagent: "review" }))).toBeUndefined()
    expect(spawnSource(null)).toBeUndefined()
  })
})
