/**
 * Random bundles out of few ids, so that everything meets everything: requests that repeat, reorder and drop items,
 * retried responses, acceptances early and late, compactions, tools, cells, terminals and agents. Most are accepted.
 */
import {
  agentMessage,
  assistantMessage,
  BundleStory,
  customCall,
  customOutput,
  functionCall,
  functionOutput,
  reasoning,
  userMessage
} from "../../support/bundle.ts"
import type { Random } from "./random.ts"
import type { BundleTexts } from "./texts.ts"

const agents = [
  { thread: "11111111-1111-4111-8111-111111111111", path: "/root" },
  { thread: "22222222-2222-4222-8222-222222222222", path: "/root/a" },
  { thread: "33333333-3333-4333-8333-333333333333", path: "/root/a/b" }
] as const

/** A program of one to three threads and up to sixty steps. */
export const randomProgram = (random: Random, schema: 1 | 2): BundleTexts => {
  const story = new BundleStory(schema)
  const program = new Program(story, random)
  story.rolloutStarts()
  const threads = agents.slice(0, 1 + random.below(3))
  for (const { path, thread } of threads) program.startThread(thread, path)
  const steps = 5 + random.below(random.chance(0.3) ? 150 : 50)
  for (let i = 0; i < steps; i++) program.step()
  if (random.chance(0.5)) story.rolloutEnds()
  if (schema === 2 && random.chance(0.7)) story.recordingCompletes()
  return {
    manifest: JSON.stringify(story.manifest),
    lines: story.lines,
    ending: "\n",
    payloads: story.payloads
  }
}

/** What a thread has been told to do so far. */
interface Told {
  readonly thread: string
  readonly path: string
  turn: string
  history: Array<unknown>
  readonly answered: Array<string>
  readonly cells: Array<string>
}

/** How often a step does what no recorder would: names an id of another thread, or one that never was. */
const oddity = 0.02

class Program {
  private readonly story: BundleStory
  private readonly random: Random
  private readonly open: Array<{ readonly call: string; readonly of: Told }> = []
  private readonly tools: Array<{ readonly id: string; readonly kind: string; process: string; begun: boolean }> = []
  private readonly threads: Array<Told> = []
  private readonly delivered = new Set<string>()
  private readonly cellCalls = new Set<string>()
  private count = 0

  constructor(story: BundleStory, random: Random) {
    this.story = story
    this.random = random
  }

  startThread(thread: string, path: string): void {
    this.story.threadStarts(thread, path)
    const turn = `U${++this.count}`
    this.story.turnStarts(turn, thread)
    this.threads.push({ thread, path, turn, history: [], answered: [], cells: [] })
  }

  step(): void {
    const here = this.random.oneOf(this.threads)
    this.story.inside(here.thread, here.turn)
    const act = this.random.oneOf([
      "ask",
      "ask",
      "ask",
      "answer",
      "answer",
      "answer",
      "accept",
      "compact",
      "tool",
      "tool",
      "runtime",
      "runtime",
      "end tool",
      "end tool",
      "cell",
      "cell end",
      "turn",
      "agent",
      "agent",
      "result",
      "break",
      "stdin"
    ] as const)
    switch (act) {
      case "ask":
        this.ask(here)
        return
      case "answer":
        this.answer(here)
        return
      case "break":
        this.breakOff()
        return
      case "accept":
        this.accept(here)
        return
      case "compact": {
        const replacement = this.some(here.history, 3)
        this.story.installs(`C${++this.count}`, this.some(here.history, 6), replacement)
        here.history = [...replacement]
        return
      }
      case "tool":
        this.callTool(here)
        return
      case "runtime":
        this.runtime()
        return
      case "end tool":
        this.endTool()
        return
      case "cell":
        this.startCell(here)
        return
      case "cell end":
        this.endCell(here)
        return
      case "turn":
        this.story.turnEnds(this.random.oneOf(["completed", "cancelled", "failed", "aborted"]))
        here.turn = `U${++this.count}`
        this.story.turnStarts(here.turn, here.thread)
        return
      case "agent":
        this.reachAgent(here.thread)
        return
      case "result": {
        const other = this.random.oneOf(this.threads)
        const once = `${other.turn} to ${here.thread}`
        if (this.delivered.has(once) && !this.random.chance(oddity)) return
        this.delivered.add(once)
        this.story.results(other.thread, other.turn, here.thread, this.random.oneOf(["hello", "done"]))
        return
      }
      case "stdin": {
        const [a, b] = [this.random.oneOf(this.tools), this.random.oneOf(this.tools)]
        if (this.story.schema === 2 && a !== undefined && b !== undefined) {
          this.story.event("stdin_target_resolved", { tool_call_id: a.id, exec_tool_call_id: b.id })
        }
      }
    }
  }

  private id(): string | undefined {
    return this.random.chance(0.6) ? `m${this.random.below(14)}` : undefined
  }

  private item(): unknown {
    const { random } = this
    const call = `c${random.below(6)}`
    const text = random.oneOf(["hello", "done", "x"])
    const paths = [...agents.map((agent) => agent.path), "/root/z"]
    switch (random.below(11)) {
      case 0:
      case 1:
        return userMessage(text, this.id())
      case 2:
        return assistantMessage(text, this.id())
      case 3:
        return functionCall(call, { cmd: call }, this.id())
      case 4:
        return functionOutput(call, this.story.schema === 2 ? text : call, this.id())
      case 5:
        return customCall(call, "text(1)", this.id())
      case 6:
        return customOutput(call, this.story.schema === 2 ? text : call, this.id())
      case 7:
        return reasoning(random.oneOf(["s1", "s2"]), random.oneOf([undefined, "sum"]), this.id())
      case 8:
        return { type: "message", role: "user", content: [{ type: "input_image", image_url: text }], id: this.id() }
      case 9:
        return agentMessage(random.oneOf(paths), random.oneOf(paths), text, this.id())
      default:
        return { type: "web_search_call", id: this.id(), action: { q: text, n: 1.5 } }
    }
  }

  private some(history: ReadonlyArray<unknown>, extra: number): Array<unknown> {
    const kept = history.filter(() => this.random.chance(0.85))
    const added = Array.from({ length: this.random.below(extra) }, () => this.item())
    return this.random.chance(0.15) ? [...added, ...kept] : [...kept, ...added]
  }

  private ask(here: Told): void {
    const call = `I${++this.count}`
    const previous = this.random.chance(oddity) ? "I1" : this.random.oneOf(here.answered)
    if (previous !== undefined && this.random.chance(0.15)) {
      const input = this.some([], 3)
      here.history.push(...input)
      this.story.asks(call, { input, previous_response_id: `r-${previous}` })
    } else {
      here.history = this.some(here.history, 4)
      this.story.asks(call, here.history)
    }
    this.open.push({ call, of: here })
  }

  private answer(here: Told): void {
    const open = this.random.oneOf(this.open)
    if (open === undefined) return
    const { call, of } = open
    of.answered.push(call)
    const history = here.history
    const output = this.some(this.random.chance(0.2) ? history.slice(-2) : [], 4)
    const usage = this.random.chance(0.5)
      ? { token_usage: { input_tokens: 5, cached_input_tokens: -1, output_tokens: 2, reasoning_output_tokens: 0 } }
      : {}
    this.story.answers(call, output, usage)
    history.push(...output)
  }

  private breakOff(): void {
    const call = this.random.oneOf(this.open)?.call
    if (call === undefined) return
    this.story.breaksOff(
      call,
      this.random.oneOf(["failed", "cancelled"]),
      this.random.chance(0.5) ? [this.item()] : undefined
    )
  }

  private accept({ path }: { readonly path: string }): void {
    if (this.story.schema !== 2) return
    const id = `m${this.random.below(14)}`
    if (this.random.chance(0.7)) this.story.accepts(id)
    else this.story.accepts(id, agentMessage("/root", path, this.random.oneOf(["hello", "done"]), id))
  }

  private callTool({ cells }: Told): void {
    const { random } = this
    const kind = random.oneOf(["exec_command", "write_stdin", "apply_patch", "web", "wait_agent"])
    const cell = random.chance(0.3) ? random.oneOf(cells) : undefined
    const known = new Set(this.tools.map((tool) => tool.id))
    const id = cell === undefined ? `c${random.below(6)}` : `exec-${++this.count}`
    if (known.has(id)) return
    const process = `${10 + random.below(3)}`
    const invocation =
      kind === "write_stdin"
        ? {
            tool_name: "write_stdin",
            tool_namespace: random.chance(0.1) ? "ns" : null,
            payload: {
              type: "function",
              arguments: random.oneOf([
                JSON.stringify({ session_id: Number(process), chars: "ls", yield_time_ms: 5 }),
                JSON.stringify({ session_id: process })
              ])
            }
          }
        : { tool_name: kind, payload: { type: "function", arguments: "{}" } }
    this.tools.push({ id, kind, process, begun: kind === "write_stdin" })
    this.story.calls(id, kind, random.chance(0.8) || kind === "write_stdin" ? invocation : undefined, {
      ...(cell !== undefined && { cell }),
      callId: cell === undefined ? (random.chance(0.9) ? id : null) : null
    })
  }

  private runtime(): void {
    const tool = this.random.oneOf(this.tools)
    if (tool === undefined) return
    const process_id = this.random.chance(0.7) ? (this.random.chance(oddity) ? "99" : tool.process) : null
    if (this.random.chance(0.5) && (!tool.begun || this.random.chance(oddity))) {
      tool.begun = true
      this.story.runtimeBegins(tool.id, tool.kind, { process_id, command: ["ls", "-l"], cwd: "/w" })
    } else {
      this.story.runtimeEnds(
        tool.id,
        {
          process_id,
          exit_code: 3,
          aggregated_output: "all",
          stdout: "out",
          stderr: "err",
          formatted_output: "formatted"
        },
        this.random.oneOf(["completed", "failed", "cancelled"])
      )
    }
  }

  private endTool(): void {
    const tool = this.random.oneOf(this.tools)
    if (tool === undefined) return
    const result = this.random.oneOf<unknown>([
      { type: "direct_response", response_item: functionOutput(tool.id, "out") },
      { type: "code_mode_response", value: { output: "out", exit_code: 2, chunk_id: "k", original_token_count: 9 } },
      { type: "error", error: "no" },
      undefined
    ])
    this.story.toolEnds(tool.id, result, this.random.oneOf(["completed", "failed"]))
  }

  private startCell({ cells }: Told): void {
    const call = `c${this.random.below(6)}`
    if (this.cellCalls.has(call) && !this.random.chance(oddity)) return
    this.cellCalls.add(call)
    const runtimeId = `${++this.count}`
    cells.push(runtimeId)
    this.story.cellStarts(runtimeId, call)
  }

  private endCell(here: Told): void {
    const { cells } = this.random.chance(oddity) ? this.random.oneOf(this.threads) : here
    const cell = this.random.oneOf(cells)
    if (cell === undefined) return
    const status = this.random.oneOf(["yielded", "completed", "failed", "terminated", "running"])
    const response = this.random.chance(0.5) ? { value: 1 } : undefined
    if (this.random.chance(0.5)) this.story.cellResponds(cell, status, response)
    else this.story.cellEnds(cell, status, response)
  }

  private reachAgent(sender: string): void {
    const { random } = this
    const target = random.oneOf([...agents, { thread: "44444444-4444-4444-8444-444444444444", path: "/root/z" }])
    const kind = random.oneOf(["spawn_agent", "send_message", "assign_agent_task", "close_agent"])
    const id = `agent-${++this.count}`
    const prompt = random.oneOf(["hello", "done"])
    const report = {
      call_id: id,
      sender_thread_id: sender,
      receiver_thread_id: target.thread,
      new_thread_id: target.thread,
      prompt,
      model: "m",
      reasoning_effort: "low",
      status: "running"
    }
    const acts = {
      spawn_agent: "started",
      send_message: "interacted",
      assign_agent_task: "interacted",
      close_agent: "interrupted"
    }
    const activity = {
      event_id: "e",
      occurred_at_ms: 5,
      agent_thread_id: target.thread,
      agent_path: target.path,
      kind: acts[kind as keyof typeof acts]
    }
    this.story.calls(id, kind, {
      tool_name: kind,
      payload: { type: "function", arguments: JSON.stringify({ message: prompt }) }
    })
    if (random.chance(0.4)) this.story.runtimeBegins(id, kind, report)
    if (random.chance(0.3)) this.story.toolEnds(id, { type: "error", error: "late" })
    if (random.chance(0.8)) this.story.runtimeEnds(id, random.chance(0.5) ? report : activity)
    if (random.chance(0.6)) this.story.toolEnds(id, { type: "direct_response", response_item: {} })
  }
}
