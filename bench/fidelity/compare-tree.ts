/**
 * The tree: does every span hang where it belongs, is everything owed there, and is there nothing that never happened?
 */
import { nameOfCall } from "./compare-calls.ts"
import { text } from "./json.ts"
import type { Judgement, Tally } from "./judgement.ts"
import type { Matches } from "./match.ts"
import type { ToldSpan } from "./spans.ts"
import type { TrueTool, Truth } from "./truth.ts"

interface TreeJudged {
  readonly found: Judgement["found"]
  readonly parents: Tally
  readonly doubtfulParents: Tally
  readonly ghosts: number
  readonly findings: ReadonlyArray<string>
}

const describe = (span: ToldSpan | undefined) =>
  span === undefined ? "nothing" : `${span.kind} ${span.name} ${text(span.metadata, "call_id") ?? ""}`.trim()

const judgeParents = (truth: Truth, matches: Matches, spans: ReadonlyArray<ToldSpan>) => {
  const findings: Array<string> = []
  const byId = new Map(spans.map((span) => [span.id, span]))
  const certain = { right: 0, of: 0 }
  const doubtful = { right: 0, of: 0 }
  const spanOfThread = new Map([...matches.threads].map(([thread, span]) => [thread.id, span]))
  const spanOfTurn = new Map([...matches.turns].map(([turn, span]) => [`${turn.thread} ${turn.id}`, span]))
  const spanOfTool = new Map([...matches.tools].map(([tool, span]) => [`${tool.thread} ${tool.id}`, span]))
  const compactions = new Set(matches.compactions.values())

  const parentOf = (span: ToldSpan) => (span.parentId === undefined ? undefined : byId.get(span.parentId))
  /** A turn by its id; where turns have none, any turn of the thread will do. */
  const isTurn = (thread: string, turn: string | undefined, parent: ToldSpan | undefined) =>
    turn === undefined
      ? parent?.kind === "turn" && parent.thread === thread
      : parent !== undefined && parent === spanOfTurn.get(`${thread} ${turn}`)
  const judge = (name: string, span: ToldSpan, right: (parent: ToldSpan | undefined) => boolean) => {
    const parent = parentOf(span)
    certain.of++
    if (parent === undefined && span.parentId !== undefined) findings.push(`${name}: its parent is not in the output`)
    else if (parent !== undefined && parent.traceId !== span.traceId)
      findings.push(`${name}: its parent has another trace`)
    else if (!right(parent)) findings.push(`${name}: hangs below ${describe(parent)}`)
    else certain.right++
  }
  const judgeNested = (tool: TrueTool, span: ToldSpan) => {
    const name = `tool ${tool.name} ${tool.id}`
    const parent = parentOf(span)
    const right = parent !== undefined && parent === spanOfTool.get(`${tool.thread} ${tool.cell}`)
    if (!tool.cellOverlaps) return judge(name, span, () => right)
    doubtful.of++
    if (right) doubtful.right++
    else {
      const marked = text(span.metadata, "attribution") === "inferred"
      findings.push(
        `${name}: hangs below ${describe(parent)}${marked ? " (inferred)" : ", and is not marked inferred"}`
      )
      if (!marked) certain.of++
    }
  }

  for (const [thread, span] of matches.threads) {
    if (thread.parent === undefined) judge(`session ${thread.id}`, span, (parent) => parent === undefined)
    else if (thread.spawnTurn !== undefined || !truth.recorded)
      judge(`agent ${thread.id}`, span, (parent) => isTurn(thread.parent ?? "", thread.spawnTurn, parent))
  }
  for (const [turn, span] of matches.turns)
    judge(`turn ${turn.id ?? "?"}`, span, (parent) => parent !== undefined && parent === spanOfThread.get(turn.thread))
  for (const [call, span] of matches.calls)
    judge(nameOfCall(call), span, (parent) =>
      call.compaction
        ? parent !== undefined && compactions.has(parent) && isTurn(call.thread, call.turn, parentOf(parent))
        : isTurn(call.thread, call.turn, parent)
    )
  for (const [compaction, span] of matches.compactions)
    judge(`compaction in turn ${compaction.turn ?? "?"}`, span, (parent) =>
      isTurn(compaction.thread, compaction.turn, parent)
    )
  for (const [tool, span] of matches.tools)
    if (tool.cell !== undefined) judgeNested(tool, span)
    else judge(`tool ${tool.name} ${tool.id}`, span, (parent) => isTurn(tool.thread, tool.turn, parent))
  return { parents: certain, doubtfulParents: doubtful, findings }
}

export const judgeTree = (truth: Truth, matches: Matches, spans: ReadonlyArray<ToldSpan>): TreeJudged => {
  const findings: Array<string> = []
  const count = <A>(facts: ReadonlyArray<A>, pairs: ReadonlyMap<A, ToldSpan>, name: (fact: A) => string): Tally => {
    const missing = facts.filter((fact) => !pairs.has(fact))
    for (const fact of missing) findings.push(`${name(fact)} is missing`)
    return { right: facts.length - missing.length, of: facts.length }
  }
  const found = {
    calls: count(
      truth.calls.filter((call) => call.owed),
      matches.calls,
      nameOfCall
    ),
    tools: count(
      truth.tools.filter((tool) => tool.owed),
      matches.tools,
      (tool) => `tool ${tool.name} ${tool.id}`
    ),
    turns: count(truth.turns, matches.turns, (turn) => `turn ${turn.id ?? "?"}`),
    threads: count(
      [...truth.threads.values()].filter((thread) => thread.owed),
      matches.threads,
      (thread) => (thread.parent === undefined ? `session ${thread.id}` : `agent ${thread.id}`)
    ),
    compactions: count(
      truth.compactions.filter((one) => one.owed),
      matches.compactions,
      (one) => `compaction in turn ${one.turn ?? "?"}`
    )
  }
  const tree = judgeParents(truth, matches, spans)
  const ghosts = matches.ghosts.map((span) => `ghost: ${describe(span)} in thread ${span.thread}`)
  return { ...tree, found, ghosts: ghosts.length, findings: [...findings, ...ghosts, ...tree.findings] }
}
