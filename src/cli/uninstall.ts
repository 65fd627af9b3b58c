/**
 * `tracer uninstall`: takes exactly our entries out of Codex's hooks.json. Journals and settings stay where they are.
 */
import { existsSync } from "node:fs"
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
    const count = plan.changes.length
    yield* Console.log(`${file}: ${count} ${count === 1 ? "hook" : "hooks"} removed, everything else is as it was`)
    const left = [
      { path: stateFolder(process.env), what: "journals, watermarks" },
      { path: configFile(process.env), what: "settings" }
    ].filter(({ path }) => existsSync(path))
    if (left.length > 0)
      yield* Console.log(`Left in place: ${left.map(({ path, what }) => `${path} (${what})`).join(", ")}`)
  })
).pipe(
  Command.withDescription("Take our hooks out of Codex again"),
  Command.withExamples([{ command: "tracer uninstall --dry-run", description: "See what would be left" }])
)
