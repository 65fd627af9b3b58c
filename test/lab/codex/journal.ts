/**
 * Hooks that write down every call, and the journal that comes of it: `{"at_ns": <arrival>, "payload": {…}}` a line.
 *
 * Owns hooks.json, the recording script and the order of the journal. The script is three lines of shell, because a
 * hook's cost is part of what is recorded; one file a call, because calls overlap and a long line is not appended whole.
 */
import { chmod, readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import type { CodexHome } from "./home.ts"
import type { CodexVersion } from "./versions.ts"

const early = ["SessionStart", "UserPromptSubmit", "PreToolUse", "PermissionRequest", "PostToolUse", "Stop"]
const compaction = ["PreCompact", "PostCompact"]
const later = ["PreModelRequest", "PostModelRequest", "SubagentStart", "SubagentStop", "Interrupt", "SessionEnd"]

export const hookEvents = (codex: CodexVersion): ReadonlyArray<string> => [
  ...(codex.can("hooks") ? early : []),
  ...(codex.can("trustedHooks") ? compaction : []),
  ...(codex.can("allHooks") ? later : [])
]

/** A hook that does not record but decides. */
export interface Guard {
  readonly event: string
  readonly matcher?: string
  readonly command: string
}

/** Writes hooks.json and the script it calls. Codex asks for trust before it runs them (see approveHooks). */
export const installJournal = async (home: CodexHome, codex: CodexVersion, guard?: Guard): Promise<void> => {
  const script = join(home.root, "journal.sh")
  // All of stdin first, then one write: a hook that Codex stops while it reads has left nothing, not half a line.
  const lines = [
    "#!/bin/sh",
    "at=$(date +%s%N)",
    "payload=$(tr -d '\\n')",
    `printf '{"at_ns": %s, "payload": %s}' "$at" "$payload" > '${home.journal}'/"$at-$$"`
  ]
  await Bun.write(script, `${lines.join("\n")}\n`)
  await chmod(script, 0o755)
  const hook = { hooks: [{ type: "command", command: script }] }
  const guarding = guard && { matcher: guard.matcher ?? "*", hooks: [{ type: "command", command: guard.command }] }
  const events = Object.fromEntries(
    hookEvents(codex).map((event) => [
      event,
      guarding !== undefined && guard?.event === event ? [hook, guarding] : [hook]
    ])
  )
  await Bun.write(join(home.home, "hooks.json"), JSON.stringify({ hooks: events }, null, 2))
}

/** The journal so far, in order of arrival; undefined when no hook was called. */
export const readJournal = async (home: CodexHome): Promise<string | undefined> => {
  const names = (await readdir(home.journal)).sort(byArrival)
  if (names.length === 0) return undefined
  const texts = await Promise.all(names.map((name) => readFile(join(home.journal, name), "utf8")))
  // The end of a run may stop a hook between opening its file and writing it.
  const lines = texts.filter((text) => text.endsWith("}}"))
  return `${lines.join("\n")}\n`
}

/** `<arrival>-<pid>`: the digits are too many for a number, and the same length for the next two centuries. */
const byArrival = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
