/**
 * `tracer uninstall`: takes exactly our entries out of Codex's hooks.json. Journals and settings stay where they are.
 */
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { codexFolder, configFile, stateFolder } from "../hook/places.ts"
import { planRemove } from "../setup/hooks-file.ts"
import { hooksFile, readHooksFile, writeHooksFile } from "../setup/hooks-json.ts"

const dryRun = Flag.Boolean("dry-run").pipe(
  Flag.withDescription("Print hooks.json as it would be, and change nothing"),
  Flag.withDefault(false)
)

export const uninstallCommand = Command.make(
  "uninstall",
  { dryRun },
  Effect.fnUntraced(function* (given) {
    const file = hooksFile(codexFolder(process.env))
    const text = yield* readHooksFile(file)
    if (text === undefined) return yield* Console.log(`${file} does not exist: there is nothing to remove`)
    const plan = yield* Effect.fromResult(planRemove(file, text))
    if (given.dryRun) return yield* Console.log(plan.text.trimEnd())
    if (plan.changes.length === 0) return yield* Console.log(`${file} has no hook of ours`)
    yield* writeHooksFile(file, plan.text)
    yield* Console.log(`${file}: ${plan.changes.length} hooks removed, everything else is as it was`)
    yield* Console.log(
      `Left in place: ${stateFolder(process.env)} (journals, watermarks), ${configFile(process.env)} (settings)`
    )
  })
).pipe(
  Command.withDescription("Take our hooks out of Codex again"),
  Command.withExamples([{ command: "tracer uninstall --dry-run", description: "See what would be left" }])
)
