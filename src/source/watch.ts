/**
 * Who wrote where: messages of the file system about folders, and a slow beat in case one gets lost.
 *
 * Owns the watchers of some folders, those that are not there yet included. Listeners get
 * the path that changed, or now and then `beat`: then a file is looked at without having been named. Between
 * messages and beats nothing runs. Reads no file. Times are milliseconds.
 */
import { type FSWatcher, statSync, watch } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"

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

const beatMs = 2_000

export interface WatchedFolder {
  readonly folder: string
  /** With all folders below it: for a folder whose size we know. */
  readonly deep: boolean
}

/** One folder: watched while it is there. A folder that was removed and made anew is another one. */
const watchFolder = ({ folder, deep }: WatchedFolder, onChange: (path: string) => void) => {
  let watcher: FSWatcher | undefined
  let inode: number | undefined
  const stop = () => {
    watcher?.close()
    watcher = undefined
    inode = undefined
  }
  /** Sees to it that the folder is watched; true when that begins now. */
  const start = (): boolean => {
    const present = statSync(folder, { throwIfNoEntry: false })?.ino
    if (present === inode) return false
    stop()
    if (present === undefined) return false
    try {
      watcher = watch(folder, { recursive: deep, persistent: false }, (_, name) =>
        onChange(name === null ? folder : join(folder, name))
      )
      // Too many watches, an unmounted disk: the beat goes on, and tries again.
      watcher.on("error", stop)
      inode = present
      return true
    } catch {
      stop()
      return false
    }
  }
  return { start, stop }
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
      for (const folder of watched) folder.start()
      const timer = setInterval(() => {
        // Each is seen to, whatever the one before it answers.
        const begun = watched.map((folder) => folder.start()).includes(true)
        tell(begun ? relist : beat)
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
