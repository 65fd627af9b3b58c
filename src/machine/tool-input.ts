/**
 * The arguments of a call: as it was made, and as it really ran where a hook of the user's edited it.
 *
 * Nothing records that a hook did. It shows where what ran is another command, patch or argument than what was called:
 * by the run's item, else by PostToolUse beside PreToolUse. Both write in their own way (a command as the argv of a
 * shell or as one line, a patch without its last break, keys in any order), which is no edit.
 */
import { type Json, type JsonObject, sameJson } from "../wire/json.ts"
import { isObject } from "../wire/record.ts"
import type { Tool } from "./tool.ts"

const commandIn = (input: Json | undefined): string | undefined => {
  if (typeof input === "string") return input
  if (!isObject(input)) return undefined
  const said = input.command ?? input.cmd
  return typeof said === "string" ? said : Array.isArray(said) ? String(said.at(-1)) : undefined
}

/** The command or patch of a call, to be compared: PermissionRequest tells a patch without its last break. */
export const commandOf = (input: Json | undefined): string | undefined => commandIn(input)?.trimEnd()

/** Of a `shell` with an argv, hooks tell one line that quotes it: not to be compared with the argv itself. */
const isArgv = (input: Json | undefined): boolean => isObject(input) && Array.isArray(input.command ?? input.cmd)

const powershell = /(?:^|[/\\])(?:pwsh|powershell)(?:\.exe)?$/i

/** The command that an item says ran. Codex puts a line of its own before one for PowerShell. [source] */
const itemCommand = ({ run }: Tool, called: string): string | undefined => {
  const argv = run?.kind === "exec" ? run.facts?.command : undefined
  if (!Array.isArray(argv)) return undefined
  const ran = String(argv.at(-1))
  return powershell.test(String(argv[0])) && ran.trimEnd().endsWith(called) ? called : ran
}

/** What a hook was told before the call ran, else the call itself where it is written as hooks would. */
const toldBefore = ({ hook, call }: Tool): Json | undefined =>
  hook?.input ?? (isArgv(call?.input) ? undefined : call?.input)

const editedCommand = (tool: Tool): string | undefined => {
  const { call, hook, run } = tool
  const called = commandOf(call?.input) ?? commandOf(hook?.input) ?? commandOf(run?.input)
  const byItem = called === undefined ? undefined : itemCommand(tool, called)
  const ran = byItem ?? commandIn(hook?.ranInput)
  const before = byItem === undefined ? commandOf(toldBefore(tool)) : called
  return ran === undefined || before === undefined || ran.trimEnd() === before ? undefined : ran
}

/** Of an MCP call the item goes first: PostToolUse tells files by the names that they were uploaded under. [source] */
const editedArguments = (tool: Tool): JsonObject | undefined => {
  const { hook, run } = tool
  const ran = isObject(run?.input) ? run.input : hook?.ranInput
  const before = toldBefore(tool)
  return !isObject(ran) || !isObject(before) || sameJson(ran, before) ? undefined : ran
}

/** Hooks that tell a command or a patch as `{command}`; other tools' they tell as the arguments are. */
const commandHooks: ReadonlySet<string> = new Set(["Bash", "apply_patch"])

const isMcp = ({ call, hook, run }: Tool): boolean =>
  run?.kind === "mcp" ||
  (run?.kind === undefined && [call?.namespace, call?.name, hook?.name].some((name) => name?.startsWith("mcp__")))

/**
 * What really ran, where a hook had changed it: the command or the patch as a text, or the arguments of an MCP tool.
 * Undefined where nothing was changed, or where that is not known.
 */
export const editedInput = (tool: Tool): Json | undefined => {
  if (isMcp(tool)) return editedArguments(tool)
  const { hook } = tool
  return hook?.name === undefined || commandHooks.has(hook.name) ? editedCommand(tool) : undefined
}

/**
 * The arguments that the call was made with. Sources that know better come first: what the model wrote, what ran, what a
 * hook was given. Of a call that the model did not write itself, the hook alone was given them before they were edited.
 */
export const calledInput = (tool: Tool): Json | undefined => {
  const { call, hook, run } = tool
  if (call !== undefined) return call.input
  const edited = editedInput(tool)
  if (edited !== undefined && hook?.input !== undefined) return hook.input
  return run?.input ?? hook?.input ?? hook?.ranInput
}
