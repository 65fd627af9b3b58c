/**
 * A thread told in its own verbs, as far as turns and responses go: turn, steers, says, calls, responds, interrupts …
 *
 * Owns the clock and the ids, which are the story's own, so that two tellings are equal, and the hook calls that go with
 * each verb. Tools, agents and forks are told in session.ts. Times are Unix milliseconds; a verb takes 10 ms unless it
 * says otherwise.
 */
import type { Json, JsonObject } from "../../src/wire/json.ts"
import type { Fact, ToldFile, Usage } from "./session-dialect.ts"

/** Distributes over the facts, so that each keeps its own fields. */
type Untimed<F> = F extends Fact ? Omit<F, "at" | "turnId"> & { readonly at?: number; readonly turnId?: string } : never

/** What all threads of a story share. */
export interface Telling {
  now: number
  ids: number
  readonly files: Array<ToldFile>
  readonly hooks: Array<JsonObject & { readonly at: number }>
}

export const hex = (n: number, length: number) => n.toString(16).padStart(length, "0")

export interface Lineage {
  readonly rootId?: string
  readonly parent?: TurnStory
  readonly meta: JsonObject
  readonly path: string
}

/** A thread and what happened in it. */
export class TurnStory {
  readonly id: string
  readonly path: string
  turnId: string | undefined
  protected readonly telling: Telling
  protected readonly lineage: Lineage
  protected file: ToldFile
  protected startedAt = 0
  protected readonly total: { -readonly [K in keyof Usage]: Usage[K] } = {
    input: 0,
    output: 0,
    cached: 0,
    reasoning: 0
  }
  protected readonly open: Array<string> = []
  protected producing = false
  protected responses = 0
  protected lastMessage: string | undefined
  protected settings: JsonObject = {
    model: "gpt-5.5",
    effort: "medium",
    cwd: "/home/ann/work",
    approval_policy: "never"
  }

  constructor(telling: Telling, lineage: Lineage, continues?: ToldFile["continues"]) {
    this.telling = telling
    this.lineage = lineage
    this.id = this.newId()
    this.path = lineage.path
    this.file = { threadId: this.id, name: `rollout-${this.id}.jsonl`, facts: [], ...(continues && { continues }) }
    telling.files.push(this.file)
    this.tell({ tell: "begins", rootId: this.rootId, meta: { ...this.meta(), ...lineage.meta } })
  }

  get rootId(): string {
    return this.lineage.rootId ?? this.id
  }

  // ------------------------------------------------------------------------------------------------------ Time and ids

  /** The next thing happens this much later. */
  after(seconds: number): this {
    this.telling.now += Math.round(seconds * 1000)
    return this
  }

  /** The clock as it stands, Unix seconds. */
  get now(): number {
    return this.telling.now / 1000
  }

  /** An id that orders by the time of its making, as Codex's do. */
  protected newId(): string {
    const ms = hex(this.telling.now, 12)
    return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-${hex(++this.telling.ids, 12)}`
  }

  protected meta(): JsonObject {
    const base = { text: "You are a coding agent." }
    const from = { originator: "codex_exec", source: "exec", model_provider: "openai" }
    return { id: this.id, cwd: "/home/ann/work", ...from, base_instructions: base }
  }

  protected tell(fact: Untimed<Fact>): this {
    this.telling.now += 10
    const at = fact.at ?? this.telling.now
    this.file.facts.push({ ...(this.turnId !== undefined && { turnId: this.turnId }), ...fact, at } as Fact)
    return this
  }

  /** A hook call; it arrives 2 ms after what was told last. */
  hook(event: string, fields: JsonObject = {}): this {
    const agent = this.id === this.rootId ? {} : { agent_id: this.id, agent_type: "default" }
    this.telling.hooks.push({
      at: this.telling.now + 2,
      session_id: this.rootId,
      transcript_path: `/home/ann/.codex/sessions/${this.file.name}`,
      cwd: "/home/ann/work",
      hook_event_name: event,
      ...agent,
      ...(this.turnId !== undefined && { turn_id: this.turnId }),
      ...fields
    })
    return this
  }

  // ------------------------------------------------------------------------------------------------------------- Turns

  /** A turn begins, with a prompt unless it is `undefined`. */
  turn(
    prompt?: string,
    how: { readonly images?: number; readonly model?: string; readonly parent?: string } = {}
  ): this {
    this.closeResponse()
    this.turnId = this.newId()
    this.startedAt = this.telling.now + 10
    this.lastMessage = undefined
    if (how.model !== undefined) this.settings = { ...this.settings, model: how.model }
    const parentTurnId = how.parent ?? this.lineage.parent?.turnId
    this.tell({ tell: "starts", settings: this.settings, ...(parentTurnId !== undefined && { parentTurnId }) })
    if (prompt === undefined) return this
    this.hook("UserPromptSubmit", { prompt })
    return this.tell({ tell: "prompts", text: prompt, images: how.images ?? 0 })
  }

  /** A further message of the user's inside the turn. */
  steers(text: string): this {
    this.closeResponse()
    return this.tell({ tell: "prompts", text, images: 0 })
  }

  /** The turn is over; Stop fires before its end is written. */
  ends(error?: JsonObject): this {
    this.closeResponse()
    if (error === undefined) this.stops()
    const message = this.lastMessage === undefined ? {} : { message: this.lastMessage }
    this.tell({ tell: "ends", startedAt: this.startedAt, ...message, ...(error && { error }) })
    this.turnId = undefined
    return this
  }

  /** The Stop hook alone: what is seen of a turn while the hook runs. */
  stops(): this {
    this.closeResponse()
    return this.hook("Stop", { last_assistant_message: this.lastMessage ?? null })
  }

  /** The user stops the turn: calls that wait are answered for them. */
  interrupts(): this {
    this.closeResponse(false)
    this.hook("Interrupt")
    for (const callId of this.open.splice(0)) this.output(callId, "aborted by user")
    this.gives("user", "<turn_aborted>")
    this.tell({ tell: "aborts", startedAt: this.startedAt })
    this.turnId = undefined
    return this
  }

  /** The process dies: nothing more is written of the turn. */
  crashes(): this {
    this.open.length = 0
    this.producing = false
    this.turnId = undefined
    return this
  }

  /** The session ends. */
  leaves(): this {
    return this.hook("SessionEnd", { reason: "other" })
  }

  // ------------------------------------------------------------------------------------------------------------- Model

  protected produces(item: JsonObject): this {
    if (!this.producing) {
      this.hook("PreModelRequest")
      this.after(0.05)
    }
    this.producing = true
    return this.tell({ tell: "produces", item, streamedAt: this.telling.now + 5 })
  }

  reasons(text: string): this {
    return this.produces({ type: "reasoning", id: "rs", summary: [{ type: "summary_text", text }] })
  }

  says(text: string): this {
    this.lastMessage = text
    return this.produces({
      type: "message",
      id: "msg",
      role: "assistant",
      content: [{ type: "output_text", text }]
    })
  }

  /** The model calls a tool. A text is a custom tool's input, anything else a function's arguments. */
  calls(name: string, input: Json, how: { readonly id?: string; readonly namespace?: string } = {}): this {
    const callId = how.id ?? `call_${++this.telling.ids}`
    this.open.push(callId)
    const custom = typeof input === "string"
    return this.produces({
      type: custom ? "custom_tool_call" : "function_call",
      id: `fc_${callId}`,
      name,
      ...(how.namespace !== undefined && { namespace: how.namespace }),
      ...(custom ? { input } : { arguments: JSON.stringify(input) }),
      call_id: callId
    }).hookOfCall("PreToolUse", callId, name, input)
  }

  protected hookOfCall(event: string, callId: string, name: string, input: Json, more: JsonObject = {}): this {
    // Calls of code mode are told to hooks by what their scripts call.
    if (name === "exec" || name === "wait") return this
    const shell = name === "exec_command"
    const patch = typeof input === "string" ? { command: input } : input
    const told = shell ? { command: (input as JsonObject).cmd ?? "" } : patch
    return this.hook(event, { tool_use_id: callId, tool_name: shell ? "Bash" : name, tool_input: told, ...more })
  }

  /** The response is whole: its usage is known. */
  responds(usage: Partial<Usage> = {}): this {
    this.responses++
    const told = { input: 1000 + 100 * this.responses, output: 50, cached: 500, reasoning: 10, ...usage }
    for (const key of ["input", "output", "cached", "reasoning"] as const) this.total[key] += told[key]
    this.producing = false
    const responseId = `resp_${hex(++this.telling.ids, 4)}`
    this.tell({ tell: "responds", responseId, usage: told, total: { ...this.total } })
    return this.hook("PostModelRequest", {
      status: "completed",
      error: null,
      token_usage: { input_tokens: told.input, output_tokens: told.output }
    })
  }

  protected closeResponse(whole = true): void {
    if (this.producing && whole) this.responds()
    this.producing = false
  }

  /** The stream is cut; nothing is written but the counts, again. */
  cut(error = "stream closed"): this {
    this.producing = false
    this.hook("PostModelRequest", { status: "failed", error: { message: error } })
    return this.recounts()
  }

  /** A request that fails before it produced anything: only hooks know. */
  fails(error: string): this {
    if (this.producing) {
      this.closeResponse()
      this.after(0.15) // Two requests closer together than 0.1 s would be one that two hooks told of.
    }
    this.hook("PreModelRequest").after(0.05)
    return this.hook("PostModelRequest", { status: "failed", error: { message: error } })
  }

  /** The counts of tokens are told once more, unchanged. */
  recounts(): this {
    return this.tell({ tell: "recounts" })
  }

  /** An item that the model is given. */
  gives(role: "user" | "developer", text: string): this {
    return this.tell({
      tell: "gives",
      item: { type: "message", id: "msg", role, content: [{ type: "input_text", text }] }
    })
  }

  protected output(callId: string, output: Json): this {
    const custom = this.file.facts.some(
      (fact) => fact.tell === "produces" && fact.item.call_id === callId && fact.item.type === "custom_tool_call"
    )
    const type = custom ? "custom_tool_call_output" : "function_call_output"
    return this.tell({ tell: "gives", item: { type, id: `fco_${callId}`, call_id: callId, output } })
  }

  protected hears(author: TurnStory, text: string): void {
    const content = [{ type: "input_text", text }]
    this.tell({ tell: "gives", item: { type: "agent_message", author: author.path, recipient: this.path, content } })
  }

  /** An agent's turn is over, and the one that spawned it is told. */
  finishes(): this {
    const turnId = this.turnId
    this.hook("SubagentStop", { agent_transcript_path: `/home/ann/.codex/sessions/${this.file.name}` }).ends()
    const { parent } = this.lineage
    if (parent === undefined) return this
    const callId = `subagent-completed-${turnId}`
    parent.tell({ tell: "acts", kind: "completed", callId, agentId: this.id, path: this.path })
    parent.hears(this, this.lastMessage ?? "done")
    return this
  }
}
