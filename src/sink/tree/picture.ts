/**
 * Spans as a tree of lines: names and what they are about on the left; durations, tokens and status on the right.
 *
 * Pure: the README's picture, a test's expectation and the terminal come from here. Children stand in the order of
 * their starts. A span whose parent is not among the spans begins a tree of its own.
 */
import { type CaptureOptions, captureDefault } from "../../span/encode.ts"
import type { Span, SpanStatus } from "../../span/span.ts"
import { addTokens, durationText, type Node, nodeOf, type Tokens, tokensText } from "./node.ts"
import { columnsOf, fit, type Paint, padEnd, padStart, painter, type Tone } from "./paint.ts"

export interface PictureOptions {
  readonly color?: boolean
  /** Columns of the whole; 100 when not said. */
  readonly width?: number
  /** `shape`: names and status only, for tests about structure. */
  readonly show?: "everything" | "shape"
  readonly capture?: CaptureOptions
}

const durationColumns = 10
const tokensColumns = 15
const statusColumns = 13
const rightColumns = durationColumns + tokensColumns + statusColumns
const leftColumnsMin = 24

const tones: { readonly [status in SpanStatus]: Tone } = {
  ok: "good",
  error: "bad",
  interrupted: "warn",
  unfinished: "warn"
}

/** `running`: no end and nobody said that there will be none. */
const statusOf = (node: Node): string => node.status ?? (node.end === undefined ? "running" : "")

/** The children of each span, by start; spans whose parent is absent are under `undefined`. */
export const familyOf = (nodes: Iterable<Node>): ReadonlyMap<string | undefined, ReadonlyArray<Node>> => {
  const all = [...nodes]
  const ids = new Set(all.map((node) => node.id))
  const family = new Map<string | undefined, Array<Node>>()
  for (const node of all) {
    const parent = node.parentId !== undefined && ids.has(node.parentId) ? node.parentId : undefined
    const siblings = family.get(parent)
    if (siblings === undefined) family.set(parent, [node])
    else siblings.push(node)
  }
  for (const siblings of family.values()) siblings.sort((a, b) => a.start - b.start)
  return family
}

export type Family = ReturnType<typeof familyOf>

/** Tokens of the model calls at and under a span. */
export const tokensUnder = (node: Node, family: Family): Tokens | undefined =>
  (family.get(node.id) ?? []).reduce((sum, child) => addTokens(sum, tokensUnder(child, family)), node.tokens)

/** A line before its columns are known. */
export interface Line {
  /** Branches: `│  ├─ `. */
  readonly prefix: string
  readonly node: Node
  readonly tokens: Tokens | undefined
  /** Where it belongs, when its parent stands further up: `turn 2 › `. */
  readonly under?: string
}

/** The lines of a span and what is under it. */
export const linesOf = (node: Node, family: Family, prefix: string, inner: string): ReadonlyArray<Line> => {
  const children = family.get(node.id) ?? []
  return [
    { prefix, node, tokens: tokensUnder(node, family) },
    ...children.flatMap((child, index) => {
      const last = index === children.length - 1
      return linesOf(child, family, `${inner}${last ? "└─ " : "├─ "}`, `${inner}${last ? "   " : "│  "}`)
    })
  ]
}

const leftText = ({ prefix, node, under = "" }: Line): string => {
  const about = [node.wrong, node.about].filter((text) => text !== "").join(" · ")
  return `${prefix}${under}${node.name}${about === "" ? "" : `  ${about}`}`
}

/** The columns that a width leaves for the left side. */
export const leftColumnsMost = (width: number): number => Math.max(leftColumnsMin, width - rightColumns)

/** The columns that these lines need of it. */
const leftColumns = (lines: ReadonlyArray<Line>, width: number): number =>
  Math.min(leftColumnsMost(width), Math.max(leftColumnsMin, ...lines.map((line) => columnsOf(leftText(line)))))

/** One line of a picture, `left` columns wide before the figures. */
export const lineText = (line: Line, left: number, paint: Paint): string => {
  const { prefix, node, tokens, under = "" } = line
  const text = fit(leftText(line), left)
  const name = `${prefix}${under}${node.name}`
  const shown = text.startsWith(name) ? node.name : text.slice(prefix.length + under.length)
  const rest = text.slice(prefix.length + under.length + shown.length)
  const status = statusOf(node)
  const important = node.kind === "session" || node.kind === "turn" || node.kind === "agent"
  const duration = node.end === undefined ? "" : durationText(node.end - node.start)
  const figures = `${padStart(duration, durationColumns)}${padStart(tokensText(tokens), tokensColumns)}`
  return (
    paint("faint", prefix + under) +
    (important ? paint("name", shown) : shown) +
    paint(node.wrong === "" ? "faint" : "bad", rest) +
    " ".repeat(Math.max(0, left - columnsOf(text))) +
    paint("faint", figures) +
    (status === "" ? "" : `  ${paint(node.status === undefined ? "faint" : tones[node.status], status)}`)
  ).trimEnd()
}

/** Names and status only: what stays the same when times and texts move. */
const shape = (lines: ReadonlyArray<Line>): ReadonlyArray<string> => {
  const names = lines.map(({ prefix, node }) => `${prefix}${node.name}`)
  const longest = Math.max(0, ...names.map(columnsOf))
  return lines.map(({ node }, index) => `${padEnd(names[index] ?? "", longest + 3)}${statusOf(node)}`.trimEnd())
}

/** The spans as a tree, each trace after the other; the last of several spans with one id counts. */
export const picture = (spans: Iterable<Span>, options: PictureOptions = {}): string => {
  const nodes = new Map<string, Node>()
  for (const span of spans) nodes.set(span.id, nodeOf(span, options.capture ?? captureDefault))
  const family = familyOf(nodes.values())
  const trees = (family.get(undefined) ?? []).map((root) => linesOf(root, family, "", ""))
  const paint = painter(options.color ?? false)
  const left = leftColumns(trees.flat(), options.width ?? 100)
  return trees
    .map((lines) => (options.show === "shape" ? shape(lines) : lines.map((line) => lineText(line, left, paint))))
    .map((lines) => lines.join("\n"))
    .join("\n\n")
}
