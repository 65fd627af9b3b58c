/**
 * The user's wish to stop: the first SIGINT, SIGTERM or SIGHUP asks a command to come to its end and to flush, the second ends
 * it at once. A command that reads on and on watches `requested`; one that does not is simply done soon.
 */
import { Context, type Effect } from "effect"

export class Stop extends Context.Service<
  Stop,
  {
    /** Completes at the first signal. */
    readonly requested: Effect.Effect<void>
    readonly isRequested: () => boolean
  }
>()("tracer/cli/Stop") {}
