/**
 * The short way into `tracer reduce`: a plain command line is read here and carried out without loading effect.
 *
 * Owns the names of the flags, and which command lines are plain. Every other one (help, `--explain`, a flag twice,
 * anything unknown or wrong) is for the command itself (reduce.ts): there is one help and one set of messages.
 */
import { statSync } from "node:fs"
import { shortRun, startOver } from "../engine.ts"
import { exitCodes, renderError } from "./told.ts"

/** The flags, by what they mean. */
export const flagNames = {
  output: "output",
  outputAlias: "o",
  as: "as",
  check: "check",
  lenient: "lenient",
  explain: "explain",
  json: "json"
} as const

/** A command line, read. */
export interface Wanted {
  readonly bundle: string
  readonly output: string | undefined
  readonly as: string | undefined
  readonly check: boolean
  readonly lenient: boolean
}

const flags = new Map<string, "output" | "as" | "check" | "lenient" | "json">([
  [`--${flagNames.output}`, "output"],
  [`-${flagNames.outputAlias}`, "output"],
  [`--${flagNames.as}`, "as"],
  [`--${flagNames.check}`, "check"],
  [`--${flagNames.lenient}`, "lenient"],
  [`--${flagNames.json}`, "json"]
])

/** What the command may take as the value of a flag that needs none. */
const yesOrNo = /^(?:true|false|yes|no|y|n|on|off|1|0)$/i

/** A plain command line, read as the command would; undefined for any other. */
export const readPlainly = (args: ReadonlyArray<string>): Wanted | undefined => {
  const given = new Map<string, string>()
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string
    const flag = flags.get(word)
    const key = flag ?? "bundle"
    const value = flag === "output" || flag === "as" ? args[++at] : word
    const isValue = flag === undefined || value !== word
    const isOdd = value === undefined || value === "" || (isValue && value.startsWith("-") && !isPipe(flag, value))
    if (isOdd || given.has(key) || (flag === undefined && yesOrNo.test(word))) return undefined
    given.set(key, value)
  }
  const bundle = given.get("bundle")
  if (bundle === undefined) return undefined
  return {
    bundle,
    output: given.get("output"),
    as: given.get("as"),
    check: given.has("check"),
    lenient: given.has("lenient")
  }
}

const isPipe = (flag: string | undefined, value: string) => flag === "output" && value === "-"

/** Above this a reduction takes long enough for the optimising compiler to pay. */
const shortLogBytesMax = 16 * 2 ** 20

const isShort = ({ bundle }: Wanted): boolean => {
  try {
    return statSync(`${bundle}/trace.jsonl`).size <= shortLogBytesMax
  } catch {
    // No log, or none that we may see: that is for the reduction to say.
    return false
  }
}

/** Carries a plain command line out and sets the exit code; false for one that is not plain. */
export const main = async (args: ReadonlyArray<string>): Promise<boolean> => {
  const wanted = readPlainly(args)
  if (wanted === undefined) return false
  if (isShort(wanted)) startOver(shortRun)
  const { exitCodeOf, isExpected, writeReduction } = await import("./reduction.ts")
  try {
    process.exitCode = writeReduction(wanted, console) === "whole" ? exitCodes.ok : exitCodes.incomplete
  } catch (error) {
    // A fault of ours: the command runs into it as well, and says so.
    if (!isExpected(error)) return false
    console.error(renderError(error))
    process.exitCode = exitCodeOf(error)
  }
  return true
}
