import { expect, test } from "bun:test"
import { bundle } from "../../support/bundle.ts"
import { at, refusalOf, stateOf } from "../../support/reduced.ts"

const wrote = (result: unknown) =>
  bundle()
    .calls("c1", "write_stdin", {
      tool_name: "write_stdin",
      payload: { type: "function", arguments: '{"session_id":1}' }
    })
    .toolEnds("c1", result)
const resultOf = (result: unknown) => at(stateOf(wrote(result)).terminal_operations, "terminal_operation:1").result

test("a direct response is its output as text, line by line, or the whole item", () => {
  const direct = (output: unknown) => resultOf({ type: "direct_response", response_item: { output } })?.stdout
  expect(direct("text")).toBe("text")
  expect(direct([{ text: "a" }, {}, { text: "b" }])).toBe("a\nb")
  expect(direct({ b: 1.5, a: 2 })).toBe('{"b":1.5,"a":2}')
  expect(direct(null)).toBe('{"output":null}')
  expect(direct([])).toBe('{"output":[]}')
})

test("a value for code is an exec result, or text", () => {
  const value = { output: "out", exit_code: 2, chunk_id: "k", original_token_count: 9 }
  expect(resultOf({ type: "code_mode_response", value })).toEqual({
    ...value,
    output: undefined,
    stdout: "out",
    stderr: "",
    formatted_output: "out"
  } as never)
  expect(resultOf({ type: "code_mode_response", value: { output: 3 } })?.stdout).toBe('{"output":3}')
  expect(resultOf({ type: "code_mode_response", value: "plain" })?.stdout).toBe("plain")
})

test("an error stands on stderr; anything else is refused, and says why", () => {
  expect(resultOf({ type: "error", error: "no" })).toMatchObject({ stdout: "", stderr: "no", formatted_output: "no" })
  expect(refusalOf(wrote({ type: "odd" })).what).toContain('unknown tool result "odd"')
})

test("a report of the runtime comes first, also for an input", () => {
  expect(resultOf({ exit_code: 0, aggregated_output: "all", type: "error", error: "no" })).toMatchObject({
    exit_code: 0,
    stdout: "all"
  })
})
