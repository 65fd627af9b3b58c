/**
 * Tells a session that transcripts were written, as soon as the file system says so.
 *
 * One recursive watcher for each Codex home, shared by its sessions. It is only for speed: a home that cannot be watched
 * (no such folder yet, a file system without messages) is polled by the lanes, which look at their files every second.
 */
import { type FSWatcher, watch } from "node:fs"
import { join } from "node:path"
import { Context, Effect, Layer, type Scope } from "effect"

interface Watched {
  readonly watcher: FSWatcher | undefined
  readonly listeners: Set<() => void>
}

export class TranscriptWatch extends Context.Service<
  TranscriptWatch,
  {
    /** Calls `listener` at every change below the home's `sessions` folder, until the scope ends. */
    readonly onChange: (codexHome: string, listener: () => void) => Effect.Effect<void, never, Scope.Scope>
  }
>()("tracer/collector/TranscriptWatch") {
  static readonly layer = Layer.sync(TranscriptWatch, () => {
    const homes = new Map<string, Watched>()
    return {
      onChange: (codexHome, listener) =>
        Effect.acquireRelease(begin(homes, codexHome, listener), () => end(homes, codexHome, listener))
    }
  })
}

const watcherOf = (codexHome: string, listeners: ReadonlySet<() => void>): FSWatcher | undefined => {
  try {
    const watcher = watch(join(codexHome, "sessions"), { recursive: true, persistent: false }, () => {
      for (const listener of listeners) listener()
    })
    return watcher.on("error", () => watcher.close())
  } catch {
    // No such folder yet, or no watches left: the regular look at every file finds what is new, only later.
    return undefined
  }
}

const begin = (homes: Map<string, Watched>, codexHome: string, listener: () => void) =>
  Effect.sync(() => {
    const known = homes.get(codexHome)
    const listeners = known?.listeners ?? new Set()
    listeners.add(listener)
    // A home that could not be watched may be by now: Codex makes the folder with its first session.
    homes.set(codexHome, { watcher: known?.watcher ?? watcherOf(codexHome, listeners), listeners })
  })

const end = (homes: Map<string, Watched>, codexHome: string, listener: () => void) =>
  Effect.sync(() => {
    const watched = homes.get(codexHome)
    watched?.listeners.delete(listener)
    if (watched === undefined || watched.listeners.size > 0) return
    watched.watcher?.close()
    homes.delete(codexHome)
  })
