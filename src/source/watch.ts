/**
 * Who wrote where: messages of the file system about folders, and a slow beat in case one gets lost.
 *
 * Owns the watchers of some folders with all that is in them, folders that are not there yet included. Listeners get
 * the path that changed, or `beat` about once a second: then a file is looked at without having been named. Between
 * messages and beats nothing runs. Reads no file. Times are milliseconds.
 */
import { type FSWatcher, statSync, watch } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"

/** Look yourself: nothing was named. */
export const beat = Symbol("beat")

export type Listener = (changed: string | typeof beat) => void

export interface Watch {
  /** Calls the listener until the scope ends. */
  readonly listen: (listener: Listener) => Effect.Effect<void, never, Scope.Scope>
}

const beatMs = 1_000

/** One folder: watched while it is there. A folder that was removed and made anew is another one. */
const watchFolder = (folder: string, onChange: (path: string) => void) => {
  let watcher: FSWatcher | undefined
  let inode: number | undefined
  const stop = () => {
    watcher?.close()
    watcher = undefined
    inode = undefined
  }
  const start = () => {
    const present = statSync(folder, { throwIfNoEntry: false })?.ino
    if (present === inode) return
    stop()
    if (present === undefined) return
    try {
      watcher = watch(folder, { recursive: true, persistent: false }, (_, name) =>
        onChange(name === null ? folder : join(folder, name))
      )
      // Too many watches, an unmounted disk: the beat goes on, and tries again.
      watcher.on("error", stop)
      inode = present
    } catch {
      stop()
    }
  }
  return { start, stop }
}

/** Watches folders until the scope ends. */
export const makeWatch = (folders: ReadonlyArray<string>): Effect.Effect<Watch, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const listeners = new Set<Listener>()
      const tell: Listener = (changed) => {
        for (const listener of listeners) listener(changed)
      }
      const watched = [...new Set(folders)].map((folder) => watchFolder(folder, tell))
      for (const folder of watched) folder.start()
      const timer = setInterval(() => {
        for (const folder of watched) folder.start()
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
