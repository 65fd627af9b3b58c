/**
 * An error as the user reads it, and the exit codes: what every way into a command has in common.
 *
 * Owns the form (`tracer: message`, its place, `hint:`). Imports nothing, so that a short command can use it.
 */
export const exitCodes = { ok: 0, incomplete: 1, wrongUse: 2 } as const

interface Told {
  readonly message: string
  readonly place?: unknown
  readonly hint?: unknown
}

const isTold = (error: unknown): error is Told =>
  typeof error === "object" && error !== null && typeof (error as { message?: unknown }).message === "string"

const indented = (text: string) => text.replaceAll("\n", "\n  ")

/** The error as the user reads it, without a line break at the end. */
export const renderError = (error: unknown): string => {
  if (!isTold(error)) return `tracer: ${String(error)}`
  const { message, place, hint } = error
  return [
    `tracer: ${indented(message)}`,
    ...(typeof place === "string" ? [`  ${indented(place)}`] : []),
    ...(typeof hint === "string" ? [`  hint: ${indented(hint)}`] : [])
  ].join("\n")
}
