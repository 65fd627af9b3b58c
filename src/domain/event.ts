/**
 * What happened, in our terms: the only thing the machines know.
 *
 * Both transcript dialects, the hooks and the bundles translate into these events. Names are past-tense facts;
 * ids are Codex's own; every time is Unix seconds. A field is left out when its source does not tell it.
 */
import type { Json, JsonObject } from "../wire/json.ts"
import type { AgentState } from "./agent-state.ts"
import type { RequestRules } from "./codex-rules.ts"
import type { HistoryItem } from "./history-item.ts"

/** Token counts of one response: cached ⊂ input, reasoning ⊂ output. */
export interface Usage {
  readonly input: number
  readonly output: number
  readonly cached?: number
  readonly cacheWrite?: number
  readonly reasoning?: number
  readonly total?: number
}

/** Where a thread hangs: what `session_meta` says of its parent. */
export interface Lineage {
  readonly parentThreadId?: string
  readonly kind?: "agent" | "review" | "other"
  readonly agentPath?: string
  readonly nickname?: string
  readonly role?: string
  readonly depth?: number
  /** The thread whose history this one began with. */
  readonly forkedFromId?: string
  readonly forkedFromOrdinal?: number
}

export type ToolKind =
  | "exec"
  | "patch"
  | "mcp"
  | "web_search"
  | "image_generation"
  | "view_image"
  | "agent"
  | "code_cell"
  | "wait"
  | "write_stdin"
  | "plan"
  | "tool_search"
  | "other"

/** What is known of a tool's run from an item, a legacy end event or a bundle. */
export interface ToolRun {
  readonly startedAt?: number
  readonly endedAt?: number
  /** How long it really ran, without the wait for an approval. */
  readonly seconds?: number
  readonly kind?: ToolKind
  readonly status?: "ok" | "error" | "declined" | "interrupted"
  readonly exitCode?: number
  /** Facts for the span's metadata, with the contract's names. */
  readonly facts?: JsonObject
  /** What to show as the call's name, arguments and result where no model item carries them (nested calls). */
  readonly name?: string
  readonly input?: Json
  readonly output?: Json
  readonly error?: string
}

/** An approval that was asked for, as far as it is known. */
export interface ApprovalAsk {
  readonly toolName?: string
  readonly input?: Json
  readonly justification?: string
}

interface OfThread {
  /** The thread whose file, hook or bundle told it. */
  readonly threadId: string
  /** When it was recorded, Unix seconds. */
  readonly at: number
  /** Length of the line, for the bound on what the reducer retains. */
  readonly bytes?: number
  /** Position in the thread's file (paginated dialect, 0.155 +). */
  readonly ordinal?: number
  /** From a hook: a record of a file may be replayed, a hook never is. */
  readonly live?: true
  /** From a bundle: exact, and nothing else is to be inferred from it. */
  readonly recorded?: true
  /** Read from another thread's file that this thread continues: history, never spans. */
  readonly inherited?: true
}

interface OfTurn extends OfThread {
  readonly turnId?: string
}

/** What a provider was asked that compacts, and what it answered. Unix seconds. */
export interface CompactionRequest {
  readonly startedAt: number
  readonly endedAt: number
  readonly model: string
  readonly provider: string
  /** The base instructions. Since 0.162 they are the first item of what is really sent, and not of `input`. */
  readonly instructions?: string
  readonly input: ReadonlyArray<HistoryItem>
  readonly output: ReadonlyArray<Json>
}

export type DomainEvent =
  // The thread
  | ({
      readonly _tag: "ThreadStarted"
      readonly metaId: string
      readonly rootId?: string
      readonly lineage: Lineage
      /** Facts for the session or agent span's metadata, with the contract's names. */
      readonly facts: JsonObject
      readonly cwd?: string
      readonly startedAt?: number
      readonly baseInstructions?: string
      readonly requestRules: RequestRules
      /** Records before this ordinal are replayed from the parent. */
      readonly ownFromOrdinal?: number
      /** The file goes on from another one, up to this ordinal: one of the same thread (a revert), or a fork's parent's. */
      readonly revertedTo?: number
    } & OfThread)
  | ({ readonly _tag: "SessionNoted"; readonly facts: JsonObject } & OfThread)
  | ({ readonly _tag: "SessionEnded"; readonly reason?: string } & OfThread)
  | ({ readonly _tag: "HistoryMissing"; readonly baseThreadId?: string } & OfThread)
  // Turns
  | ({
      readonly _tag: "TurnStarted"
      readonly trigger?: string
      readonly startedAt?: number
      readonly parentTurnId?: string
      readonly contextWindow?: number
      readonly facts?: JsonObject
      /** A version without turn ids (0.77): the machine makes one from its place in the thread. */
      readonly implied?: true
    } & OfTurn)
  | ({ readonly _tag: "Prompted"; readonly text?: string; readonly images: number; readonly content?: Json } & OfTurn)
  /** The user named skills (`$name`, or picked from a list); the same may be told by several records. */
  | ({ readonly _tag: "SkillsNamed"; readonly skills: ReadonlyArray<string> } & OfTurn)
  | ({
      readonly _tag: "TurnConfigured"
      /** Who answers when Codex asks whether a call may run (0.155 +). */
      readonly reviewer?: "user" | "reviewer"
      readonly model?: string
      readonly effort?: string
      readonly facts: JsonObject
      readonly sessionFacts: JsonObject
    } & OfTurn)
  | ({
      readonly _tag: "TurnEnded"
      readonly outcome: "completed" | "interrupted" | "failed"
      readonly reason?: string
      readonly error?: { readonly message: string; readonly code?: string }
      readonly lastMessage?: string
      readonly startedAt?: number
      readonly durationMs?: number
      readonly timeToFirstTokenMs?: number
    } & OfTurn)
  | ({ readonly _tag: "StopObserved"; readonly lastMessage?: string } & OfTurn)
  | ({ readonly _tag: "InterruptObserved" } & OfTurn)
  | ({
      /** The user's words as their hook was given them: what counts where no transcript tells them. */
      readonly _tag: "PromptHooked"
      readonly text?: string
      readonly model?: string
      readonly cwd?: string
    } & OfTurn)
  // The model's history and its responses
  | ({
      readonly _tag: "ItemRecorded"
      readonly item: HistoryItem
      readonly side: "input" | "output"
      /** Which history the producing request had seen (0.169). */
      readonly sampledThrough?: number
    } & OfTurn)
  | ({
      readonly _tag: "OutputStarted"
      /** When the response's item began to stream, and when it was whole. */
      readonly startedAt?: number
      readonly endedAt?: number
    } & OfTurn)
  | ({ readonly _tag: "ResponseCompleted"; readonly responseId: string; readonly usage?: Usage } & OfTurn)
  | ({
      readonly _tag: "UsageCounted"
      readonly last?: Usage
      /** The cumulative counts, as one comparable text: a repeat has the same. */
      readonly totalKey?: string
      readonly contextWindow?: number
      readonly rateLimits?: Json
    } & OfThread)
  | ({
      readonly _tag: "RequestSent"
      readonly requestId: string
      /** How many items of the thread's last request stand at the beginning of this one, and those that follow. */
      readonly kept: number
      readonly added: ReadonlyArray<HistoryItem>
      readonly model: string
      readonly provider: string
      readonly effort?: string
      /** Base instructions that were sent apart from the input. */
      readonly instructions?: string
      /** Its payload could not be read: what it carried is not known. */
      readonly unread?: true
    } & OfTurn)
  | ({
      readonly _tag: "RequestAnswered"
      readonly requestId: string
      /** `abandoned`: whole, but Codex let go of it: a message came first, and its calls never ran. */
      readonly outcome: "completed" | "failed" | "cancelled" | "abandoned"
      /** What came before it failed, where it did. */
      readonly output: ReadonlyArray<HistoryItem>
      readonly responseId?: string
      readonly usage?: Usage
      readonly error?: string
      /** It did not complete, and its transcript takes it for a response of its turn all the same. */
      readonly counted?: true
    } & OfTurn)
  | ({ readonly _tag: "ModelRequested" } & OfTurn)
  | ({
      readonly _tag: "ModelAnswered"
      readonly outcome: "completed" | "failed" | "cancelled"
      readonly error?: string
      readonly usage?: Usage
    } & OfTurn)
  | ({
      readonly _tag: "HistoryReplaced"
      readonly items?: ReadonlyArray<HistoryItem>
      readonly summary?: string
      readonly responseId?: string
      /** What it replaced, and since when it was asked for: of a bundle. */
      readonly before?: ReadonlyArray<HistoryItem>
      readonly startedAt?: number
      /** The request for it, as a bundle recorded it. */
      readonly request?: CompactionRequest
    } & OfTurn)
  | ({ readonly _tag: "HistoryRolledBack"; readonly turns: number } & OfThread)
  // Compaction
  | ({ readonly _tag: "CompactionObserved"; readonly startedAt?: number; readonly endedAt?: number } & OfTurn)
  | ({ readonly _tag: "CompactionHooked"; readonly phase: "started" | "ended"; readonly trigger?: string } & OfTurn)
  // Tools
  | ({
      readonly _tag: "ToolRan"
      readonly callId: string
      readonly run: ToolRun
      /** It stands in the file of this thread, which waits for a reviewer, and is the reviewer's. */
      readonly echoedIn?: string
    } & OfTurn)
  | ({
      readonly _tag: "ToolRecorded"
      readonly callId: string
      readonly startedAt?: number
      readonly endedAt?: number
      /** The code cell whose script made the call. */
      readonly cell?: { readonly turnId: string; readonly callId: string }
      /** Of the call that started a cell: how the cell itself went on. */
      readonly ran?: {
        readonly runtimeId: string
        readonly yielded?: true
        readonly endedAt?: number
        readonly outcome?: "completed" | "failed" | "terminated"
      }
    } & OfTurn)
  | ({
      readonly _tag: "ToolHooked"
      readonly phase: "started" | "ended"
      readonly callId: string
      readonly toolName?: string
      readonly input?: Json
      readonly output?: Json
    } & OfTurn)
  | ({ readonly _tag: "ApprovalRequested"; readonly ask: ApprovalAsk } & OfTurn)
  // Agents
  | ({
      readonly _tag: "AgentObserved"
      readonly activity: "started" | "interacted" | "completed" | "interrupted" | "closed" | "resumed"
      readonly agentThreadId: string
      readonly callId?: string
      readonly agentPath?: string
      readonly facts?: JsonObject
    } & OfTurn)
  | ({
      /** One agent was told how another is doing (multi-agent v1: a wait, a note from Codex). */
      readonly _tag: "AgentReported"
      readonly agentThreadId: string
      readonly state: AgentState
      readonly callId?: string
    } & OfTurn)
  | ({
      readonly _tag: "AgentHooked"
      readonly phase: "started" | "ended"
      readonly agentThreadId: string
      readonly agentType?: string
      readonly path?: string
    } & OfTurn)
  // Review
  | ({ readonly _tag: "ReviewEntered"; readonly hint?: string; readonly target?: Json } & OfTurn)
  | ({ readonly _tag: "ReviewExited"; readonly output?: Json } & OfTurn)
  // What nobody knows yet
  | ({ readonly _tag: "Unrecognised"; readonly topic: string; readonly detail: string } & OfThread)

export type EventOf<T extends DomainEvent["_tag"]> = Extract<DomainEvent, { readonly _tag: T }>
