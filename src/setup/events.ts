/**
 * The hook events that we want, and how each is asked for.
 *
 * Which of them a Codex has, and whether it runs them without waiting, is asked from that Codex (codex.ts). The facts:
 * 0.128 has six of them, 0.142 ten, 0.155 twelve, 0.164 all; async ones are skipped up to 0.142 and run from 0.155 on;
 * SessionEnd never runs async, and it and Interrupt are cut off at 3 s, so no timeout is asked for those.
 */
import type { WantedHook } from "./hooks-file.ts"

export const hookEvents = [
  "SessionStart",
  "UserPromptSubmit",
  "PreModelRequest",
  "PostModelRequest",
  "PreToolUse",
  "PermissionRequest",
  "PostToolUse",
  "PreCompact",
  "PostCompact",
  "SubagentStart",
  "SubagentStop",
  "Stop",
  "Interrupt",
  "SessionEnd"
] as const

export type HookEvent = (typeof hookEvents)[number]

/** What every Codex with hooks has, taken where none could be asked. */
export const oldestEvents: ReadonlyArray<HookEvent> = [
  "SessionStart",
  "UserPromptSubmit",
  "PreToolUse",
  "PermissionRequest",
  "PostToolUse",
  "Stop"
]

/** What a Codex can do with hooks. */
export interface HookAbilities {
  readonly events: ReadonlyArray<HookEvent>
  readonly runsAsync: boolean
}

export const fewestAbilities: HookAbilities = { events: oldestEvents, runsAsync: false }

/**
 * Codex ends its async hooks when it ends: in `codex exec` an async Stop never got to run, and the PostModelRequest
 * before it rarely (seen in 0.169). Waiting for Stop costs a turn some ten milliseconds and saves both.
 */
const neverAsync: ReadonlySet<HookEvent> = new Set(["Stop", "SessionEnd"])
const clamped: ReadonlySet<HookEvent> = new Set(["SessionEnd", "Interrupt"])

/** Seconds. The hook leaves in milliseconds; this is for a machine that stands still, where Codex would wait for 600. */
const timeout = 10

export interface HookWishes {
  /** Stop and SessionEnd wait for the backend, as long as the user allows. */
  readonly flushOnTurnEnd: boolean
  readonly flushTimeoutSeconds: number
}

export const wantedHooks = (abilities: HookAbilities, wishes: HookWishes): ReadonlyArray<WantedHook> =>
  abilities.events.map((event) => {
    const waits = wishes.flushOnTurnEnd && event === "Stop"
    const seconds = waits ? Math.ceil(timeout + wishes.flushTimeoutSeconds) : timeout
    return {
      event,
      async: abilities.runsAsync && !neverAsync.has(event),
      ...(!clamped.has(event) && { timeout: seconds })
    }
  })
