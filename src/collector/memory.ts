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

/** How small a process is kept. */
export interface MemoryLimits {
  /** Nothing is done below this. */
  readonly residentBytesEasy: number
  /** A collection pays where so much has come since the last one, which left `floor`. */
  readonly growthBytes: (floor: number) => number
  /** From here on each look may collect: memory that has been let go once comes back in smaller pieces. */
  readonly residentBytesHard: number
  /** Where collecting does not help, it still takes no more than this share of the time. */
  readonly shareMax: number
}

const mebibyte = 2 ** 20

/** For a fold that runs for long. */
const foldLimits: MemoryLimits = {
  residentBytesEasy: 172 * mebibyte,
  growthBytes: () => 12 * mebibyte,
  residentBytesHard: 186 * mebibyte,
  shareMax: 0.15
}

/**
 * For a reduction: it is over soon, and Codex's takes little memory. A collection looks at all that lives: where that
 * is much, it is left to the runtime, or the time would grow with the square of the bundle.
 */
export const reductionLimits: MemoryLimits = {
  residentBytesEasy: 60 * mebibyte,
  growthBytes: (floor) => (floor < 110 * mebibyte ? 4 * mebibyte : Number.POSITIVE_INFINITY),
  residentBytesHard: Number.POSITIVE_INFINITY,
  shareMax: 0.5
}

/** Something that looks at the process' size (a look costs some 10 µs) and collects garbage where that pays. */
export const makeMemoryKeeper = (
  { growthBytes, residentBytesEasy, residentBytesHard, shareMax }: MemoryLimits = foldLimits,
  of: Process = thisProcess
): (() => void) => {
  let floor = 0
  let notBeforeMs = 0
  return () => {
    const dueBytes = Math.min(residentBytesHard, Math.max(residentBytesEasy, floor + growthBytes(floor)))
    if (of.residentBytes() < dueBytes) return
    const begunMs = of.nowMs()
    if (begunMs < notBeforeMs) return
    of.collect()
    floor = of.residentBytes()
    const endedMs = of.nowMs()
    notBeforeMs = endedMs + (endedMs - begunMs) * (1 / shareMax - 1)
  }
}
