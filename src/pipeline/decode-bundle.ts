/**
 * A bundle's line, with the payloads that came along → what happened.
 *
 * The line itself is read by the schemas of the log, strictly; a payload as plain JSON, and one that cannot be read
 * costs its content and not its event. A type of event that nobody knows yet is a note.
 */
import { type BundleTranslator, bundleTranslator, type Payloads } from "../domain/bundle.ts"
import type { Line } from "../source/line.ts"
import { eventDecoder, eventTypeOf, eventTypes } from "../wire/bundle/events.ts"
import { Malformed } from "../wire/bundle/fields.ts"
import { JsonFault, readJsonText, textMember } from "../wire/bundle/json.ts"
import type { JsonObject } from "../wire/json.ts"
import { parseObject } from "../wire/record.ts"
import { type Decoded, isParsed, skipped } from "./decode.ts"

const readEvent = eventDecoder({ unknownTypes: [], runtimeKind: "ignored", receipts: true })

/** The content of a line's payloads, each parsed when it is first asked for. */
const payloadsOf = (line: Line): Payloads => {
  const read = new Map<string, JsonObject | undefined>()
  return (reference) => {
    if (reference === null) return undefined
    const id = reference.raw_payload_id
    if (!read.has(id)) {
      const text = line.payloads?.get(id)
      const value = text === undefined ? undefined : parseObject(text)
      read.set(id, value !== undefined && isParsed(value) ? value : undefined)
    }
    return read.get(id)
  }
}

const bytesOf = ({ text, payloads }: Line): number => {
  let bytes = text.length
  for (const payload of payloads?.values() ?? []) bytes += payload.length
  return bytes
}

const decode = (translator: BundleTranslator, line: Line): Decoded => {
  const value = readJsonText(line.text)
  const type = eventTypeOf(value)
  if (type !== undefined && !Object.hasOwn(eventTypes, type)) {
    const threadId = textMember(value, "thread_id") ?? textMember(value, "rollout_id") ?? ""
    const unknown = { _tag: "Unrecognised", threadId, at: 0, topic: "bundle event", detail: type } as const
    return { _tag: "Events", events: [unknown] }
  }
  return { _tag: "Events", events: translator.translate(readEvent(value), payloadsOf(line), bytesOf(line)) }
}

/** Reads the lines of one session's bundles, in their order. */
export const bundleDecoder = () => {
  const translator = bundleTranslator()
  return {
    decode: (line: Line): Decoded => {
      try {
        return decode(translator, line)
      } catch (error) {
        if (error instanceof JsonFault) return skipped("not JSON")
        if (error instanceof Malformed) return skipped(`not an event of a bundle: ${error.message}`)
        throw error
      }
    },
    end: translator.end
  }
}
