/**
 * Whose reviewer it is, in versions whose reviewers do not say (before 0.142).
 *
 * A review is a thread of its own; its file names no parent. The thread that asked for it writes `entered_review_mode`
 * a moment before the reviewer's file is begun. Older files are looked through for that, and only where there is such
 * a reviewer; one that nobody claims stays a session of its own.
 */
import { closeSync, openSync, readSync } from "node:fs"
import { isCompressed } from "./file.ts"
import { timeOf } from "./record-head.ts"
import type { Rollout } from "./rollout.ts"

/** How long after the request a reviewer's file may be begun. */
const delayMsMax = 10_000

const portionBytes = 1 << 20

const mark = Buffer.from('"entered_review_mode"')

/** The times at which a file says that a review began, Unix ms. A file that cannot be read says nothing. */
const reviewsIn = (path: string): ReadonlyArray<number> => {
  const times: Array<number> = []
  let file: number | undefined
  try {
    file = openSync(path, "r")
    let rest = Buffer.alloc(0)
    const portion = Buffer.allocUnsafe(portionBytes)
    for (let size = readSync(file, portion); size > 0; size = readSync(file, portion)) {
      const held = Buffer.concat([rest, portion.subarray(0, size)])
      const whole = held.lastIndexOf(10) + 1
      const text = held.subarray(0, whole)
      for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) {
        const time = timeOf(text.toString("utf8", text.lastIndexOf(10, at) + 1, at))
        if (time !== undefined) times.push(Date.parse(time))
      }
      rest = Buffer.from(held.subarray(whole))
    }
  } catch {
    // Gone or forbidden: the reviewer stays a session of its own.
  } finally {
    if (file !== undefined) closeSync(file)
  }
  return times
}

/** The rollouts, reviewers with the parent that asked for them. */
export const withReviewers = (rollouts: ReadonlyArray<Rollout>): ReadonlyArray<Rollout> => {
  if (!rollouts.some((rollout) => rollout.isOrphanReview)) return rollouts
  const asked = rollouts
    .filter((rollout) => rollout.isOrphanReview === undefined && !isCompressed(rollout.path))
    .flatMap(({ path, threadId }) => reviewsIn(path).map((at) => ({ threadId, at })))
  return rollouts.map((rollout) => {
    if (rollout.isOrphanReview === undefined) return rollout
    const begun = Date.parse(rollout.createdAt)
    const parent = asked
      .filter(({ at }) => at <= begun && begun - at <= delayMsMax)
      .reduce<(typeof asked)[number] | undefined>(
        (nearest, one) => (nearest && nearest.at >= one.at ? nearest : one),
        undefined
      )
    return parent === undefined ? rollout : { ...rollout, parentThreadId: parent.threadId }
  })
}
