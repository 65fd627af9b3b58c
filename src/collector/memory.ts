/**
 * Keeps a process that folds much small: collects garbage before the runtime would.
 *
 * What lives is little (a fold of 256 MiB of transcript holds 18 MiB), but JavaScriptCore sizes its young generation
 * by the machine's memory: on one with 24 GiB that read peaks at 240 MiB. Asked after each portion that was read and
 * each batch that was sent, so that whoever is idle does nothing here. Counts bytes and milliseconds.
 */

/** What the keeper sees of its process, and does to it. */
export interface Process {
  readonly residentBytes: () => number
  readonly collect: () => void
  readonly nowMs: () => number
}

const thisProcess: Process = {
  residentBytes: () => process.memoryUsage.rss(),
  collect: () => Bun.gc(true),
  nowMs: () => performance.now()
}

const mebibyte = 2 ** 20
/** Nothing is done below this. */
const residentBytesEasy = 155 * mebibyte
/** A collection pays where so much has come since the last one. */
const growthBytes = 12 * mebibyte
/** From here on each look may collect: memory that has been let go once comes back in smaller pieces. */
const residentBytesHard = 175 * mebibyte
/** Where collecting does not help, it still takes no more than this share of the time. */
const shareMax = 0.15

/** Something that looks at the process' size (a look costs some 10 µs) and collects garbage where that pays. */
export const makeMemoryKeeper = (of: Process = thisProcess): (() => void) => {
  let floor = 0
  let notBeforeMs = 0
  return () => {
    const dueBytes = Math.min(residentBytesHard, Math.max(residentBytesEasy, floor + growthBytes))
    if (of.residentBytes() < dueBytes) return
    const begunMs = of.nowMs()
    if (begunMs < notBeforeMs) return
    of.collect()
    floor = of.residentBytes()
    const endedMs = of.nowMs()
    notBeforeMs = endedMs + (endedMs - begunMs) * (1 / shareMax - 1)
  }
}
