/**
 * The picture of a trace: what a line says, where it is cut, and that content cannot play with the terminal.
 */
import { describe, expect, test } from "bun:test"
import { countText, durationText } from "../../../src/sink/tree/node.ts"
import { colorAllowed, columnsOf, fit, plain } from "../../../src/sink/tree/paint.ts"
import { picture } from "../../../src/sink/tree/picture.ts"
import { captureDefault } from "../../../src/span/encode.ts"
import type { Span } from "../../../src/span/span.ts"
import { span } from "../../support/spans.ts"

const lines = (...all: ReadonlyArray<string>) => all.join("\n")

const session: ReadonlyArray<Span> = [
  span({ id: "s", kind: "session", name: "codex: work", start: 0, end: 75, input: "Fix it" }),
  span({ id: "t1", parent_id: "s", kind: "turn", name: "turn 1", start: 0, end: 12.3, input: "Fix the\nfailing test" }),
  span({
    id: "l1",
    parent_id: "t1",
    kind: "llm",
    name: "gpt-5.5",
    start: 0.1,
    end: 3.2,
    metrics: { prompt_tokens: 12300, completion_tokens: 420 },
    output: [{ type: "message", content: [{ type: "output_text", text: "On it." }] }, { type: "function_call" }]
  }),
  span({ id: "x1", parent_id: "t1", start: 3.3, end: 4.1, input: { cmd: ["npm", "test"] } }),
  span({
    id: "x2",
    parent_id: "t1",
    start: 4.3,
    end: 4.4,
    status: "error",
    input: { cmd: "false" },
    metadata: { exit_code: 1 }
  }),
  span({
    id: "t2",
    parent_id: "s",
    kind: "turn",
    name: "turn 2",
    start: 20,
    end: 75,
    status: "interrupted",
    input: "again"
  }),
  span({ id: "x3", parent_id: "t2", start: 21, end: 75, status: "unfinished", name: "wait" })
]

describe("a picture", () => {
  test("shows names and what they are about, durations, tokens and status", () => {
    expect(picture(session)).toBe(
      lines(
        "codex: work                              1 m 15 s    12.3k → 420  ok",
        "├─ turn 1  Fix the failing test            12.3 s    12.3k → 420  ok",
        "│  ├─ gpt-5.5  On it.                       3.1 s    12.3k → 420  ok",
        "│  ├─ exec_command  npm test               800 ms                 ok",
        "│  └─ exec_command  exit code 1 · false    100 ms                 error",
        "└─ turn 2  again                           55.0 s                 interrupted",
        "   └─ wait                                 54.0 s                 unfinished"
      )
    )
  })

  test("of the shape alone holds no times and no texts", () => {
    expect(picture(session, { show: "shape" })).toBe(
      lines(
        "codex: work          ok",
        "├─ turn 1            ok",
        "│  ├─ gpt-5.5        ok",
        "│  ├─ exec_command   ok",
        "│  └─ exec_command   error",
        "└─ turn 2            interrupted",
        "   └─ wait           unfinished"
      )
    )
  })

  test("fits its width, whatever the texts", () => {
    const wide = session.map((one) => ({ ...one, input: "日本語 👩‍👩‍👧 é ".repeat(30) }))
    for (const width of [70, 80, 120]) {
      for (const line of picture(wide, { width }).split("\n")) expect(columnsOf(line)).toBeLessThanOrEqual(width)
    }
  })

  test("counts the last of several spans with one id, in the order of their starts", () => {
    const early = span({ id: "b", name: "second", start: 2 })
    const late = span({ id: "b", name: "second, renamed", start: 2 })
    const first = span({ id: "a", name: "first", start: 1 })
    expect(picture([early, late, first], { show: "shape" })).toBe(lines("first   ok", "", "second, renamed   ok"))
  })

  test("of a span whose parent is elsewhere begins a tree of its own", () => {
    expect(picture([span({ parent_id: "outer", name: "root" })], { show: "shape" })).toBe("root   ok")
  })

  test("says running of what has neither end nor status", () => {
    const { end: _end, status: _status, ...open } = span({ name: "exec" })
    expect(picture([open], { show: "shape" })).toBe("exec   running")
  })

  test("has the same columns with and without colour", () => {
    const painted = picture(session, { color: true })
    expect(painted).toContain("\u001b[31m")
    expect(Bun.stripANSI(painted)).toBe(picture(session))
  })

  test("without content holds no text of the user, the model or a tool", () => {
    const bare = picture(session, { capture: { ...captureDefault, content: "none" } })
    for (const text of ["Fix", "On it", "npm", "false"]) expect(bare).not.toContain(text)
    expect(bare).toContain("12.3k → 420")
  })

  test("holds no secrets", () => {
    const key = `sk-${"a1B2c3D4".repeat(4)}`
    expect(picture([span({ input: { cmd: `KEY=${key} run` } })])).not.toContain(key)
  })

  test("sends no control characters to the terminal", () => {
    const hostile = "\u001b[2J\u001b]0;owned\u0007a\rb\u0008c\u009b31m\u202ed"
    const drawn = picture([span({ name: hostile, input: hostile, status: "error", error: { message: hostile } })])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test is about control characters
    expect(drawn).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  })
})

test("durations and counts are short and say their unit", () => {
  expect([0, 0.85, 0.9996, 3.14, 59.9, 59.96, 125, 3599.6, 3725].map(durationText)).toEqual([
    ...["0 ms", "850 ms", "1.0 s", "3.1 s", "59.9 s", "1 m 00 s", "2 m 05 s", "1 h 00 m", "1 h 02 m"]
  ])
  expect([0, 950, 12_345, 999_949, 999_950, 1_234_567].map(countText)).toEqual([
    ...["0", "950", "12.3k", "999.9k", "1.0M", "1.2M"]
  ])
})

test("a text is cut to whole characters, with an ellipsis", () => {
  expect(fit("日本語", 6)).toBe("日本語")
  expect(fit("日本語", 5)).toBe("日本…")
  expect(fit("a b c", 4)).toBe("a b…")
  expect(fit("abc", 0)).toBe("")
  expect(plain(" a\n\tb \u001b[31mc ")).toBe("a b c")
})

test("colour is a matter of FORCE_COLOR, then NO_COLOR, then the terminal", () => {
  expect(colorAllowed({}, true)).toBe(true)
  expect(colorAllowed({}, false)).toBe(false)
  expect(colorAllowed({ TERM: "dumb" }, true)).toBe(false)
  expect(colorAllowed({ NO_COLOR: "1" }, true)).toBe(false)
  expect(colorAllowed({ NO_COLOR: "" }, true)).toBe(true)
  expect(colorAllowed({ FORCE_COLOR: "1", NO_COLOR: "1" }, false)).toBe(true)
  expect(colorAllowed({ FORCE_COLOR: "0" }, true)).toBe(false)
})
