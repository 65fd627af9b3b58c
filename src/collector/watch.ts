/**
 * Tells a session that transcripts were written, as soon as the file system says so.
 *
 * One recursive watcher for each Codex home, shared by its sessions. It is only for speed: a home that cannot be watched
 * (no such folder yet, a file system without messages) is polled by the lanes, which look at their files every second.
 */
import { type FSWatcher, watch } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"

interface Watched {
  readonly watcher: FSWatcher | undefined
  readonly listeners: Set<() => void>
}

const homes = new Map<string, Watched>()

const begin = (codexHome: string): Watched => {
  const listeners = new Set<() => void>()
  const onChange = () => {
    for (const listener of listeners) listener()
  }
  try {
    const watcher = watch(join(codexHome, "sessions"), { recursive: true, persistent: false }, onChange)
    watcher.on("error", () => watcher.close())
    return { watcher, listeners }
  } catch {
    return { watcher: undefined, listeners }
  }
}

/** Calls `listener` at every change below the home's `sessions` folder, until the scope ends. */
export const watchTranscripts = (codexHome: string, listener: () => void): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      let watched = homes.get(codexHome)
      // A home that could not be watched may be by now: Codex makes the folder with its first session.
      if (watched?.watcher === undefined) {
        const listeners = watched?.listeners ?? new Set()
        watched = begin(codexHome)
        for (const known of listeners) watched.listeners.add(known)
        homes.set(codexHome, watched)
      }
      watched.listeners.add(listener)
    }),
    () =>
      Effect.sync(() => {
        const watched = homes.get(codexHome)
        watched?.listeners.delete(listener)
        if (watched === undefined || watched.listeners.size > 0) return
        watched.watcher?.close()
        homes.delete(codexHome)
      })
  )
