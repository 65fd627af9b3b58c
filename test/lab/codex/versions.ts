/**
 * The versions of Codex that the lab knows, and what a version can do.
 *
 * Owns two lists: a new version is one line in `versions`; an ability is the version that first had it. What a version
 * writes into its transcripts is not stated here but recorded (known-shapes.json).
 */

export const versions = ["0.77.0", "0.101.0", "0.118.0", "0.128.0", "0.142.0", "0.155.0", "0.169.0"] as const

export const newest = "0.169.0"

/** Found by asking each version of the list for its app-server protocol, its tools and its flags. */
const firstWith = {
  /** `exec_command` without a feature flag. */
  unifiedExec: "0.101.0",
  /** Instructions are set by `model_instructions_file`. */
  modelInstructionsFile: "0.101.0",
  steer: "0.101.0",
  fork: "0.101.0",
  compact: "0.101.0",
  /** The provider compacts, and gives an item that only it can read. */
  remoteCompact: "0.101.0",
  agentsV1: "0.118.0",
  /** v1 agents are tools of the namespace `multi_agent_v1`; before, they are plain names. */
  agentsNamespace: "0.142.0",
  userShell: "0.118.0",
  /** rollout-trace bundles, and the command that reduces them. */
  bundles: "0.128.0",
  /** SessionStart to Stop; and the request that lists hooks with their hashes. */
  hooks: "0.128.0",
  trustedHooks: "0.142.0",
  /** Model requests, compaction, subagents and the session's end have hooks of their own. */
  allHooks: "0.155.0",
  goals: "0.155.0",
  /** Tools of the client's, questions to the user, tool search. */
  clientTools: "0.155.0",
  queue: "0.169.0",
  /** Old transcripts are compressed when asked for. */
  rolloutCompression: "0.169.0",
  /** A second file for a thread that was taken back; older versions write a `thread_rolled_back` record. */
  revert: "0.155.0",
  codeMode: "0.128.0",
  agentsV2: "0.155.0",
  /** A v2 agent may spawn agents itself. */
  deepAgentsV2: "0.169.0",
  /** An incomplete response ends the turn; before, the request is tried again. */
  incompleteEnds: "0.169.0",
  /** Knows models that want code mode and agents v2 by themselves; before, both are features to switch on. */
  codeModels: "0.169.0",
  /** Knows gpt-5.5. */
  gpt55: "0.128.0"
} as const

export type Ability = keyof typeof firstWith

export type ModelKind = "plain" | "code"

export interface CodexVersion {
  readonly version: string
  readonly can: (ability: Ability) => boolean
}

export const versionNamed = (version: string): CodexVersion => ({
  version,
  can: (ability) => atLeast(version, firstWith[ability])
})

/** The slug that makes a version behave as the scenario wants, and the features it must be given for that. */
export const modelOf = (
  codex: CodexVersion,
  kind: ModelKind
): { readonly slug: string; readonly features: ReadonlyArray<string> } => {
  const plain = codex.can("gpt55") ? "gpt-5.5" : "gpt-5.2-codex"
  if (kind === "plain") return { slug: plain, features: codex.can("unifiedExec") ? [] : ["unified_exec"] }
  if (codex.can("codeModels")) return { slug: "gpt-6-sol", features: [] }
  return { slug: plain, features: ["code_mode", ...(codex.can("agentsV2") ? ["multi_agent_v2"] : [])] }
}

const atLeast = (version: string, first: string): boolean => Bun.semver.order(version, first) >= 0
