/**
 * The versions of Codex that the lab knows, and what each of them can do.
 *
 * Owns the one list: a new version is one line here. What a version writes into its transcripts is not stated, but
 * recorded (known-shapes.json).
 */

export interface CodexVersion {
  readonly version: string
  /** Hook events that this version calls; none where it has no hooks. */
  readonly hooks: "none" | "early" | "full"
  /** Records a rollout-trace bundle and can reduce it. */
  readonly bundles: boolean
  /** Has the app-server requests that the lab's driver speaks. */
  readonly appServer: boolean
  /** Agents: none, v1 only, or v1 and v2. */
  readonly agents: "none" | "v1" | "both"
  /** Code mode: the model writes JavaScript cells. */
  readonly codeMode: boolean
}

export const versions: ReadonlyArray<CodexVersion> = [
  { version: "0.77.0", hooks: "none", bundles: false, appServer: false, agents: "none", codeMode: false },
  { version: "0.101.0", hooks: "none", bundles: false, appServer: false, agents: "none", codeMode: false },
  { version: "0.118.0", hooks: "none", bundles: false, appServer: false, agents: "none", codeMode: false },
  { version: "0.128.0", hooks: "early", bundles: true, appServer: false, agents: "none", codeMode: false },
  { version: "0.142.0", hooks: "early", bundles: true, appServer: false, agents: "none", codeMode: false },
  { version: "0.155.0", hooks: "full", bundles: true, appServer: true, agents: "v1", codeMode: false },
  { version: "0.169.0", hooks: "full", bundles: true, appServer: true, agents: "both", codeMode: true }
]

export const newest = "0.169.0"

/** What is known of a version; one that is not in the list is taken for a newer one, with everything. */
export const versionNamed = (version: string): CodexVersion =>
  versions.find((known) => known.version === version) ?? {
    version,
    hooks: "full",
    bundles: true,
    appServer: true,
    agents: "both",
    codeMode: true
  }
