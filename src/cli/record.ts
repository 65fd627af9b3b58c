/**
 * `tracer record PATH… -o DIR`: rollout-trace bundles for sessions that Codex did not record.
 *
 * Ties sessions to the writer: every session that is named becomes one bundle, and its folder is printed. What a
 * bundle holds is bundle/writer/.
 */
import { Console, Effect, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { planBundle } from "../bundle/writer/plan.ts"
import { writeBundle } from "../bundle/writer/write.ts"
import { codexFolder } from "../hook/places.ts"
import type { FoldStep } from "../pipeline/fold.ts"
import { mixedFold } from "../pipeline/mixed-fold.ts"
import { sessionFold } from "../pipeline/session-fold.ts"
import { type Input, locate, locateLatest } from "../source/locate.ts"
import type { Arrival } from "../source/origin.ts"
import { fileLines, readSession } from "../source/session.ts"
import type { Span } from "../span/span.ts"
import { Incomplete, WrongUse } from "./errors.ts"
import * as flags from "./flags.ts"
import { makeReport, type Report } from "./report.ts"

const output = Flag.String("output").pipe(
  Flag.withAlias("o"),
  Flag.withMetavar("DIR"),
  Flag.withDescription("The folder that the bundles are written into")
)
const schema = Flag.Literals("schema", ["1", "2"]).pipe(
  Flag.withDescription("2 for Codex 0.165 and later, 1 for 0.128 to 0.164"),
  Flag.withDefault("2")
)

/** The spans of each session of an input, as they were last told. */
export const recordedSpans = (input: Input, journals: ReadonlyArray<string>, report: Report) => {
  const readings: ReadonlyArray<{
    readonly fold: ReturnType<typeof sessionFold>
    readonly arrivals: Stream.Stream<Arrival>
  }> =
    input._tag === "Sessions"
      ? input.sessions.map((session) => ({
          fold: sessionFold({ rootId: session.rootThreadId, inlineImages: true }),
          arrivals: readSession(input.catalogue, session, { journals })
        }))
      : input._tag === "File"
        ? [
            {
              fold: mixedFold({ inlineImages: true }),
              arrivals: Stream.map(fileLines(input.path), (batch): Arrival => ({ origin: { _tag: "Mixed" }, ...batch }))
            }
          ]
        : []
  return Effect.forEach(readings, ({ fold, arrivals }) => {
    const spans = new Map<string, Span>()
    const take = (step: FoldStep): void => {
      report.skipped(step.skipped)
      report.noted(step.notes)
      for (const { op, span } of step.writes) if (op === "close") spans.set(span.id, span)
    }
    return arrivals.pipe(
      Stream.runForEach(({ origin, lines, skipped }) =>
        Effect.sync(() => {
          report.skipped(skipped)
          take(fold.push(origin, lines))
        })
      ),
      Effect.map(() => {
        take(fold.end())
        return [...spans.values()]
      })
    )
  })
}

export const recordCommand = Command.make(
  "record",
  { named: flags.paths, latest: flags.latest, hooks: flags.hooks, output, schema },
  Effect.fnUntraced(function* ({ named, latest, hooks, output: folder, schema: wanted }) {
    const home = codexFolder(process.env)
    const inputs = [
      ...(yield* Effect.forEach(named, (one) => locate(one, home))),
      ...(latest ? [yield* locateLatest(home)] : [])
    ]
    if (inputs.length === 0) {
      return yield* new WrongUse({
        reason: "nothing to record",
        hint: "name a transcript, a folder or a session's id, or use --latest"
      })
    }
    const report = makeReport()
    for (const input of inputs) {
      for (const spans of yield* recordedSpans(input, hooks, report)) {
        const root = spans.find((span) => span.kind === "session")
        if (root === undefined) continue
        const traceId = crypto.randomUUID()
        const identity = { schema: wanted === "1" ? (1 as const) : (2 as const), traceId, rootThreadId: root.thread_id }
        yield* Console.log(yield* writeBundle(folder, identity, planBundle(spans, identity)))
      }
    }
    const summary = report.text()
    if (summary !== "") yield* Console.error(summary)
    if (!report.isComplete()) return yield* new Incomplete()
  })
).pipe(
  Command.withDescription("Write rollout-trace bundles of sessions that Codex did not record"),
  Command.withExamples([
    { command: "tracer record --latest -o bundles", description: "The last session as a bundle of today's Codex" },
    { command: "tracer record rollout.jsonl -o bundles --schema 1", description: "For Codex 0.128 to 0.164" }
  ])
)
