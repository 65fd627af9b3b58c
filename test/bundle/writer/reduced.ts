/**
 * Spans, recorded and reduced: what our own reducer makes of the bundle that the writer makes of them.
 *
 * That our reducer equals Codex's is shown elsewhere (oracle.ts); record-oracle.ts asks Codex itself.
 */
import { Effect } from "effect"
import { generationOf } from "../../../src/bundle/generation.ts"
import { openBundle } from "../../../src/bundle/open.ts"
import { stateText } from "../../../src/bundle/print.ts"
import { reduceBundle } from "../../../src/bundle/reduce.ts"
import type { PlannedEvent } from "../../../src/bundle/writer/event.ts"
import type { Schema } from "../../../src/bundle/writer/items.ts"
import { planBundle } from "../../../src/bundle/writer/plan.ts"
import { writeBundle } from "../../../src/bundle/writer/write.ts"
import type { Span } from "../../../src/span/span.ts"
import { temporaryFolder } from "../../support/folder.ts"
import type { State } from "../oracle/graph.ts"

export const schemas: ReadonlyArray<Schema> = [1, 2]

/** The release whose reducer a schema is held against. */
const releases: { readonly [schema in Schema]: string } = { 1: "0.155.0", 2: "0.169.0" }

/** The state of a bundle on disk; throws where the reducer refuses it. */
export const stateIn = async (folder: string, schema: Schema): Promise<State> => {
  const features = generationOf(releases[schema])
  if (features === undefined) throw new Error(`no reducer of ${releases[schema]}`)
  const { trace } = reduceBundle(openBundle(folder), { as: features })
  return JSON.parse([...stateText(trace)].join(""))
}

/** The state of planned events. */
export const stateOfEvents = async (
  events: ReadonlyArray<PlannedEvent>,
  rootThreadId: string,
  schema: Schema
): Promise<State> => {
  const identity = { schema, traceId: "trace-1", rootThreadId }
  return stateIn(await Effect.runPromise(writeBundle(temporaryFolder(), identity, events)), schema)
}

/** The state of a session's spans. */
export const stateOfSpans = (spans: ReadonlyArray<Span>, rootThreadId: string, schema: Schema): Promise<State> =>
  stateOfEvents(planBundle(spans, { schema, traceId: "trace-1" }), rootThreadId, schema)
