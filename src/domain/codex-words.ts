/**
 * Codex's own words: the English sentences by which it tells what no field tells, and those that it puts into a request
 * itself. When a version changes its wording, this is the file to change.
 *
 * Owns the forms, from the first character on: the same words in the middle of a text are the tool's, not Codex's. Whom
 * to believe when a recorded status says something else is the machine's business. Where a form comes from: [seen] in
 * the recorded runs of the lab (0.77 to 0.169) of these versions, [source] read in openai/codex (codex-rs/core/src:
 * tools/events.rs, tools/parallel.rs, hook_runtime.rs, exec_policy.rs). The compaction prompt and the text of a patch's
 * result are in codex-rules.ts. Times are seconds.
 */
import type { Json, JsonObject } from "../wire/json.ts"

/** The text of an output, as far as Codex's words can stand in it: all of it, or its first part. */
export const textOf = (output: Json | undefined): string | undefined => {
  if (typeof output === "string") return output
  if (!Array.isArray(output)) return undefined
  const first = output[0] as JsonObject | null | undefined
  return typeof first?.text === "string" ? first.text : undefined
}

// ------------------------------------------------------------------------------------------------------- In a request

/** The output of a call that has none, when a request is built. It is in no record (codex.md). */
export const madeUpOutput = "aborted"

/** How the summary of a local compaction begins, when it is put into the history. */
export const summaryPreamble = "Another language model started to solve this problem"

const marks = [
  ...["environment_context", "user_instructions", "INSTRUCTIONS", "skill", "user_shell_command", "turn_aborted"],
  ...["subagent_notification", "user_action", "hook_prompt", "recommended_plugins", "goal_context"],
  "codex_internal_context"
]
const context = new RegExp(`^\\s*(?:<(?:${marks.join("|")})\\b|# AGENTS\\.md instructions)`)

/** Whether a message in the user's name tells the model of the world, and asks nothing. */
export const isContext = (text: string): boolean => context.test(text)

/** Whether a message to the model as its developer tells it of the world: each kind of that stands in a tag. */
export const isDeveloperContext = (text: string): boolean => text.startsWith("<")

/** Whether a message in the user's name was written by Codex. */
export const isWrittenByCodex = (text: string): boolean =>
  isContext(text) || text.trimStart().startsWith(summaryPreamble)

const agentNote = /^<subagent_notification>\s*(\{[\s\S]*\})\s*<\/subagent_notification>\s*$/

/** The JSON in a note that an agent is done (multi-agent v1). [seen 0.118 to 0.169] */
export const agentNoteIn = (text: string): string | undefined =>
  text.startsWith("<subagent_notification>") ? agentNote.exec(text)?.[1] : undefined

const skillContext = /^<skill>\s*<name>([^<\n]+)<\/name>/

/** The skill whose text Codex gives the model, since the user named it. [seen 0.118 to 0.169] */
export const skillNameIn = (text: string): string | undefined => skillContext.exec(text)?.[1]

/** Whether it is one of the marks that Codex writes around an image of the user's. */
export const isImageMark = (text: string): boolean => /^<\/?image\b[^>]*>$/.test(text)

// ---------------------------------------------------------------------------------------------- How a call was answered

/**
 * A call that was stopped. `aborted by user after 1.5s` [seen 0.77 to 0.169]; shells `Wall time: 1.5 seconds`, and on the
 * next line `aborted by user` [seen 0.155, 0.169]; `aborted before dispatch` [seen 0.169]; the output that was made up,
 * where a request is all there is.
 */
const aborted = /^(?:Wall time: [\d.]+ seconds\n)?aborted(?: by user(?: after [\d.]+s)?| before dispatch)?\s*$/

export const saysAborted = (text: string): boolean => aborted.test(text)

/** Calls that are over as soon as they are made: no such tool, or arguments that are none. [seen 0.77 +] */
const impossible = "unsupported (?:custom tool )?call: |failed to parse \\w+ arguments: "
const neverBegan = new RegExp(`^(?:${impossible})`)

export const saysNeverBegan = (text: string): boolean => neverBegan.test(text)

/** [seen 0.77 +: patches, images; 0.155 +: agents by path; 0.169: agents by id, terminals, cells. Others: source] */
const failures = [
  ...["apply_patch verification failed", "exec_command failed", "write_stdin failed", "execution error: "],
  ...["collab spawn failed: ", "live agent path `[^`]*` not found", "agent with id \\S+ not found"],
  ...["unable to locate image at ", "cell belongs to a stale "]
]
const failed = new RegExp(`^(?:${[impossible, ...failures].join("|")})`)

/** Whether it says that the call failed, where no exit code does. */
export const saysFailed = (text: string): boolean => failed.test(text)

/** A terminal that goes on. A plain search first: it costs a long text a tenth of what the pattern does. [seen 0.77 +] */
export const saysRunning = (text: string): boolean =>
  text.includes("\nProcess running with session ID ") && /\nProcess running with session ID \d+\n/.test(text)

/** The exit code of a command, in the head of its output: `Exit code: ` of shells, the others of terminals. [seen 0.77 +] */
export const exitCodeIn = (text: string): number | undefined => {
  const found = /^(?:Exit code: (-?\d+)\n|(?:.*\n){0,3}?Process exited with code (-?\d+)\n)/.exec(text)
  return found === null ? undefined : Number(found[1] ?? found[2])
}

export interface WallTime {
  readonly seconds: number
  /** How coarse it is written. */
  readonly grain: number
}

/** `Wall time: 0.4798 seconds`; scripts write it without the colon. [seen 0.77 to 0.169] */
export const wallTimeIn = (text: string): WallTime | undefined => {
  const found = /(?:^|\n)Wall time:? (\d+)(?:\.(\d+))? seconds/.exec(text)
  if (found === null) return undefined
  return { seconds: Number(`${found[1]}.${found[2] ?? 0}`), grain: 10 ** -(found[2]?.length ?? 0) }
}

// ---------------------------------------------------------------------------------------------------------- Code cells

/** What the answer to a script, or to a wait for it, says of it: that it runs on under an id, or how it ended. */
export interface CellWords {
  readonly runtimeId?: string
  readonly outcome?: "completed" | "failed" | "terminated"
}

const cellOutcomes: { readonly [word: string]: Exclude<CellWords["outcome"], undefined> | undefined } = {
  completed: "completed",
  failed: "failed",
  terminated: "terminated"
}

/** Undefined for anything else, such as what a script sent with `notify`. [seen 0.128 +] */
export const cellWordsIn = (text: string): CellWords | undefined => {
  const running = /^Script running(?: with cell ID (\S+))?/.exec(text)
  if (running !== null) return running[1] === undefined ? {} : { runtimeId: running[1] }
  const outcome = cellOutcomes[/^Script (completed|failed|terminated)/.exec(text)?.[1] ?? ""]
  return outcome === undefined ? undefined : { outcome }
}

/** A wait for a cell that is gone. [seen 0.169] */
export const saysNoSuchCell = (text: string): boolean => /exec cell \S+ not found/.test(text)

// ------------------------------------------------------------------------------------------------------------ Refusals

/** Who refused a call: the user, a policy, the reviewer in the user's place, or a hook. */
export interface Refusal {
  readonly by: "user" | "policy" | "reviewer" | "hook"
  /** Why, where whoever refused gave a reason. */
  readonly reason?: string
}

/** A patch [seen 0.77 to 0.169], and a command that runs in no terminal (`shell_command` …) [source]. */
const rejectedByUser = /^(?:patch|exec command) rejected by user\s*$/

/** `exec_command failed for `…`: CreateProcess { message: "Rejected(\"…\")" }`: commands in a terminal. [seen 0.77 to 0.169] */
const rejected = /^\w+ failed(?: for `[\s\S]*?`)?: \w+ \{ message: "Rejected\(\\?"([\s\S]*?)\\?"\)" \}/

/** `Command blocked by PreToolUse hook: <reason>. Command: …` [seen 0.142 +], of other tools `Tool call … Tool: …` [source]. */
const blocked = /^(?:Command|Tool call) blocked by \w+ hook: ([\s\S]*?)\. (?:Command|Tool): /

/** The refusal of a command or a patch by the user, the policy or the reviewer. Undefined for any other text. */
export const refusalIn = (text: string): Refusal | undefined => {
  if (rejectedByUser.test(text)) return { by: "user" }
  const words = rejected.exec(text)?.[1]
  if (words === undefined) return undefined
  if (words === "rejected by user") return { by: "user" }
  if (/policy forbids/.test(words)) return { by: "policy", reason: words }
  return { by: "reviewer", reason: words.replaceAll("\\n", "\n") }
}

/** The refusal of any call by a hook. */
export const hookRefusalIn = (text: string): Refusal | undefined => {
  const reason = blocked.exec(text)?.[1]
  return reason === undefined ? undefined : { by: "hook", reason }
}
