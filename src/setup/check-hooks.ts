/**
 * What `tracer doctor` finds of the hooks: as they are written in hooks.json, and as Codex sees them.
 *
 * The file answers for itself, also where no Codex can be asked: is it JSON, are our entries there, do their programs
 * exist. Only Codex knows whether they are what it could run, and whether it runs them.
 */
import { statSync } from "node:fs"
import { Effect, Result } from "effect"
import { codexFolder, type Environment, stateFolder } from "../hook/places.ts"
import { readSettings } from "../settings/settings.ts"
import { type CodexNotAsked, eventNamed, type HookMetadata, hookAbilities, listHooks } from "./codex.ts"
import { wantedHooks } from "./events.ts"
import { type Check, type Finding, finding } from "./finding.ts"
import { type HooksFileBroken, hookProgram, type OwnHook, ownHooks, planInstall } from "./hooks-file.ts"
import { hooksFile, readHooksFile } from "./hooks-json.ts"

const hooksFound = finding("hooks")
const trustFound = finding("trust")

const isOurs = ({ command }: HookMetadata): boolean => hookProgram(command) !== undefined

/** One that is named without a folder is looked for as the shell that Codex starts would. */
const programExists =
  ({ PATH }: Environment) =>
  (program: string): boolean =>
    /[/\\]/.test(program)
      ? statSync(program, { throwIfNoEntry: false }) !== undefined
      : Bun.which(program, { PATH: PATH ?? "" }) !== null

const trustRemedy = "start codex, type /hooks, and approve the hooks of tracer (only you can)"

/** What Codex itself says of our hooks: there, enabled, trusted. */
const trustFindings = (ours: ReadonlyArray<HookMetadata>): ReadonlyArray<Finding> => {
  if (ours.length === 0) return [trustFound("broken", "Codex sees no hook of ours", "tracer setup")]
  const names = (hooks: ReadonlyArray<HookMetadata>) => hooks.map(({ eventName }) => eventNamed(eventName)).join(", ")
  const disabled = ours.filter(({ enabled }) => enabled === false)
  const untrusted = ours.filter(({ trustStatus }) => trustStatus === "untrusted" || trustStatus === "modified")
  if (disabled.length === 0 && untrusted.length === 0) return [trustFound("ok", `Codex runs all ${ours.length} hooks`)]
  return [
    ...(disabled.length > 0
      ? [trustFound("broken", `disabled in Codex: ${names(disabled)}`, "enable them in codex: /hooks")]
      : []),
    ...(untrusted.length > 0
      ? [
          trustFound(
            "broken",
            `Codex does not run ${untrusted.length} of ${ours.length} hooks before they are approved: ${names(untrusted)}`,
            trustRemedy
          )
        ]
      : [])
  ]
}

/** The programs that the entries call and that are gone. */
const deadPrograms = (own: ReadonlyArray<OwnHook>, environment: Environment): ReadonlyArray<Finding> => {
  const exists = programExists(environment)
  return [...new Set(own.map(({ program }) => program))]
    .filter((program) => !exists(program))
    .map((program) => hooksFound("broken", `the hooks call ${program}, which does not exist`, "tracer setup"))
}

const calls = (file: string, own: ReadonlyArray<OwnHook>): Finding => {
  const events = new Set(own.map(({ event }) => event))
  const commands = new Set(own.map(({ command }) => command))
  return hooksFound("ok", `${file}: ${events.size} events call ${[...commands].join(", ")}`)
}

/** Whether the entries are what `tracer setup` would write now, for this Codex. */
const currentFindings = (
  environment: Environment,
  codex: string,
  file: string,
  text: string | undefined,
  own: ReadonlyArray<OwnHook>
): Effect.Effect<ReadonlyArray<Finding>, CodexNotAsked | HooksFileBroken> =>
  Effect.gen(function* () {
    const settings = readSettings(environment)
    const wishes = {
      flushOnTurnEnd: Result.isSuccess(settings) && settings.success.flushOnTurnEnd,
      flushTimeoutSeconds: Result.isSuccess(settings) ? settings.success.flushTimeoutSeconds : 0
    }
    const wanted = wantedHooks(yield* hookAbilities(codex), wishes)
    const plan = yield* Effect.fromResult(planInstall(file, text, wanted, process.execPath, programExists(environment)))
    const differing = plan.changes.filter(({ change }) => change !== "unchanged").map(({ event }) => event)
    if (differing.length === 0) return [calls(file, own)]
    return [
      hooksFound(
        "warning",
        `${file} is not what this Codex could run: ${differing.join(", ")}`,
        "tracer setup, then approve in codex: /hooks"
      )
    ]
  })

/** hooks.json itself. `listed` is what Codex sees of our hooks, absent where it could not be asked. */
const fileFindings = (
  environment: Environment,
  codex: string | undefined,
  listed: ReadonlyArray<HookMetadata> | undefined
): Check =>
  Effect.gen(function* () {
    const file = hooksFile(codexFolder(environment))
    const text = yield* readHooksFile(file)
    const own = yield* Effect.fromResult(ownHooks(file, text))
    if (own.length === 0) {
      if (listed !== undefined && listed.length > 0) {
        return [hooksFound("ok", `${listed.length} hooks come from the plugin`)]
      }
      const none = `${file} has no hook of ours`
      if (listed !== undefined) return [hooksFound("broken", none, "tracer setup")]
      // The plugin's hooks need no file, and only Codex knows of them.
      return [hooksFound("warning", none, "tracer setup, unless they come from the plugin")]
    }
    const dead = deadPrograms(own, environment)
    if (dead.length > 0) return dead
    if (codex === undefined || listed === undefined) return [calls(file, own)]
    return yield* currentFindings(environment, codex, file, text, own)
  }).pipe(
    Effect.catchTag("HooksFileBroken", ({ message, hint }) => Effect.succeed([hooksFound("broken", message, hint)])),
    Effect.catchTag("CodexNotAsked", ({ message, hint }) => Effect.succeed([hooksFound("warning", message, hint)]))
  )

/** Our hooks stand in hooks.json, and those of the plugin run as well. */
const twiceFindings = (environment: Environment, ours: ReadonlyArray<HookMetadata>): ReadonlyArray<Finding> => {
  const file = hooksFile(codexFolder(environment))
  const fromFile = ours.filter(({ sourcePath }) => sourcePath === file).length
  if (fromFile === 0 || fromFile === ours.length) return []
  return [
    hooksFound(
      "warning",
      "every event comes twice: from hooks.json and from the plugin",
      "tracer uninstall, or codex plugin remove tracer@tracer"
    )
  ]
}

/** The hooks, as they are written and as Codex sees them. Hooks that came with the plugin need no file. */
export const checkHooks = (environment: Environment, codex: string | undefined): Check =>
  Effect.gen(function* () {
    if (codex === undefined) {
      const unknown = "no codex on the PATH, so it cannot be asked whether it runs them"
      return [
        ...(yield* fileFindings(environment, undefined, undefined)),
        trustFound("warning", unknown, "tracer doctor --codex PATH")
      ]
    }
    const asked = yield* Effect.result(listHooks(codex, codexFolder(environment), stateFolder(environment)))
    if (Result.isFailure(asked)) {
      const { message, hint } = asked.failure
      return [...(yield* fileFindings(environment, codex, undefined)), trustFound("warning", message, hint)]
    }
    const ours = asked.success.hooks.filter(isOurs)
    return [
      ...(yield* fileFindings(environment, codex, ours)),
      ...twiceFindings(environment, ours),
      ...asked.success.warnings.map((warning) => hooksFound("warning", `Codex says: ${warning}`)),
      ...trustFindings(ours)
    ]
  })
