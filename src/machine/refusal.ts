/**
 * Who refused a call, as its output tells: the user, a policy, the reviewer, or a hook.
 *
 * Codex answers a call that was not allowed with a text of its own (0.77 to 0.169, seen in recorded runs); nothing else
 * reports the decision. A tool's own output never matches: the forms are Codex's, from the first character on.
 */

export interface Refusal {
  readonly by: "user" | "policy" | "reviewer" | "hook"
  /** Why, where whoever refused gave a reason. */
  readonly reason?: string
}

/** `exec_command failed for `…`: CreateProcess { message: "Rejected(\"…\")" }` */
const rejected = /^\w+ failed(?: for `[\s\S]*?`)?: \w+ \{ message: "Rejected\(\\?"([\s\S]*?)\\?"\)" \}/

/** `Command blocked by PreToolUse hook: <reason>. Command: …` */
const blocked = /^Command blocked by \w+ hook: ([\s\S]*?)\. Command: /

/** Reads a refusal; undefined for any other output. */
export const readRefusal = (output: string): Refusal | undefined => {
  if (/^(?:patch|command|exec_command) rejected by user/.test(output)) return { by: "user" }
  const hook = blocked.exec(output)
  if (hook !== null) return { by: "hook", reason: hook[1] as string }
  const words = rejected.exec(output)?.[1]
  if (words === undefined) return undefined
  if (words === "rejected by user") return { by: "user" }
  if (/policy forbids/.test(words)) return { by: "policy", reason: words }
  return { by: "reviewer", reason: words.replaceAll("\\n", "\n") }
}
