/**
 * What really happened in a case: requests, calls, turns, threads. The vocabulary only; truth-reader.ts fills it.
 *
 * Times are Unix milliseconds. A `Window` is the span of time in which a statement is right: Codex dispatches a tool
 * before it runs it, so any start between the two is true (codex.md, "a call has three clocks").
 */

export interface Window {
  readonly from: number
  readonly to: number
}

/** How far a moment lies outside a window, ms. */
export const distance = (window: Window, ms: number) => Math.max(window.from - ms, ms - window.to, 0)

/** The window that spans the moments which are known. */
export const windowOf = (...moments: ReadonlyArray<number | undefined>): Window | undefined => {
  const known = moments.filter((moment) => moment !== undefined)
  return known.length === 0 ? undefined : { from: Math.min(...known), to: Math.max(...known) }
}

/** Tokens under the names that llm spans use for them. */
export interface Usage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly tokens: number
  readonly prompt_cached_tokens: number
  readonly prompt_cache_creation_tokens: number
  readonly completion_reasoning_tokens: number
}

/** One call of the model: all HTTP attempts under one inference call id are one call. */
export interface TrueCall {
  readonly key: string
  readonly thread: string
  readonly turn?: string
  /** A call that wrote the summary of a compaction. */
  readonly compaction: boolean
  /** Absent where Codex began a call, as a hook or the bundle tells, but never sent it. */
  readonly input?: ReadonlyArray<unknown>
  readonly instructions?: string
  /** A transcript holds the instructions; 0.77 writes them nowhere. */
  readonly instructionsTold: boolean
  readonly responseId?: string
  readonly start?: Window
  readonly end?: Window
  /** A PreModelRequest hook told of the start; else the records before and after it must do. */
  readonly startHooked: boolean
  readonly usage?: Usage
  /** A transcript or a hook holds the usage; what a crash kept from being written cannot be asked for. */
  readonly usageTold: boolean
  /** Must be there. A failed attempt leaves nothing in a transcript: it may be shown, but is owed only with hooks. */
  readonly owed: boolean
}

/**
 * What tells of a moment: an item with times of its own or a tool hook; only the record of the call or its output,
 * written at some time; or nothing (the end of a nested patch that failed).
 */
export type Told = "timed" | "record" | "nothing"

export interface TrueTool {
  readonly id: string
  /** The id is ours: nothing in the record of this call names it. */
  readonly anonymous?: boolean
  readonly thread: string
  readonly turn?: string
  /** Name of the tool, or its kind where no name was recorded. */
  readonly name: string
  /** The call id of the code cell that made this call. */
  readonly cell?: string
  /** The cell was open while another cell of the thread was: no record says which of them made the call. */
  readonly cellOverlaps: boolean
  readonly start?: Window
  readonly end?: Window
  readonly startTold: Told
  readonly endTold: Told
  readonly owed: boolean
}

export interface TrueTurn {
  /** Absent before turns had ids (0.77): then turns can only be counted. */
  readonly id?: string
  readonly thread: string
  readonly start?: Window
  readonly end?: Window
  /** Only its requests are known: nobody recorded which tools ran in it. */
  readonly unrecorded?: true
}

export interface TrueThread {
  readonly id: string
  /** Absent for a root. */
  readonly parent?: string
  /** The turn of the parent that made this thread. */
  readonly spawnTurn?: string
  /** False where nothing but the bundle tells of it: Codex was killed before it had a file or asked anything. */
  readonly owed: boolean
}

export interface TrueCompaction {
  readonly thread: string
  readonly turn?: string
  /** Its summary was written. One that failed leaves nothing in a transcript. */
  readonly owed: boolean
}

export interface Truth {
  readonly calls: ReadonlyArray<TrueCall>
  readonly tools: ReadonlyArray<TrueTool>
  readonly turns: ReadonlyArray<TrueTurn>
  readonly threads: ReadonlyMap<string, TrueThread>
  readonly compactions: ReadonlyArray<TrueCompaction>
  /** false before 0.128: no times, no parents; requests and usage are all that can be compared. */
  readonly recorded: boolean
}

/** The root of a thread's tree. */
export const rootOf = (threads: ReadonlyMap<string, TrueThread>, thread: string): string => {
  const parent = threads.get(thread)?.parent
  return parent === undefined || parent === thread ? thread : rootOf(threads, parent)
}

const usageKeys = [
  "prompt_tokens",
  "completion_tokens",
  "tokens",
  "prompt_cached_tokens",
  "prompt_cache_creation_tokens",
  "completion_reasoning_tokens"
] as const

export const usageNames: ReadonlyArray<keyof Usage> = usageKeys

export const noUsage: Usage = {
  prompt_tokens: 0,
  completion_tokens: 0,
  tokens: 0,
  prompt_cached_tokens: 0,
  prompt_cache_creation_tokens: 0,
  completion_reasoning_tokens: 0
}

export const sameUsage = (one: Usage, other: Usage) => usageKeys.every((key) => one[key] === other[key])

export const addUsage = (one: Usage, other: Usage): Usage => {
  const sum = { ...one }
  for (const key of usageKeys) sum[key] = one[key] + other[key]
  return sum
}
