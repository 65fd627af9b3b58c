/**
 * A Codex that tells its version and answers `hooks/list` with what stands in its home's hooks.json, and nothing else.
 */
import { chmodSync, writeFileSync } from "node:fs"

export interface CodexSays {
  readonly trust: string
  /** The events that it has; all by default. */
  readonly events?: ReadonlyArray<string>
  /** Events whose hooks the user switched off. */
  readonly disabled?: ReadonlyArray<string>
  /** Events for which a plugin brings a hook of ours. */
  readonly plugin?: ReadonlyArray<string>
  readonly warnings?: ReadonlyArray<string>
}

/** Writes it to a path, executable. */
export const scriptedCodex = (path: string, says: CodexSays): void => {
  const script = `#!${process.execPath}
import { readFileSync } from "node:fs"
const says = ${JSON.stringify(says)}
const file = process.env.CODEX_HOME + "/hooks.json"
const named = (event) => event[0].toLowerCase() + event.slice(1)
const listed = (event, hook, sourcePath) => ({ key: event, eventName: named(event), command: hook.command, async: hook.async === true, enabled: !says.disabled?.includes(event), trustStatus: says.trust, sourcePath })
const written = () => {
  try {
    return Object.entries(JSON.parse(readFileSync(file, "utf8")).hooks).filter(([event]) => says.events?.includes(event) ?? true).flatMap(([event, groups]) =>
      groups.flatMap(({ hooks }) => hooks.map((hook) => listed(event, hook, file))))
  } catch { return [] }
}
const brought = (says.plugin ?? []).map((event) => listed(event, { command: '"/plugin/bin/tracer" hook' }, "/plugin/hooks.json"))
if (process.argv[2] === "--version") console.log("codex-cli 0.169.0")
else {
  for await (const line of console) {
    const { id, method } = JSON.parse(line)
    if (method === "initialize") console.log(JSON.stringify({ id, result: {} }))
    if (method === "hooks/list") console.log(JSON.stringify({ id, result: { data: [{ cwd: "/", hooks: [...written(), ...brought], warnings: says.warnings ?? [], errors: [] }] } }))
  }
}
`
  writeFileSync(path, script)
  chmodSync(path, 0o755)
}
