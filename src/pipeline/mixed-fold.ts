/**
 * The fold of lines that don't say where they belong: standard input, or one file on its own.
 *
 * Transcript records, hook journal lines, bare hook payloads and bundle events are told apart line by line. A
 * `session_meta` begins a file, unless it is the parent's at the head of a replay; hooks and bundle events name their
 * session. Each session gets its own fold. Of a bundle only the log comes this way: what its payload files hold is not
 * told, and the path of the bundle's folder says more. A hook payload without a journal's line around it does not say
 * when it came: what it tells beside that counts, once all else is read, and the rest is an oddity.
 */
import type { DomainEvent, EventOf } from "../domain/event.ts"
import type { Line, SkippedLine } from "../source/line.ts"
import type { JsonObject } from "../wire/json.ts"
import { type Decoded, decodeHook, decodeRecord, hookSession, parseLine } from "./decode.ts"
import { bundleDecoder } from "./decode-bundle.ts"
import type { Fold, FoldOptions } from "./fold.ts"
import { type Collected, collected, type EventFold, eventFold, placed, skip } from "./session-fold.ts"

/** The transcript that is being read. */
interface CurrentFile {
  readonly threadId: string
  readonly rootId: string
  /** Whose `session_meta` may stand at the head of a replay. */
  readonly ancestors: ReadonlySet<string>
}

const started = (events: ReadonlyArray<DomainEvent>): EventOf<"ThreadStarted"> | undefined =>
  events.find((event): event is EventOf<"ThreadStarted"> => event._tag === "ThreadStarted")

/** Whether a line is of a bundle's log: the envelope that no record and no hook has. */
const isBundleEvent = (value: JsonObject): value is JsonObject & { readonly rollout_id: string } =>
  typeof value.rollout_id === "string" && "wall_time_unix_ms" in value

/** What a hook tells that is true whenever it came. */
const timeless: ReadonlySet<DomainEvent["_tag"]> = new Set(["SessionNoted", "AgentHooked", "PromptHooked"])

/** What a hook payload that came without its time tells all the same. */
interface BareHook {
  readonly sessionId: string
  readonly events: ReadonlyArray<DomainEvent>
  readonly untold: SkippedLine
}

/** History that stands in another file and did not come with this one (forks, 0.155 +). */
const continuesElsewhere = (event: EventOf<"ThreadStarted">): boolean => event.lineage.forkedFromOrdinal !== undefined

/** The fold of lines of any kind, in the order they come. */
export const mixedFold = (options: FoldOptions = {}): Fold => {
  const folds = new Map<string, EventFold>()
  const roots = new Map<string, string>()
  const bundles = new Map<string, ReturnType<typeof bundleDecoder>>()
  const bareHooks: Array<BareHook> = []
  /** The last that was told of each session, by its root. */
  const latestAt = new Map<string, number>()
  let file: CurrentFile | undefined

  const foldOf = (rootId: string): EventFold => {
    let fold = folds.get(rootId)
    if (fold === undefined) {
      fold = eventFold({ ...options, rootId })
      folds.set(rootId, fold)
    }
    return fold
  }

  /** A `session_meta` that begins another file than the one that is being read. */
  const begin = (event: EventOf<"ThreadStarted">): CurrentFile => {
    if (file !== undefined && (event.metaId === file.threadId || file.ancestors.has(event.metaId))) return file
    const { parentThreadId, forkedFromId } = event.lineage
    const parentRoot = parentThreadId === undefined ? undefined : (roots.get(parentThreadId) ?? parentThreadId)
    const rootId = event.rootId ?? parentRoot ?? event.metaId
    roots.set(event.metaId, rootId)
    const ancestors = new Set([parentThreadId, forkedFromId, rootId].flatMap((id) => (id === undefined ? [] : [id])))
    ancestors.delete(event.metaId)
    return { threadId: event.metaId, rootId, ancestors }
  }

  const decodeTranscript = (value: JsonObject, line: Line): Decoded => {
    if (value.type !== "session_meta") {
      return file === undefined
        ? { _tag: "Skipped", reason: "a record before any session_meta: whose it is is not known" }
        : decodeRecord(value, file.threadId, line.text.length)
    }
    const decoded = decodeRecord(value, "", line.text.length)
    const meta = decoded._tag === "Events" ? started(decoded.events) : undefined
    if (meta === undefined) return decoded
    file = begin(meta)
    return { _tag: "Events", events: [{ ...meta, threadId: file.threadId }] }
  }

  const applyTranscript = (value: JsonObject, line: Line, into: Collected): void => {
    const decoded = decodeTranscript(value, line)
    if (decoded._tag === "Skipped" || file === undefined) {
      into.skipped.push(skip(line, decoded._tag === "Skipped" ? decoded.reason : "no session"))
      return
    }
    const fold = foldOf(file.rootId)
    for (const event of decoded.events) {
      latestAt.set(file.rootId, Math.max(latestAt.get(file.rootId) ?? 0, event.at))
      fold.apply(placed(event, line, false), into)
      if (event._tag === "ThreadStarted" && event.metaId === event.threadId && continuesElsewhere(event)) {
        fold.apply({ _tag: "HistoryMissing", threadId: event.threadId, at: event.at }, into)
      }
    }
  }

  const applyHook = (value: JsonObject, sessionId: string, line: Line, into: Collected): void => {
    const decoded = decodeHook(value, line.text.length)
    if (decoded._tag === "Skipped") {
      holdBareHook(value, sessionId, line, into)
      return
    }
    const rootId = roots.get(sessionId) ?? sessionId
    for (const event of decoded.events) {
      latestAt.set(rootId, Math.max(latestAt.get(rootId) ?? 0, event.at))
      foldOf(rootId).apply(event, into)
    }
  }

  const holdBareHook = (value: JsonObject, sessionId: string, line: Line, into: Collected): void => {
    const decoded = decodeHook(value, 0, 0)
    if (decoded._tag === "Skipped") {
      into.skipped.push(skip(line, decoded.reason))
      return
    }
    const events = decoded.events.filter((event) => timeless.has(event._tag))
    const untold = skip(line, "a hook payload without its time, of a session that nothing else tells of")
    if (events.length > 0) bareHooks.push({ sessionId, events, untold })
    else into.notes.push({ topic: "hook", detail: `${String(value.hook_event_name)} without its time` })
  }

  const applyBareHook = ({ sessionId, events, untold }: BareHook, into: Collected): void => {
    const rootId = roots.get(sessionId) ?? sessionId
    const at = latestAt.get(rootId)
    if (at === undefined) into.skipped.push(untold)
    else for (const event of events) foldOf(rootId).apply({ ...event, at }, into)
  }

  /** The bundle events of a session: a log alone, without its payload files. */
  const applyBundle = (sessionId: string, line: Line, into: Collected): void => {
    const decoder = bundles.get(sessionId) ?? bundleDecoder()
    bundles.set(sessionId, decoder)
    const decoded = decoder.decode(line)
    if (decoded._tag === "Skipped") into.skipped.push(skip(line, decoded.reason))
    else for (const event of decoded.events) foldOf(sessionId).apply(event, into)
  }

  return {
    push: (_, lines) => {
      const into = collected()
      for (const line of lines) {
        const value = parseLine(line.text)
        if (typeof value === "string") {
          into.skipped.push(skip(line, value))
          continue
        }
        if (isBundleEvent(value)) {
          applyBundle(value.rollout_id, line, into)
          continue
        }
        const sessionId = "timestamp" in value ? undefined : hookSession(value)
        if (sessionId === undefined) applyTranscript(value, line, into)
        else applyHook(value, sessionId, line, into)
      }
      return into
    },
    end: () => {
      const into = collected()
      for (const hook of bareHooks) applyBareHook(hook, into)
      for (const [sessionId, decoder] of bundles)
        for (const event of decoder.end()) foldOf(sessionId).apply(event, into)
      for (const fold of folds.values()) fold.end(into)
      return into
    }
  }
}
