import { describe, expect, test } from "bun:test"
import { Cause, Exit, Schema } from "effect"
import { CliError } from "effect/cli"
import { exitCodeOf, Incomplete, WrongUse } from "../../src/cli/errors.ts"
import { renderError } from "../../src/cli/told.ts"
import { SourceFailed } from "../../src/source/file.ts"
import { NotLocated } from "../../src/source/locate.ts"

class Placed extends Schema.TaggedError<Placed>()("Placed", {}) {
  override get message() {
    return "two things\nare wrong"
  }
  get place() {
    return "config.toml: redact"
  }
  get hint() {
    return "true or false"
  }
}

describe("errors", () => {
  test("an error says what happened, where, and what to do", () => {
    expect(renderError(new Placed())).toBe(
      "tracer: two things\n  are wrong\n  config.toml: redact\n  hint: true or false"
    )
    expect(renderError(new SourceFailed({ file: "a", reason: "permission denied" }))).toBe(
      "tracer: cannot read a: permission denied"
    )
    expect(renderError("plain")).toBe("tracer: plain")
  })

  test("0 is all well, 1 left something out, 2 is wrong use", () => {
    const code = (error: unknown) => exitCodeOf(Exit.fail(error))
    expect(exitCodeOf(Exit.succeed(undefined))).toBe(0)
    expect(code(new Incomplete())).toBe(1)
    expect(code(new SourceFailed({ file: "a", reason: "b" }))).toBe(1)
    expect(exitCodeOf(Exit.die(new Error("ours")))).toBe(1)
    expect(code(new WrongUse({ reason: "no" }))).toBe(2)
    expect(code(new NotLocated({ wanted: "a", reason: "b", hint: "c" }))).toBe(2)
    expect(code(new CliError.ShowHelp({ commandPath: ["tracer"], errors: [] }))).toBe(0)
    expect(code(new CliError.InvalidValue({ option: "to", value: "x", expected: "y", kind: "flag" }))).toBe(2)
  })

  test("a command that was interrupted by a second signal did not do all", () => {
    expect(exitCodeOf(Exit.failCause(Cause.interrupt()))).not.toBe(0)
  })
})
