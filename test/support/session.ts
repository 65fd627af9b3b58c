/**
 * A session told in its own verbs: turn, says, calls, answers, runs, compacts, spawns …
 *
 * Owns what happened to tools, agents and files; turns and responses are session-turns.ts. How a version of Codex writes
 * it down is session-dialect.ts, how it is read back reading.ts.
 */
import type { Json, JsonObject } from "../../src/wire/json.ts"
import { type Dialect, fileLines, type Run, type ToldFile } from "./session-dialect.ts"
import { hex, TurnStory } from "./session-turns.ts"

export class Story extends TurnStory {
  // ------------------------------------------------------------------------------------------------------------- Tools

  /** A call is answered: the one that waits longest, unless it is named. */
  answers(output: Json, id?: string): this {
    this.closeResponse()
    const callId = id ?? this.open[0] ?? "nobody"
    const at = this.open.indexOf(callId)
    if (at >= 0) this.open.splice(at, 1)
    return this.output(callId, output)
  }

  /** What a call really ran: it took these seconds, and is over now. */
  runs(kind: Run["kind"], seconds: number, fields: JsonObject = {}, how: RunOptions = {}): this {
    this.closeResponse()
    const callId = how.id ?? this.open[0] ?? "nobody"
    const startedAt = this.telling.now + 5
    this.after(seconds + (how.waits ?? 0))
    const endedAt = this.telling.now + 10
    const status = how.status ?? "completed"
    const run = { kind, status, fields, startedAt, endedAt }
    this.tell({ tell: "runs", callId, run, ...(how.ofTurn !== undefined && { turnId: how.ofTurn }) })
    if (status === "declined" || how.silent === true) return this
    return this.hook("PostToolUse", { tool_use_id: callId, tool_name: "Bash", tool_response: "" })
  }

  /** The model runs a command, and gets its output. */
  execs(cmd: string, how: { readonly exit?: number; readonly seconds?: number; readonly id?: string } = {}): this {
    const { exit = 0, seconds = 0.1 } = how
    this.calls("exec_command", { cmd }, how.id === undefined ? {} : { id: how.id })
    this.runs("exec", seconds, commandFields(cmd, exit), { status: exit === 0 ? "completed" : "failed" })
    return this.answers(`Chunk ID: 1\nWall time: ${seconds} seconds\nProcess exited with code ${exit}\nOutput:\ndone\n`)
  }

  /** A call that a running script makes. */
  nested(cmd: string, seconds = 0.1, id = `exec-${++this.telling.ids}`): this {
    this.closeResponse()
    this.hook("PreToolUse", { tool_use_id: id, tool_name: "Bash", tool_input: { command: cmd } })
    return this.runs("exec", seconds, commandFields(cmd, 0), { id })
  }

  /** Somebody is asked whether a command may run. */
  asks(cmd: string, description: string): this {
    this.closeResponse()
    return this.hook("PermissionRequest", { tool_name: "Bash", tool_input: { command: cmd, description } })
  }

  /** A command that the user runs: a turn without a prompt. */
  shell(cmd: string, exit = 0): this {
    this.turn()
    const fields = { ...commandFields(cmd, exit), source: "user_shell" }
    const how = {
      id: `shell-${++this.telling.ids}`,
      status: exit === 0 ? "completed" : "failed",
      silent: true
    } as const
    this.runs("exec", 0.02, fields, how)
    return this.gives("user", `<user_shell_command>${cmd}</user_shell_command>`).ends()
  }

  // -------------------------------------------------------------------------------------------------------- Compaction

  /** The history is summed up; `asks` is whether the model is asked for the summary. */
  compacts(summary: string, how: { readonly trigger?: "manual" | "auto"; readonly asks?: boolean } = {}): this {
    this.closeResponse()
    const from = this.telling.now
    this.hook("PreCompact", { trigger: how.trigger ?? "auto" })
    const heard = this.telling.hooks.length
    if (how.asks !== false) this.says(summary).responds()
    // A compaction's request calls no hook (0.169).
    this.telling.hooks.length = heard
    const text = `Another language model started to solve this problem\n${summary}`
    const message = { type: "message", role: "user", content: [{ type: "input_text", text }] }
    this.tell({ tell: "compacts", summary: text, items: [message], from })
    return this.hook("PostCompact", { trigger: how.trigger ?? "auto" })
  }

  // ------------------------------------------------------------------------------------------------- Agents and threads

  /** An agent is set going (multi-agent v2); with history its file begins with this one's. */
  spawns(name: string, how: { readonly history?: boolean; readonly task?: string } = {}): Story {
    const path = `${this.path}/${name}`
    const callId = `call_spawn_${name}`
    const message = how.task ?? `do ${name}`
    this.calls("spawn_agent", { task_name: name, message }, { id: callId, namespace: "collaboration" })
    this.closeResponse()
    const spawn = {
      parent_thread_id: this.id,
      depth: path.split("/").length - 2,
      agent_path: path,
      agent_nickname: name
    }
    const meta = { parent_thread_id: this.id, source: { subagent: { thread_spawn: spawn } } }
    const before = [...this.file.facts]
    const child = new Story(this.telling, { rootId: this.rootId, parent: this, path, meta })
    if (how.history === true) {
      const turn = this.turnId === undefined ? {} : { turnId: this.turnId }
      child.tell({ tell: "replays", facts: before, abort: true, ...turn })
    }
    this.tell({ tell: "acts", kind: "started", callId, agentId: child.id, path })
    child.hook("SubagentStart")
    this.answers(JSON.stringify({ task_name: path }), callId)
    return child
  }

  /** An agent is set going (multi-agent v1): it has a nickname and no path. */
  enlists(nickname: string, task: string): Story {
    const lineage = { parent_thread_id: this.id, depth: 1, agent_nickname: nickname }
    const meta = { parent_thread_id: this.id, source: { subagent: { thread_spawn: lineage } } }
    const agent = new Story(this.telling, { rootId: this.rootId, parent: this, path: nickname, meta })
    this.asksV1("spawn_agent", { message: task }, { agent_id: agent.id, nickname })
    return agent
  }

  /** A call of a tool of multi-agent v1, and its answer: JSON, or words where it failed. */
  asksV1(tool: string, input: JsonObject, answer: Json): this {
    const id = `call_${tool}_${++this.telling.ids}`
    this.calls(tool, input, { id, namespace: "multi_agent_v1" })
    return this.answers(typeof answer === "string" ? answer : JSON.stringify(answer), id)
  }

  /** Codex notes for the model how an agent is doing. */
  notes(agent: Story, status: Json): this {
    this.closeResponse()
    const told = JSON.stringify({ agent_path: agent.id, status })
    return this.gives("user", `<subagent_notification>\n${told}\n</subagent_notification>`)
  }

  /** An agent is spoken to; the words stand in its file. */
  messages(agent: Story, text: string): this {
    const callId = `call_message_${++this.telling.ids}`
    this.calls("send_message", { target: agent.path, message: text }, { id: callId, namespace: "collaboration" })
    this.closeResponse()
    this.tell({ tell: "acts", kind: "interacted", callId, agentId: agent.id, path: agent.path })
    agent.hears(this, text)
    return this.answers("", callId)
  }

  /** Another session that goes on from here, without this one's records (0.155 +). */
  forks(): Story {
    const continues = { file: this.file, facts: this.file.facts.length, own: false }
    return new Story(this.telling, { path: "/root", meta: { forked_from_id: this.id } }, continues)
  }

  /** Another session that goes on from here and begins with a copy of this one's records (before 0.155). */
  forksByCopy(): Story {
    const fork = new Story(this.telling, { path: "/root", meta: { forked_from_id: this.id } })
    // It goes on counting where its parent was.
    Object.assign(fork.total, this.total)
    return fork.tell({ tell: "replays", facts: [...this.file.facts], abort: false })
  }

  /** The point at which the thread is now, for a later revert. */
  mark(): number {
    return this.file.facts.length
  }

  /** What came after the mark is taken back: a further file of this thread begins. */
  reverts(mark: number): this {
    const before = this.file
    const name = `rollout-${this.id}_${hex(++this.telling.ids, 4)}.jsonl`
    this.file = { threadId: this.id, name, facts: [], continues: { file: before, facts: mark, own: true } }
    this.telling.files.push(this.file)
    return this.tell({ tell: "begins", rootId: this.rootId, meta: this.meta() })
  }

  /** A record as it is. */
  record(type: string, payload: JsonObject): this {
    return this.tell({ tell: "record", type, payload })
  }

  /** A turn item as it is; of another thread or turn when that is named. */
  item(item: JsonObject, of: { readonly threadId?: string; readonly ofTurn?: string } = {}): this {
    return this.tell({ tell: "item", item, ...of })
  }

  // ----------------------------------------------------------------------------------------------------- What was told

  get files(): ReadonlyArray<ToldFile> {
    return this.telling.files
  }

  /** The lines of the thread's files, the first one unless another is asked for. */
  lines(dialect: Dialect, segment = 0): ReadonlyArray<string> {
    const file = this.telling.files.filter(({ threadId }) => threadId === this.id)[segment]
    return file === undefined ? [] : fileLines(file, dialect)
  }

  /** The session's lines of the hook journal that a version leaves, in the order of arrival. */
  journal(dialect: Dialect): ReadonlyArray<string> {
    const calls = (event: string) => dialect.hooks === "all" || (dialect.hooks !== "none" && !later.has(event))
    return this.telling.hooks
      .filter(({ hook_event_name, session_id }) => session_id === this.rootId && calls(String(hook_event_name)))
      .map(({ at, ...payload }) => JSON.stringify({ at_ns: at * 1e6, payload }))
  }
}

/** Hooks that came after 0.142. */
const later: ReadonlySet<string> = new Set(["PreModelRequest", "PostModelRequest", "Interrupt", "SessionEnd"])

interface RunOptions {
  readonly id?: string
  readonly status?: Run["status"]
  /** Seconds between the item's start and the run's own (an approval). */
  readonly waits?: number
  /** No hook is called. */
  readonly silent?: boolean
  readonly ofTurn?: string
}

const commandFields = (cmd: string, exit: number): JsonObject => ({
  command: ["/bin/bash", "-lc", cmd],
  cwd: "/home/ann/work",
  exit_code: exit,
  aggregated_output: "done\n"
})

/** A session begins, at eight in the morning of a fixed day. */
export const session = (): Story =>
  new Story({ now: Date.UTC(2026, 10, 20, 8, 0, 0), ids: 0, files: [], hooks: [] }, { path: "/root", meta: {} }).hook(
    "SessionStart",
    { source: "startup", permission_mode: "default" }
  )
