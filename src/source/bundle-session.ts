/**
 * Which bundles are one session: those of a root thread, one for each process that ran it, and its reviewers'.
 *
 * A bundle's manifest names its root thread and when its process began. A reviewer is recorded as a root of its own;
 * the thread that asked for the review has the start of the reviewer's turn in its log too (codex.md, "Review").
 * Times are Unix milliseconds. Reading a bundle is bundle.ts.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { logLines, logName, manifestName, payloadFiles } from "../bundle/open.ts"
import { uuidPattern } from "../wire/thread-id.ts"

/** Is this folder a rollout-trace bundle? */
export const isBundle = (folder: string): boolean =>
  existsSync(join(folder, manifestName)) && existsSync(join(folder, logName))

/** Is this the name of a bundle's manifest or log? */
export const isBundlePart = (path: string): boolean => [manifestName, logName].includes(basename(path))

/** The bundles of one root thread, in the order in which their processes began. */
export interface BundleSession {
  readonly rootThreadId: string
  readonly directories: ReadonlyArray<string>
}

interface Manifest {
  readonly directory: string
  readonly rootThreadId: string
  readonly startedAtMs: number
}

/** The facts of a manifest that put bundles in order; undefined where it is none. */
const readManifest = (directory: string): Manifest | undefined => {
  try {
    const manifest = JSON.parse(readFileSync(join(directory, manifestName), "utf8"))
    const { root_thread_id: rootThreadId, started_at_unix_ms: startedAtMs } = manifest
    return typeof rootThreadId === "string" ? { directory, rootThreadId, startedAtMs: Number(startedAtMs) } : undefined
  } catch {
    // Absent or broken: the folder's name tells the thread, and whoever opens the bundle says what is wrong with it.
    return undefined
  }
}

/** The root thread that a bundle's manifest names; undefined where there is none that can be read. */
export const rootThreadOf = (directory: string): string | undefined => readManifest(directory)?.rootThreadId

/** What a log says of its place: the turns that began in it, and the session that Codex counts it to (0.155 +). */
interface Belonging {
  readonly turns: ReadonlySet<string>
  readonly sessionId?: string
}

const marks = ['"codex_turn_started"', '"session_configured"'].map((mark) => Buffer.from(mark))

/** The first event that configures a session is the root thread's; its agents' follow. */
const sessionIdIn = (directory: string, path: unknown): string | undefined => {
  const { session_id: id } = JSON.parse(Buffer.from(payloadFiles(directory)(String(path))).toString("utf8"))
  return typeof id === "string" ? id : undefined
}

const belongingOf = (directory: string): Belonging => {
  const turns = new Set<string>()
  let sessionId: string | undefined
  try {
    for (const { bytes } of logLines(join(directory, logName))) {
      const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      if (!marks.some((mark) => line.includes(mark))) continue
      const { payload } = JSON.parse(line.toString("utf8"))
      if (payload?.type === "codex_turn_started") turns.add(String(payload.codex_turn_id))
      else if (payload?.event_type === "session_configured")
        sessionId ??= sessionIdIn(directory, payload.event_payload?.path)
    }
  } catch {
    // Torn, gone or without its payload: what it said so far counts.
  }
  return { turns, ...(sessionId !== undefined && { sessionId }) }
}

/** The root of each bundle's session, by the root thread that its manifest names. */
const rootsOf = (manifests: ReadonlyArray<Manifest>): ReadonlyMap<string, string> => {
  const roots = new Map(manifests.map(({ rootThreadId }) => [rootThreadId, rootThreadId]))
  if (roots.size < 2) return roots
  const owners = new Map<string, string>()
  for (const { directory, rootThreadId } of manifests) {
    const { turns, sessionId } = belongingOf(directory)
    if (sessionId !== undefined && sessionId !== rootThreadId && roots.has(sessionId)) {
      roots.set(rootThreadId, sessionId)
      continue
    }
    for (const turn of turns) {
      const owner = owners.get(turn)
      // The first to say it asked for the review: the reviewer's process began later.
      if (owner === undefined) owners.set(turn, rootThreadId)
      else if (owner !== rootThreadId) roots.set(rootThreadId, owner)
    }
  }
  return roots
}

const atTheEnd = new RegExp(`${uuidPattern}$`)

/** The thread that Codex names in a bundle's folder: all there is where the manifest cannot be read. */
const byName = (directory: string): Manifest => ({
  directory,
  rootThreadId: atTheEnd.exec(basename(resolve(directory)))?.[0] ?? directory,
  startedAtMs: 0
})

/** The sessions of bundles, oldest first. */
export const bundleSessions = (directories: ReadonlyArray<string>): ReadonlyArray<BundleSession> => {
  const manifests = directories.map((directory) => readManifest(directory) ?? byName(directory))
  const inOrder = manifests.toSorted((a, b) => a.startedAtMs - b.startedAtMs)
  const roots = rootsOf(inOrder)
  const sessions = new Map<string, Array<string>>()
  for (const { directory, rootThreadId } of inOrder) {
    const root = roots.get(rootThreadId) ?? rootThreadId
    const own = sessions.get(root)
    if (own === undefined) sessions.set(root, [directory])
    else own.push(directory)
  }
  return [...sessions].map(([rootThreadId, own]) => ({ rootThreadId, directories: own }))
}

/** The bundles that lie in a folder: itself, if it is one, else those right in it. */
export const bundlesIn = (folder: string): ReadonlyArray<string> => {
  if (isBundle(folder)) return [folder]
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => join(folder, name))
      .filter(isBundle)
  } catch {
    // Absent or forbidden: there are no bundles in it for us.
    return []
  }
}

/** The bundles in these folders that recorded one of these threads, each once, in the order in which their processes began. */
export const recordingsOf = (folders: ReadonlyArray<string>, threadIds: ReadonlySet<string>): ReadonlyArray<string> =>
  [...Map.groupBy(folders.flatMap(bundlesIn), (directory) => resolve(directory)).values()]
    .flatMap((same) => same.slice(0, 1))
    .map((directory) => readManifest(directory) ?? byName(directory))
    .filter(({ rootThreadId }) => threadIds.has(rootThreadId))
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs)
    .map(({ directory }) => directory)
