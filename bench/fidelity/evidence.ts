/**
 * What all transcripts of a case and its hook journal can tell together: which calls left an item, which threads are
 * agents, whose a turn or a call is that several files hold.
 */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import type { Case } from "./case.ts"
import { at, groupBy, number, readLines, text } from "./json.ts"
import type { TrueTurn, Usage } from "./truth.ts"
import { readTranscript, type Transcript, type UserCommand, usageOf } from "./truth-transcript.ts"

export interface Evidence {
  /** Call ids with an item that has times. */
  readonly items: ReadonlySet<string>
  /** Thread by call id of any record: the one that told of it first, for replays and forks copy records. */
  readonly calls: ReadonlyMap<string, string>
  readonly userCommands: ReadonlyArray<UserCommand>
  /** Call ids whose start a PreToolUse hook told, and whose end a PostToolUse hook did. */
  readonly hookedStarts: ReadonlySet<string>
  readonly hookedEnds: ReadonlySet<string>
  /** Arrival of each PreModelRequest. */
  readonly modelRequests: ReadonlyArray<{ readonly turn: string; readonly atMs: number }>
  /** Usage that PostModelRequest hooks told. */
  readonly hookedUsage: ReadonlyArray<Usage>
  /** Parent by agent thread, as each thread's own first record says; undefined for a root. */
  readonly parents: ReadonlyMap<string, string | undefined>
  readonly turns: ReadonlyArray<TrueTurn>
  /** When turns were interrupted, Unix ms, by thread. */
  readonly interrupts: ReadonlyMap<string, ReadonlyArray<number>>
  readonly instructions: ReadonlySet<string>
  readonly usageByResponse: ReadonlyMap<string, Usage>
  readonly usageInOrder: ReadonlyMap<string, ReadonlyArray<Usage>>
}

const earliest = <A extends { readonly at: string }>(sightings: ReadonlyArray<A>): A | undefined =>
  sightings.toSorted((one, other) => (one.at < other.at ? -1 : 1))[0]

/** A parent echoes the turns of its reviewer; any other turn that two files hold was copied from the earlier one. */
const turnsOf = (transcripts: ReadonlyArray<Transcript>): Array<TrueTurn> => {
  const all = transcripts.flatMap(({ thread, review, turns }) => turns.map((turn) => ({ ...turn, thread, review })))
  return [...groupBy(all, (turn) => turn.id ?? turn).values()].flatMap((sightings) => {
    const own = sightings.find((sighting) => sighting.review) ?? earliest(sightings)
    return own === undefined ? [] : [{ thread: own.thread, ...(own.id !== undefined && { id: own.id }) }]
  })
}

const callsOf = (transcripts: ReadonlyArray<Transcript>): Map<string, string> => {
  const all = transcripts.flatMap(({ thread, calls }) => [...calls].map(([id, at]) => ({ id, at, thread })))
  return new Map([...groupBy(all, (call) => call.id)].map(([id, sightings]) => [id, earliest(sightings)?.thread ?? ""]))
}

/**
 * A reviewer's file may not name its parent. The file that echoes its turns is the parent's; where turns have no ids,
 * the file in which a review was going on when the reviewer began.
 */
const parentOf = (transcript: Transcript, all: ReadonlyArray<Transcript>): string | undefined => {
  if (transcript.parent !== undefined || !transcript.review) return transcript.parent
  const own = new Set(transcript.turns.flatMap((turn) => turn.id ?? []))
  const began = transcript.turns[0]?.at ?? ""
  const others = all.filter((other) => other.thread !== transcript.thread)
  return (
    others.find((other) => other.turns.some((turn) => turn.id !== undefined && own.has(turn.id))) ??
    others.find((other) => other.reviews.some(({ from, to }) => from <= began && began <= to))
  )?.thread
}

const readHooks = (file: string | undefined) => {
  const hookedStarts = new Set<string>()
  const hookedEnds = new Set<string>()
  const modelRequests: Array<{ turn: string; atMs: number }> = []
  const hookedUsage: Array<Usage> = []
  for (const hook of file === undefined ? [] : readLines(file)) {
    const event = text(hook, "payload", "hook_event_name")
    const id = text(hook, "payload", "tool_use_id")
    if (event === "PreToolUse" && id !== undefined) hookedStarts.add(id)
    if (event === "PostToolUse" && id !== undefined) hookedEnds.add(id)
    const usage = usageOf(at(hook, "payload", "token_usage"))
    if (event === "PostModelRequest" && usage !== undefined) hookedUsage.push(usage)
    if (event === "PreModelRequest")
      modelRequests.push({ turn: text(hook, "payload", "turn_id") ?? "", atMs: (number(hook, "at_ns") ?? 0) / 1e6 })
  }
  return { hookedStarts, hookedEnds, modelRequests, hookedUsage }
}

/** Reads every transcript of a case and its hook journal. `withHooks: false` is blind to the journal. */
export const readEvidence = (one: Case, withHooks: boolean): Evidence => {
  const transcripts = one.transcriptFolders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.jsonl(\.zst)?$/.test(name))
      .sort()
      .map((name) => readTranscript(readLines(join(folder, name))))
  )
  const byThread = [...groupBy(transcripts, ({ thread }) => thread)]
  return {
    ...readHooks(withHooks ? one.hooks : undefined),
    items: new Set(transcripts.flatMap(({ items }) => [...items])),
    calls: callsOf(transcripts),
    userCommands: transcripts.flatMap(({ userCommands }) => userCommands),
    parents: new Map(transcripts.map((transcript) => [transcript.thread, parentOf(transcript, transcripts)])),
    turns: turnsOf(transcripts),
    interrupts: new Map(byThread.map(([thread, files]) => [thread, files.flatMap(({ interrupts }) => interrupts)])),
    instructions: new Set(transcripts.flatMap(({ instructions }) => instructions ?? [])),
    usageByResponse: new Map(transcripts.flatMap(({ usageByResponse }) => [...usageByResponse])),
    usageInOrder: new Map(byThread.map(([thread, files]) => [thread, files.flatMap((file) => file.usageInOrder)]))
  }
}
