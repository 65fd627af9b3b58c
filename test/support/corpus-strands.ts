/**
 * The sessions of a corpus case as strands: one a transcript, one the hook journal.
 *
 * What a source works out from file names and `history_base` (which files are one session, what a fork inherits) is
 * worked out here in the simplest way, so that the fold can be tested without the sources.
 */
import { basename } from "node:path"
import { type Case, transcriptsOf } from "./corpus.ts"
import { type Placed, type Strand, strand, textLines } from "./reading.ts"

interface Transcript {
  readonly name: string
  readonly threadId: string
  readonly rootId: string
  readonly base?: { readonly thread_id: string; readonly end_ordinal_exclusive: number }
  readonly texts: ReadonlyArray<string>
}

export interface CorpusSession {
  readonly rootId: string
  readonly strands: ReadonlyArray<Strand>
}

const transcript = (path: string): Transcript => {
  const texts = textLines(path)
  const { payload } = JSON.parse(texts[0] ?? "{}")
  const rootId = payload.session_id ?? payload.id
  const base = payload.history_base
  return { name: basename(path), threadId: payload.id, rootId, texts, ...(base && { base }) }
}

const before = (texts: ReadonlyArray<string>, ordinal: number) =>
  texts.filter((text) => JSON.parse(text).ordinal < ordinal)

/** The texts that a transcript inherits from other threads. */
const inherited = (one: Transcript, all: ReadonlyArray<Transcript>): ReadonlyArray<string> => {
  const { base } = one
  if (base === undefined || base.thread_id === one.threadId) return []
  const parent = all.find(({ threadId }) => threadId === base.thread_id)
  return parent === undefined ? [] : [...inherited(parent, all), ...before(parent.texts, base.end_ordinal_exclusive)]
}

/** The files of one thread are one strand: a revert's further file comes after the one it goes on from. */
const threadStrand = (files: ReadonlyArray<Transcript>, all: ReadonlyArray<Transcript>): Strand =>
  files.flatMap((file): ReadonlyArray<Placed> => {
    const origin = { _tag: "Transcript", threadId: file.threadId } as const
    const own = strand(origin, file.name, file.texts)
    const start = own[0]?.at ?? 0
    const from = strand({ ...origin, inherited: true }, "parent", inherited(file, all))
    return [...from.map((placed) => ({ ...placed, at: start })), ...own]
  })

/** The sessions of a case. */
export const sessionsOf = (one: Case, how: { readonly hooks: boolean }): ReadonlyArray<CorpusSession> => {
  const all = transcriptsOf(one).map(transcript)
  const calls = how.hooks && one.hooks !== undefined ? textLines(one.hooks) : []
  return [...new Set(all.map(({ rootId }) => rootId))].map((rootId) => {
    const files = all.filter((file) => file.rootId === rootId)
    const threads = [...new Set(files.map(({ threadId }) => threadId))]
    const own = calls.filter((text) => JSON.parse(text).payload.session_id === rootId)
    return {
      rootId,
      strands: [
        ...threads.map((id) =>
          threadStrand(
            files.filter(({ threadId }) => threadId === id),
            all
          )
        ),
        strand({ _tag: "Journal" }, "hooks.jsonl", own)
      ].filter((lines) => lines.length > 0)
    }
  })
}
