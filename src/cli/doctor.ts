/**
 * `tracer doctor`: asks everything that can be asked, and says of each what is wrong and what to do. Exit code 1 when
 * something is broken.
 */
import { Console, Effect, Option, Result } from "effect"
import { Command } from "effect/cli"
import { readSettings } from "../settings/settings.ts"
import { checkHooks } from "../setup/check-hooks.ts"
import * as checks from "../setup/checks.ts"
import { findCodex } from "../setup/codex.ts"
import type { Finding } from "../setup/finding.ts"
import { Incomplete } from "./errors.ts"
import { printedJson } from "./printed-json.ts"
import { codexFlag } from "./setup.ts"
import { jsonFlag } from "./status.ts"

const marks = { ok: "ok      ", warning: "warning ", broken: "BROKEN  " } as const

const line = ({ check, state, what, remedy }: Finding): string =>
  `${marks[state]}${check}: ${what}${remedy === undefined ? "" : `\n          → ${remedy}`}`

const findings = (codex: string | undefined) =>
  Effect.gen(function* () {
    const environment = process.env
    const settings = readSettings(environment)
    const local = [...checks.checkSettings(environment), ...checks.checkStateFolder(environment)]
    const asked = yield* Effect.all(
      [
        checks.checkBackend(environment, Result.isSuccess(settings) ? settings.success : undefined),
        checkHooks(environment, codex),
        checks.checkCollector(environment),
        checks.checkDelivery(environment)
      ],
      { concurrency: "unbounded" }
    )
    return [...local, ...asked.flat()]
  })

export const doctorCommand = Command.make(
  "doctor",
  { codex: codexFlag, json: jsonFlag },
  Effect.fnUntraced(function* (given) {
    const found = yield* findings(findCodex(Option.getOrUndefined(given.codex)))
    const isBroken = found.some(({ state }) => state === "broken")
    yield* Console.log(given.json ? printedJson({ ok: !isBroken, findings: found }) : found.map(line).join("\n"))
    if (isBroken) return yield* new Incomplete({})
  })
).pipe(
  Command.withDescription("Check settings, backend, hooks and their trust, collector and delivery; with remedies"),
  Command.withExamples([
    { command: "tracer doctor", description: "After tracer setup, and whenever no spans appear" },
    { command: "tracer doctor --json", description: "The same for a program; exit code 1 when something is broken" }
  ])
)
