/**
 * Sessions: the root of a trace, what it sums up, and the threads that are no agents: reviews, resumes, lost parents.
 */
import { describe, expect, test } from "bun:test"
import { sessionFold } from "../../src/pipeline/session-fold.ts"
import type { JsonObject } from "../../src/wire/json.ts"
import { lines, ofKind, pictureOf, read, readLines, strand, strandsOf, the } from "../support/reading.ts"
import { type Story, session } from "../support/session.ts"
import { dialects, newer, v142, v155, v169, withTurnIds } from "../support/session-dialect.ts"

describe("a session", () => {
  test("is named by its folder, and tells the first prompt and the last answer", () => {
    for (const dialect of dialects) {
      const told = session().turn("fix it").says("Fixed.").ends().turn("thanks").says("Welcome.").ends()
      expect(the(read(told, dialect), "session")).toMatchObject({ name: "codex: work", input: "fix it" })
      if (dialect.turnIds) expect(the(read(told, dialect), "session").output).toBe("Welcome.")
    }
  })

  test("tells where and with what it ran", () => {
    const { metadata } = the(read(session().turn("hi").says("Hello.").ends(), v169), "session")
    expect(metadata).toMatchObject({
      cwd: "/home/ann/work",
      originator: "codex_exec",
      cli_version: "0.169.0",
      source: "exec",
      model: "gpt-5.5",
      model_provider: "openai",
      approval_policy: "never",
      history_mode: "paginated",
      permission_mode: "default",
      session_start: "startup",
      turns: 1
    })
  })

  test("wants to know what git knows of its folder, unless its own record says it or a journal has the answer", () => {
    const told = session().turn("hi").says("Hello.").ends()
    const [transcript = [], ...others] = strandsOf(told, v169, { hooks: false })
    const asks = (strand: typeof transcript) => {
      const fold = sessionFold({ rootId: told.rootId })
      return strand.flatMap(({ origin, line }) => fold.push(origin, [line]).git ?? [])
    }
    const asked = [{ sessionId: told.id, cwd: "/home/ann/work", startedAt: (transcript[0]?.at ?? 0) / 1000 }]
    expect(others).toEqual([])
    expect(asks(transcript)).toEqual(asked)
    const [first, ...rest] = transcript.map(({ line }) => line.text)
    const meta = JSON.parse(first ?? "")
    meta.payload.git = { branch: "main" }
    const file = { _tag: "Transcript", threadId: told.id } as const
    expect(asks(strand(file, "t.jsonl", [JSON.stringify(meta), ...rest]))).toEqual([])
    const payload = { session_id: told.id, hook_event_name: "TracerAskedGit", git: { commit_hash: "abc" } }
    const answered = [...strand({ _tag: "Journal" }, "j", [JSON.stringify({ at_ns: 1, payload })]), ...transcript]
    expect(asks(answered)).toEqual([])
    expect(the(readLines(told.rootId, answered), "session").metadata).toMatchObject({
      git_commit_sha: "abc",
      git_source: "asked"
    })
  })

  test("lasts from its first record to the end of its last turn, and grows when it is resumed", () => {
    for (const dialect of withTurnIds) {
      const told = session().turn("one").says("One.").ends()
      const first = the(read(told, dialect, { hooks: false }), "session")
      expect(first.end).toBe(told.now)
      told.after(3600).turn("two").says("Two.").ends()
      const resumed = the(read(told, dialect, { hooks: false }), "session")
      expect([resumed.id, resumed.start, resumed.end]).toEqual([first.id, first.start, told.now])
    }
  })

  test("is as its last turn, although hooks told of an earlier one later", () => {
    for (const dialect of newer) {
      const told = session().shell("git status").turn("wait").says("Hm.").interrupts().shell("git log")
      const hooksFirst = strandsOf(told, dialect).toReversed().flat()
      expect(the(readLines(told.id, hooksFirst), "session").status).toBe("ok")
    }
  })

  test("ends when the SessionEnd hook says so, and tells why", () => {
    const told = session().turn("one").says("One.").ends().after(10).leaves()
    const span = the(read(told, v169), "session")
    expect(span.end).toBeCloseTo(told.now + 0.002, 3)
    expect(span.metadata.end_reason).toBe("other")
  })

  test("without a single turn is told all the same, and is unfinished unless a hook saw its end", () => {
    for (const dialect of dialects) {
      const span = the(read(session(), dialect), "session")
      expect([span.status, (span.end ?? 0) >= span.start]).toEqual(["unfinished", true])
    }
    expect(the(read(session().after(5).leaves(), v169), "session")).toMatchObject({ status: "ok" })
    expect(the(read(session(), v169, { end: false }), "session").status).toBeUndefined()
  })

  test("has the same ids however often and with whatever else it is read", () => {
    const told = session().turn("one").execs("ls").says("One.").ends()
    for (const dialect of withTurnIds) {
      const ids = (hooks: boolean) =>
        read(told, dialect, { hooks })
          .spans.map(({ id }) => id)
          .sort()
      expect(ids(true)).toEqual(ids(false))
      expect(ids(true)).toEqual(ids(true))
      expect(ids(true).every((id) => /^[0-9a-f]{16}$/.test(id))).toBe(true)
    }
  })

  test("has a torn last line skipped, and what came before it told", () => {
    for (const dialect of newer) {
      const told = session().turn("one").execs("ls").says("One.").ends()
      const texts = told.lines(dialect)
      const torn = [...texts.slice(0, -1), (texts.at(-1) ?? "").slice(0, 40)]
      const reading = readLines(told.id, strand({ _tag: "Transcript", threadId: told.id }, "a.jsonl", torn))
      expect(reading.skipped).toMatchObject([{ lineNumber: torn.length, reason: "not JSON" }])
      expect(the(reading, "turn").status).toBe("unfinished")
    }
  })

  test("carries the user's own metadata, and hangs under an outer span where there is one", () => {
    const told = session().turn("one").says("One.").ends()
    const fold = sessionFold({
      rootId: told.id,
      additionalMetadata: { team: "core" },
      parent: { traceId: "trace-a", spanId: "span-a" }
    })
    const own = strand({ _tag: "Transcript", threadId: told.id }, "a.jsonl", told.lines(v169))
    for (const { origin, line } of own) fold.push(origin, [line])
    const spans = fold.end().writes.map(({ span }) => span)
    expect(spans.at(-1)).toMatchObject({
      kind: "session",
      trace_id: "trace-a",
      parent_id: "span-a",
      metadata: { team: "core" }
    })
  })

  test("that goes on from a file which could not be found says that its history is missing", () => {
    const told = session().turn("one").says("One.").ends()
    const fold = sessionFold({ rootId: told.id })
    const origin = { _tag: "Transcript", threadId: told.id, historyMissing: true } as const
    for (const { line } of strand(origin, "a.jsonl", told.lines(v169))) fold.push(origin, [line])
    const span = fold.end().writes.at(-1)?.span
    expect(span?.metadata.history_missing).toBe(true)
    expect(span?.start).toBeLessThan(2_000_000_000)
    expect(span?.end).toBeLessThan(2_000_000_000)
  })
})

describe("a review", () => {
  /** The reviewer's own file, and its echo in the file of the thread that asked for it. */
  const reviewed = () => {
    const told = session().turn("work").says("Worked.").ends()
    const turnId = "01a1f7f8-aaaa-7000-8000-000000000001"
    const reviewTurn = "01a1f7f8-bbbb-7000-8000-000000000001"
    const target = { type: "custom", instructions: "look" }
    told.item({ type: "EnteredReviewMode", id: "r1", target, user_facing_hint: "look closely" }, { ofTurn: turnId })
    told.record("event_msg", { type: "task_started", turn_id: reviewTurn })
    told.item(
      { type: "UserMessage", id: "u", content: [{ type: "text", text: "review" }] },
      { threadId: "reviewer", ofTurn: reviewTurn }
    )
    told.item(
      { type: "CommandExecution", id: "exec-review", command: ["ls"], status: "completed" },
      { threadId: "reviewer", ofTurn: reviewTurn }
    )
    told.gives("user", "<user_action>")
    const review_output = { findings: [], overall_explanation: "Looks right." }
    told.item({ type: "ExitedReviewMode", id: "r2", review_output }, { ofTurn: turnId })
    told.record("event_msg", { type: "task_complete", turn_id: turnId, last_agent_message: null })
    return told.turn("on").says("On.").ends()
  }

  test("is a turn from its entering to its end, and what the reviewer did is not told twice", () => {
    for (const dialect of newer) {
      const told = reviewed()
      expect(pictureOf(told, dialect, { hooks: false })).toBe(
        lines(
          "codex: work     ok",
          "├─ turn 1       ok",
          "│  └─ gpt-5.5   ok",
          "├─ turn 2       ok",
          "└─ turn 3       ok",
          "   └─ gpt-5.5   ok"
        )
      )
      const [, review] = ofKind(read(told, dialect, { hooks: false }), "turn")
      expect(review).toMatchObject({ input: "look closely", output: "Looks right.", tags: ["review"] })
      expect(review?.metadata).toMatchObject({ trigger: "review", review_target: { type: "custom" } })
    }
  })

  test("is followed by turns whose input holds what it gave back, and nothing of the reviewer's", () => {
    const told = reviewed()
    const input = (the(read(told, v155, { hooks: false }), "session").metadata.usage as { input_tokens: number })
      .input_tokens
    expect(input).toBe(1100 + 1200)
  })

  test("hangs the reviewer's own thread under its turn", () => {
    const told = session().turn("work").says("Worked.").ends()
    const meta = { id: "reviewer", parent_thread_id: told.id, source: { subagent: "review" } }
    const turn = told.files[0]?.facts.find(({ tell }) => tell === "starts")?.turnId ?? ""
    const at = "2026-11-20T08:00:01.000Z"
    const started = { turn_id: "t-review", turn_attribution: { parent_turn_id: turn } }
    const texts = [
      { timestamp: at, type: "session_meta", payload: { ...meta, session_id: told.id, cli_version: "0.169.0" } },
      { timestamp: at, type: "event_msg", payload: { type: "task_started", ...started } },
      { timestamp: at, type: "event_msg", payload: { type: "task_complete", turn_id: "t-review" } }
    ].map((record) => JSON.stringify(record))
    const own = strand({ _tag: "Transcript", threadId: told.id }, "a.jsonl", told.lines(v169))
    const reading = readLines(told.id, [
      ...own,
      ...strand({ _tag: "Transcript", threadId: "reviewer" }, "b.jsonl", texts)
    ])
    const agent = the(reading, "agent")
    expect([agent.name, agent.parent_id]).toEqual(["agent review", ofKind(reading, "turn")[0]?.id])
  })

  test("has what it ran from the file of the thread that asked too, whenever that is read", () => {
    const told = reviewed()
    const reviewTurn = "01a1f7f8-bbbb-7000-8000-000000000001"
    const at = "2026-11-20T08:00:01.000Z"
    const record = (type: string, payload: JsonObject) => JSON.stringify({ timestamp: at, type, payload })
    const source = { subagent: "review" }
    const meta = { id: "reviewer", parent_thread_id: told.id, session_id: told.id, cli_version: "0.155.0", source }
    const reviewer = strand({ _tag: "Transcript", threadId: "reviewer" }, "b.jsonl", [
      record("session_meta", meta),
      record("event_msg", { type: "task_started", turn_id: reviewTurn }),
      record("event_msg", { type: "task_complete", turn_id: reviewTurn })
    ])
    const own = strand({ _tag: "Transcript", threadId: told.id }, "a.jsonl", told.lines(v155))
    for (const order of [
      [...own, ...reviewer],
      [...reviewer, ...own]
    ]) {
      const reading = readLines(told.id, order)
      const ran = the(reading, "tool")
      expect([ran.name, ran.thread_id]).toEqual(["exec_command", "reviewer"])
      expect(ofKind(reading, "turn").find(({ id }) => id === ran.parent_id)?.thread_id).toBe("reviewer")
    }
  })

  test("has its hooks told of its own turn, though they name the thread that asked, whenever they come", () => {
    const told = session().turn("work").says("Worked.").ends()
    const turnId = "t-review"
    const at = (ms: number) => new Date(Date.parse("2026-11-20T08:10:00.000Z") + ms)
    const meta = { id: "reviewer", parent_thread_id: told.id, session_id: told.id, cli_version: "0.169.0" }
    const record = (ms: number, type: string, payload: JsonObject) =>
      JSON.stringify({ timestamp: at(ms).toISOString(), type, payload })
    const file = [
      record(0, "session_meta", { ...meta, source: { subagent: "review" } }),
      record(1, "event_msg", { type: "task_started", turn_id: turnId }),
      record(900, "event_msg", { type: "task_complete", turn_id: turnId })
    ]
    const hook = (ms: number, hook_event_name: string, fields: JsonObject = {}) =>
      `{"at_ns": ${at(ms).getTime()}000000, "payload": ${JSON.stringify({ hook_event_name, session_id: told.id, turn_id: turnId, ...fields })}}`
    const hooks = [
      hook(100, "PreModelRequest"),
      hook(200, "PostModelRequest", { status: "failed", error: "it broke" }),
      hook(300, "PreToolUse", { tool_use_id: "exec-1", tool_name: "Bash", tool_input: { command: "ls" } })
    ]
    const reviewer = strand({ _tag: "Transcript", threadId: "reviewer" }, "b.jsonl", file)
    const journal = strand({ _tag: "Journal" }, "hooks.jsonl", hooks)
    const own = strand({ _tag: "Transcript", threadId: told.id }, "a.jsonl", told.lines(v169))
    const orders = [
      [...own, ...journal, ...reviewer],
      [...own, ...reviewer, ...journal],
      [...own, ...reviewer.slice(0, 2), ...journal, ...reviewer.slice(2)],
      [...journal, ...reviewer, ...own],
      [...own, ...journal.slice(0, 1), ...reviewer, ...journal.slice(1)]
    ]
    for (const order of orders) {
      const reading = readLines(told.id, order)
      const turn = ofKind(reading, "turn").find(({ thread_id }) => thread_id === "reviewer")
      const below = reading.spans.filter(({ parent_id }) => parent_id === turn?.id)
      expect(below.map(({ kind, name, status }) => [kind, name, status]).toSorted()).toEqual([
        ["llm", "model", "error"],
        ["tool", "exec_command", "unfinished"]
      ])
      expect(ofKind(reading, "turn")).toHaveLength(2)
    }
  })
})

describe("what is retained", () => {
  test("is bounded: a fact of a turn that was let go long ago is a note", () => {
    const big = "x".repeat(300_000)
    let told: Story = session()
    told.turn("first").calls("exec_command", { cmd: "ls" }, { id: "call_first" }).answers("done")
    const ofTurn = told.turnId ?? ""
    told.says("One.").ends()
    for (let n = 0; n < 12; n++) told = told.turn(`turn ${n}`).execs(big).says("Done.").ends()
    told.turn("last").item({ type: "CommandExecution", id: "call_first", status: "completed" }, { ofTurn })
    const reading = read(told.says("Done.").ends(), v169, { hooks: false })
    expect(reading.notes).toContainEqual({ topic: "late", detail: "a record of a turn that is no longer held" })
    expect(ofKind(reading, "turn")).toHaveLength(14)
    expect(ofKind(reading, "turn").every(({ status }) => status === "ok")).toBe(true)
  })

  test("keeps what is still open, however much came since", () => {
    const told = session().turn("serve").calls("exec_command", { cmd: "serve" }, { id: "call_s" })
    const ofTurn = told.turnId ?? ""
    told.answers("Chunk ID: 1\nProcess running with session ID 7\nOutput:\n").says("Up.").ends()
    for (let n = 0; n < 12; n++) told.turn(`turn ${n}`).execs("x".repeat(300_000)).says("Done.").ends()
    told.turn("stop").runs("exec", 1, { exit_code: 0 }, { id: "call_s", ofTurn, silent: true }).says("Done.").ends()
    const reading = read(told, v169, { hooks: false })
    const served = ofKind(reading, "tool").find(({ metadata }) => metadata.call_id === "call_s")
    expect(served).toMatchObject({ status: "ok", metadata: { exit_code: 0 } })
    expect(reading.notes).toEqual([])
  })

  test("of a session without agents does not depend on the dialect", () => {
    const told = session().turn("one").execs("ls").says("One.").ends()
    const kinds = (dialect: (typeof dialects)[number]) =>
      read(told, dialect)
        .spans.map(({ kind }) => kind)
        .sort()
    for (const dialect of dialects) expect(kinds(dialect)).toEqual(kinds(v142))
  })
})
