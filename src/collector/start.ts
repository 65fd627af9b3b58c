/**
 * `tracer collect --woken`: what a hook starts when no collector listens, with its messages on stdin, one a line.
 *
 * Any number of these may start at once. The one that gets the lock becomes the collector; the others hand their
 * messages to it over the socket and leave, without having loaded more than this file (no effect: a start costs
 * milliseconds). A lock holder that is just leaving is waited for. Times are milliseconds.
 */
import { mkdirSync } from "node:fs"
import { complainBestEffort } from "../hook/complaints.ts"
import type { WakeMessage } from "../hook/message.ts"
import { stateFolder } from "../hook/places.ts"
import { tell } from "../hook/wake.ts"
import { type Lock, tryLock } from "./lock.ts"

const handOverMsMax = 10_000
const tryEveryMs = 25

export interface Started {
  readonly state: string
  readonly lock: Lock
  readonly messages: ReadonlyArray<WakeMessage>
}

/** What the hook, or the predecessor, wrote to our standard input. */
export const readMessages = async (): Promise<ReadonlyArray<WakeMessage>> =>
  (await Bun.stdin.text())
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as WakeMessage)

/** Becomes the collector of this state folder, or hands the messages to the one there is. */
export const becomeCollector = async (
  state: string,
  messages: ReadonlyArray<WakeMessage>,
  withinMs: number = handOverMsMax
): Promise<Started | undefined> => {
  mkdirSync(state, { recursive: true, mode: 0o700 })
  process.chdir(state) // The socket's name is relative to it, and no repository's folder is kept busy.
  process.umask(0o077) // Socket, journals, watermarks, logs: the user's alone.
  const left = [...messages]
  for (const deadline = performance.now() + withinMs; ; await Bun.sleep(tryEveryMs)) {
    const lock = tryLock(state)
    if (lock !== undefined) return { state, lock, messages: left }
    try {
      for (let message = left[0]; message !== undefined; message = left[0]) {
        await tell(message)
        left.shift()
      }
      return undefined
    } catch {
      // The holder does not listen yet, or no more.
    }
    if (performance.now() >= deadline) throw new Error(`another collector holds ${state} and does not listen`)
  }
}

/** Runs as the collector until it is idle, told to stop, or not needed. */
export const main = async (): Promise<never> => {
  const state = stateFolder(process.env)
  try {
    const started = await becomeCollector(state, await readMessages())
    if (started !== undefined) {
      const [{ run }, { productParts }] = await Promise.all([import("./collector.ts"), import("./product.ts")])
      await run(started, productParts)
    }
    process.exit(0)
  } catch (cause) {
    complainBestEffort(state, "starting the collector", cause)
    process.exit(1)
  }
}
