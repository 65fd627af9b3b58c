/**
 * Keeps the process small while it folds and sends much: collects garbage before the runtime would.
 *
 * What lives is little (a fold of 256 MiB of transcript holds 18 MiB), but JavaScriptCore lets garbage grow with the
 * machine's memory. Asked after each portion that was read and each batch that was sent, so that an idle collector does
 * nothing here. Counts bytes.
 */

/** Nothing is done below this. */
const residentBytesEasy = 100 * 2 ** 20
/** A collection pays where so much has come since the last one. */
const growthBytes = 8 * 2 ** 20

/** Something that looks at the process' size and collects garbage where that pays. One a process. */
export const makeTidy = (): (() => void) => {
  let floor = 0
  return () => {
    if (process.memoryUsage.rss() < Math.max(residentBytesEasy, floor + growthBytes)) return
    Bun.gc(true)
    floor = process.memoryUsage.rss()
  }
}
