/**
 * `tracer setup`: puts our hooks into Codex's hooks.json, and says the one step that is left to the user.
 *
 * Owns what is asked, printed and written. What an entry looks like and where it goes is setup/.
 */
import { accessSync, constants } from "node:fs"
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { codexFolder } from "../hook/places.ts"
import { readSwitches } from "../hook/switches.ts"
import { codexVersion, findCodex, hookAbilities } from "../setup/codex.ts"
import { fewestAbilities, type HookAbilities, wantedHooks } from "../setup/events.ts"
import { type HooksFilePlan, isOwnProgram, planInstall } from "../setup/hooks-file.ts"
import { hooksFile, readHooksFile, writeHooksFile } from "../setup/hooks-json.ts"
import { WrongUse } from "./errors.ts"

export const codexFlag = Flag.String("codex").pipe(
  Flag.withMetavar("PATH"),
  Flag.withDescription("The Codex to set up for; default: the one on the PATH"),
  Flag.optional
)

const dryRun = Flag.Boolean("dry-run").pipe(
  Flag.withDescription("Print hooks.json as it would be, and change nothing"),
  Flag.withDefault(false)
)

const program = Flag.String("program").pipe(
  Flag.withMetavar("PATH"),
  Flag.withDescription("The tracer executable that hooks shall call; default: this one"),
  Flag.optional
)

export const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Absent, or not to be run by us: both are a no.
    return false
  }
}

/** What the installed Codex can do; where none can be asked, what all can. */
const abilitiesOf = (named: string | undefined) =>
  Effect.gen(function* () {
    const codex = findCodex(named)
    if (codex === undefined) {
      yield* Console.error(
        "tracer: no codex on the PATH; writing the hooks that every version runs (--codex PATH names one)"
      )
      return fewestAbilities
    }
    const found = yield* codexVersion(codex)
    const abilities = yield* Effect.catchTag(hookAbilities(codex), "CodexNotAsked", (failure) =>
      Effect.as(Console.error(`tracer: ${failure.message}; writing the hooks that every version runs`), fewestAbilities)
    )
    const manner = abilities.runsAsync ? "which run without being waited for" : "which this version waits for"
    yield* Console.error(`Codex ${found}: ${abilities.events.length} hook events, ${manner}`)
    return abilities satisfies HookAbilities
  })

const summary = ({ changes, command }: HooksFilePlan, file: string): string => {
  const counted = (change: string) => changes.filter((one) => one.change === change).length
  const [added, updated, unchanged] = [counted("added"), counted("updated"), counted("unchanged")]
  return `${file}: ${added} hooks added, ${updated} updated, ${unchanged} as they were; each calls ${command}`
}

export const setupCommand = Command.make(
  "setup",
  { codex: codexFlag, dryRun, program },
  Effect.fnUntraced(function* (given) {
    const ours = Option.getOrElse(given.program, () => process.execPath)
    if (!isOwnProgram(ours)) {
      const hint =
        "npm run build makes dist/tracer; or name one with --program PATH, called tracer or tracer-0.1.0: later it is known by its name"
      return yield* new WrongUse({ reason: `${ours} is not a tracer executable that a hook could call`, hint })
    }
    const switches = readSwitches(process.env)
    const wishes = { flushOnTurnEnd: switches.flushOnTurnEnd, flushTimeoutSeconds: switches.flushTimeoutMs / 1000 }
    const abilities = yield* abilitiesOf(Option.getOrUndefined(given.codex))
    const file = hooksFile(codexFolder(process.env))
    const text = yield* readHooksFile(file)
    const plan = yield* Effect.fromResult(planInstall(file, text, wantedHooks(abilities, wishes), ours, isExecutable))
    if (given.dryRun) {
      yield* Console.error(`would write ${summary(plan, file)}`)
      return yield* Console.log(plan.text.trimEnd())
    }
    if (plan.text !== text) yield* writeHooksFile(file, plan.text)
    yield* Console.log(summary(plan, file))
    if (plan.text === text)
      return yield* Console.log("Nothing was changed; `tracer doctor` tells whether Codex trusts them.")
    yield* Console.log("One step is left, and it is yours: start codex, type /hooks, and approve the new hooks.")
    yield* Console.log(
      "Codex does not run a hook before that, and `codex exec` skips it without a word. Then: tracer doctor"
    )
  })
).pipe(
  Command.withDescription("Install the hooks into Codex (hooks.json in CODEX_HOME or ~/.codex)"),
  Command.withExamples([
    { command: "tracer setup --dry-run", description: "See what would be written" },
    { command: "tracer setup --codex ~/bin/codex", description: "For a Codex that is not on the PATH" }
  ])
)
