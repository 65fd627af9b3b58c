/**
 * How a sink fails: what the user reads, and what delivery does about it.
 *
 * Delivery looks at `retry` only, never into a message text.
 */
import { Schema } from "effect"

export class SinkFailed extends Schema.TaggedError<SinkFailed>()("SinkFailed", {
  sink: Schema.String,
  /**
   * transient: the same batch may be taken later. too-large: fewer or shorter rows may be taken.
   * refused: something in this batch is not taken, other rows may be. permanent: nothing will be (a bad key).
   */
  retry: Schema.Literals(["transient", "too-large", "refused", "permanent"]),
  /** What happened, to which address, file or setting. */
  reason: Schema.String,
  /** Milliseconds the backend asked us to wait. */
  retryAfterMs: Schema.optionalKey(Schema.Number),
  hint: Schema.optionalKey(Schema.String),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return `${this.sink}: ${this.reason}`
  }
}

/** Whoever read our output has left (`| head`): no failure, and nothing more to do for this sink. */
export class ReaderLeft extends Schema.TaggedError<ReaderLeft>()("ReaderLeft", { sink: Schema.String }) {
  override get message() {
    return `${this.sink}: the reader closed the pipe`
  }
}
