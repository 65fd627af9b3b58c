/**
 * Asking a collector: what its answers look like, and the two questions that commands put to it.
 */
import { createConnection } from "node:net"
import { Effect, Option, Schema } from "effect"
import { socketName } from "../hook/places.ts"

const LaneStatus = Schema.Struct({
  sink: Schema.String,
  destination: Schema.String,
  unreadBytes: Schema.Finite,
  waitingSpans: Schema.Finite,
  acknowledgedSpans: Schema.Finite,
  acknowledgedAt: Schema.optionalKey(Schema.Finite),
  trouble: Schema.optionalKey(Schema.String)
})

export const CollectorStatus = Schema.Struct({
  type: Schema.Literal("status"),
  version: Schema.String,
  pid: Schema.Int,
  /** Unix seconds. */
  startedAt: Schema.Finite,
  residentBytes: Schema.Finite,
  sessions: Schema.Array(
    Schema.Struct({
      session: Schema.String,
      state: Schema.Literals(["following", "waiting"]),
      why: Schema.optionalKey(Schema.String),
      lanes: Schema.Array(LaneStatus)
    })
  )
})
export type CollectorStatus = typeof CollectorStatus.Type

const Stopping = Schema.Struct({ type: Schema.Literal("stopping"), pid: Schema.Int })

/** none: nobody listens. silent: somebody does and does not answer. */
export class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", {
  state: Schema.String,
  why: Schema.Literals(["none", "silent"])
}) {
  override get message() {
    return this.why === "none"
      ? `no collector runs for ${this.state}`
      : `the collector of ${this.state} does not answer`
  }
}

const answerMs = 2_000

/** One question, one line of answer. Changes into the state folder: the socket's name is relative to it. */
const ask = (state: string, question: object): Effect.Effect<unknown, NoAnswer> =>
  Effect.callback<unknown, NoAnswer>((resume) => {
    const none = () => resume(Effect.fail(new NoAnswer({ state, why: "none" })))
    try {
      process.chdir(state)
    } catch {
      // No state folder: no collector has run here.
      return none()
    }
    const socket = createConnection(socketName(state))
    let received = ""
    socket.setEncoding("utf8")
    socket.on("connect", () => socket.write(`${JSON.stringify(question)}\n`))
    socket.on("data", (text: string) => {
      received += text
    })
    socket.on("error", none)
    socket.on("close", () => {
      try {
        resume(Effect.succeed(JSON.parse(received)))
      } catch {
        // It hung up in the middle of its answer, or is no collector.
        resume(Effect.fail(new NoAnswer({ state, why: "silent" })))
      }
    })
    return Effect.sync(() => socket.destroy())
  }).pipe(
    Effect.timeoutOrElse({
      duration: answerMs,
      orElse: () => Effect.fail(new NoAnswer({ state, why: "silent" }))
    })
  )

const silent = (state: string) => () => new NoAnswer({ state, why: "silent" })

export const askStatus = (state: string): Effect.Effect<CollectorStatus, NoAnswer> =>
  Effect.flatMap(ask(state, { type: "status" }), (answer) =>
    Effect.mapError(
      Effect.fromOption(Schema.decodeUnknownOption(CollectorStatus)(answer) as Option.Option<CollectorStatus>),
      silent(state)
    )
  )

/** Asks the collector to deliver what it can and leave; answers its process id. */
export const askToStop = (state: string): Effect.Effect<number, NoAnswer> =>
  Effect.flatMap(ask(state, { type: "stop" }), (answer) =>
    Effect.mapError(
      Effect.fromOption(Option.map(Schema.decodeUnknownOption(Stopping)(answer), ({ pid }) => pid)),
      silent(state)
    )
  )

/** Whether a collector that answered, or that its log names, is still there. Linux hands ids out again, but not soon. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    // ESRCH. A process of another user (EPERM) is none of ours, so it counts as gone too.
    return false
  }
}
