/**
 * The command line: the tree of commands, what surrounds each, and how the process ends.
 *
 * Owns signals, errors on stderr, exit codes, and which services a command finds. Nothing but output is written to
 * stdout. `hook` and `--version` never come here (src/main.ts): they must not wait for what is loaded here. Help about
 * `hook` does.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Deferred, Effect, Exit, Layer, References, Runtime } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag } from "effect/cli"
import { version } from "../version.ts"
import { collectCommand } from "./collect.ts"
import { doctorCommand } from "./doctor.ts"
import { exitCodeOf, sayCause } from "./errors.ts"
import { followCommand } from "./follow.ts"
import { hookCommand } from "./hook.ts"
import { readCommand } from "./read.ts"
import { recordCommand } from "./record.ts"
import { reduceCommand } from "./reduce.ts"
import { setupCommand } from "./setup.ts"
import { statusCommand } from "./status.ts"
import { Stop } from "./stop.ts"
import { uninstallCommand } from "./uninstall.ts"

const command = readCommand.pipe(
  Command.withSubcommands([
    followCommand,
    reduceCommand,
    recordCommand,
    collectCommand,
    hookCommand,
    setupCommand,
    uninstallCommand,
    statusCommand,
    doctorCommand
  ])
)

/** A wrong invocation: what is wrong, on stderr, and where help is. Help that was asked for goes to stdout. */
const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error(
          [
            ...event.errors.map((error) => `tracer: ${error.message}`),
            `  usage: ${event.helpDoc.usage}`,
            `  hint: ${event.commandPath.join(" ")} --help tells more`
          ].join("\n")
        )
      : CliOutput.defaultPresenter.present(event)
}

const program = (args: ReadonlyArray<string>) =>
  Command.runWith(command, { version })(args).pipe(
    Effect.tapCause(sayCause),
    Effect.provide([
      NodeServices.layer,
      CliOutput.layerPresenter(presenter),
      CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
      Layer.succeed(References.LogToStderr, true)
    ])
  )

/** Runs a command line to its end and leaves with its code, whatever is still open. */
export const main = (args: ReadonlyArray<string> = process.argv.slice(2)): void => {
  const requested = Deferred.makeUnsafe<void>()
  let signals = 0
  Runtime.makeRunMain(({ fiber, teardown }) => {
    const onSignal = () => {
      signals += 1
      if (signals === 1) Deferred.doneUnsafe(requested, Exit.void)
      else fiber.interruptUnsafe(fiber.id)
    }
    // A closed terminal is a wish to stop like the others.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal)
    fiber.addObserver((exit) => teardown(exit, (code) => process.exit(code)))
  })(
    program(args).pipe(
      Effect.provideService(Stop, { requested: Deferred.await(requested), isRequested: () => signals > 0 })
    ),
    {
      disableErrorReporting: true,
      teardown: (exit, leave) => leave(exitCodeOf(exit))
    }
  )
}
