/**
 * The generations of Codex's own reducer. A bundle does not say which release wrote it, and reducers of one schema
 * differ: this table says in what (rollout-trace.md §0), and it is the only place that knows versions.
 *
 * Each row adds to the one above. A rule asks for a feature, never for a version.
 */
import type { EventType } from "../wire/bundle/events.ts"
import type { NumberForm } from "../wire/bundle/json.ts"

/** What a reducer of some release does. Named after what later releases do; false is the older behaviour. */
export interface Features {
  readonly schema: 1 | 2
  /** Numbers that are echoed keep the text that they were written with; 0.128 reads them as doubles. */
  readonly numbers: NumberForm
  /** Items of type `agent_message`, sub-agent activities, authors of messages, MCP correlation. */
  readonly agentMessages: boolean
  /** Items of type `additional_tools` are skipped instead of refused; `cache_write_input_tokens`; activity `completed`. */
  readonly additionalTools: boolean
  /** The end of a command needs its exit code only; its output comes in one piece. */
  readonly aggregatedOutput: boolean
  /** A terminal session belongs to the command that opened it, not to a process id; code cells keep their responses. */
  readonly sessionPerCommand: boolean
  /**
   * What a runtime start says about the tool's kind: nothing, that it is an MCP call if its payload holds an MCP
   * invocation, or the kind itself.
   */
  readonly runtimeKind: "ignored" | "invocation" | "required"
  /** Schema 2 proper: the manifest must say 2, items have ids, images have hashes, acceptance is recorded. */
  readonly itemIds: boolean
  /**
   * An item stands once in a request, and the items of a call are listed in order of creation; threads can resume.
   */
  readonly itemsOnce: boolean
  /**
   * What is no fault of the recording refuses nothing: a tool output that changes, input for a terminal that names
   * no session, a summary whose cut falls inside a character.
   */
  readonly forgiving: boolean
  /** Sequence, rollout and every payload are checked; acceptance and completeness are part of the state. */
  readonly strictRecording: boolean
}

interface Generation extends Features {
  /** The first release that behaves so. */
  readonly since: readonly [minor: number, patch: number]
}

const base = {
  since: [128, 0],
  schema: 1,
  numbers: "double",
  agentMessages: false,
  additionalTools: false,
  aggregatedOutput: false,
  sessionPerCommand: false,
  runtimeKind: "ignored",
  itemIds: false,
  itemsOnce: false,
  forgiving: false,
  strictRecording: false
} satisfies Generation

const from142 = { ...base, since: [142, 0], numbers: "written", agentMessages: true } satisfies Generation
const from155 = { ...from142, since: [155, 0], additionalTools: true } satisfies Generation
const from162 = { ...from155, since: [162, 0], aggregatedOutput: true } satisfies Generation
const from164 = {
  ...from162,
  since: [164, 0],
  sessionPerCommand: true,
  runtimeKind: "invocation"
} satisfies Generation
const from165 = {
  ...from164,
  since: [165, 0],
  schema: 2,
  itemIds: true
} satisfies Generation
const from166 = {
  ...from165,
  since: [166, 0],
  runtimeKind: "required",
  itemsOnce: true,
  forgiving: true
} satisfies Generation
const from169 = { ...from166, since: [169, 0], strictRecording: true } satisfies Generation

const generations: ReadonlyArray<Generation> = [base, from142, from155, from162, from164, from165, from166, from169]

/** The event types that a release does not know yet. */
export const unknownTypes = (features: Features): ReadonlyArray<EventType> => [
  ...(features.agentMessages ? [] : (["mcp_tool_call_correlation_assigned"] as const)),
  ...(features.sessionPerCommand ? [] : (["stdin_target_resolved"] as const)),
  ...(features.itemIds ? [] : (["history_item_accepted"] as const)),
  ...(features.itemsOnce ? [] : (["thread_resumed"] as const)),
  ...(features.strictRecording ? [] : (["recording_completed"] as const))
]

/** `--as` named a release whose reducer is not known. */
export class UnknownGeneration extends Error {
  readonly _tag = "UnknownGeneration"
  readonly hint = "name a release from 0.128 on, such as 0.142.0, 0.155.0, 0.164.0 or 0.169.0"
  constructor(version: string) {
    super(`no reducer is known for Codex ${JSON.stringify(version)}`)
  }
}

/** The generation that a release belongs to: the last one that is not newer. Undefined before 0.128. */
export const generationOf = (version: string): Features | undefined => {
  const match = /^v?0\.(\d+)(?:\.(\d+))?(?:-.*)?$/.exec(version)
  if (match === null) return undefined
  const [minor, patch] = [Number(match[1]), Number(match[2] ?? 0)]
  return generations.findLast(({ since }) => since[0] < minor || (since[0] === minor && since[1] <= patch))
}

/** The generations whose state has this schema, the newest first, each under the first release that behaves so. */
export const generationsOf = (
  schema: number | bigint
): ReadonlyArray<{ readonly version: string; readonly features: Features }> =>
  generations
    .filter((generation) => generation.schema === schema)
    .map((features) => ({ version: `0.${features.since[0]}.${features.since[1]}`, features }))
    .toReversed()

/** What a bundle is reduced as when nobody says: the newest generation that reads its schema. */
export const newestOf = (schemaVersion: number | bigint): Features => (schemaVersion === 1 ? from164 : from169)
