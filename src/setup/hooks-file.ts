/**
 * `hooks.json` as text in, text out: our entries put in, brought up to date, or taken out, and nothing else moved.
 *
 * Codex remembers the user's approval by position and by a hash of the entry. So entries are only ever appended, ours
 * is corrected where it stands, its command is kept while that program exists, and when ours is taken out from before
 * other people's, an empty group stays in its place. Pure: finding Codex and writing the file are elsewhere.
 */
import { Result, Schema } from "effect"

/** An entry that shall be there. */
export interface WantedHook {
  readonly event: string
  readonly async: boolean
  /** Seconds. */
  readonly timeout?: number
}

export interface HooksFileChange {
  readonly event: string
  readonly change: "added" | "updated" | "unchanged" | "removed"
  readonly async: boolean
}

export interface HooksFilePlan {
  readonly text: string
  readonly changes: ReadonlyArray<HooksFileChange>
  /** The command that the entries have: one of an earlier set-up is kept. */
  readonly command: string
}

/** What is there is not what Codex reads: we change nothing. */
export class HooksFileBroken extends Schema.TaggedError<HooksFileBroken>()("HooksFileBroken", {
  file: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.file} ${this.reason}; nothing was changed`
  }
  get hint() {
    return "correct the file or move it away, then run the command again"
  }
}

interface Fields {
  [key: string]: unknown
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * The names that our executable has: as it is built (build.ts, the release of each platform), and with a version. Any
 * other that begins like ours is someone else's program.
 */
const ownName = /^tracer(?:-(?:linux|darwin|windows)-(?:x64|arm64)(?:-musl)?|-\d+(?:\.\d+)*)?(?:\.exe)?$/

/** Whether a program is ours, by its name: only such a one is known again by a later set-up, and by its removal. */
export const isOwnProgram = (program: string): boolean => ownName.test(program.replace(/^.*[/\\]/s, ""))

/** The program of a command that calls our hook, without its quotes; undefined where the command is someone else's. */
export const hookProgram = (command: unknown): string | undefined => {
  if (typeof command !== "string") return undefined
  const [, single, double, bare] = /^\s*(?:'((?:[^']|'\\'')+)'|"([^"]+)"|(\S+))\s+hook\s*$/.exec(command) ?? []
  const program = single?.replaceAll("'\\''", "'") ?? double ?? bare
  return program !== undefined && isOwnProgram(program) ? program : undefined
}

/** The command line that Codex gives to a shell. */
export const hookCommand = (program: string): string =>
  process.platform === "win32" ? `"${program}" hook` : `'${program.replaceAll("'", `'\\''`)}' hook`

interface Parsed {
  readonly root: Fields
  readonly hooks: Fields
  readonly indent: string
}

const isGroup = (value: unknown): boolean =>
  isFields(value) && Array.isArray(value.hooks) && value.hooks.every(isFields)

const indentOf = (text: string): string => /^[ \t]+(?=")/m.exec(text)?.[0] ?? "  "

const parse = (file: string, text: string | undefined): Result.Result<Parsed, HooksFileBroken> => {
  const broken = (reason: string) => Result.fail(new HooksFileBroken({ file, reason }))
  if (text === undefined || text.trim() === "") {
    const hooks: Fields = {}
    return Result.succeed({ root: { hooks }, hooks, indent: "  " })
  }
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch (cause) {
    return broken(`is not JSON (${cause instanceof Error ? cause.message : String(cause)})`)
  }
  if (!isFields(root)) return broken("is not a JSON object")
  if (root.hooks === undefined) root.hooks = {}
  const hooks = root.hooks
  if (!isFields(hooks)) return broken('has a "hooks" that is not an object')
  const wrong = Object.entries(hooks).find(([, groups]) => !Array.isArray(groups) || !groups.every(isGroup))
  if (wrong !== undefined) return broken(`has something else than groups of hooks under "${wrong[0]}"`)
  return Result.succeed({ root, hooks, indent: indentOf(text) })
}

interface Group extends Fields {
  hooks: Array<Fields>
}

/** Checked by `parse`: every event holds groups of hooks. */
const groupsOf = (hooks: Fields, event: string): Array<Group> => (hooks[event] ?? []) as Array<Group>

/** Our entry of an event, and where it stands. */
const findOurs = (groups: Array<Group>) => {
  for (const group of groups) {
    const index = group.hooks.findIndex((hook) => hookProgram(hook.command) !== undefined)
    const hook = group.hooks[index]
    if (hook !== undefined) return { group, index, hook }
  }
  return undefined
}

/** An entry of ours as it stands in the file. */
export interface OwnHook {
  readonly event: string
  readonly command: string
  readonly program: string
}

/** Our entries, in the file's order. */
export const ownHooks = (
  file: string,
  text: string | undefined
): Result.Result<ReadonlyArray<OwnHook>, HooksFileBroken> =>
  Result.map(parse(file, text), ({ hooks }) =>
    Object.keys(hooks).flatMap((event) =>
      groupsOf(hooks, event).flatMap((group) =>
        group.hooks.flatMap(({ command }) => {
          const program = hookProgram(command)
          return program === undefined ? [] : [{ event, command: command as string, program }]
        })
      )
    )
  )

const entry = (command: string, { async, timeout }: WantedHook): Fields => ({
  type: "command",
  command,
  ...(timeout !== undefined && { timeout }),
  ...(async && { async })
})

const isSame = (one: Fields, other: Fields): boolean => {
  const sorted = (fields: Fields) => JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))
  return sorted(one) === sorted(other)
}

const printed = ({ root, indent }: Parsed): string => `${JSON.stringify(root, null, indent)}\n`

/** The command that an earlier set-up wrote, if its program is still there. */
const keptCommand = (hooks: Fields, exists: (program: string) => boolean): string | undefined => {
  for (const event of Object.keys(hooks)) {
    const command = findOurs(groupsOf(hooks, event))?.hook.command
    const program = hookProgram(command)
    if (program !== undefined && exists(program)) return command as string
  }
  return undefined
}

/** Puts the wanted entries in. `program` is used where no earlier set-up named one that still exists. */
export const planInstall = (
  file: string,
  text: string | undefined,
  wanted: ReadonlyArray<WantedHook>,
  program: string,
  exists: (program: string) => boolean
): Result.Result<HooksFilePlan, HooksFileBroken> =>
  Result.map(parse(file, text), (parsed) => {
    const { hooks } = parsed
    const command = keptCommand(hooks, exists) ?? hookCommand(program)
    const changes = wanted.map((hook): HooksFileChange => {
      const groups = groupsOf(hooks, hook.event)
      const ours = findOurs(groups)
      const fields = entry(command, hook)
      if (ours === undefined) {
        hooks[hook.event] = [...groups, { hooks: [fields] }]
        return { event: hook.event, change: "added", async: hook.async }
      }
      if (isSame(ours.hook, fields)) return { event: hook.event, change: "unchanged", async: hook.async }
      ours.group.hooks[ours.index] = fields
      return { event: hook.event, change: "updated", async: hook.async }
    })
    // An entry for an event that this Codex does not have is left: it is ignored, and taking it out moves others.
    const isChanged = changes.some(({ change }) => change !== "unchanged")
    return { text: isChanged || text === undefined ? printed(parsed) : text, changes, command }
  })

/** Takes our entries out, and what was only there for them. */
export const planRemove = (file: string, text: string): Result.Result<HooksFilePlan, HooksFileBroken> =>
  Result.map(parse(file, text), (parsed) => {
    const { hooks } = parsed
    const changes: Array<HooksFileChange> = []
    let command = ""
    for (const event of Object.keys(hooks)) {
      const groups = groupsOf(hooks, event)
      for (let ours = findOurs(groups); ours !== undefined; ours = findOurs(groups)) {
        command = String(ours.hook.command)
        ours.group.hooks.splice(ours.index, 1)
        changes.push({ event, change: "removed", async: ours.hook.async === true })
      }
      if (changes.at(-1)?.event !== event) continue
      while (groups.at(-1)?.hooks.length === 0) groups.pop()
      if (groups.length === 0) delete hooks[event]
    }
    return { text: changes.length > 0 ? printed(parsed) : text, changes, command }
  })
