/**
 * What a scripted model says to one request, told in verbs: `answer(thinks("…"), calls("exec_command", { cmd }))`.
 *
 * Owns the vocabulary of scenarios and the faults a request can meet. Leaves out how an answer travels (sse.ts) and who
 * gets which (script.ts). Times are milliseconds and say so.
 */

/** An output item before the server has given it its ids. */
export type ItemTemplate =
  | { readonly type: "message"; readonly text: string; readonly phase?: "commentary" | "final_answer" }
  | { readonly type: "reasoning"; readonly summary: string }
  | {
      readonly type: "function_call"
      readonly name: string
      readonly namespace?: string
      readonly arguments: string
    }
  | { readonly type: "custom_tool_call"; readonly name: string; readonly input: string }
  | { readonly type: "web_search_call"; readonly query: string }
  | { readonly type: "tool_search_call"; readonly query: string }
  | { readonly type: "compaction"; readonly encrypted: string }
  | { readonly type: "image_generation_call"; readonly prompt: string; readonly png: string }

/** Token counts as the Responses API reports them: cached ⊂ input, reasoning ⊂ output. */
export interface Usage {
  readonly input: number
  readonly cached: number
  readonly cacheWrite: number
  readonly output: number
  readonly reasoning: number
}

/** How a request ends. `completed` and `incomplete` report usage. */
export type Ending =
  | { readonly kind: "completed" }
  /** The connection closes after the items, without `response.completed`. */
  | { readonly kind: "cut" }
  /** `response.failed` after the items. */
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  /** `response.incomplete` after the items, e.g. because the output limit is reached. */
  | { readonly kind: "incomplete"; readonly reason: string }
  /** An HTTP error instead of a stream. */
  | { readonly kind: "refused"; readonly status: number; readonly error: Readonly<Record<string, unknown>> }

export interface Answer {
  readonly items: ReadonlyArray<ItemTemplate>
  readonly ending: Ending
  /** What the model reports instead of counts taken from the size of request and answer. */
  readonly usage?: Partial<Usage>
  /** Time before the first item, as a model that thinks would take. */
  readonly delayMs: number
  /** Time between the first part of an item and its end. */
  readonly paceMs: number
}

/** A model answers fast here, but never in no time: spans must have a length that a clock can see. */
const promptly = { delayMs: 15, paceMs: 5 } as const

export const answer = (...items: ReadonlyArray<ItemTemplate>): Answer => ({
  items,
  ending: { kind: "completed" },
  ...promptly
})

export const says = (text: string, phase?: "commentary" | "final_answer"): ItemTemplate =>
  phase === undefined ? { type: "message", text } : { type: "message", text, phase }

export const thinks = (summary: string): ItemTemplate => ({ type: "reasoning", summary })

/** A function call; `tool` may carry its namespace: `collaboration.spawn_agent`, `mcp__lab.echo`. */
export const calls = (tool: string, args: Readonly<Record<string, unknown>>): ItemTemplate =>
  callsWith(tool, JSON.stringify(args))

/** A function call whose arguments are sent as they stand, JSON or not. */
export const callsWith = (tool: string, text: string): ItemTemplate => {
  const dot = tool.indexOf(".")
  return dot < 0
    ? { type: "function_call", name: tool, arguments: text }
    : { type: "function_call", namespace: tool.slice(0, dot), name: tool.slice(dot + 1), arguments: text }
}

/** A code cell: the model's own JavaScript, given to the `exec` tool of code mode. */
export const runs = (...lines: ReadonlyArray<string>): ItemTemplate => ({
  type: "custom_tool_call",
  name: "exec",
  input: lines.join("\n")
})

/** A patch in Codex's own format; the envelope is added. */
export const patches = (...lines: ReadonlyArray<string>): ItemTemplate => ({
  type: "custom_tool_call",
  name: "apply_patch",
  input: patchText(...lines)
})

export const patchText = (...lines: ReadonlyArray<string>): string =>
  ["*** Begin Patch", ...lines, "*** End Patch", ""].join("\n")

export const searches = (query: string): ItemTemplate => ({ type: "web_search_call", query })

/** A search for tools that are not in the request; Codex itself answers it. */
export const searchesTools = (query: string): ItemTemplate => ({ type: "tool_search_call", query })

/** A picture made by the model's provider; `png` is base64. */
export const draws = (prompt: string, png: string): ItemTemplate => ({ type: "image_generation_call", prompt, png })

/** What a provider that compacts itself answers: a summary that only the model can read. */
export const compacts = (encrypted: string): ItemTemplate => ({ type: "compaction", encrypted })

/** The same answer, its first item `delayMs` later: long enough to be interrupted in. */
export const after = (delayMs: number, told: Answer): Answer => ({ ...told, delayMs })

/** The same answer with other token counts, e.g. to fill the context window. */
export const reporting = (usage: Partial<Usage>, told: Answer): Answer => ({ ...told, usage })

/** A stream that breaks off behind these items. Codex sends the request again. */
export const cut = (...items: ReadonlyArray<ItemTemplate>): Answer => ({ ...answer(...items), ending: { kind: "cut" } })

/** A stream that ends in `response.failed`. */
export const failed = (code: string, message: string, ...items: ReadonlyArray<ItemTemplate>): Answer => ({
  ...answer(...items),
  ending: { kind: "failed", code, message }
})

/** A stream that ends in `response.incomplete`. */
export const incomplete = (reason: string, ...items: ReadonlyArray<ItemTemplate>): Answer => ({
  ...answer(...items),
  ending: { kind: "incomplete", reason }
})

/** An HTTP error: 400 ends the turn, 429 and 5xx are tried again. */
export const refused = (status: number, message: string, type = "invalid_request_error"): Answer => ({
  ...answer(),
  ending: { kind: "refused", status, error: { message, type, code: null } }
})

/** The account's limit is used up: Codex ends the turn with `usage_limit_exceeded`. */
export const limited = (): Answer => ({
  ...answer(),
  ending: {
    kind: "refused",
    status: 429,
    error: {
      type: "usage_limit_reached",
      message: "The usage limit has been reached",
      plan_type: "pro",
      resets_in_seconds: 3600
    }
  }
})
