/**
 * What the collector is built around: the fold and the sinks. Tests put others here, and all the rest stays the real thing.
 */
import { Context, type Effect, type Scope } from "effect"
import type { Fold, FoldOptions } from "../pipeline/fold.ts"
import type { SinkFailed } from "../sink/failure.ts"
import type { OpenSink, SinkContext } from "../sink/sink.ts"

export class Parts extends Context.Service<
  Parts,
  {
    /**
     * `rootId`: the session's root thread, which the collector knows from its hooks. `isRecorded`: bundles of the session
     * may come, whose word goes before the transcript's.
     */
    readonly openFold: (options: FoldOptions & { readonly rootId: string; readonly isRecorded: boolean }) => Fold
    readonly openSink: (name: string, context: SinkContext) => Effect.Effect<OpenSink, SinkFailed, Scope.Scope>
  }
>()("tracer/collector/Parts") {}
