/**
 * How a command fails: one text on stderr (told.ts), one exit code: 0 all well, 1 something was skipped or not
 * delivered, 2 wrong use.
 *
 * Owns which error gets which code. What an error says is written where it is raised.
 */
import { Cause, Console, Effect, Exit, Runtime, Schema } from "effect"
import { CliError } from "effect/cli"
import { NothingNamed } from "../bundle/explain/explain.ts"
import { NotLocated } from "../source/locate.ts"
import { isWrongReduction } from "./reduction.ts"
import { exitCodes, renderError } from "./told.ts"

/** The command was used in a way that cannot mean anything. */
export class WrongUse extends Schema.TaggedError<WrongUse>()("WrongUse", {
  reason: Schema.String,
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    return this.reason
  }
  override readonly [Runtime.errorExitCode] = exitCodes.wrongUse
}

/** The command did what it could; what was left out has been said. */
export class Incomplete extends Schema.TaggedError<Incomplete>()("Incomplete", {}) {
  override get message() {
    return "something was skipped or not delivered"
  }
  override readonly [Runtime.errorReported] = false
}

const renderCause = (cause: Cause.Cause<unknown>): string | undefined => {
  if (Cause.hasInterruptsOnly(cause)) return undefined
  const error = Cause.squash(cause)
  if (CliError.isCliError(error) || !Runtime.getErrorReported(error)) return undefined
  const unexpected = cause.reasons.some((reason) => reason._tag === "Die")
  return unexpected ? `tracer: an error of ours, please report it\n${Cause.pretty(cause)}` : renderError(error)
}

/** Writes what failed to stderr, where it has not been said before. */
export const sayCause = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  const text = renderCause(cause)
  return text === undefined ? Effect.void : Console.error(text)
}

/** The exit code of a command. One that was interrupted by a second signal left something undelivered. */
export const exitCodeOf = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return exitCodes.ok
  const error = Cause.squash(exit.cause)
  if (error instanceof NotLocated || error instanceof NothingNamed) return exitCodes.wrongUse
  if (isWrongReduction(error)) return exitCodes.wrongUse
  if (CliError.isCliError(error))
    return error._tag === "ShowHelp" && error.errors.length === 0 ? exitCodes.ok : exitCodes.wrongUse
  return Runtime.getErrorExitCode(error)
}
