/**
 * Who wrote where: messages of the file system about folders, and a slow beat in case one gets lost.
 *
 * Owns the watchers of some folders, those that are not there yet included. Listeners get
 * the path that changed, or now and then `beat`: then a file is looked at without having been named. Between
 * messages and beats nothing runs. Reads no file. Times are milliseconds.
 */
import { type FSWatcher, watch } from "node:fs"
import { dirname, join } from "node:path"
import { Effect, type Scope } from "effect"
import { statOf } from "./file.ts"

/** Look at what you know: a message may have got lost. */
export const beat = Symbol("beat")
/** Look for what you don't know as well: a folder is watched only from now on. */
export const relist = Symbol("relist")

/** A path that something happened to, or one of the two that name nothing. */
export type Change = string | typeof beat | typeof relist
export type Listener = (change: Change) => void

export interface Watch {
  /** Calls the listener until the scope ends. */
  readonly listen: (listener: Listener) => Effect.Effect<void, never, Scope.Scope>
}

/** Rare enough that the runtime's own idling costs more. */
const beatMs = 5_000

export interface WatchedFolder {
  readonly folder: string
  /** With all folders below it: for a folder whose size we know. */
  readonly deep: boolean
}

/** What makes a folder the same one: inodes alone are used again. Undefined where there is none. */
const identityOf = (path: string): string | undefined => {
  const stats = statOf(path)
  return stats && `${stats.dev} ${stats.ino} ${stats.birthtimeMs}`
}

const nearestPresent = (folder: string): string => {
  let at = dirname(folder)
  while (identityOf(at) === undefined && at !== dirname(at)) at = dirname(at)
  return at
}

/**
 * One folder: watched while it is there, and its nearest present ancestor while it is not. A folder that was removed and
 * made anew is another one. `onChange` gets `relist` when watching begins late.
 */
const watchFolder = ({ folder, deep }: WatchedFolder, onChange: Listener) => {
  let watcher: FSWatcher | undefined
  let watched: string | undefined
  let identity: string | undefined
  const stop = () => {
    watcher?.close()
    watcher = undefined
    watched = undefined
    identity = undefined
  }
  const begin = (path: string, onEvent: (name: string | null | undefined) => void) => {
    try {
      const present = identityOf(path)
      watcher = watch(path, { recursive: deep && path === folder, persistent: false }, (_, name) => onEvent(name))
      // Too many watches, an unmounted disk: the beat goes on, and tries again.
      watcher.on("error", stop)
      watched = path
      identity = present
    } catch {
      // Gone since we looked, or no watches left: the beat tries again.
      stop()
    }
  }
  /** Sees to it that the right folder is watched. */
  const check = () => {
    const isPresent = identityOf(folder) !== undefined
    const path = isPresent ? folder : nearestPresent(folder)
    if (path === watched && identityOf(path) === identity) return
    stop()
    if (!isPresent) begin(path, checkAgain)
    else
      begin(folder, (name) => {
        if (name) return onChange(join(folder, name))
        // No name: the folder itself was moved or removed, and this watch is over.
        stop()
        checkAgain()
      })
  }
  const checkAgain = () => {
    const before = watcher
    check()
    if (watched === folder && watcher !== before) onChange(relist)
  }
  return { check, checkAgain, stop }
}

/** Watches folders until the scope ends. */
export const makeWatch = (folders: ReadonlyArray<WatchedFolder>): Effect.Effect<Watch, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const listeners = new Set<Listener>()
      const tell: Listener = (changed) => {
        for (const listener of listeners) listener(changed)
      }
      const watched = folders.map((folder) => watchFolder(folder, tell))
      for (const folder of watched) folder.check()
      const timer = setInterval(() => {
        for (const folder of watched) folder.checkAgain()
        tell(beat)
      }, beatMs)
      return { listeners, watched, timer }
    }),
    ({ watched, timer }) =>
      Effect.sync(() => {
        clearInterval(timer)
        for (const folder of watched) folder.stop()
      })
  ).pipe(
    Effect.map(({ listeners }) => ({
      listen: (listener) =>
        Effect.acquireRelease(
          Effect.sync(() => void listeners.add(listener)),
          () => Effect.sync(() => void listeners.delete(listener))
        )
    }))
  )
