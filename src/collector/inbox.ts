/**
 * Messages from the socket, checked: hook/message.ts says what they are, this file decides what is one.
 *
 * The socket is the user's alone, yet what it carries comes from processes of any version of ours: unknown fields are
 * ignored, an unknown or broken message is refused without being shown (it may hold a secret).
 */
import { Option, Schema } from "effect"
import { isSessionId } from "../hook/places.ts"

const SessionId = Schema.String.check(Schema.makeFilter((value) => isSessionId(value) || "is no session id"))

const wakeFields = {
  version: Schema.String,
  command: Schema.Array(Schema.String),
  session: SessionId,
  event: Schema.String,
  cwd: Schema.optionalKey(Schema.String),
  transcriptPath: Schema.optionalKey(Schema.String),
  environment: Schema.Record(Schema.String, Schema.String)
}

export const Wake = Schema.Struct({ type: Schema.Literal("wake"), ...wakeFields })
export const Flush = Schema.Struct({ type: Schema.Literal("flush"), withinMs: Schema.Finite, ...wakeFields })
export const AskStatus = Schema.Struct({ type: Schema.Literal("status") })
export const Stop = Schema.Struct({ type: Schema.Literal("stop") })

export const Message = Schema.Union([Wake, Flush, AskStatus, Stop])
export type Message = typeof Message.Type
export type Wake = typeof Wake.Type
export type Flush = typeof Flush.Type

const decode = Schema.decodeUnknownOption(Message)

/** The message of one line, or undefined where it is none. */
export const parseMessage = (line: string): Message | undefined => {
  try {
    return Option.getOrUndefined(decode(JSON.parse(line)))
  } catch {
    // Whoever can open the socket may write anything into it; what is no message is passed over.
    return undefined
  }
}
