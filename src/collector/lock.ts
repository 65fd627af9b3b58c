/**
 * One collector per state folder: a lock that the operating system releases when its holder dies, however it dies.
 *
 * SQLite's exclusive lock on a file that holds nothing else: of what Bun offers it is the only advisory lock that works
 * on Linux, macOS and Windows, so there is no pid file to go stale. Whoever holds it may remove a stale socket.
 */
import { Database } from "bun:sqlite"
import { join } from "node:path"

export interface Lock {
  readonly release: () => void
}

/** A database that nobody refers to is closed by the garbage collector, and its lock with it. */
const held = new Set<Database>()

/** The lock, or undefined while another process holds it. Throws where the folder cannot be written. */
export const tryLock = (state: string): Lock | undefined => {
  const database = new Database(join(state, "collector.lock"), { create: true, readwrite: true })
  try {
    database.run("PRAGMA busy_timeout = 0")
    database.run("PRAGMA locking_mode = EXCLUSIVE")
    database.run("BEGIN EXCLUSIVE")
    held.add(database)
    return {
      release: () => {
        held.delete(database)
        database.close()
      }
    }
  } catch (cause) {
    database.close()
    if (cause instanceof Error && "code" in cause && cause.code === "SQLITE_BUSY") return undefined
    throw cause
  }
}
