/**
 * What the end of a terminal operation says: the runtime's own report, or for an input without one the result that
 * was given to the caller (rollout-trace.md §3.9). Owns the two forms, and JSON shown as text.
 */
import { Malformed } from "../../wire/bundle/fields.ts"
import { isArray, type JsonValue, member, numberText, textMember } from "../../wire/bundle/json.ts"
import { compactJson } from "../../wire/bundle/json-text.ts"
import {
  codeModeExecResult,
  dispatchedResult,
  execEndAggregated,
  execEndWithStreams
} from "../../wire/bundle/payloads.ts"
import { refuse } from "../refusal.ts"
import type { TerminalOperation, TerminalResult } from "../state.ts"
import type { Reduction } from "./reduction.ts"
import type { OperationEnd } from "./terminal.ts"

export interface TerminalResponse {
  readonly processId: string | null
  readonly result: TerminalResult
}

/** Reads the payload that ends an operation. */
export const readResponse = (
  reduction: Reduction,
  kind: TerminalOperation["kind"],
  { ref, report: value }: OperationEnd
): TerminalResponse => {
  const report = attempt(() => readReport(reduction, value))
  if (!(report instanceof Malformed)) return report
  if (kind === "exec_command") refuse("terminal", `the end of a command is malformed: ${report.message}`, ref.path)
  const given = attempt(() => ({ processId: null, result: readGiven(value) }))
  if (!(given instanceof Malformed)) return given
  refuse(
    "terminal",
    `the end of an input is neither a report of the runtime (${report.message}) nor a result (${given.message})`,
    ref.path
  )
}

const attempt = <A>(read: () => A): A | Malformed => {
  try {
    return read()
  } catch (error) {
    if (error instanceof Malformed) return error
    throw error
  }
}

const readReport = (reduction: Reduction, value: JsonValue): TerminalResponse => {
  if (reduction.features.aggregatedOutput) {
    const { aggregated_output, exit_code, process_id } = execEndAggregated(value)
    return { processId: process_id, result: { ...plain(aggregated_output, null), exit_code } }
  }
  const { exit_code, formatted_output, process_id, stderr, stdout } = execEndWithStreams(value)
  return { processId: process_id, result: { ...plain(stdout, formatted_output), exit_code, stderr } }
}

const plain = (stdout: string, formatted: string | null): TerminalResult => ({
  exit_code: null,
  stdout,
  stderr: "",
  formatted_output: formatted,
  original_token_count: null,
  chunk_id: null
})

const readGiven = (value: JsonValue): TerminalResult => {
  const given = dispatchedResult(value)
  switch (given.type) {
    case "direct_response": {
      const output = textOf(member(given.response_item, "output")) ?? compactJson(given.response_item)
      return plain(output, output)
    }
    case "code_mode_response": {
      const result = attempt(() => codeModeExecResult(given.value))
      if (result instanceof Malformed) {
        const output = textOf(given.value) ?? compactJson(given.value)
        return plain(output, output)
      }
      const { chunk_id, exit_code, original_token_count, output } = result
      return { ...plain(output, output), exit_code, original_token_count, chunk_id }
    }
    case "error":
      return { ...plain("", given.error), stderr: given.error }
  }
}

/** A value as text: a string itself, the texts of an array line by line, other JSON compact. */
const textOf = (value: JsonValue | undefined): string | undefined => {
  if (value === undefined || value === null) return undefined
  if (typeof value === "string") return value
  if (!isArray(value)) return compactJson(value)
  const text = value.flatMap((entry) => textMember(entry, "text") ?? []).join("\n")
  return text === "" ? undefined : text
}

/** A process id as `write_stdin` names it: a number's text, or a string that is not empty. */
export const processIdOf = (value: JsonValue): string | undefined =>
  typeof value === "string" && value !== "" ? value : numberText(value)
