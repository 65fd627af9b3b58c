/**
 * Starts and ends against the recording, in milliseconds. Inside its window a time is right: its error is 0.
 */
import { nameOfCall } from "./compare-calls.ts"
import type { Judgement } from "./judgement.ts"
import type { Matches } from "./match.ts"
import { distance, type Window } from "./truth.ts"

/** An error worth a line in the findings, ms. */
const notable = 50

/** Doubles of Unix seconds carry about 0.2 µs; anything below this is no error, ms. */
const precision = 0.001

export const judgeTimes = (
  matches: Matches
): { readonly times: Judgement["times"]; readonly findings: ReadonlyArray<string> } => {
  const findings: Array<string> = []
  const times = {
    llmStart: [] as Array<number>,
    llmStartHooked: [] as Array<number>,
    llmEnd: [] as Array<number>,
    toolStart: [] as Array<number>,
    toolEnd: [] as Array<number>,
    recordStart: [] as Array<number>,
    recordEnd: [] as Array<number>,
    turnStart: [] as Array<number>,
    turnEnd: [] as Array<number>
  }
  const judge = (kind: keyof typeof times, name: string, window: Window | undefined, ms: number | undefined) => {
    if (window === undefined) return
    // A span without an end where there was one is as wrong as a time can be, but it has no number: it is a finding.
    if (ms === undefined) {
      findings.push(`${name}: has no end, although one was recorded`)
      return
    }
    const error = distance(window, ms)
    times[kind].push(error < precision ? 0 : error)
    if (error >= notable) findings.push(`${name}: ${kind} is off by ${error.toFixed(0)} ms`)
  }
  for (const [call, span] of matches.calls) {
    judge(call.startHooked ? "llmStartHooked" : "llmStart", nameOfCall(call), call.start, span.startMs)
    judge("llmEnd", nameOfCall(call), call.end, span.endMs)
  }
  for (const [tool, span] of matches.tools) {
    const name = `tool ${tool.name} ${tool.id}`
    if (tool.startTold !== "nothing")
      judge(tool.startTold === "timed" ? "toolStart" : "recordStart", name, tool.start, span.startMs)
    if (tool.endTold !== "nothing")
      judge(tool.endTold === "timed" ? "toolEnd" : "recordEnd", name, tool.end, span.endMs)
  }
  for (const [turn, span] of matches.turns) {
    judge("turnStart", `turn ${turn.id ?? "?"}`, turn.start, span.startMs)
    judge("turnEnd", `turn ${turn.id ?? "?"}`, turn.end, span.endMs)
  }
  return { times, findings }
}
