/**
 * Agents: where they hang, how they are found, what is theirs and what was replayed from their parent, who spoke to whom.
 */
import { describe, expect, test } from "bun:test"
import type { JsonObject } from "../../src/wire/json.ts"
import { inputOf, lines, ofKind, pictureOf, read, the, wordsOf } from "../support/reading.ts"
import { session } from "../support/session.ts"
import { newer, v118, v142, v155, v169 } from "../support/session-dialect.ts"

const edgesOf = (metadata: JsonObject) =>
  ((metadata.message_edges ?? []) as ReadonlyArray<JsonObject>).map(({ from, to, kind }) => `${from} ${kind} ${to}`)

describe("an agent", () => {
  const delegated = () => {
    const told = session().turn("use agents")
    const alpha = told.spawns("alpha", { task: "list files" })
    alpha.turn().execs("ls").says("a.txt").finishes()
    return told.says("Done.").ends()
  }

  test("hangs under the turn that spawned it, beside the spawning tool", () => {
    for (const dialect of newer) {
      expect(pictureOf(delegated(), dialect)).toBe(
        lines(
          "codex: work                ok",
          "└─ turn 1                  ok",
          "   ├─ gpt-5.5              ok",
          "   ├─ agent /root/alpha    ok",
          "   │  └─ turn 1            ok",
          "   │     ├─ gpt-5.5        ok",
          "   │     ├─ exec_command   ok",
          "   │     └─ gpt-5.5        ok",
          "   ├─ spawn_agent          ok",
          "   └─ gpt-5.5              ok"
        )
      )
    }
  })

  test("tells its task, its answer, its place and the call that spawned it", () => {
    for (const dialect of newer) {
      const reading = read(delegated(), dialect)
      const agent = the(reading, "agent")
      expect(agent).toMatchObject({ input: "list files", output: "a.txt" })
      expect(agent.metadata).toMatchObject({
        agent_path: "/root/alpha",
        nickname: "alpha",
        depth: 1,
        spawning_call_id: "call_spawn_alpha",
        agent_status: "completed"
      })
      expect(the(reading, "tool", "spawn_agent").metadata.agent_thread_id).toBe(agent.thread_id)
    }
  })

  test("is followed as soon as its parent, or a hook with the path, names it", () => {
    const told = delegated()
    const [, child] = told.files
    for (const hooks of [true, false]) {
      const follows = read(told, v169, { hooks }).follow
      expect(follows.map(({ threadId }) => threadId)).toContain(child?.threadId ?? "")
      if (hooks) expect(follows.some(({ path }) => path?.endsWith(child?.name ?? "?"))).toBe(true)
    }
  })

  test("is found by its own file alone where its parent names no agent", () => {
    for (const dialect of newer) {
      const told = delegated()
      const facts = told.files[0]?.facts ?? []
      facts.splice(0, facts.length, ...facts.filter(({ tell }) => tell !== "acts"))
      const agent = the(read(told, dialect, { hooks: false }), "agent")
      expect(agent.parent_id).toBe(ofKind(read(told, dialect, { hooks: false }), "turn")[0]?.id ?? "")
    }
  })

  test("of multi-agent v1 is named by the answer of the call that spawned it", () => {
    const told = session()
      .turn("use agents")
      .calls("spawn_agent", { message: "list" }, { id: "call_s", namespace: "multi_agent_v1" })
    told.answers('{"agent_id":"01a1f7f8-9999-7000-8000-000000000099"}', "call_s").says("Done.").ends()
    const reading = read(told, v118)
    expect(reading.follow).toEqual([{ threadId: "01a1f7f8-9999-7000-8000-000000000099", parentThreadId: told.id }])
    expect(the(reading, "tool").metadata.agent_thread_id).toBe("01a1f7f8-9999-7000-8000-000000000099")
  })

  test("whose file was never read makes no span: only its call is known", () => {
    const told = delegated()
    told.files[1]?.facts.splice(0)
    const reading = read(told, v169, { hooks: false })
    expect(ofKind(reading, "agent")).toEqual([])
    expect(the(reading, "tool", "spawn_agent").status).toBe("ok")
  })

  test("of an agent hangs under that agent's turn", () => {
    for (const dialect of newer) {
      const told = session().turn("use agents")
      const alpha = told.spawns("alpha")
      alpha.turn()
      const gamma = alpha.spawns("gamma")
      gamma.turn().says("deep").finishes()
      alpha.says("done").finishes()
      told.says("Done.").ends()
      const reading = read(told, dialect)
      const parent = the(reading, "agent", "agent /root/alpha")
      const turn = ofKind(reading, "turn").find(({ parent_id: id }) => id === parent.id)
      expect(the(reading, "agent", "agent /root/alpha/gamma")).toMatchObject({
        parent_id: turn?.id ?? "",
        metadata: { depth: 2 }
      })
    }
  })

  test("that gets a further task has a further turn, and ends with it", () => {
    for (const dialect of newer) {
      const told = session().turn("use agents")
      const alpha = told.spawns("alpha")
      alpha.turn().says("one").finishes()
      told.messages(alpha, "one more thing")
      alpha.turn().says("two").finishes()
      told.says("Done.").ends()
      const reading = read(told, dialect)
      const agent = the(reading, "agent")
      const turns = ofKind(reading, "turn").filter(({ parent_id: id }) => id === agent.id)
      expect(turns.map(({ name, output }) => [name, output])).toEqual([
        ["turn 1", "one"],
        ["turn 2", "two"]
      ])
      expect([agent.end, agent.output]).toEqual([turns[1]?.end, "two"])
    }
  })

  test("adds its usage to the session's, and keeps its own", () => {
    for (const dialect of newer) {
      const reading = read(delegated(), dialect)
      expect(the(reading, "agent").metadata.usage).toMatchObject({ input_tokens: 1100 + 1200 })
      expect(the(reading, "session").metadata.usage).toMatchObject({ input_tokens: 1100 + 1100 + 1200 + 1200 })
      expect(the(reading, "session").metadata.agents).toBe(1)
    }
  })
})

describe("an agent that began with its parent's history", () => {
  const inherited = () => {
    const told = session().turn("first").says("One.").ends().after(5).turn("use agents")
    const beta = told.spawns("beta", { history: true })
    beta.turn("do beta").says("beta done").finishes()
    return told.says("Done.").ends()
  }

  test("tells its own turns only: the parent's were replayed, under new times", () => {
    for (const dialect of [v142, ...newer]) {
      const reading = read(inherited(), dialect)
      expect(ofKind(reading, "turn").map(({ name, input }) => [name, input])).toEqual([
        ["turn 1", "first"],
        ["turn 2", "use agents"],
        ["turn 1", "do beta"]
      ])
      expect(ofKind(reading, "turn").every(({ status }) => status === "ok")).toBe(true)
    }
  })

  test("asks the model with the parent's items before its own, and a made-up output for the call that spawned it", () => {
    for (const dialect of newer) {
      const reading = read(inherited(), dialect)
      const agent = the(reading, "agent")
      const call = ofKind(reading, "llm").find(({ thread_id: id }) => id === agent.thread_id)
      const words = wordsOf(inputOf(call)).filter((word) => word !== "You are a coding agent.")
      expect(words).toEqual(["first", "One.", "use agents", "spawn_agent", "aborted", "do beta"])
    }
  })

  test("counts none of the parent's tokens again", () => {
    for (const dialect of newer) {
      expect(the(read(inherited(), dialect), "agent").metadata.usage).toMatchObject({ input_tokens: 1100 })
    }
  })

  test("stays apart from its parent although its file holds the parent's session_meta", () => {
    const reading = read(inherited(), v155)
    const ids = new Set(reading.spans.map(({ thread_id: id }) => id))
    expect(ids.size).toBe(2)
    expect(ofKind(reading, "session")).toHaveLength(1)
  })
})

describe("messages", () => {
  test("are edges from, to and of a kind, in the order of time", () => {
    const told = session().turn("use agents")
    const alpha = told.spawns("alpha")
    alpha.turn().reasons("hm")
    told.messages(alpha, "hurry up")
    alpha.says("one").finishes()
    told.says("Done.").ends()
    for (const dialect of newer) {
      expect(edgesOf(the(read(told, dialect), "agent").metadata)).toEqual([
        "/root spawn /root/alpha",
        "/root message /root/alpha",
        "/root received /root/alpha",
        "/root/alpha result /root"
      ])
    }
  })

  test("carry their words where they are not encrypted, and the call that sent them", () => {
    const told = session().turn("use agents")
    const alpha = told.spawns("alpha", { task: "list files" })
    alpha.turn()
    told.messages(alpha, "hurry up")
    alpha.says("one").finishes()
    told.says("Done.").ends()
    const edges = the(read(told, v169), "agent").metadata.message_edges as ReadonlyArray<JsonObject>
    expect(edges.find(({ kind }) => kind === "spawn")).toMatchObject({
      content: "list files",
      call_id: "call_spawn_alpha"
    })
    expect(edges.find(({ kind }) => kind === "message")).toMatchObject({ content: "hurry up" })
  })

  test("that are encrypted tell who and to whom, and invent nothing", () => {
    const told = session().turn("use agents")
    const alpha = told.spawns("alpha")
    alpha.turn().record("response_item", {
      type: "agent_message",
      author: "/root",
      recipient: "/root/alpha",
      content: [{ type: "encrypted_content", encrypted_content: "gAAAAAB" }]
    })
    alpha.says("one").finishes()
    told.says("Done.").ends()
    const edges = the(read(told, v169), "agent").metadata.message_edges as ReadonlyArray<JsonObject>
    expect(edges.find(({ kind }) => kind === "received")).toEqual({
      from: "/root",
      to: "/root/alpha",
      kind: "received"
    })
  })

  test("of several results of one agent are all told", () => {
    const told = session().turn("use agents")
    const alpha = told.spawns("alpha")
    alpha.turn().says("one").finishes()
    alpha.turn().says("two").finishes()
    told.says("Done.").ends()
    const results = edgesOf(the(read(told, v169), "agent").metadata).filter((edge) => edge.includes("result"))
    expect(results).toHaveLength(2)
  })

  test("set an agent's turn going: they are what it was asked", () => {
    const told = session().turn("use agents")
    const alpha = told.spawns("alpha")
    alpha.turn()
    told.messages(alpha, "list files")
    alpha.says("one").finishes()
    told.says("Done.").ends()
    const reading = read(told, v169)
    const agent = the(reading, "agent")
    expect(ofKind(reading, "turn").find(({ parent_id: id }) => id === agent.id)?.input).toBe("list files")
  })
})
