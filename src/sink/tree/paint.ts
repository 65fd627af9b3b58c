/**
 * Colour and width: what a terminal may be sent, and how many columns a text takes.
 *
 * Content is the agent's and may hold anything, so control characters never reach the terminal.
 */

export type Tone = "name" | "faint" | "good" | "bad" | "warn"

export type Paint = (tone: Tone, text: string) => string

const codes: { readonly [tone in Tone]: string } = { name: "1", faint: "2", good: "32", bad: "31", warn: "33" }

/** `color`: false returns every text as it is. */
export const painter =
  (color: boolean): Paint =>
  (tone, text) =>
    color && text !== "" ? `\u001b[${codes[tone]}m${text}\u001b[0m` : text

/** Whether colour is allowed: FORCE_COLOR, then NO_COLOR, then whether a person is looking. */
export const colorAllowed = (env: { readonly [name: string]: string | undefined }, isTerminal: boolean): boolean => {
  const forced = env.FORCE_COLOR
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false"
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false
  return isTerminal && env.TERM !== "dumb"
}

/** One line of plain text: line breaks and tabs as spaces, no escape sequences or other control characters. */
export const plain = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed here
    .replace(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)/g, "")
    .replace(/\s+/g, " ")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the same
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .trim()

export const columnsOf = (text: string): number => Bun.stringWidth(text)

/** The text within so many columns, cut with an ellipsis. */
export const fit = (text: string, columns: number): string => {
  if (columns <= 0) return ""
  if (text.length <= columns && columnsOf(text) <= columns) return text
  let out = ""
  let used = 0
  for (const character of text) {
    const width = columnsOf(character)
    if (used + width > columns - 1) break
    out += character
    used += width
  }
  return `${out.trimEnd()}…`
}

/** Filled with spaces on the right, or on the left. */
export const padEnd = (text: string, columns: number): string =>
  text + " ".repeat(Math.max(0, columns - columnsOf(text)))

export const padStart = (text: string, columns: number): string =>
  " ".repeat(Math.max(0, columns - columnsOf(text))) + text
