import { describe, expect, test } from "bun:test"
import { agentMessage, assistantMessage, type BundleStory, bundle } from "../../support/bundle.ts"
import { refusalOf, stateOf } from "../../support/reduced.ts"

const child = "22222222-2222-4222-8222-222222222222"
const stranger = "99999999-9999-4999-8999-999999999999"
const told = (schema: 1 | 2 = 2) => bundle(schema).threadStarts(child, "/root/a").turnStarts("U2", child)
const root = (story: BundleStory) => story.inside("T1", "U1")
const inChild = (story: BundleStory) => story.inside(child, "U2")
const invocation = (message: string) => ({ payload: { type: "function", arguments: JSON.stringify({ message }) } })
const activity = (kind: string, agent_thread_id = child) => ({
  event_id: "e",
  agent_thread_id,
  agent_path: "/root/a",
  kind
})
const report = (prompt: string, more: object = {}) => ({
  call_id: "c",
  sender_thread_id: child,
  receiver_thread_id: child,
  new_thread_id: child,
  prompt,
  model: "m",
  reasoning_effort: "low",
  status: "running",
  ...more
})
const send = (story: BundleStory, tool: string, message: string) =>
  root(story).calls(tool, "send_message", invocation(message)).runtimeEnds(tool, activity("interacted"))
const edges = (story: BundleStory, version?: string) => [...stateOf(story, version).interaction_edges.values()]

describe("messages between agents", () => {
  test("a message goes from its tool to the item that the recipient was shown", () => {
    const story = inChild(send(told(), "c1", "hello")).asks("I1", [agentMessage("/root", "/root/a", "hello")])
    expect(edges(story)).toEqual([
      {
        edge_id: "edge:tool:c1",
        kind: "send_message",
        source: { type: "tool_call", tool_call_id: "c1" },
        target: { type: "conversation_item", item_id: "conversation_item:1" },
        started_at_unix_ms: 1_700_000_006_000,
        ended_at_unix_ms: 1_700_000_007_000,
        carried_item_ids: ["conversation_item:1"],
        carried_raw_payload_ids: ["raw_payload:1", "raw_payload:2"]
      }
    ])
  })

  test("it does not matter which came first, the item or the message", () => {
    const early = send(inChild(told()).asks("I1", [agentMessage("/root", "/root/a", "hello")]), "c1", "hello")
    expect(edges(early)[0]?.target).toEqual({ type: "conversation_item", item_id: "conversation_item:1" })
  })

  test("author, recipient and content must fit; two equal messages find two items", () => {
    const wrong = [
      agentMessage("/root/b", "/root/a", "hello"),
      agentMessage("/root", "/root/b", "hello"),
      agentMessage("/root", "/root/a", "other")
    ]
    expect(edges(inChild(send(told(), "c1", "hello")).asks("I1", wrong))).toEqual([])
    const twice = inChild(send(send(told(), "c1", "hello"), "c2", "hello"))
    const items = [agentMessage("/root", "/root/a", "hello"), agentMessage("/root", "/root/a", "hello")]
    expect(
      edges(twice.asks("I1", items)).map(({ target }) => (target.type === "conversation_item" ? target.item_id : ""))
    ).toEqual(["conversation_item:1", "conversation_item:2"])
  })

  test("a message can be JSON in a text; only 0.128 overlooks who wrote it", () => {
    const message = (author: string) =>
      assistantMessage(JSON.stringify({ author, recipient: "/root/a", content: "hello", trigger_turn: true }))
    const story = (author: string) => inChild(send(told(1), "c1", "hello")).asks("I1", [message(author)])
    expect(edges(story("/root"), "0.155.0")).toHaveLength(1)
    expect(edges(story("/root/b"), "0.155.0")).toHaveLength(0)
    const reported = inChild(root(told(1)).calls("c1", "send_message").runtimeEnds("c1", report("hello"))).asks("I1", [
      message("/root/b")
    ])
    expect(edges(reported, "0.128.0")).toHaveLength(1)
  })

  test("the result of the tool belongs to the edge, also while the message is under way", () => {
    const before = inChild(send(told(), "c1", "hello").toolEnds("c1", {})).asks("I1", [
      agentMessage("/root", "/root/a", "hello")
    ])
    const after = root(
      inChild(send(told(), "c1", "hello")).asks("I1", [agentMessage("/root", "/root/a", "hello")])
    ).toolEnds("c1", {})
    expect(edges(before)[0]?.carried_raw_payload_ids).toEqual(["raw_payload:1", "raw_payload:2", "raw_payload:3"])
    expect(edges(after)[0]?.carried_raw_payload_ids).toEqual(["raw_payload:1", "raw_payload:2", "raw_payload:4"])
  })

  test("begin and end of a message are one delivery; another content under the same id is refused", () => {
    const twice = (second: string) =>
      root(told())
        .calls("c1", "assign_agent_task")
        .runtimeBegins("c1", "assign_agent_task", report("do it"))
        .runtimeEnds("c1", report(second))
    const [edge] = edges(inChild(twice("do it")).asks("I1", [agentMessage("/root", "/root/a", "do it")]))
    expect(edge).toMatchObject({ kind: "assign_agent_task", ended_at_unix_ms: 1_700_000_008_000 })
    expect(refusalOf(twice("do something else")).what).toContain("is delivered twice")
  })

  test("a message that nobody saw is dropped, a spawn ends at the thread that it made", () => {
    const spawn = (of: string) =>
      root(told()).calls("c1", "spawn_agent", invocation("go")).runtimeEnds("c1", activity("started", of))
    expect(edges(send(told(), "c1", "hello"))).toEqual([])
    expect(edges(spawn(child))).toMatchObject([
      { edge_id: `edge:spawn:T1:${child}`, target: { type: "thread", thread_id: child }, carried_item_ids: [] }
    ])
    expect(edges(spawn(stranger))).toEqual([])
  })
})

describe("results of agents", () => {
  test("a result goes from the last thing that the child said to the parent's item", () => {
    const story = inChild(told())
      .asks("I1", [assistantMessage("first"), assistantMessage("last")])
      .results(child, "U2", "T1", "done")
    const [edge] = edges(root(story).asks("I2", [agentMessage("/root/a", "/root", "done")]))
    expect(edge).toMatchObject({
      kind: "agent_result",
      source: { item_id: "conversation_item:2" },
      target: { item_id: "conversation_item:3" }
    })
  })

  test("a child that said nothing is the source itself; an unknown one is refused, but not by 0.128", () => {
    const story = (schema: 1 | 2, who: string) => root(told(schema)).results(who, "U2", "T1", "done")
    const [edge] = edges(story(2, child).asks("I1", [agentMessage("/root/a", "/root", "done")]))
    expect(edge?.source).toEqual({ type: "thread", thread_id: child })
    expect(refusalOf(story(2, stranger)).rule).toBe("agent")
    expect(edges(story(1, stranger), "0.128.0")).toEqual([])
  })
})
