/**
 * The collector's private socket: one JSON message a line, an answer a line where one is wanted.
 *
 * Reachable by the user alone: the state folder is 0700, the socket is made under umask 077. Only the holder of the lock
 * listens, so a socket that is there already was left by a dead collector and is removed. A connection that sends
 * rubbish, too much or nothing harms itself only.
 */
import { rmSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { Effect, Schema, type Scope } from "effect"
import { socketName } from "../hook/places.ts"
import { type Message, parseMessage } from "./inbox.ts"

/** An environment's settings and a path: anything longer is no message of ours. */
const messageBytesMax = 1024 * 1024

export class NotListening extends Schema.TaggedError<NotListening>()("NotListening", {
  socket: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    const reason = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `cannot listen on ${this.socket}: ${reason}`
  }
}

/** Answers a message; undefined where none is wanted. */
export type Answer = (message: Message) => Effect.Effect<object | undefined>

const serveConnection = (socket: Socket, onMessage: (message: Message, reply: (answer: object) => void) => void) => {
  let received = ""
  socket.setEncoding("utf8")
  socket.on("error", () => socket.destroy())
  socket.on("data", (text: string) => {
    received += text
    if (received.length > messageBytesMax) socket.destroy()
    for (let end = received.indexOf("\n"); end >= 0; end = received.indexOf("\n")) {
      const message = parseMessage(received.slice(0, end))
      received = received.slice(end + 1)
      if (message !== undefined) onMessage(message, (answer) => socket.end(`${JSON.stringify(answer)}\n`))
    }
  })
}

/** Listens in the current folder (the state folder) until the scope ends; then takes no new connection. */
export const listen = (state: string, answer: Answer): Effect.Effect<void, NotListening, Scope.Scope> =>
  Effect.gen(function* () {
    const name = socketName(state)
    const run = Effect.runForkWith(yield* Effect.context())
    const server = createServer((socket) =>
      serveConnection(socket, (message, reply) =>
        run(Effect.map(answer(message), (answered) => (answered === undefined ? undefined : reply(answered))))
      )
    )
    yield* Effect.acquireRelease(
      Effect.callback<void, NotListening>((resume) => {
        if (process.platform !== "win32") rmSync(name, { force: true })
        server.on("error", (cause) => resume(Effect.fail(new NotListening({ socket: name, cause }))))
        server.listen(name, () => resume(Effect.void))
      }),
      () => Effect.sync(() => server.close())
    )
  })
