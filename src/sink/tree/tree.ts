/**
 * The tree on a terminal, as it grows: each turn with everything in it when it ends, and one line for what is open.
 *
 * Lines are printed once and never redrawn, except the last one, so it can be scrolled, piped and logged. A span is
 * printed when it ends and its parent is printed: a session's turns one by one, an agent that outlives its turn under
 * a reminder of where it belongs. Memory is what is not printed yet, and the ids and names of what is.
 */
import { Effect } from "effect"
import type { OpenSink, Sink } from "../sink.ts"
import { addTokens, countText, durationText, type Node, nodeOf, type Tokens } from "./node.ts"
import { colorAllowed, fit, type Paint, painter } from "./paint.ts"
import { familyOf, type Line, leftColumnsMost, linesOf, lineText, tokensUnder } from "./picture.ts"

/** What the tree hears of a span. */
export interface Told {
  readonly node: Node
  readonly closed: boolean
}

/** What is kept of a printed span: enough to say where a later one belongs, nothing of what it holds. */
type Printed = Pick<Node, "name" | "parentId">

/** One session on its way. */
interface Growing {
  session: Node | undefined
  headed: boolean
  /** Spans not printed yet, and printed ones that had not ended. */
  readonly nodes: Map<string, Node>
  readonly printed: Map<string, Printed>
  turns: number
  calls: number
  tokens: Tokens | undefined
  /** Whether something was printed since the session's last line. */
  news: boolean
}

const widthDefault = 100
const widthMost = 140

const begin = (): Growing => ({
  session: undefined,
  headed: false,
  nodes: new Map(),
  printed: new Map(),
  turns: 0,
  calls: 0,
  tokens: undefined,
  news: false
})

/** What the drawing knows of all sessions, and of the terminal. */
interface Drawing {
  readonly paint: Paint
  readonly columns: () => number | undefined
  /** Whether the last line may be replaced. */
  readonly redrawn: boolean
  readonly traces: Map<string, Growing>
  /** The trace whose lines came last, and the one that was told of last. */
  last: string | undefined
  current: string | undefined
  /** Whether a line stands there that the next output replaces. */
  running: boolean
}

const widthOf = ({ columns }: Drawing): number => Math.min(columns() ?? widthDefault, widthMost)

const clear = (drawing: Drawing): string => {
  const erase = drawing.running ? "\r\u001b[K" : ""
  drawing.running = false
  return erase
}

const isPrinted = (trace: Growing, id: string | undefined): boolean =>
  id === undefined || id === trace.session?.id || trace.printed.has(id) || !trace.nodes.has(id)

const header = (drawing: Drawing, traceId: string, trace: Growing): ReadonlyArray<string> => {
  const { paint, last } = drawing
  if (trace.headed && last === traceId) return []
  const lines = last === undefined || last === traceId ? [] : [""]
  const again = trace.headed ? paint("faint", "  (continued)") : ""
  trace.headed = true
  drawing.last = traceId
  return [...lines, paint("name", trace.session?.name ?? `codex: ${traceId}`) + again]
}

/** `turn 2 › agent alpha › `, for a span whose parent stands further up. */
const under = (trace: Growing, node: Node): string => {
  const names: Array<string> = []
  for (let id = node.parentId; id !== undefined && id !== trace.session?.id; ) {
    const parent: Printed | undefined = trace.nodes.get(id) ?? trace.printed.get(id)
    if (parent === undefined) break
    names.unshift(parent.name)
    id = parent.parentId
  }
  return names.map((name) => `${name} › `).join("")
}

const render = (drawing: Drawing, lines: ReadonlyArray<Line>): ReadonlyArray<string> => {
  const left = leftColumnsMost(widthOf(drawing))
  return lines.map((line) => lineText(line, left, drawing.paint))
}

/** Prints a span with what is under it, and forgets what of it has ended. */
const block = (drawing: Drawing, traceId: string, trace: Growing, node: Node): ReadonlyArray<string> => {
  const unprinted = [...trace.nodes.values()].filter((each) => !trace.printed.has(each.id))
  const family = familyOf(unprinted)
  const path = under(trace, node)
  const [first, ...rest] = linesOf(node, family, "├─ ", "│  ")
  if (first === undefined) return []
  const lines = [path === "" ? first : { ...first, under: path }, ...rest]
  trace.tokens = addTokens(trace.tokens, tokensUnder(node, family))
  for (const { node: each } of lines) {
    // An agent's turns are part of the turn that it works for.
    if (each.kind === "turn" && each.parentId === trace.session?.id) trace.turns += 1
    if (each.kind === "llm") trace.calls += 1
    trace.printed.set(each.id, { name: each.name, parentId: each.parentId })
    if (each.end !== undefined || each.status !== undefined) trace.nodes.delete(each.id)
  }
  trace.news = true
  return [...header(drawing, traceId, trace), ...render(drawing, lines)]
}

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`

const total = (drawing: Drawing, traceId: string, trace: Growing, node: Node): ReadonlyArray<string> => {
  trace.news = false
  const parts = [
    counted(trace.turns, "turn"),
    counted(trace.calls, "model call"),
    ...(trace.tokens === undefined
      ? []
      : [`${countText(trace.tokens.prompt)} → ${countText(trace.tokens.completion)} tokens`]),
    ...(node.end === undefined ? [] : [durationText(node.end - node.start)]),
    node.status ?? "ok"
  ]
  return [...header(drawing, traceId, trace), `${drawing.paint("faint", `└─ ${parts.join(" · ")}`)}`]
}

/** What is open, innermost last, as one line that the next output replaces. */
const openLine = (drawing: Drawing): string => {
  const { redrawn, current, traces, paint } = drawing
  if (!redrawn) return ""
  const trace = current === undefined ? undefined : traces.get(current)
  const open = [...(trace?.nodes.values() ?? [])].filter((node) => node.end === undefined)
  const innermost = open.at(-1)
  if (trace === undefined || innermost === undefined) return ""
  drawing.running = true
  const about = innermost.about === "" ? "" : `  ${innermost.about}`
  return paint("faint", fit(`⋯ ${under(trace, innermost)}${innermost.name}${about}`, widthOf(drawing) - 1))
}

const traceOf = (drawing: Drawing, node: Node): Growing => {
  const trace = drawing.traces.get(node.traceId) ?? begin()
  drawing.traces.set(node.traceId, trace)
  drawing.current = node.traceId
  return trace
}

const keep = (drawing: Drawing, { node }: Told): void => {
  const trace = traceOf(drawing, node)
  if (node.kind === "session") trace.session = node
  else if (!trace.printed.has(node.id) || trace.nodes.has(node.id)) trace.nodes.set(node.id, node)
}

const print = (drawing: Drawing, { node, closed }: Told): ReadonlyArray<string> => {
  const trace = traceOf(drawing, node)
  if (!closed) return []
  if (node.kind === "session") return trace.news ? total(drawing, node.traceId, trace, node) : []
  if (!trace.nodes.has(node.id)) return []
  if (!trace.printed.has(node.id))
    return isPrinted(trace, node.parentId) ? block(drawing, node.traceId, trace, node) : []
  // It was printed while it ran, under a turn that ended before it.
  const line = { prefix: "├─ ", node, tokens: undefined, under: under(trace, node) }
  trace.nodes.delete(node.id)
  return [...header(drawing, node.traceId, trace), ...render(drawing, [line])]
}

/** Of a batch each session after all that is in it: it stands where it was first named, which may be before its turns. */
const sessionsLast = (told: ReadonlyArray<Told>): ReadonlyArray<Told> => {
  const last = new Map(told.map(({ node }, at) => [node.traceId, at]))
  const sessions = Map.groupBy(
    told.filter(({ node }) => node.kind === "session"),
    ({ node }) => node.traceId
  )
  return told.flatMap((one, at) => [
    ...(one.node.kind === "session" ? [] : [one]),
    ...(last.get(one.node.traceId) === at ? (sessions.get(one.node.traceId) ?? []) : [])
  ])
}

const text = (lines: ReadonlyArray<string>): string => lines.map((line) => `${line}\n`).join("")

/** What the terminal gets for writes: pure, so that a test reads it as text. */
export const makeGrowth = (paint: Paint, columns: () => number | undefined, redrawn: boolean) => {
  const traces = new Map<string, Growing>()
  const drawing: Drawing = { paint, columns, redrawn, traces, last: undefined, current: undefined, running: false }
  return {
    /** The text for these spans. */
    grow: (told: ReadonlyArray<Told>): string => {
      // A turn may be named before what is in it: all is known before anything is printed.
      for (const one of told) keep(drawing, one)
      const lines = sessionsLast(told).flatMap((one) => print(drawing, one))
      const erase = clear(drawing)
      return erase + text(lines) + openLine(drawing)
    },
    /** The text for the end: what never ended. */
    finish: (): string => {
      const lines = [...traces].flatMap(([traceId, trace]) =>
        [...trace.nodes.values()].flatMap((node) =>
          !trace.printed.has(node.id) && isPrinted(trace, node.parentId) ? block(drawing, traceId, trace, node) : []
        )
      )
      return clear(drawing) + text(lines)
    }
  }
}

export const tree: Sink = {
  name: "tree",
  summary: "a tree for people: what each turn did, how long it took, what it cost",
  writes: "drawing",
  open: ({ capture, env, live, output }) =>
    Effect.gen(function* () {
      const color = colorAllowed(env, output.isTerminal)
      const growth = makeGrowth(painter(color), output.columns, live && output.isTerminal)
      // What was drawn and could not be written yet: drawing it again is not possible.
      let unwritten = ""
      const written = Effect.sync(() => {
        unwritten = ""
      })
      yield* Effect.addFinalizer(() =>
        Effect.suspend(() => {
          const rest = unwritten + growth.finish()
          return rest === "" ? Effect.void : Effect.ignore(output.write([rest]))
        })
      )
      const opened: OpenSink = {
        name: "tree",
        wants: "all",
        repeats: "last",
        batch: { rows: 256, bytes: 1024 * 1024, withinMs: 0 },
        encode: (write) => ({ write, texts: [], bytes: 0 }),
        send: (rows) =>
          Effect.suspend(() => {
            unwritten += growth.grow(
              rows.map(({ write }) => ({ node: nodeOf(write.span, capture), closed: write.op === "close" }))
            )
            return unwritten === "" ? Effect.void : Effect.andThen(output.write([unwritten]), written)
          })
      }
      return opened
    })
}
